import { withoutCase } from '../base/text.ts'
import { addressList, type ListedAddress } from './header-addresses.ts'
import { LineStart, readClientText } from './input-buffer.ts'

/** The new content of `From:` and `Sender:`. */
interface NewFrom {
  mailbox: string
  /** Other addresses that the provider accepts from the mailbox: these are not replaced. */
  aliases?: readonly string[]
}

/** Rewrites a message piece by piece; how it is cut makes no difference. */
export interface FromRewriter {
  push(octets: Buffer): Buffer
  /** The octets that are left after the last piece. */
  end(): Buffer
}

/**
 * Puts the mailbox into `From:` and `Sender:` (RFC 5322, section 3.6.2). The display name stays;
 * the old address moves to `Reply-To:` if there is none. Of several `From:` or `Sender:` one is
 * kept; a missing `From:` is added. All other fields and the body pass unchanged, and so do
 * `Resent-From:` and its like, which name who resent an older message. Expects a message as the
 * scanner returns it: lines end in CRLF, dots are stuffed. Holds at most one such field.
 */
export function createFromRewriter(to: NewFrom): FromRewriter {
  return new HeaderRewriter(to)
}

const lf = 0x0a
const dot = 0x2e
const none = Buffer.alloc(0)
/** Limits for the name of a field, and for the part of a field that is parsed. */
const nameOctets = 1_000
const fieldOctets = 65_536
const mostOldAddresses = 100

type Field = 'from' | 'sender' | 'other' | 'dropped'

class HeaderRewriter implements FromRewriter {
  readonly #to: NewFrom
  readonly #own: ReadonlySet<string>
  /** The beginning of the current line, whose field is not known yet. */
  readonly #lineStart = new LineStart()
  readonly #gathered = new LineStart()
  #state: 'line-start' | 'line' | 'body' = 'line-start'
  /** There is none before the first line. */
  #field: Field | undefined
  #isCutShort = false
  #hasFrom = false
  readonly #seen = new Set<string>()
  readonly #oldAddresses = new Map<string, string>()

  constructor(to: NewFrom) {
    this.#to = to
    this.#own = new Set([to.mailbox, ...(to.aliases ?? [])].map(withoutCase))
  }

  push(octets: Buffer): Buffer {
    const out: Buffer[] = []
    let at = 0
    while (at < octets.length && this.#state !== 'body') {
      const found = octets.indexOf(lf, at)
      const end = found === -1 ? octets.length : found + 1
      at += this.#takeOfLine(octets.subarray(at, end), found !== -1, out)
    }
    const rest = octets.subarray(at)
    const [first] = out
    if (first === undefined) return rest
    // Most pieces of a long line, which need not be copied.
    return out.length === 1 && rest.length === 0 ? first : Buffer.concat([...out, rest])
  }

  end(): Buffer {
    const out: Buffer[] = []
    if (this.#state === 'line-start') {
      if (this.#lineStart.octets > 0) this.#beginLine(this.#lineStart.finish(none), out)
      if (this.#state === 'line-start') this.#endHeader(out, none)
    } else if (this.#state === 'line') this.#endHeader(out, none)
    return Buffer.concat(out)
  }

  /** Returns how many of the octets it consumed. */
  #takeOfLine(piece: Buffer, isWhole: boolean, out: Buffer[]): number {
    if (this.#state === 'line') {
      this.#add(piece, out)
      if (isWhole) this.#state = 'line-start'
      return piece.length
    }
    const taken = piece.subarray(0, nameOctets - this.#lineStart.octets)
    const isLine = isWhole && taken.length === piece.length
    this.#lineStart.add(taken)
    if (isLine || this.#lineStart.octets >= nameOctets) {
      this.#state = isLine ? 'line-start' : 'line'
      this.#beginLine(this.#lineStart.finish(none), out)
    }
    return taken.length
  }

  #beginLine(line: Buffer, out: Buffer[]): void {
    const content = line[0] === dot ? line.subarray(1) : line
    const text = content.toString('latin1')
    const isContinued = /^[ \t]/.test(text) && this.#field !== undefined
    const name = /^([!-9;-~]+)[ \t]*:/.exec(text)?.[1]?.toLowerCase()
    // The separator line of a mailbox file: no field, but not the end of the header either.
    const isEnvelope = this.#field === undefined && /^>?From /.test(text)
    if (!isContinued && name === undefined && !isEnvelope) {
      this.#endHeader(out, line)
      return
    }
    if (!isContinued) this.#beginField(name ?? '', out)
    this.#add(this.#isGathering() ? content : line, out)
  }

  #beginField(name: string, out: Buffer[]): void {
    this.#endField(out)
    const isAgain = this.#seen.has(name)
    if (name === 'sender' || name === 'reply-to') this.#seen.add(name)
    if (name === 'from') this.#field = 'from'
    else if (name === 'sender') this.#field = isAgain ? 'dropped' : 'sender'
    else this.#field = 'other'
  }

  #isGathering(): boolean {
    return this.#field === 'from' || this.#field === 'sender'
  }

  #add(octets: Buffer, out: Buffer[]): void {
    if (this.#field === 'other') out.push(octets)
    if (!this.#isGathering()) return
    const room = fieldOctets - this.#gathered.octets
    this.#isCutShort ||= octets.length > room
    this.#gathered.add(octets.subarray(0, room))
  }

  #endField(out: Buffer[]): void {
    const field = this.#field
    if (field !== 'from' && field !== 'sender') return
    const octets = this.#gathered.finish(none)
    const whole = addressList(unfolded(octets))
    // The rest of a field that was cut off at the limit is not known.
    const listed = this.#isCutShort ? whole.slice(0, -1) : whole
    const isOwn =
      !this.#isCutShort &&
      listed.length > 0 &&
      listed.every(({ address }) => this.#own.has(withoutCase(address)))
    this.#isCutShort = false
    if (field === 'from') for (const { address } of listed) this.#remember(address)
    const isAgain = field === 'from' && this.#hasFrom
    if (field === 'from') this.#hasFrom = true
    if (!isAgain) out.push(isOwn ? octets : this.#written(field === 'from' ? 'From' : 'Sender', listed[0]))
  }

  #remember(address: string): void {
    const key = withoutCase(address)
    const hasRoom = this.#oldAddresses.size < mostOldAddresses
    if (hasRoom && !this.#own.has(key) && canBeAnswered(address)) this.#oldAddresses.set(key, address)
  }

  #written(name: string, old: ListedAddress | undefined): Buffer {
    const { mailbox } = this.#to
    // An address without a domain identifies the sender if nothing else does.
    const words = phraseWords(
      old === undefined ? '' : old.name || (old.address.includes('@') ? '' : old.address),
    )
    return Buffer.from(formatField(name, words.length === 0 ? [mailbox] : [...words, `<${mailbox}>`]))
  }

  /** @param line the first line behind it */
  #endHeader(out: Buffer[], line: Buffer): void {
    this.#endField(out)
    this.#state = 'body'
    const isEmpty = this.#field === undefined
    if (!this.#hasFrom) out.push(this.#written('From', undefined))
    if (!this.#seen.has('reply-to') && this.#oldAddresses.size > 0) {
      const [last = '', ...before] = [...this.#oldAddresses.values()].reverse()
      out.push(Buffer.from(formatField('Reply-To', [...before.reverse().map((one) => `${one},`), last])))
    }
    // A message without a header has one now.
    if (isEmpty && line.toString('latin1') !== '\r\n') out.push(Buffer.from('\r\n'))
    out.push(line)
  }
}

function unfolded(field: Buffer): string {
  const text = readClientText(field).replace(/\r\n/g, '')
  return text.slice(text.indexOf(':') + 1)
}

/** An invalid address could not be answered, and a field with it might be refused. */
function canBeAnswered(address: string): boolean {
  return (
    /^(?:"(?:[^"\\\p{Cc}]|\\[ -~])+"|[^\p{Cc}\s<>(),;:\\"[\]@]+)@[^\p{Cc}\s<>(),;:\\"@]+$/u.test(address) &&
    address.length <= 320
  )
}

/** The recommended length of a line (RFC 5322, section 2.1.1). */
const usualOctets = 78
/** The longest word, so that no line exceeds 998 octets. */
const longestWord = 900
/** The octets of text in one encoded word, which may have 75 octets (RFC 2047, section 2). */
const encodedOctets = 45

/** A field with its CRLF, folded between its words if a line would be longer than recommended. */
export function formatField(name: string, words: readonly string[]): string {
  let lines = ''
  let line = `${name}:`
  for (const word of words) {
    const isFirst = line === `${name}:`
    if (!isFirst && Buffer.byteLength(`${line} ${word}`) > usualOctets) {
      lines += `${line}\r\n`
      line = ''
    }
    line += ` ${word}`
  }
  return `${lines}${line}\r\n`
}

/**
 * A display name, as words between which a field may be folded. A phrase (RFC 5322, section 3.2.5)
 * stays as it is, encoded words included; other text is quoted or, if it is not ASCII, encoded (RFC
 * 2047).
 */
export function phraseWords(name: string): string[] {
  const clean = name.replace(/\p{Cc}+/gu, ' ').trim()
  if (clean === '') return []
  const text = withoutQuotes(clean)
  if (!/^[ -~]*$/.test(clean)) return encodedWords(text)
  const words = phrase.test(clean) ? wordsOf(clean) : quotedWords(text)
  return words.some((word) => word.length > longestWord) ? encodedWords(text) : words
}

const phrase = /^(?:[\w!#$%&'*+\-/=?^`{|}~ ]|"(?:[^"\\]|\\.)*")*$/

/** Quoted, except encoded words, which would not be decoded inside quotes (RFC 2047, section 5). */
function quotedWords(text: string): string[] {
  const parts = text.split(/(=\?[^?\s]{1,40}\?[bq]\?[^?\s]{0,75}\?=)/i).map((part) => part.trim())
  return parts.flatMap((part, index) => {
    if (part === '') return []
    return index % 2 === 1 ? [part] : wordsOf(`"${part.replace(/["\\]/g, '\\$&')}"`)
  })
}

/**
 * Removes quotes. An unclosed quote is matched to the end of the text at once: searching anew at
 * each quote behind it would take quadratic time.
 */
function withoutQuotes(name: string): string {
  return name.replace(/"((?:[^"\\]|\\.)*)("?)/gs, (whole, quoted: string, end: string) =>
    end === '' ? whole : quoted.replace(/\\(.)/gs, '$1'),
  )
}

/** Splits at single blanks: of several blanks, one could be lost by careless unfolding. */
function wordsOf(text: string): string[] {
  return text.split(/(?<! ) (?! )/)
}

function encodedWords(text: string): string[] {
  const pieces: string[] = []
  let piece = ''
  for (const character of text) {
    if (Buffer.byteLength(piece + character) > encodedOctets) {
      pieces.push(piece)
      piece = ''
    }
    piece += character
  }
  return [...pieces, piece].map((one) => `=?UTF-8?B?${Buffer.from(one).toString('base64')}?=`)
}
