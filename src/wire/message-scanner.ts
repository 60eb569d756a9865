import { type SimdPass, simdPass } from './simd-pass.ts'

/** The result of scanning one more piece of input. */
export type Scan =
  /** Message octets; the end has not come yet. */
  | { kind: 'more'; octets: readonly Buffer[] }
  /** The last message octets; `rest` is the input behind the end of data. */
  | { kind: 'end'; octets: readonly Buffer[]; rest: Buffer }
  /** A bare CR, a bare LF or a NUL: nothing of this piece is returned, and scanning must stop. */
  | { kind: 'refused' }

export interface MessageScanner {
  scan(chunk: Buffer): Scan
  /**
   * The size of the message so far, as RFC 1870 counts it: without stuffed dots and the end of
   * data.
   */
  octets(): number
}

const nul = 0x00
const lf = 0x0a
const cr = 0x0d
const dot = 0x2e

// The states of the scanner, named by the last octets.
const lineStart = 0
const lineDot = 1
const lineDotCr = 2
const within = 3
const withinCr = 4
type State = typeof lineStart | typeof lineDot | typeof lineDotCr | typeof within | typeof withinCr

/**
 * The octets that are held back in each state, because they may belong to the end of data, or a CR
 * may be bare. Never more than two.
 */
const heldBack: Record<State, Buffer> = {
  [lineStart]: Buffer.alloc(0),
  [lineDot]: Buffer.from('.'),
  [lineDotCr]: Buffer.from('.\r'),
  [within]: Buffer.alloc(0),
  [withinCr]: Buffer.from('\r'),
}

/** For each state two octets that lead to it; none for the state in which SIMD is not used. */
const lastTwo: Record<State, Buffer> = {
  [lineStart]: Buffer.from('\r\n'),
  [lineDot]: Buffer.from('\n.'),
  [lineDotCr]: Buffer.alloc(0),
  [within]: Buffer.from('xx'),
  [withinCr]: Buffer.from('x\r'),
}

/** The state behind two octets of a message that is in order up to them. */
function stateBehind(two: Uint8Array): State {
  if (two[1] === lf) return lineStart
  if (two[1] === cr) return withinCr
  return two[0] === lf && two[1] === dot ? lineDot : within
}

/**
 * Finds the end of a message sent by DATA: `.CRLF` at the start of a line whose predecessor ended
 * in CRLF, and nothing else (RFC 5321, section 4.1.1.4). Octets pass unchanged, dot-stuffing
 * included, as slices of the input. A CR or LF that is not part of CRLF is refused (RFC 5321,
 * section 2.3.8), because another server may see an end of data in it. How the input is cut makes
 * no difference.
 */
export function createMessageScanner(simdFrom = usualSimdFrom): MessageScanner {
  return new OneMessage(simdFrom)
}

/** How large the message so far and a piece have to be for SIMD, where it is there. */
export interface SimdFrom {
  messageOctets: number
  pieceOctets: number
}

/** Small messages do without: it is compiled for the first long one. */
const usualSimdFrom: SimdFrom = { messageOctets: 65_536, pieceOctets: 128 }

/**
 * A class, because a closure would be compiled anew for each message, which dominates the cost of a
 * large one.
 */
class OneMessage implements MessageScanner {
  readonly #simdFrom: SimdFrom
  #state: State = lineStart
  #passed = 0
  #stuffed = 0

  constructor(simdFrom: SimdFrom) {
    this.#simdFrom = simdFrom
  }

  octets(): number {
    return this.#passed - this.#stuffed
  }

  scan(chunk: Buffer): Scan {
    const before = heldBack[this.#state]
    let state = this.#state
    let at = 0
    const simd = this.#simdFor(chunk)
    if (simd !== undefined) {
      simd.before.set(lastTwo[state])
      at = simd.pass(chunk)
      state = stateBehind(simd.before)
      this.#stuffed += simd.stuffed
    }
    const words = chunk.length - at < 16 ? noWords : wordsOf(chunk)
    while (at < chunk.length) {
      // Nearly every octet of a message is above CR and inside a line, and nearly every line ends
      // in CRLF.
      if (state === within) at = lineEnd(chunk, words, at)
      if (state === within && at + 1 < chunk.length && chunk[at] === cr && chunk[at + 1] === lf) {
        state = lineStart
        at += 2
      }
      if (at === chunk.length) break
      const next = follow(state, chunk[at] as number)
      at++
      if (next === 'refused') return { kind: 'refused' }
      if (next === 'end')
        return { kind: 'end', octets: this.#handOut(chunk, before, at, 3), rest: chunk.subarray(at) }
      if (state === lineDot && next === within) this.#stuffed++
      state = next
    }
    this.#state = state
    return { kind: 'more', octets: this.#handOut(chunk, before, chunk.length, heldBack[state].length) }
  }

  #simdFor({ length }: Buffer): SimdPass | undefined {
    const { messageOctets, pieceOctets } = this.#simdFrom
    const isLong = length >= pieceOctets && this.#passed + length >= messageOctets
    // An LF at the start of the piece may be the end of the message.
    return isLong && this.#state !== lineDotCr ? simdPass() : undefined
  }

  /**
   * The octets held back before this piece and the piece up to `end`, without the last `kept`
   * octets of both.
   */
  #handOut(chunk: Buffer, before: Buffer, end: number, kept: number): Buffer[] {
    const fromChunk = end - kept
    const pieces =
      fromChunk >= 0
        ? [before, chunk.subarray(0, fromChunk)]
        : [before.subarray(0, Math.max(0, before.length + fromChunk))]
    const octets = pieces.filter((piece) => piece.length > 0)
    for (const piece of octets) this.#passed += piece.length
    return octets
  }
}

/**
 * The same octets as 32-bit words; octets before the first aligned address and behind the last
 * whole word are left out.
 */
function wordsOf({ buffer, byteOffset, length }: Buffer): Int32Array {
  const first = -byteOffset & 3
  return new Int32Array(buffer, byteOffset + first, (length - first) >> 2)
}

const noWords = new Int32Array(0)

/**
 * The index of the next octet that is not above CR, from `from` on; the length of the chunk when
 * there is none.
 */
function lineEnd(chunk: Buffer, words: Int32Array, from: number): number {
  const first = -chunk.byteOffset & 3
  let at = from
  while (at < chunk.length && ((at - first) & 3) !== 0 && (chunk[at] as number) > cr) at++
  if (((at - first) & 3) === 0) {
    let word = (at - first) >> 2
    while (word < words.length && !hasLowOctet(words[word] as number)) word++
    at = first + 4 * word
  }
  while (at < chunk.length && (chunk[at] as number) > cr) at++
  return at
}

/**
 * Whether one of the four octets is CR or below: subtracting CR + 1 sets the highest bit of such an
 * octet only.
 */
function hasLowOctet(word: number): boolean {
  return ((word - 0x0e0e0e0e) & ~word & 0x80808080) !== 0
}

function follow(state: State, octet: number): State | 'end' | 'refused' {
  if (octet === nul) return 'refused'
  if (state === withinCr) return octet === lf ? lineStart : 'refused'
  if (state === lineDotCr) return octet === lf ? 'end' : 'refused'
  if (octet === lf) return 'refused'
  if (octet === cr) return state === lineDot ? lineDotCr : withinCr
  return state === lineStart && octet === dot ? lineDot : within
}

/**
 * Removes the dots that the client put in front of lines that begin with one (RFC 5321, section
 * 4.5.2) from a whole message, for BDAT, which has no stuffing (RFC 3030). Expects a message as the
 * scanner returns it: lines end in CRLF.
 */
export function undoDotStuffing(message: Buffer): Buffer {
  const pieces: Buffer[] = []
  let from = 0
  for (let at = message.indexOf(dot); at !== -1; at = message.indexOf(dot, at + 1)) {
    const stuffed = at === 0 || message[at - 1] === lf
    if (!stuffed) continue
    pieces.push(message.subarray(from, at))
    // The octet behind a stuffed dot belongs to the message, even when it is another dot.
    from = at + 1
  }
  return from === 0 ? message : Buffer.concat([...pieces, message.subarray(from)])
}
