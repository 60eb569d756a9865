import type { MessageScanner, Scan } from './message-scanner.ts'

const nul = 0x00
const lf = 0x0a
const cr = 0x0d
const dot = 0x2e

// The states of the scanner. No end of data begins behind a bare CR or LF.
type State =
  | 'line-start'
  | 'bare-line-start'
  | 'dot'
  | 'bare-dot'
  | 'dot-cr'
  | 'bare-dot-cr'
  | 'within'
  | 'cr'

/**
 * A message scanner for clients that end lines with a bare CR or LF: each becomes CRLF before the
 * message is processed further. The end of data is CRLF.CRLF as sent by the client, as always: a
 * line with only a dot that does not stand between two CRLF is stuffed, so that no server takes it
 * for an end. A NUL is refused. How the input is cut makes no difference.
 */
export function createMendingScanner(): MessageScanner {
  return new MendedMessage()
}

class MendedMessage implements MessageScanner {
  #state: State = 'line-start'
  #passed = 0
  #stuffed = 0

  octets(): number {
    return this.#passed - this.#stuffed
  }

  scan(chunk: Buffer): Scan {
    const out = new Output(chunk.length)
    for (let at = 0; at < chunk.length; at++) {
      if (this.#state === 'within') at = out.addText(chunk, at)
      if (at === chunk.length) break
      const octet = chunk[at] as number
      if (octet === nul) return { kind: 'refused' }
      if (this.#state === 'dot-cr' && octet === lf)
        return { kind: 'end', octets: this.#handOut(out), rest: chunk.subarray(at + 1) }
      if (octet !== lf) this.#endBareCr(out)
      if (octet === cr) this.#state = withCr[this.#state]
      else if (octet === lf) this.#endLine(out)
      else this.#goOn(octet, out)
    }
    return { kind: 'more', octets: this.#handOut(out) }
  }

  /** A CR that is not followed by LF has ended its line. */
  #endBareCr(out: Output): void {
    if (this.#state !== 'cr' && this.#state !== 'dot-cr' && this.#state !== 'bare-dot-cr') return
    this.#endLine(out)
    this.#state = 'bare-line-start'
  }

  #endLine(out: Output): void {
    const isCrlf = this.#state === 'cr' || this.#state === 'bare-dot-cr'
    if (this.#state !== 'cr' && this.#state !== 'within' && !this.#state.endsWith('line-start')) {
      this.#stuffed++
      out.add(dot)
      out.add(dot)
    }
    out.add(cr)
    out.add(lf)
    this.#state = isCrlf ? 'line-start' : 'bare-line-start'
  }

  #goOn(octet: number, out: Output): void {
    if (octet === dot && this.#state === 'line-start') this.#state = 'dot'
    else if (octet === dot && this.#state === 'bare-line-start') this.#state = 'bare-dot'
    else {
      if (this.#state === 'dot' || this.#state === 'bare-dot') {
        this.#stuffed++
        out.add(dot)
      }
      out.add(octet)
      this.#state = 'within'
    }
  }

  #handOut(out: Output): Buffer[] {
    const octets = out.octets()
    this.#passed += octets.length
    return octets.length === 0 ? [] : [octets]
  }
}

/** The state behind a CR; a second CR ends another line. */
const withCr: Record<State, State> = {
  'line-start': 'cr',
  'bare-line-start': 'cr',
  dot: 'dot-cr',
  'bare-dot': 'bare-dot-cr',
  'dot-cr': 'cr',
  'bare-dot-cr': 'cr',
  within: 'cr',
  cr: 'cr',
}

/** The largest output of a piece: no octet becomes more than two, and up to four were held back. */
class Output {
  readonly #octets: Buffer
  #length = 0

  constructor(input: number) {
    this.#octets = Buffer.allocUnsafe(2 * input + 4)
  }

  add(octet: number): void {
    this.#octets[this.#length++] = octet
  }

  /** Copies up to the next significant octet, and returns its index. */
  addText(chunk: Buffer, from: number): number {
    let at = from
    while (at < chunk.length && (chunk[at] as number) > cr) at++
    this.#length += chunk.copy(this.#octets, this.#length, from, at)
    return at
  }

  octets(): Buffer {
    return this.#octets.subarray(0, this.#length)
  }
}
