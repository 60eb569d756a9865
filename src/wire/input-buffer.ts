import type { MessageScanner, Scan } from './message-scanner.ts'

const nul = 0x00
const lf = 0x0a
const cr = 0x0d
const startOctets = 16

/** What stands at the front of the input. */
export type TakenLine =
  /** A whole line, without its CRLF. */
  | { kind: 'line'; line: Buffer }
  /** No whole line yet. */
  | { kind: 'more' }
  /** The line is longer than the limit, whether or not it has ended. `start`: its first octets, enough to know the command. */
  | { kind: 'too-long'; start: Buffer }
  /** A CR or LF that is not part of CRLF, or a NUL. */
  | { kind: 'forbidden' }

/** Octets in, lines and message octets out. Knows nothing of sockets. */
export interface InputBuffer {
  push(chunk: Buffer): void
  /** `limit` in octets, its CRLF not counted. */
  takeLine(limit: number): TakenLine
  /** Everything that is there, through the scanner; what stands behind an end of data stays. */
  takeData(scanner: MessageScanner): Scan
  /** Octets that nobody has taken yet. */
  size(): number
}

/**
 * Holds at most one unfinished line (no longer than the limit) beside the chunks that were pushed, and looks at every
 * octet once, however small the pieces are that it comes in. How the input is cut changes nothing. After `too-long`
 * and `forbidden` there is no way back to the start of a line: the connection has to be closed.
 */
export function createInputBuffer(): InputBuffer {
  const queue = createQueue()
  const start = createLineStart()

  return {
    push: (chunk) => queue.push(chunk),

    takeLine(limit) {
      for (let chunk = queue.shift(); chunk; chunk = queue.shift()) {
        const found = findLineEnd(chunk, start.endsInCr(), limit - start.length())
        if (found.kind === 'too-long')
          return { kind: 'too-long', start: start.peek(chunk, Math.min(limit, startOctets)) }
        if (found.kind === 'forbidden') return found
        if (found.kind === 'none') {
          start.add(chunk)
          continue
        }
        queue.putBack(chunk.subarray(found.next))
        return { kind: 'line', line: start.finish(chunk.subarray(0, found.next)) }
      }
      return { kind: 'more' }
    },

    takeData(scanner) {
      const octets: Buffer[] = []
      for (let chunk = queue.shift(); chunk; chunk = queue.shift()) {
        const scan = scanner.scan(chunk)
        if (scan.kind === 'refused') return scan
        octets.push(...scan.octets)
        if (scan.kind === 'end') {
          queue.putBack(scan.rest)
          return { ...scan, octets }
        }
      }
      return { kind: 'more', octets }
    },

    size: () => queue.size() + start.length() + (start.endsInCr() ? 1 : 0),
  }
}

type LineEnd = { kind: 'end'; next: number } | { kind: 'none' } | { kind: 'too-long' } | { kind: 'forbidden' }

/** Where the line ends in this chunk. `afterCr`: the octet before it was a CR; `room`: octets that the line may still have. */
function findLineEnd(chunk: Buffer, afterCr: boolean, room: number): LineEnd {
  let previousCr = afterCr
  for (let at = 0; at < chunk.length; at++) {
    const octet = chunk[at]
    if (octet === lf) return previousCr ? { kind: 'end', next: at + 1 } : { kind: 'forbidden' }
    if (previousCr || octet === nul) return { kind: 'forbidden' }
    previousCr = octet === cr
    if (!previousCr && at >= room) return { kind: 'too-long' }
  }
  return { kind: 'none' }
}

/** One for all: nearly every connection holds nothing at a time. */
const nothing = Buffer.alloc(0)

/** The beginning of a line whose end has not come, in one buffer that doubles: no octet is copied more than twice. */
function createLineStart() {
  let held = nothing
  let used = 0

  return {
    /** Octets of the line, without a CR that may be its end. */
    length: () => used - (endsInCr() ? 1 : 0),
    endsInCr,
    add(chunk: Buffer): void {
      if (used + chunk.length > held.length) {
        const larger = Buffer.alloc(Math.max(256, 2 * (used + chunk.length)))
        held.copy(larger, 0, 0, used)
        held = larger
      }
      used += chunk.copy(held, used)
    },
    /** The first octets of the line, with those of `tail` behind it. */
    peek: (tail: Buffer, count: number) =>
      Buffer.concat([held.subarray(0, Math.min(used, count)), tail.subarray(0, Math.max(0, count - used))]),
    /** The whole line; `tail` ends in the LF that ends it. */
    finish(tail: Buffer): Buffer {
      const whole = used === 0 ? tail : Buffer.concat([held.subarray(0, used), tail])
      held = nothing
      used = 0
      return whole.subarray(0, -2)
    },
  }

  function endsInCr(): boolean {
    return used > 0 && held[used - 1] === cr
  }
}

/** First in, first out, at a constant cost: `Array.shift` moves every later element of a long array. */
function createQueue() {
  let chunks: Buffer[] = []
  let first = 0
  let octets = 0

  return {
    size: () => octets,
    push(chunk: Buffer): void {
      if (chunk.length === 0) return
      chunks.push(chunk)
      octets += chunk.length
    },
    shift(): Buffer | undefined {
      const chunk = chunks[first]
      if (chunk === undefined) return undefined
      first++
      octets -= chunk.length
      if (first === chunks.length) {
        chunks = []
        first = 0
      }
      return chunk
    },
    /** What is left of the chunk that `shift` gave last. */
    putBack(rest: Buffer): void {
      if (rest.length === 0) return
      octets += rest.length
      if (first === 0) chunks.unshift(rest)
      else chunks[--first] = rest
    },
  }
}
