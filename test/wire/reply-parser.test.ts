import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createReplyParser, type ParsedReply, type ReplyLimits } from '../../src/wire/reply.ts'
import { defaultLimits } from '../support/default-limits.ts'

const octets = (text: string) => Buffer.from(text, 'latin1')
const reply = (code: number, ...lines: [string, ...string[]]): ParsedReply => ({
  kind: 'reply',
  reply: { code, lines },
})
const broken = (reason: string): ParsedReply => ({
  kind: 'protocol-error',
  reason: expect.stringContaining(reason),
})

const line = (length: number) => `250 ${'x'.repeat(length - 6)}\r\n`

const cases: [string, string, ParsedReply[]][] = [
  ['one line', '250 2.1.0 OK\r\n', [reply(250, '2.1.0 OK')]],
  ['several lines', '535-5.7.1 No.\r\n535 5.7.1 Never.\r\n', [reply(535, '5.7.1 No.', '5.7.1 Never.')]],
  ['a bare 334', '334\r\n', [reply(334, '')]],
  ['a 334 with a blank only', '334 \r\n', [reply(334, '')]],
  ['an empty line in the middle', '250-\r\n250-a\r\n250 b\r\n', [reply(250, '', 'a', 'b')]],
  ['two replies', '250 a\r\n354 b\r\n', [reply(250, 'a'), reply(354, 'b')]],
  ['eight-bit text as it is', '250 \xe9\xff\r\n', [reply(250, '\xe9\xff')]],
  ['codes beyond the grammar', '571 no\r\n', [reply(571, 'no')]],
  ['an unfinished reply', '250-a\r\n250', []],
  ['mixed codes', '250-a\r\n550 b\r\n', [broken('lost.reply-of-two-codes')]],
  [
    'a good reply, then mixed codes',
    '220 hi\r\n250-a\r\n251 b\r\n',
    [reply(220, 'hi'), broken('lost.reply-of-two-codes')],
  ],
  ['a bare LF', '250 a\n', [broken('lost.reply-bare-lf')]],
  ['a bare LF in the middle', '250 a\n250 b\r\n', [broken('lost.reply-bare-lf')]],
  ['a bare CR', '250 a\rb\r\n', [broken('lost.reply-bare-cr')]],
  ['a NUL', '250 a\0b\r\n', [broken('lost.reply-bare-cr')]],
  ['no code', 'hello\r\n', [broken('lost.no-reply-line')]],
  ['an empty line', '\r\n', [broken('lost.no-reply-line')]],
  ['a code of two digits', '25 a\r\n', [broken('lost.no-reply-line')]],
  ['a code of four digits', '2500 a\r\n', [broken('lost.no-reply-line')]],
  ['a first digit that SMTP has not', '150 a\r\n', [broken('lost.no-reply-line')]],
  ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', [broken('lost.no-reply-line')]],
  ['a TLS alert', '\x15\x03\x01\x00\x02\x02\x0a', [broken('lost.reply-bare-lf')]],
  ['a line of 8,192 octets', line(8192), [reply(250, 'x'.repeat(8186))]],
  ['a line of 8,193 octets', line(8193), [broken('lost.reply-line-too-long')]],
  ['a line that does not end', '250 '.padEnd(9000, 'x'), [broken('lost.reply-line-too-long')]],
  ['1,001 lines', '250-a\r\n'.repeat(1001), [broken('lost.reply-too-many-lines')]],
  ['more than 128 KiB', `250-${'x'.repeat(1018)}\r\n`.repeat(129), [broken('lost.reply-too-large')]],
]

function parse(pieces: readonly Buffer[], limits: ReplyLimits = defaultLimits): ParsedReply[] {
  const parser = createReplyParser(limits)
  return pieces.flatMap((piece) => parser.push(piece))
}

describe('the reply parser', () => {
  it.each(cases)('the parser reads %s', (_, text, expected) => {
    expect(parse([octets(text)])).toEqual(expected)
  })

  it('the parser takes exactly 1,000 lines', () => {
    const text = `${'250-a\r\n'.repeat(999)}250 z\r\n`
    expect(parse([octets(text)])).toMatchObject([{ kind: 'reply', reply: { code: 250 } }])
  })

  it.each([
    [
      'line',
      { upstreamReplyLineOctets: 20 },
      '250 0123456789abcd\r\n',
      '250 0123456789abcde\r\n',
      'lost.reply-line-too-long',
    ],
    [
      'reply',
      { upstreamReplyOctets: 19 },
      '250-abc\r\n250 defg\r\n',
      '250-abc\r\n250 defgh\r\n',
      'lost.reply-too-large',
    ],
    [
      'number of lines',
      { upstreamReplyLines: 2 },
      '250-a\r\n250 b\r\n',
      '250-a\r\n250-b\r\n250 c\r\n',
      'lost.reply-too-many-lines',
    ],
  ])('the parser holds to the limits that it is given: %s', (_, limit, largest, tooMuch, reason) => {
    const limits = { ...defaultLimits, ...limit }
    expect(parse([octets(largest)], limits)).toMatchObject([{ kind: 'reply' }])
    expect(parse([octets(tooMuch)], limits)).toEqual([broken(reason)])
  })

  it.each(cases.filter(([, text]) => text.length < 100))(
    'the parser reads %s the same, cut at any octet',
    (_, text) => {
      const whole = parse([octets(text)])
      for (let cut = 0; cut <= text.length; cut += 1) {
        expect(parse([octets(text.slice(0, cut)), octets(text.slice(cut))])).toEqual(whole)
      }
      expect(parse([...octets(text)].map((octet) => Buffer.from([octet])))).toEqual(whole)
    },
  )

  it('the parser reads whatever comes the same however it is cut', () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.info(`seed ${seed}`)
    const word = fc.constantFrom(
      '250',
      '-',
      ' ',
      '550',
      '\r\n',
      '\r',
      '\n',
      'a',
      '\0',
      '250-a\r\n',
      '250 b\r\n',
    )
    const long = fc.integer({ min: 8170, max: 8200 }).map((length) => 'y'.repeat(length))
    const stream = fc.array(fc.oneof({ weight: 20, arbitrary: word }, long)).map((words) => words.join(''))
    fc.assert(
      fc.property(stream, fc.array(fc.integer({ min: 1, max: 5000 })), (text, sizes) => {
        const pieces: Buffer[] = []
        let from = 0
        for (const size of sizes) {
          pieces.push(octets(text.slice(from, from + size)))
          from += size
        }
        pieces.push(octets(text.slice(from)))
        expect(parse(pieces)).toEqual(parse([octets(text)]))
      }),
      { seed, numRuns: 400 },
    )
  })

  it('the parser says nothing more after a protocol error', () => {
    const parser = createReplyParser(defaultLimits)
    expect(parser.push(octets('junk\r\n'))).toHaveLength(1)
    expect(parser.push(octets('250 ok\r\n'))).toEqual([])
  })

  it('the parser knows whether a reply is under way', () => {
    const parser = createReplyParser(defaultLimits)
    expect(parser.pending()).toBe(false)
    parser.push(octets('2'))
    expect(parser.pending()).toBe(true)
    parser.push(octets('50-a\r\n'))
    expect(parser.pending()).toBe(true)
    parser.push(octets('250 b\r\n'))
    expect(parser.pending()).toBe(false)
  })
})
