import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFromRewriter } from '../../src/wire/from-rewriter.ts'
import { undoDotStuffing } from '../../src/wire/message-scanner.ts'
import { cutAt } from '../support/cutting.ts'

const mailbox = 'scans@example.com'
const aliases = ['alias@example.com']

function rewrite(pieces: readonly Buffer[]): string {
  const rewriter = createFromRewriter({ mailbox, aliases })
  const out = pieces.map((piece) => rewriter.push(piece))
  return Buffer.concat([...out, rewriter.end()]).toString('latin1')
}

const lines = (text: string) => text.replaceAll('\n', '\r\n')
/** The header, whose line ends are LF here, to be read. */
const header = (text: string, encoding: 'utf8' | 'latin1' = 'utf8') => {
  const [head = ''] = rewrite([Buffer.from(lines(`${text}\n\nbody\n`), encoding)]).split('\r\n\r\n')
  return head.replaceAll('\r\n', '\n')
}

describe('From: becomes the mailbox', () => {
  it.each<[string, string]>([
    ['From: old@device.example', 'From: scans@example.com\nReply-To: old@device.example'],
    ['From: <old@device.example>', 'From: scans@example.com\nReply-To: old@device.example'],
    ['from :Scanner <old@x.example>', 'From: Scanner <scans@example.com>\nReply-To: old@x.example'],
    [
      'From: "Scanner, 2nd \\"x\\"" <old@x.example>',
      'From: "Scanner, 2nd \\"x\\"" <scans@example.com>\nReply-To: old@x.example',
    ],
    [
      'From: =?iso-2022-jp?B?GyRCJUYbKEI=?= <old@x.example>',
      'From: =?iso-2022-jp?B?GyRCJUYbKEI=?= <scans@example.com>\nReply-To: old@x.example',
    ],
    [
      'From: Scanner,\n 2nd floor\n <old@x.example>',
      'From: "Scanner, 2nd floor" <scans@example.com>\nReply-To: old@x.example',
    ],
    ['From: old@x.example (Cron Daemon)', 'From: Cron Daemon <scans@example.com>\nReply-To: old@x.example'],
    ['From: root (Cron Daemon)', 'From: Cron Daemon <scans@example.com>'],
    ['From: root', 'From: root <scans@example.com>'],
    ['From: Scanner 2', 'From: Scanner 2 <scans@example.com>'],
    [
      'From: scan@x.example <old@x.example>',
      'From: "scan@x.example" <scans@example.com>\nReply-To: old@x.example',
    ],
    ['From: Scanner old@x.example', 'From: Scanner <scans@example.com>\nReply-To: old@x.example'],
    ['From: "Scanner <old@x.example>', 'From: "\\"Scanner" <scans@example.com>\nReply-To: old@x.example'],
    ['From: A <a@x.example>, b@x.example', 'From: A <scans@example.com>\nReply-To: a@x.example, b@x.example'],
    [
      'From: Team: a@x.example, <b@x.example>;',
      'From: Team <scans@example.com>\nReply-To: a@x.example, b@x.example',
    ],
    ['From: "odd one"@x.example', 'From: scans@example.com\nReply-To: "odd one"@x.example'],
    ['From: <@route.example:old@x.example>', 'From: scans@example.com\nReply-To: old@x.example'],
    ['From: A. B <<old@x.example>>', 'From: "A. B" <scans@example.com>\nReply-To: old@x.example'],
    [
      'From: =?utf-8?q?B=C3=BCro?=, 2 <old@x.example>',
      'From: =?utf-8?q?B=C3=BCro?= ", 2" <scans@example.com>\nReply-To: old@x.example',
    ],
    ['From:', 'From: scans@example.com'],
    ['From: <>', 'From: scans@example.com'],
    ['From: <old@x.example', 'From: scans@example.com\nReply-To: old@x.example'],
    ['Subject: no sender', 'Subject: no sender\nFrom: scans@example.com'],
  ])('%j is %j', (before, after) => {
    expect(header(before)).toBe(after)
  })

  it.each([
    'From: Scans@Example.com',
    'From: =?utf-8?Q?B=C3=BCro?=\n\t<scans@example.com>',
    'From: "A, B"   <alias@example.com>',
    'FROM: Büro <scans@example.com>',
  ])('%j is the mailbox already, and stays octet for octet', (field) => {
    expect(header(field, 'latin1')).toBe(field)
  })

  it('several addresses become one, wherever they stand, and all old ones get the answers', () => {
    const before = 'From: A <a@x.example>\nSubject: s\nFrom: b@x.example\nTo: t@x.example\nFrom: A@X.example'
    expect(header(before)).toBe(
      'From: A <scans@example.com>\nSubject: s\nTo: t@x.example\nReply-To: A@X.example, b@x.example',
    )
  })

  it('a Reply-To: that is there stays, also behind From:', () => {
    expect(header('From: old@x.example\nReply-to: other@x.example')).toBe(
      'From: scans@example.com\nReply-to: other@x.example',
    )
  })

  it('Sender: becomes the mailbox, too, once, and gets no answers', () => {
    expect(header('Sender: S <s@x.example>\nFrom: scans@example.com\nSENDER: other@x.example\n folded')).toBe(
      'Sender: S <scans@example.com>\nFrom: scans@example.com',
    )
  })

  it('the fields of a resend are left alone, and so are all that only look similar', () => {
    const others =
      'Resent-From: a@x.example\nX-From: b@x.example\nFrom-X: c@x.example\nSubject: x\n From: d@x.example\nReturn-Path: <e@x.example>'
    expect(header(`From: scans@example.com\n${others}`)).toBe(`From: scans@example.com\n${others}`)
  })

  it('a name in other letters is encoded, whether the device wrote UTF-8 or Latin-1', () => {
    const encoded = `=?UTF-8?B?${Buffer.from('Büro, 2').toString('base64')}?=`
    for (const encoding of ['utf8', 'latin1'] as const) {
      expect(header('From: "Büro, 2" <old@x.example>', encoding)).toMatch(
        `From: ${encoded} <scans@example.com>\n`,
      )
    }
  })

  it('no line is too long, and no encoded word cuts a letter', () => {
    for (const name of ['長い名前'.repeat(60), 'long name '.repeat(60), 'x'.repeat(3_000)]) {
      const folded = header(`From: ${name} <old@x.example>`)
      for (const line of folded.split('\n')) expect(line.length).toBeLessThanOrEqual(78)
      const words = folded.matchAll(/=\?UTF-8\?B\?([^?]*)\?=/g)
      const text = [...words].map(([, one = '']) => Buffer.from(one, 'base64').toString()).join('')
      if (text !== '') expect(text).toBe(name)
    }
  })

  it('a dot that a line was stuffed with hides no field', () => {
    const stuffed = Buffer.from(lines('.From: A\n. <a@x.example>\n.Sender: b@x.example\n..x: y\n\n..body\n'))
    expect(undoDotStuffing(Buffer.from(rewrite([stuffed]))).toString()).toBe(
      lines(
        'From: A <scans@example.com>\nSender: scans@example.com\n.x: y\nReply-To: a@x.example\n\n.body\n',
      ),
    )
  })

  it.each<[string, string]>([
    ['', 'From: scans@example.com\n\n'],
    ['\nFrom: body@x.example\n', 'From: scans@example.com\n\nFrom: body@x.example\n'],
    ['Hello\nFrom: body@x.example\n', 'From: scans@example.com\n\nHello\nFrom: body@x.example\n'],
    [
      'Subject: s\nno field\nFrom: b@x.example\n',
      'Subject: s\nFrom: scans@example.com\nno field\nFrom: b@x.example\n',
    ],
    [
      'From root Mon Nov 30\nFrom: a@x.example\n\n',
      'From root Mon Nov 30\nFrom: scans@example.com\nReply-To: a@x.example\n\n',
    ],
    ['From: a@x.example\n', 'From: scans@example.com\nReply-To: a@x.example\n'],
  ])('the message %j is %j', (before, after) => {
    expect(rewrite([Buffer.from(lines(before))])).toBe(lines(after))
  })

  it('a header of many megabytes passes, and one endless From: is cut instead of kept', () => {
    const long = Buffer.concat([
      Buffer.from('X-Long: '),
      Buffer.alloc(2_000_000, 'y'),
      Buffer.from(`\r\nFrom: ${'a@x.example, '.repeat(100_000)}\r\n`),
      Buffer.from(`${'X-Again: 1\r\n'.repeat(200_000)}\r\nbody\r\n`),
    ])
    const out = rewrite(cutAt(long, 7, 70_000, 2_100_000))
    expect(out).toContain('\r\nFrom: scans@example.com\r\nX-Again')
    expect(out.endsWith('Reply-To: a@x.example\r\n\r\nbody\r\n')).toBe(true)
  })
})

describe('whatever a message is', () => {
  const fragments = [
    'From:',
    'Sender:',
    'Reply-To:',
    ' ',
    '\r\n',
    '\r\n',
    'a@x.example',
    '<',
    '>',
    '"',
    '(',
    ')',
    ',',
    ';',
    ':',
    '\\',
    '.',
    'é',
    'From ',
    'X: ',
    'y'.repeat(990),
  ]
  const message = fc
    .array(fc.constantFrom(...fragments), { maxLength: 30 })
    .map((parts) => `${parts.join('')}\r\n`.replace(/(?<=^|\n)\.(?=\r)/g, '..'))
    .map((text) => Buffer.from(text, 'latin1'))

  it('a message stays the same however it is cut into pieces', () => {
    fc.assert(
      fc.property(message, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (octets, places) => {
        const whole = rewrite([octets])
        expect(rewrite(cutAt(octets, ...places))).toBe(whole)
        expect(rewrite([...octets].map((octet) => Buffer.of(octet)))).toBe(whole)
      }),
      { numRuns: 300 },
    )
  })

  it('a message leaves with lines that end in CRLF, none that is only a dot, and the body as it was', () => {
    fc.assert(
      fc.property(
        message,
        fc.array(fc.constantFrom('From: b@x.example', '..', '', 'text'), { maxLength: 5 }),
        (octets, body) => {
          const rest = `\r\n${body.map((line) => `${line}\r\n`).join('')}`
          const out = rewrite([Buffer.concat([Buffer.from('X: y\r\n'), octets, Buffer.from(rest)])])
          expect(out.endsWith(rest)).toBe(true)
          expect(out).not.toMatch(/[^\r]\n|\r[^\n]|\r$|(^|\n)\.\r/)
        },
      ),
      { numRuns: 300 },
    )
  })
})
