import type { MessageScanner, Scan } from './message-scanner.ts'

const nul = 0x00
const lf = 0x0a
const cr = 0x0d
const startOctets = 16

/** What stands at the front of the input. */
type TakenLine =
  /** A whole line, without its CRLF. */
  | { kind: 'line'; line: Buffer }
  /** No whole line yet. */
  | { kind: 'more' }
  /** The line is longer than the limit, whether or not it has ended. `start`: its first octets, enough to know the command. */
  | { kind: 'too-long'; start: Buffer }
  /** A CR or LF that is not part of CRLF, or a NUL. `start`: as above. */
  | { kind: 'forbidden'; start: Buffer }

/** Octets in, lines and message octets out. Knows nothing of sockets. */
export interface InputBuffer {
  push(chunk: Buffer): void
  /** `limit` in octets, its CRLF not counted. */
  takeLine(limit: number): TakenLine
  /** Everything that is there, through the scanner; what stands behind an end of data stays. */
  takeData(scanner: MessageScanner): Scan
  /** Octets that nobody has taken yet. */
  size(): number
  /** Whether an end of data is among them (RFC 5321, section 4.1.1.4). */
  holdsEndOfData(): boolean
}

/**
 * Holds at most one unfinished line (no longer than the limit) beside the chunks that were pushed, and looks at every
 * octet once, however small the pieces are that it comes in. How the input is cut changes nothing. After `too-long`
 * and `forbidden` there is no way back to the start of a line: the connection has to be closed.
 */
export function createInputBuffer(): InputBuffer {
  return new ChunkedInput()
}

/** Classes, unlike their neighbours, here and below: every connection has one, and closures would be a kilobyte of it. */
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

/** Where the next line begins in this chunk. `afterCr`: the octet before it was a CR; `room`: octets that the line may still have. */
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

/** First in, first out, at a constant cost: `Array.shift` moves every later element of a long array. */
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

  /** What is left of the chunk that `shift` gave last. */
  putBack(rest: Buffer): void {
    if (rest.length === 0) return
    this.octets += rest.length
    if (this.#first === 0) this.#chunks.unshift(rest)
    else this.#chunks[--this.#first] = rest
  }
}

const nothing = Buffer.alloc(0)

/** The beginning of a line whose end has not come, in one buffer that doubles: however small the pieces are, no octet is copied more than twice. */
export class LineStart {
  /** A CR that may be the line's end among them. */
  octets = 0
  #held = nothing

  /** Octets of the line, without a CR that may be its end. */
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

  /** The first octets of the line, with those of `tail` behind it. */
  peek(tail: Buffer, count: number): Buffer {
    const { octets } = this
    const here = this.#held.subarray(0, Math.min(octets, count))
    return Buffer.concat([here, tail.subarray(0, Math.max(0, count - octets))])
  }

  /** The whole line, its end included; `tail` ends in the LF that ends it. */
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
