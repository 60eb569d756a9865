import { isAscii } from 'node:buffer'
import type { MessageScanner, Scan } from './message-scanner.ts'

const nul = 0x00
const lf = 0x0a
const cr = 0x0d
const startOctets = 16

/** The result of taking a line. */
type TakenLine =
  /** A whole line, without its CRLF. */
  | { kind: 'line'; line: Buffer }
  /** No complete line has arrived. */
  | { kind: 'more' }
  /**
   * The line exceeds the limit, complete or not. `start`: its first octets, enough to recognise the
   * command.
   */
  | { kind: 'too-long'; start: Buffer }
  /** A CR or LF that is not part of CRLF, or a NUL. `start`: as above. */
  | { kind: 'forbidden'; start: Buffer }

/** Turns octets into lines and message octets, without a socket. */
export interface InputBuffer {
  push(chunk: Buffer): void
  /** `limit` in octets, without the CRLF. */
  takeLine(limit: number): TakenLine
  /** Passes all buffered input through the scanner; what follows an end of data stays. */
  takeData(scanner: MessageScanner): Scan
  /** The size of the buffered input, in octets. */
  size(): number
  /** Whether the buffered input holds an end of data (RFC 5321, section 4.1.1.4). */
  holdsEndOfData(): boolean
}

/**
 * Buffers at most one unfinished line (no longer than the limit) and the pushed chunks, and looks
 * at every octet once, however the input is cut. After `too-long` and `forbidden` the start of the
 * next line is lost: the connection has to be closed.
 */
export function createInputBuffer(): InputBuffer {
  return new ChunkedInput()
}

/**
 * Classes, here and below, because every connection has one, and closures would cost a kilobyte.
 */
class ChunkedInput implements InputBuffer {
  readonly #queue = new ChunkQueue()
  readonly #start = new LineStart()

  push(chunk: Buffer): void {
    this.#queue.push(chunk)
  }

  takeLine(limit: number): TakenLine {
    const start = this.#start
    for (let chunk = this.#queue.shift(); chunk; chunk = this.#queue.shift()) {
      const found = findLineEnd(chunk, start.endsInCr(), limit - start.length())
      if (found === 'too-long' || found === 'forbidden')
        return { kind: found, start: start.peek(chunk, Math.min(limit, startOctets)) }
      if (found === 'none') {
        start.add(chunk)
        continue
      }
      this.#queue.putBack(chunk.subarray(found))
      return { kind: 'line', line: start.finish(chunk.subarray(0, found)).subarray(0, -2) }
    }
    return { kind: 'more' }
  }

  takeData(scanner: MessageScanner): Scan {
    const octets: Buffer[] = []
    for (let chunk = this.#queue.shift(); chunk; chunk = this.#queue.shift()) {
      const scan = scanner.scan(chunk)
      if (scan.kind === 'refused') return scan
      octets.push(...scan.octets)
      if (scan.kind === 'end') {
        this.#queue.putBack(scan.rest)
        return { ...scan, octets }
      }
    }
    return { kind: 'more', octets }
  }

  size(): number {
    return this.#queue.octets + this.#start.octets
  }

  holdsEndOfData(): boolean {
    return this.#queue.joined().includes('\r\n.\r\n')
  }
}

/**
 * The start of the next line in this chunk. `afterCr`: the octet before it was a CR; `room`: how
 * many octets the line may still have.
 */
function findLineEnd(
  chunk: Buffer,
  afterCr: boolean,
  room: number,
): number | 'none' | 'too-long' | 'forbidden' {
  let previousCr = afterCr
  for (let at = 0; at < chunk.length; at++) {
    const octet = chunk[at]
    if (octet === lf) return previousCr ? at + 1 : 'forbidden'
    if (previousCr || octet === nul) return 'forbidden'
    previousCr = octet === cr
    if (!previousCr && at >= room) return 'too-long'
  }
  return 'none'
}

/** A FIFO queue at constant cost: `Array.shift` moves all other elements of a long array. */
class ChunkQueue {
  octets = 0
  #chunks: Buffer[] = []
  #first = 0

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.octets += chunk.length
  }

  shift(): Buffer | undefined {
    const chunk = this.#chunks[this.#first]
    if (chunk === undefined) return undefined
    this.#first++
    this.octets -= chunk.length
    if (this.#first === this.#chunks.length) {
      this.#chunks = []
      this.#first = 0
    }
    return chunk
  }

  joined(): Buffer {
    return Buffer.concat(this.#chunks.slice(this.#first))
  }

  /** Puts back the rest of the chunk that `shift` returned last. */
  putBack(rest: Buffer): void {
    if (rest.length === 0) return
    this.octets += rest.length
    if (this.#first === 0) this.#chunks.unshift(rest)
    else this.#chunks[--this.#first] = rest
  }
}

const nothing = Buffer.alloc(0)

/**
 * The beginning of an unfinished line, in a buffer that doubles: no octet is copied more than
 * twice, however small the pieces are.
 */
export class LineStart {
  /** Includes a CR that may belong to the line end. */
  octets = 0
  #held = nothing

  /** The octets of the line, without a CR that may belong to the line end. */
  length(): number {
    return this.octets - (this.endsInCr() ? 1 : 0)
  }

  endsInCr(): boolean {
    return this.octets > 0 && this.#held[this.octets - 1] === cr
  }

  add(chunk: Buffer): void {
    if (this.octets + chunk.length > this.#held.length) {
      const larger = Buffer.alloc(Math.max(256, 2 * (this.octets + chunk.length)))
      this.#held.copy(larger, 0, 0, this.octets)
      this.#held = larger
    }
    this.octets += chunk.copy(this.#held, this.octets)
  }

  /** The first octets of the line, continued by those of `tail`. */
  peek(tail: Buffer, count: number): Buffer {
    const { octets } = this
    const here = this.#held.subarray(0, Math.min(octets, count))
    return Buffer.concat([here, tail.subarray(0, Math.max(0, count - octets))])
  }

  /** The whole line with its line end; `tail` ends in the LF. */
  finish(tail: Buffer): Buffer {
    if (this.octets === 0) return tail
    const whole = Buffer.concat([this.#held.subarray(0, this.octets), tail])
    this.letGo()
    return whole
  }

  letGo(): void {
    this.#held = nothing
    this.octets = 0
  }
}

/**
 * Decodes a user name or password: UTF-8 (RFC 4616) or, where it is not valid, Windows-1252, which
 * includes Latin-1, because devices send what their keypad produced. Never fails and drops nothing,
 * so two inputs never become one text.
 */
export function readClientText(octets: Buffer): string {
  return decodeUtf8(octets) ?? readWindows1252(octets)
}

/**
 * Not by TextDecoder, which in many versions of Node takes Windows-1252 for Latin-1 and so yields
 * control characters.
 */
function readWindows1252(octets: Buffer): string {
  return octets
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (one) => beyondLatin1[one.charCodeAt(0) - 0x80] ?? one)
}

// The characters of 0x80 to 0x9F (WHATWG Encoding, index windows-1252); the five undefined ones
// stay as they are.
const beyondLatin1 = [...'€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f', ...'\x90‘’“”•–—˜™š›œ\x9džŸ']

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Decodes UTF-8; undefined when it is not valid. Nothing is replaced or left out. */
export function decodeUtf8(octets: Buffer): string | undefined {
  // The usual case, at a tenth of the cost.
  if (isAscii(octets)) return octets.toString('latin1')
  try {
    return decoder.decode(octets)
  } catch {
    return undefined
  }
}
