/** What one more piece of input means for the message under way. */
export type Scan =
  /** Message octets; the end has not come yet. */
  | { kind: 'more'; octets: readonly Buffer[] }
  /** The last message octets; `rest` is what came behind the end of data. */
  | { kind: 'end'; octets: readonly Buffer[]; rest: Buffer }
  /** A bare CR, a bare LF or a NUL: nothing of this piece is handed out, and nothing more may be scanned. */
  | { kind: 'refused' }

export interface MessageScanner {
  scan(chunk: Buffer): Scan
  /** The size of the message so far as RFC 1870 counts it: without stuffed dots and without the end of data. */
  octets(): number
}

const nul = 0x00
const lf = 0x0a
const cr = 0x0d
const dot = 0x2e

// Where the scanner stands. The names say what the last octets were.
const lineStart = 0
const lineDot = 1
const lineDotCr = 2
const within = 3
const withinCr = 4
type Place = typeof lineStart | typeof lineDot | typeof lineDotCr | typeof within | typeof withinCr

/**
 * What is not handed out yet at each place: octets that may turn out to belong to the end of data, and a CR that
 * may turn out to be bare. Never more than two.
 */
const heldBack: Record<Place, Buffer> = {
  [lineStart]: Buffer.alloc(0),
  [lineDot]: Buffer.from('.'),
  [lineDotCr]: Buffer.from('.\r'),
  [within]: Buffer.alloc(0),
  [withinCr]: Buffer.from('\r'),
}

/**
 * Finds the end of a message sent by DATA: `.CRLF` at the start of a line whose predecessor ended in CRLF, and
 * nothing else (RFC 5321, section 4.1.1.4). Octets pass unchanged, dot-stuffing included, as slices of what came in.
 * A CR or LF that is not part of CRLF is refused (RFC 5321, section 2.3.8), because the next server may see an end
 * of data in it where we see none. How the input is cut into pieces changes nothing.
 */
export function createMessageScanner(): MessageScanner {
  return new OneMessage()
}

/** A class, unlike its neighbours: what a closure has learned is compiled anew for each message, and this is what a large one costs. */
class OneMessage implements MessageScanner {
  #place: Place = lineStart
  #passed = 0
  #stuffed = 0

  octets(): number {
    return this.#passed - this.#stuffed
  }

  scan(chunk: Buffer): Scan {
    const before = heldBack[this.#place]
    const words = wordsOf(chunk)
    let place = this.#place
    let at = 0
    while (at < chunk.length) {
      // Nearly every octet of a message is above CR and inside a line, and nearly every line ends in CRLF.
      if (place === within) at = lineEnd(chunk, words, at)
      if (place === within && at + 1 < chunk.length && chunk[at] === cr && chunk[at + 1] === lf) {
        place = lineStart
        at += 2
      }
      if (at === chunk.length) break
      const next = follow(place, chunk[at] as number)
      at++
      if (next === 'refused') return { kind: 'refused' }
      if (next === 'end')
        return { kind: 'end', octets: this.#handOut(chunk, before, at, 3), rest: chunk.subarray(at) }
      if (place === lineDot && next === within) this.#stuffed++
      place = next
    }
    this.#place = place
    return { kind: 'more', octets: this.#handOut(chunk, before, chunk.length, heldBack[place].length) }
  }

  /** What was held back before this piece and the piece up to `end`, without the last `kept` octets of both. */
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

/** The same octets as words of four; those before the first place where memory has words, and those behind the last, are left out. */
function wordsOf({ buffer, byteOffset, length }: Buffer): Int32Array {
  if (length < 8) return noWords
  const first = -byteOffset & 3
  return new Int32Array(buffer, byteOffset + first, (length - first) >> 2)
}

const noWords = new Int32Array(0)

/** Where the line may end: the next octet that is not above CR, from `from` on; the length of the chunk when there is none. */
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

/** Whether one of the four octets is CR or below: only such a one, less CR + 1, gets a highest bit that it did not have. */
function hasLowOctet(word: number): boolean {
  return ((word - 0x0e0e0e0e) & ~word & 0x80808080) !== 0
}

function follow(place: Place, octet: number): Place | 'end' | 'refused' {
  if (octet === nul) return 'refused'
  if (place === withinCr) return octet === lf ? lineStart : 'refused'
  if (place === lineDotCr) return octet === lf ? 'end' : 'refused'
  if (octet === lf) return 'refused'
  if (octet === cr) return place === lineDot ? lineDotCr : withinCr
  return place === lineStart && octet === dot ? lineDot : within
}

/**
 * A whole message without the dots that RFC 5321, section 4.5.2, had the client put in front of every line that
 * begins with one. For BDAT, which knows no stuffing (RFC 3030). Expects what the message scanner let through: lines end in CRLF only.
 */
export function undoDotStuffing(message: Buffer): Buffer {
  const pieces: Buffer[] = []
  let from = 0
  for (let at = message.indexOf(dot); at !== -1; at = message.indexOf(dot, at + 1)) {
    const stuffed = at === 0 || message[at - 1] === lf
    if (!stuffed) continue
    pieces.push(message.subarray(from, at))
    // The octet behind a stuffed dot belongs to the message, also when it is another dot.
    from = at + 1
  }
  return from === 0 ? message : Buffer.concat([...pieces, message.subarray(from)])
}
