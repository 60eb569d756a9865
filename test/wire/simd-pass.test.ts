import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMessageScanner, type Scan } from '../../src/wire/message-scanner.ts'
import { simdPass } from '../../src/wire/simd-pass.ts'
import { compileWat, heldCode } from '../support/compile-wat.js'
import { cutAt, everyMixture } from '../support/cutting.ts'

const never = { messageOctets: Number.POSITIVE_INFINITY, pieceOctets: 0 }
const always = { messageOctets: 0, pieceOctets: 0 }

/** Scans the pieces both ways, up to the end or a refusal. Undefined when all is alike. */
function difference(pieces: readonly Buffer[]): string | undefined {
  const [plain, fast] = [createMessageScanner(never), createMessageScanner(always)]
  for (const [index, piece] of pieces.entries()) {
    const [expected, seen] = [plain.scan(piece), fast.scan(piece)]
    const isAlike = isSame(expected, seen) && plain.octets() === fast.octets()
    if (!isAlike) return `piece ${index}: ${show(expected)}, with SIMD ${show(seen)}`
    if (seen.kind !== 'more') return undefined
  }
  return undefined
}

/** The same slices of the same memory, not only the same octets. */
function isSame(one: Scan, other: Scan): boolean {
  if (one.kind === 'refused' || other.kind === 'refused') return one.kind === other.kind
  if (one.octets.length !== other.octets.length) return false
  if (!one.octets.every((octets, index) => isSameSlice(octets, other.octets[index]))) return false
  if (one.kind === 'more' || other.kind === 'more') return one.kind === other.kind
  return isSameSlice(one.rest, other.rest)
}

function isSameSlice(one: Buffer, other: Buffer | undefined): boolean {
  if (one.buffer !== other?.buffer) return false
  return one.byteOffset === other.byteOffset && one.length === other.length
}

function show(scan: Scan): string {
  return JSON.stringify(scan.kind === 'refused' ? scan : { ...scan, octets: scan.octets.map(String) })
}

describe('the scanner with SIMD', () => {
  it('the SIMD scanner runs on every Node.js that postern runs on', () => {
    expect(simdPass()).toBeDefined()
  })

  it('the SIMD scanner is what its source compiles to (npm run compile-wat)', async () => {
    expect(await heldCode()).toBe(await compileWat())
  })

  it('both scanners do the same on every mixture of CR, LF, NUL, dot and a letter, wherever it lies', () => {
    for (const text of everyMixture('\r\n\0.a', 6)) {
      for (let before = 0; before < 20; before++) {
        const input = Buffer.from(`${'x'.repeat(before)}${text}${'y'.repeat(34)}`, 'latin1')
        if (difference([input]) !== undefined) expect(difference([input]), JSON.stringify(text)).toBe('')
      }
    }
  })

  it('both scanners do the same on every mixture of CR, LF and dot, behind every beginning that came before', () => {
    for (const text of everyMixture('\r\n.', 6)) {
      const input = Buffer.from(`${text}${'y'.repeat(33)}`, 'latin1')
      for (const beginning of ['x', 'x\r\n', 'x\r\n.', 'x\r\n.\r', 'x\r', '.', '.\r']) {
        const pieces = [Buffer.from(beginning), input]
        if (difference(pieces) !== undefined) expect(difference(pieces), JSON.stringify(text)).toBe('')
      }
    }
  })

  it('both scanners do the same however long input is cut, and wherever memory has it', () => {
    const good = ['\r\n', '.', '..', '\r\n..', '\r\n.a', 'a', 'a line of text', 'x'.repeat(40)]
    const part = fc.oneof(
      { weight: 40, arbitrary: fc.constantFrom(...good) },
      fc.constantFrom('\r', '\n', '\0', '\r\n.\r\n', '\r\n.\r', '\x80', '\x8d', '\x8a'),
    )
    const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(fc.array(part, { maxLength: 80 }), sizes, fc.nat(15), (parts, cuts, shift) => {
        const memory = Buffer.from(new ArrayBuffer(shift + 40 * 80))
        const length = memory.write(parts.join(''), shift, 'latin1')
        const input = memory.subarray(shift, shift + length)
        expect(difference([input])).toBeUndefined()
        expect(difference(cutAt(input, ...cuts))).toBeUndefined()
      }),
      { numRuns: 5000 },
    )
  })

  it('both scanners do the same where a piece is larger than the memory of the one with SIMD', () => {
    const lines = Buffer.from('..a line\r\n'.repeat(20_000))
    for (let at = 65_500; at < 65_580; at++) {
      for (const foul of ['\r\n.\r\n', '\r', '\n', '\0', '\r\n.\r']) {
        const input = Buffer.from(lines.subarray(0, 70_000))
        input.write(`x${foul}`, at, 'latin1')
        expect(difference([input])).toBeUndefined()
      }
    }
    expect(difference([lines, lines])).toBeUndefined()
  })

  it.each([[[]], [['--jitless']]])(
    'the plain scanner does without SIMD where there is none (%j)',
    (options) => {
      const scanner = resolve(import.meta.dirname, '../../dist/wire/message-scanner.js')
      const script = `
      import { createMessageScanner } from ${JSON.stringify(scanner)}
      const scanner = createMessageScanner()
      const lines = Buffer.from('..a line\\r\\n'.repeat(10_000))
      for (let turn = 0; turn < 10; turn++) scanner.scan(lines)
      const { kind, rest } = scanner.scan(Buffer.from('.\\r\\nQUIT\\r\\n'))
      console.log(kind, String(rest).trim(), scanner.octets())`
      const run = execFileSync(process.execPath, [...options, '--input-type=module', '-e', script])
      expect(String(run).trim()).toBe('end QUIT 900000')
    },
  )
})
