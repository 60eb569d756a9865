import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMessageScanner, type SimdFrom } from '../../src/wire/message-scanner.ts'
import { cutAt, everyMixture } from '../support/cutting.ts'

interface Seen {
  verdict: 'more' | 'end' | 'refused'
  message: string
  rest: string
  octets: number
}

const ways = [
  { name: 'by itself', simdFrom: { messageOctets: Number.POSITIVE_INFINITY, pieceOctets: 0 } },
  { name: 'with SIMD', simdFrom: { messageOctets: 0, pieceOctets: 0 } },
]

/** Feeds the pieces one by one. A refused message has no content: nothing of it may be used. */
function scanWith(simdFrom: SimdFrom, pieces: readonly Buffer[]): Seen {
  const scanner = createMessageScanner(simdFrom)
  const handedOut: Buffer[] = []
  for (const [index, piece] of pieces.entries()) {
    const result = scanner.scan(piece)
    if (result.kind === 'refused') return { verdict: 'refused', message: '', rest: '', octets: 0 }
    handedOut.push(...result.octets)
    const message = Buffer.concat(handedOut).toString('latin1')
    // What has left must never hold a CR without its LF, or the provider could see another message than we do.
    expect(message.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/)
    if (result.kind === 'more') continue
    const rest = Buffer.concat([result.rest, ...pieces.slice(index + 1)]).toString('latin1')
    return { verdict: 'end', message, rest, octets: scanner.octets() }
  }
  const message = Buffer.concat(handedOut).toString('latin1')
  return { verdict: 'more', message, rest: '', octets: scanner.octets() }
}

/** The same by another way, for whole input: what RFC 5321 says, written with a regular expression. */
function expected(input: string): Pick<Seen, 'verdict' | 'message' | 'rest'> {
  const found = /^\.\r\n|\r\n\.\r\n/.exec(input)
  const messageEnd = found === null ? input.length : found.index + (found[0] === '.\r\n' ? 0 : 2)
  const dataEnd = found === null ? input.length : found.index + found[0].length
  const scanned = found === null ? input.replace(/\r$/, '') : input.slice(0, dataEnd)
  if (/[\r\n\0]/.test(scanned.replaceAll('\r\n', ''))) return { verdict: 'refused', message: '', rest: '' }
  if (found !== null)
    return { verdict: 'end', message: input.slice(0, messageEnd), rest: input.slice(dataEnd) }
  return { verdict: 'more', message: input.replace(/(?:(?<=^|\r\n)\.\r?|\r)$/, ''), rest: '' }
}

function octets(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

describe.each(ways)('the message scanner $name', ({ simdFrom }) => {
  const scan = (pieces: readonly Buffer[]) => scanWith(simdFrom, pieces)

  it.each([
    ['an empty message', '.\r\n', '', ''],
    ['one line', 'a\r\n.\r\n', 'a\r\n', ''],
    ['commands behind the end', 'a\r\n.\r\nQUIT\r\n', 'a\r\n', 'QUIT\r\n'],
    ['a stuffed dot stays', '..a\r\n.\r\n', '..a\r\n', ''],
    ['a stuffed dot alone', '..\r\n.\r\n', '..\r\n', ''],
    ['a dot within a line', 'a.\r\nb .\r\n.\r\n', 'a.\r\nb .\r\n', ''],
    ['high octets', '\xff\x80\t\x01\r\n.\r\n', '\xff\x80\t\x01\r\n', ''],
  ])('a message ends at CRLF.CRLF: %s', (_, input, message, rest) => {
    expect(scan([octets(input)])).toMatchObject({ verdict: 'end', message, rest })
  })

  it.each([
    ['LF.LF', 'a\n.\nb'],
    ['LF.CRLF', 'a\n.\r\n'],
    ['CRLF.LF', 'a\r\n.\n'],
    ['CR.CR', 'a\r.\r'],
    ['CR.CRLF', 'a\r.\r\n'],
    ['CRLF.CR', 'a\r\n.\rb'],
    ['CR CR LF', 'a\r\r\n.\r\n'],
    ['NUL', 'a\0b'],
    ['NUL behind a dot', '.\0\r\n'],
  ])('the scanner refuses what some other server may take for the end: %s', (_, input) => {
    expect(scan([octets(input)]).verdict).toBe('refused')
    expect(scan(cutAt(octets(input), 1)).verdict).toBe('refused')
  })

  it('the scanner agrees with the RFC on every mixture of CR, LF, NUL, dot and a letter, whole and octet by octet', () => {
    for (const text of everyMixture('\r\n\0.a', 6)) {
      const whole = scan([octets(text)])
      expect(whole, JSON.stringify(text)).toMatchObject(expected(text))
      expect(scan(cutAt(octets(text), 1)), JSON.stringify(text)).toEqual(whole)
    }
  })

  it('the scanner agrees with the RFC on longer input, too, however it is cut', () => {
    const good = ['\r\n', '\r\n', '.', '..', 'a', 'bc', '\r\n.\r\n']
    const part = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...good) },
      fc.constantFrom('\r', '\n', '\0'),
    )
    const text = fc.array(part, { maxLength: 40 })
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }), (parts, sizes) => {
        const input = octets(parts.join(''))
        const whole = scan([input])
        expect(whole).toMatchObject(expected(parts.join('')))
        expect(scan(cutAt(input, ...sizes))).toEqual(whole)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['..a\r\n.\r\n', 4],
    ['a\r\n.b\r\n..\r\n.\r\n', 9],
    ['.\r\n', 0],
  ])('the scanner counts %j as RFC 1870 does', (input, count) => {
    expect(scan([octets(input)]).octets).toBe(count)
    expect(scan(cutAt(octets(input), 1)).octets).toBe(count)
  })

  it('the scanner sees every octet wherever memory has it', () => {
    const memory = Buffer.from(new ArrayBuffer(40))
    for (let from = 0; from < 8; from++) {
      for (let length = 1; length <= memory.length - from; length++) {
        for (let at = 0; at < length; at++) {
          for (const octet of [0, 1, 9, 10, 12, 13, 14, 46, 127, 128, 141, 255]) {
            const chunk = memory.fill(0x78).subarray(from, from + length)
            chunk[at] = octet
            const input = chunk.toString('latin1')
            expect(scan([chunk])).toMatchObject(expected(input))
          }
        }
      }
    }
  })

  it('the scanner hands out slices of what came in, without copying', () => {
    const chunk = octets('a line\r\n')
    const result = createMessageScanner(simdFrom).scan(chunk)
    expect(result.kind === 'more' && result.octets[0]?.buffer).toBe(chunk.buffer)
  })

  it('the scanner takes 25 MiB in well under a second', () => {
    const line = octets(`${'x'.repeat(76)}\r\n`)
    const chunk = Buffer.concat(Array<Buffer>(800).fill(line))
    const scanner = createMessageScanner(simdFrom)
    const before = performance.now()
    for (let sent = 0; sent < 25 * 1024 * 1024; sent += chunk.length) scanner.scan(chunk)
    expect(performance.now() - before).toBeLessThan(1000)
  })
})
