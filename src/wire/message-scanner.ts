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
  let place: Place = lineStart
  let passed = 0
  let stuffed = 0

  return {
    octets: () => passed - stuffed,

    scan(chunk) {
      const before = heldBack[place]
      const line = createLineSearch(chunk)
      let at = 0
      while (at < chunk.length) {
        if (place === within) {
          at = line.endFrom(at)
          if (chunk[at] === cr && chunk[at + 1] === lf) {
            place = lineStart
            at += 2
          }
        }
        if (at === chunk.length) break
        const next = follow(place, chunk[at] as number)
        at++
        if (next === 'refused') return { kind: 'refused' }
        if (next === 'end') return ended(chunk, before, at)
        if (place === lineDot && next === within) stuffed++
        place = next
      }
      const octets = handOut(chunk, before, chunk.length, heldBack[place].length)
      return { kind: 'more', octets }
    },
  }

  function ended(chunk: Buffer, before: Buffer, at: number): Scan {
    return { kind: 'end', octets: handOut(chunk, before, at, 3), rest: chunk.subarray(at) }
  }

  /** What was held back before this piece and the piece up to `end`, without the last `kept` octets of both. */
  function handOut(chunk: Buffer, before: Buffer, end: number, kept: number): Buffer[] {
    const fromChunk = end - kept
    const pieces =
      fromChunk >= 0
        ? [before, chunk.subarray(0, fromChunk)]
        : [before.subarray(0, Math.max(0, before.length + fromChunk))]
    const octets = pieces.filter((piece) => piece.length > 0)
    for (const piece of octets) passed += piece.length
    return octets
  }
}

/** So many octets of a line are looked at one by one, before the search for its end: a search costs about as much. */
const shortLine = 8

/**
 * Where a line may end: at a CR, LF or NUL. Nearly every octet of a message is none of these, so to pass over the others is what a
 * large one costs. `indexOf` passes over many at a time, and each kind is searched only when its last place is behind us.
 */
function createLineSearch(chunk: Buffer) {
  let nextCr = -1
  let nextLf = -1
  let nextNul = -1

  return {
    /** At or behind `from`; the length of the chunk when there is none. */
    endFrom(from: number): number {
      const near = Math.min(from + shortLine, chunk.length)
      for (let at = from; at < near; at++) if ((chunk[at] as number) <= cr) return at
      if (nextCr < near) nextCr = find(cr, near)
      if (nextLf < near) nextLf = find(lf, near)
      if (nextNul < near) nextNul = find(nul, near)
      return Math.min(nextCr, nextLf, nextNul)
    },
  }

  function find(octet: number, from: number): number {
    const found = chunk.indexOf(octet, from)
    return found === -1 ? chunk.length : found
  }
}

function follow(place: Place, octet: number): Place | 'end' | 'refused' {
  if (octet === nul) return 'refused'
  if (place === withinCr) return octet === lf ? lineStart : 'refused'
  if (place === lineDotCr) return octet === lf ? 'end' : 'refused'
  if (octet === lf) return 'refused'
  if (octet === cr) return place === lineDot ? lineDotCr : withinCr
  return place === lineStart && octet === dot ? lineDot : within
}
