import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMendingScanner } from '../../src/wire/mending-scanner.ts'
import { mendedContent, messageEnds, withoutStuffing } from '../fuzz/message-ends.js'
import { cutAt, everyMixture } from '../support/cutting.ts'

interface Scanned {
  kind: 'more' | 'end' | 'refused'
  out: string
  rest: string
  octets: number
}

function scan(pieces: readonly Buffer[]): Scanned {
  const scanner = createMendingScanner()
  const out: Buffer[] = []
  for (const [index, piece] of pieces.entries()) {
    const found = scanner.scan(piece)
    if (found.kind === 'refused') return { kind: 'refused', out: '', rest: '', octets: 0 }
    out.push(...found.octets)
    if (found.kind === 'end') {
      const rest = Buffer.concat([found.rest, ...pieces.slice(index + 1)]).toString('latin1')
      return { kind: 'end', out: Buffer.concat(out).toString('latin1'), rest, octets: scanner.octets() }
    }
  }
  return { kind: 'more', out: Buffer.concat(out).toString('latin1'), rest: '', octets: scanner.octets() }
}

const whole = (text: string) => scan([Buffer.from(text, 'latin1')])
const octetByOctet = (text: string) => scan(cutAt(Buffer.from(text, 'latin1'), 1))

describe('a message whose line ends are mended', () => {
  it.each([
    ['a\nb\rc\r\nd\r\n.\r\n', 'a\r\nb\r\nc\r\nd\r\n'],
    ['a\r\r\nb\n\nc\n\r\n.\r\n', 'a\r\n\r\nb\r\n\r\nc\r\n\r\n'],
    ['.\r\n', ''],
    ['..x\n..y\r.z\r\n.\r\n', '..x\r\n..y\r\n.z\r\n'],
  ])('%j is %j', (text, mended) => {
    for (const read of [whole, octetByOctet])
      expect(read(`${text}NOOP\r\n`)).toMatchObject({ kind: 'end', out: mended, rest: 'NOOP\r\n' })
  })

  it.each(['\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r.\r\n', '\r\n.\r', '\n.\r', '\r\n.\r\r\n'])(
    'a message does not end at %j, and nobody behind takes it for an end',
    (almost) => {
      const text = `text${almost}MAIL FROM:<x@y.example>\r\n`
      for (const read of [whole, octetByOctet]) {
        expect(read(text).kind).toBe('more')
        const { kind, out } = read(`${text}.\r\n`)
        expect(kind).toBe('end')
        expect(messageEnds.anything(out)).toBeUndefined()
        expect(withoutStuffing(out)).toMatch(/^text\r\n\.\r\n(?:\r\n)?MAIL FROM:<x@y.example>\r\n$/)
      }
    },
  )

  it('a message is refused for a NUL', () => {
    expect(whole('a\0b\r\n.\r\n').kind).toBe('refused')
  })

  it('a message ends where every message ends, and is what it should be, however dots and line ends are mixed', () => {
    for (const before of ['', 'text']) {
      for (const mixture of everyMixture('\r\n.x', 7)) {
        const text = `${before}${mixture}`
        const end = messageEnds.strict(text)
        const found = whole(text)
        if (found.kind !== (end ? 'end' : 'more')) expect.fail(JSON.stringify(text))
        if (JSON.stringify(octetByOctet(text)) !== JSON.stringify(found)) expect.fail(JSON.stringify(text))
        if (/[^\r]\n|^\n|\r(?!\n)/.test(found.out) || messageEnds.anything(found.out))
          expect.fail(JSON.stringify(text))
        if (!end) continue
        const content = mendedContent(text.slice(0, end.length))
        if (withoutStuffing(found.out) !== content || found.rest !== text.slice(end.next))
          expect.fail(JSON.stringify(text))
        if (found.octets !== content.length) expect.fail(JSON.stringify(text))
      }
    }
  })

  it('a message is the same however it is cut', () => {
    const fragments = ['\r', '\n', '\r\n', '.', '..', 'text', 'é', '\r\n.\r\n']
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...fragments), { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (parts, sizes) => {
          const text = parts.join('')
          expect(scan(cutAt(Buffer.from(text, 'latin1'), ...sizes))).toEqual(whole(text))
        },
      ),
      { numRuns: 1000 },
    )
  })
})
