import { addressKey } from '../base/address.ts'
import { readClientText } from './client-text.ts'
import { addressList, type ListedAddress } from './header-addresses.ts'
import { LineStart } from './input-buffer.ts'

/** What is to stand in `From:` and `Sender:` of a message. */
interface NewFrom {
  mailbox: string
  /** What may stay where it stands there: other addresses that the provider accepts from the mailbox. */
  aliases?: readonly string[]
}

/** A message goes in in pieces and comes out in pieces; how it is cut changes nothing. */
export interface FromRewriter {
  push(octets: Buffer): Buffer
  /** What comes behind the last piece. */
  end(): Buffer
}

/**
 * Puts the mailbox into `From:` and `Sender:` (RFC 5322, section 3.6.2). The name for people stays; the old address goes into `Reply-To:` where there is none. Of
 * several `From:` or `Sender:` one is left; where there is no `From:`, one is added. Every other field and everything behind the header passes unchanged, and
 * of `Resent-From:` and its like, which say who has passed an older message on, nothing is touched. Expects a message as the
 * scanner lets it through: lines end in CRLF, dots are stuffed. Holds no more than one such field.
 */
export function createFromRewriter(to: NewFrom): FromRewriter {
  return new HeaderRewriter(to)
}

const lf = 0x0a
const dot = 0x2e
const none = Buffer.alloc(0)
/** A name of a field has to end within so many octets; and so much of a field is read. */
const nameOctets = 1_000
const fieldOctets = 65_536
const mostOldAddresses = 100

type Field = 'from' | 'sender' | 'other' | 'dropped'

class HeaderRewriter implements FromRewriter {
  readonly #to: NewFrom
  readonly #own: ReadonlySet<string>
  /** The line that stands at this place has begun, its field is not known yet. */
  readonly #lineStart = new LineStart()
  readonly #gathered = new LineStart()
  #place: 'line-start' | 'line' | 'body' = 'line-start'
  /** Before the first line there is none. */
  #field: Field | undefined
  #isCutShort = false
  #hasFrom = false
  readonly #seen = new Set<string>()
  readonly #oldAddresses = new Map<string, string>()

  constructor(to: NewFrom) {
    this.#to = to
    this.#own = new Set([to.mailbox, ...(to.aliases ?? [])].map(addressKey))
  }

  push(octets: Buffer): Buffer {
    const out: Buffer[] = []
    let at = 0
    while (at < octets.length && this.#place !== 'body') {
      const found = octets.indexOf(lf, at)
      const end = found === -1 ? octets.length : found + 1
      at += this.#takeOfLine(octets.subarray(at, end), found !== -1, out)
    }
    if (out.length === 0) return octets.subarray(at)
    return Buffer.concat([...out, octets.subarray(at)])
  }

  end(): Buffer {
    const out: Buffer[] = []
    if (this.#place === 'line-start') {
      if (this.#lineStart.octets > 0) this.#beginLine(this.#lineStart.finish(none), out)
      if (this.#place === 'line-start') this.#endHeader(out, none)
    } else if (this.#place === 'line') this.#endHeader(out, none)
    return Buffer.concat(out)
  }

  /** Gives how many of the octets it took. */
  #takeOfLine(piece: Buffer, isWhole: boolean, out: Buffer[]): number {
    if (this.#place === 'line') {
      this.#add(piece, out)
      if (isWhole) this.#place = 'line-start'
      return piece.length
    }
    const taken = piece.subarray(0, nameOctets - this.#lineStart.octets)
    const isLine = isWhole && taken.length === piece.length
    this.#lineStart.add(taken)
    if (isLine || this.#lineStart.octets >= nameOctets) {
      this.#place = isLine ? 'line-start' : 'line'
      this.#beginLine(this.#lineStart.finish(none), out)
    }
    return taken.length
  }

  #beginLine(line: Buffer, out: Buffer[]): void {
    const content = line[0] === dot ? line.subarray(1) : line
    const text = content.toString('latin1')
    const isContinued = /^[ \t]/.test(text) && this.#field !== undefined
    const name = /^([!-9;-~]+)[ \t]*:/.exec(text)?.[1]?.toLowerCase()
    // A mailbox file's line in front of a message: no field, but no end of the header either.
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
    // Nobody knows how the last one went on.
    const listed = this.#isCutShort ? whole.slice(0, -1) : whole
    const isOwn =
      !this.#isCutShort &&
      listed.length > 0 &&
      listed.every(({ address }) => this.#own.has(addressKey(address)))
    this.#isCutShort = false
    if (field === 'from') for (const { address } of listed) this.#remember(address)
    const isAgain = field === 'from' && this.#hasFrom
    if (field === 'from') this.#hasFrom = true
    if (!isAgain) out.push(isOwn ? octets : this.#written(field === 'from' ? 'From' : 'Sender', listed[0]))
  }

  #remember(address: string): void {
    const key = addressKey(address)
    const hasRoom = this.#oldAddresses.size < mostOldAddresses
    if (hasRoom && !this.#own.has(key) && canBeAnswered(address)) this.#oldAddresses.set(key, address)
  }

  #written(name: string, old: ListedAddress | undefined): Buffer {
    const { mailbox } = this.#to
    // Where nothing else says what sent it, a word without a domain does.
    const words = phraseWords(
      old === undefined ? '' : old.name || (old.address.includes('@') ? '' : old.address),
    )
    return Buffer.from(formatField(name, words.length === 0 ? [mailbox] : [...words, `<${mailbox}>`]))
  }

  /** @param line the first behind it */
  #endHeader(out: Buffer[], line: Buffer): void {
    this.#endField(out)
    this.#place = 'body'
    const isEmpty = this.#field === undefined
    if (!this.#hasFrom) out.push(this.#written('From', undefined))
    if (!this.#seen.has('reply-to') && this.#oldAddresses.size > 0) {
      const [last = '', ...before] = [...this.#oldAddresses.values()].reverse()
      out.push(Buffer.from(formatField('Reply-To', [...before.reverse().map((one) => `${one},`), last])))
    }
    // What had no header has one now.
    if (isEmpty && line.toString('latin1') !== '\r\n') out.push(Buffer.from('\r\n'))
    out.push(line)
  }
}

function unfolded(field: Buffer): string {
  const text = readClientText(field).replace(/\r\n/g, '')
  return text.slice(text.indexOf(':') + 1)
}

/** Where it is none, an answer to it would not arrive, and a field with it might be refused. */
function canBeAnswered(address: string): boolean {
  return (
    /^(?:"(?:[^"\\\p{Cc}]|\\[ -~])+"|[^\p{Cc}\s<>(),;:\\"[\]@]+)@[^\p{Cc}\s<>(),;:\\"@]+$/u.test(address) &&
    address.length <= 320
  )
}

/** RFC 5322, section 2.1.1: what a line should not be longer than. */
const usualOctets = 78
/** And what no word may be longer than, so that no line has more than 998. */
const longestWord = 900
/** Of the text in one encoded word, which may have 75 octets (RFC 2047, section 2). */
const encodedOctets = 45

/** A field with its CRLF, folded between its words where it would be longer than a line should be. */
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
 * A name for people in front of an address, as words that a field may be folded between. What is a phrase already (RFC 5322, section 3.2.5) stays as it is, encoded words
 * among it; anything else is quoted or, where it is not ASCII, encoded (RFC 2047).
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

/** In quotes but for encoded words, which would be read as they stand there (RFC 2047, section 5). */
function quotedWords(text: string): string[] {
  const parts = text.split(/(=\?[^?\s]{1,40}\?[bq]\?[^?\s]{0,75}\?=)/i).map((part) => part.trim())
  return parts.flatMap((part, index) => {
    if (part === '') return []
    return index % 2 === 1 ? [part] : wordsOf(`"${part.replace(/["\\]/g, '\\$&')}"`)
  })
}

/** One that is never closed is taken to its end in one go: looking for its end anew at each quote behind it would cost the square of its length. */
function withoutQuotes(name: string): string {
  return name.replace(/"((?:[^"\\]|\\.)*)("?)/g, (whole, quoted: string, end: string) =>
    end === '' ? whole : quoted.replace(/\\(.)/g, '$1'),
  )
}

/** Cut at blanks that stand alone: of several together one would be lost to whoever unfolds it carelessly. */
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
