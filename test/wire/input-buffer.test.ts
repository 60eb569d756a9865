import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createInputBuffer } from '../../src/wire/input-buffer.ts'
import { createMessageScanner, type MessageScanner } from '../../src/wire/message-scanner.ts'
import { cutAt, everyMixture } from '../support/cutting.ts'

/** Every line that comes out, and what ended it. */
function lines(pieces: readonly Buffer[], limit: number): string[] {
  const input = createInputBuffer()
  const seen: string[] = []
  for (const piece of pieces) {
    input.push(piece)
    for (;;) {
      const taken = input.takeLine(limit)
      if (taken.kind === 'more') break
      if (taken.kind === 'too-long') return [...seen, `too-long ${taken.start.toString('latin1')}`]
      if (taken.kind !== 'line') return [...seen, taken.kind]
      seen.push(JSON.stringify(taken.line.toString('latin1')))
    }
  }
  return seen
}

/** What a server takes out of it that reads a message behind each line `DATA`. */
function converse(pieces: readonly Buffer[]): (string | { message: string })[] {
  const input = createInputBuffer()
  const seen: (string | { message: string })[] = []
  let scanner: MessageScanner | undefined
  let message = ''
  for (const piece of pieces) {
    input.push(piece)
    for (;;) {
      if (scanner) {
        const scan = input.takeData(scanner)
        if (scan.kind === 'refused') throw new Error('refused')
        message += Buffer.concat(scan.octets).toString()
        if (scan.kind === 'more') break
        seen.push({ message })
        scanner = undefined
      }
      const taken = input.takeLine(100)
      if (taken.kind === 'more') break
      if (taken.kind !== 'line') throw new Error(taken.kind)
      const line = taken.line.toString()
      if (line !== 'DATA') seen.push(line)
      else [scanner, message] = [createMessageScanner(), '']
    }
  }
  return seen
}

describe('the input buffer', () => {
  it.each([
    ['EHLO a\r\nNOOP\r\n', ['"EHLO a"', '"NOOP"']],
    ['\r\n', ['""']],
    ['NOOP\r', []],
    ['NOOP\n', ['forbidden']],
    ['NO\rOP\r\n', ['forbidden']],
    ['NOOP\r\r\n', ['forbidden']],
    ['NO\0OP\r\n', ['forbidden']],
    ['12345678\r\n', ['"12345678"']],
    ['123456789', ['too-long 12345678']],
    ['123456789\r\n', ['too-long 12345678']],
    ['12345678\n', ['forbidden']],
    ['NOOP\r\n123456789\n', ['"NOOP"', 'too-long 12345678']],
  ])('the buffer takes lines of at most 8 octets out of %j', (text, seen) => {
    expect(lines([Buffer.from(text)], 8)).toEqual(seen)
    expect(lines(cutAt(Buffer.from(text), 1), 8)).toEqual(seen)
  })

  it('the buffer says the same on every mixture of CR, LF, NUL and a letter, whole and octet by octet', () => {
    for (const text of everyMixture('\r\n\0a', 6)) {
      const input = Buffer.from(text)
      expect(lines(cutAt(input, 1), 3), JSON.stringify(text)).toEqual(lines([input], 3))
    }
  })

  it('the buffer says the same however the input is cut', () => {
    const text = fc.array(fc.constantFrom('\r\n', 'NOOP', 'a', '\r', '\n', '\0'), { maxLength: 40 })
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (parts, sizes) => {
        const input = Buffer.from(parts.join(''))
        expect(lines(cutAt(input, ...sizes), 10)).toEqual(lines([input], 10))
      }),
      { numRuns: 2000 },
    )
  })

  it('the buffer knows that a line is too long as soon as its limit is passed, and holds no more of it', () => {
    const input = createInputBuffer()
    for (let octet = 0; octet < 10; octet++) input.push(Buffer.from('a'))
    expect(input.takeLine(10)).toEqual({ kind: 'more' })
    input.push(Buffer.alloc(100_000, 'a'))
    expect(input.takeLine(10)).toEqual({ kind: 'too-long', start: Buffer.from('aaaaaaaaaa') })
    expect(input.size()).toBeLessThanOrEqual(10)
  })

  it('the buffer shows no more than the first 16 octets of a line that is too long', () => {
    const text = Buffer.from(`AUTH PLAIN ${'a'.repeat(100)}`)
    expect(lines([text], 50)).toEqual(['too-long AUTH PLAIN aaaaa'])
    expect(lines(cutAt(text, 7), 50)).toEqual(['too-long AUTH PLAIN aaaaa'])
  })

  it('the buffer takes a line of 1 MiB that comes octet by octet, pushed all at once or taken in between', () => {
    const million = 1024 * 1024
    const octet = Buffer.from('a')
    for (const takeEach of [true, false]) {
      const input = createInputBuffer()
      const before = performance.now()
      for (let sent = 0; sent < million; sent++) {
        input.push(octet)
        if (takeEach) input.takeLine(million)
      }
      input.push(Buffer.from('\r\n'))
      const taken = input.takeLine(million)
      expect(taken.kind === 'line' && taken.line.length).toBe(million)
      expect(performance.now() - before).toBeLessThan(5000)
    }
  })

  it('the buffer gives back a whole conversation, lines and messages in turn, however it is cut', () => {
    const line = fc.stringMatching(/^[ -~]{0,12}$/).filter((text) => text !== 'DATA')
    const message = fc.array(fc.stringMatching(/^((\.[.a]|[a-c ])[.a]{0,8})?$/), { maxLength: 5 })
    const turn = fc.oneof(
      line,
      message.map((rows) => ({ message: rows.map((row) => `${row}\r\n`).join('') })),
    )
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 })
    fc.assert(
      fc.property(fc.array(turn), sizes, (turns, cuts) => {
        const text = turns.map((one) =>
          typeof one === 'string' ? `${one}\r\n` : `DATA\r\n${one.message}.\r\n`,
        )
        expect(converse(cutAt(Buffer.from(text.join('')), ...cuts))).toEqual(turns)
      }),
      { numRuns: 2000 },
    )
  })

  it('the buffer hands message octets out up to the end of data and keeps what follows for the next line', () => {
    const input = createInputBuffer()
    input.push(Buffer.from('one\r\ntw'))
    const scanner = createMessageScanner()
    const first = input.takeData(scanner)
    expect(first).toMatchObject({ kind: 'more', octets: [Buffer.from('one\r\ntw')] })
    input.push(Buffer.from('o\r\n.\r'))
    input.push(Buffer.from('\nQUIT\r\n'))
    const last = input.takeData(scanner)
    expect(last.kind === 'end' && Buffer.concat(last.octets).toString()).toBe('o\r\n')
    expect(input.size()).toBe(6)
    expect(input.takeLine(10)).toEqual({ kind: 'line', line: Buffer.from('QUIT') })
    expect(input.size()).toBe(0)
  })
})
