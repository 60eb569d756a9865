import { withoutEnding } from '../base/text.ts'

/** One address of a header field, with its display name. */
export interface ListedAddress {
  /** As in the field, with its quotes; empty when there is none. */
  name: string
  /** `local@domain` or, as old devices write it, only a word; empty when there is none. */
  address: string
}

/** The text between two commas. */
interface Part {
  /** The text outside of brackets and comments. */
  text: string
  /** The text between angle brackets. */
  bracketed?: string
  comment: string
}

/**
 * The addresses of an unfolded field such as `From:` (RFC 5322, section 3.4), parsed leniently:
 * `Scanner, 2nd floor <a@b>` is one address, `root (Cron Daemon)` has a display name. Takes linear
 * time.
 */
export function addressList(value: string): ListedAddress[] {
  const listed: ListedAddress[] = []
  const beforeName: string[] = []
  for (const part of partsOf(value)) {
    // A comma in an unquoted name does not end the address.
    if (isOnlyName(part)) {
      beforeName.push(part.text.trim())
      continue
    }
    const text = [...beforeName.splice(0), part.text.trim()].join(', ')
    listed.push(addressOf({ ...part, text }))
  }
  if (beforeName.length > 0) listed.push(addressOf({ text: beforeName.join(', '), comment: '' }))
  return listed
}

function isOnlyName({ text, bracketed, comment }: Part): boolean {
  return bracketed === undefined && comment === '' && !text.includes('@')
}

function addressOf({ text, bracketed, comment }: Part): ListedAddress {
  const words = text.trim()
  if (bracketed !== undefined)
    return { name: words || comment.trim(), address: withoutRoute(bracketed.trim()) }
  // Without brackets the address is the last word, behind a display name or the name of a group.
  const start = lastWord(words)
  const [before, last] = [words.slice(0, start), words.slice(start)]
  if (last.includes('@')) return { name: withoutEnding(before, ' \t:') || comment.trim(), address: last }
  if (before === '') return { name: comment.trim(), address: last }
  return { name: words, address: '' }
}

/** The start of the last word; blanks in quotes do not separate words. */
function lastWord(text: string): number {
  let start = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    if (quoted && character === '\\') at++
    else if (character === '"') quoted = !quoted
    else if (!quoted && /[\s:]/.test(character)) start = at + 1
  }
  return start
}

/** Without an obsolete route (RFC 5322, section 4.4). */
function withoutRoute(address: string): string {
  return address.startsWith('@') ? address.slice(address.indexOf(':') + 1) : address
}

function partsOf(value: string): Part[] {
  // A quote or a bracket that is not closed is taken as plain text.
  return cut(value, '"(') ?? cut(value, '(') ?? cut(value, '"') ?? cut(value, '') ?? []
}

/**
 * @param hiding the characters among `"` and `(` that begin quotes or comments. Undefined when one
 * of them is not closed
 */
function cut(value: string, hiding: string): Part[] | undefined {
  const cutter = new Cutter(hiding)
  for (let at = 0; at < value.length; ) at += cutter.take(value, at)
  if (cutter.isInside()) return undefined
  return cutter.parts.filter(
    ({ text, bracketed, comment }) => bracketed !== undefined || `${text}${comment}`.trim() !== '',
  )
}

class Cutter {
  readonly parts: Part[] = [{ text: '', comment: '' }]
  readonly #hiding: string
  #isQuoted = false
  #comments = 0
  #isBracketed = false

  constructor(hiding: string) {
    this.#hiding = hiding
  }

  /** Whether it is in quotes or in a comment. */
  isInside(): boolean {
    return this.#isQuoted || this.#comments > 0
  }

  /** Reads the character at this position. Returns how many characters were consumed. */
  take(value: string, at: number): number {
    const character = value[at] as string
    const isEscape = character === '\\' && this.isInside()
    if (this.#comments > 0) this.#inComment(isEscape ? value.slice(at + 1, at + 2) : character, isEscape)
    else if (this.#isQuoted) this.#inQuotes(isEscape ? value.slice(at, at + 2) : character)
    else this.#outside(character)
    return isEscape ? 2 : 1
  }

  #inQuotes(characters: string): void {
    this.#add(characters)
    if (characters === '"') this.#isQuoted = false
  }

  #inComment(character: string, isEscaped: boolean): void {
    if (character === '(' && !isEscaped) this.#comments++
    else if (character === ')' && !isEscaped) this.#comments--
    if (this.#comments > 0) this.#part().comment += character
  }

  #outside(character: string): void {
    const part = this.#part()
    if (character === '(' && this.#hiding.includes('(')) this.#comments++
    else if (character === '<') {
      // A second `<` is ignored, as is a `>` without its `<`.
      this.#isBracketed ||= part.bracketed === undefined
      part.bracketed ??= ''
    } else if (character === '>') this.#isBracketed = false
    else if (!this.#isBracketed && (character === ',' || character === ';'))
      this.parts.push({ text: '', comment: '' })
    else {
      this.#isQuoted = character === '"' && this.#hiding.includes('"')
      this.#add(character)
    }
  }

  #add(characters: string): void {
    const part = this.#part()
    if (this.#isBracketed) part.bracketed += characters
    else part.text += characters
  }

  #part(): Part {
    return this.parts.at(-1) as Part
  }
}

/**
 * The originator fields of a message, and those of a resend (RFC 5322, sections 3.6.2 and 3.6.6).
 */
export interface Originators {
  /** The addresses of `From:`. */
  from: readonly string[]
  /** The addresses of `Sender:`. */
  sender: readonly string[]
  /** The addresses of `Resent-From:` and `Resent-Sender:`. */
  resent: readonly string[]
}

/**
 * Parses the originators from the beginning of a message, as far as possible. They only decide who
 * is notified and what is held back.
 */
export function originatorsOf(octets: Buffer): Originators {
  const lines = headerOf(octets)
    .replace(/\r\n[ \t]/g, ' ')
    .split('\r\n')
  const of = (field: RegExp) =>
    lines
      .filter((line) => field.test(line))
      .flatMap((line) => addressesOf(line.slice(line.indexOf(':') + 1)))
      .slice(0, mostAddresses)
  return {
    from: of(/^from[ \t]{0,8}:/i),
    sender: of(/^sender[ \t]{0,8}:/i),
    resent: of(/^resent-(from|sender)[ \t]{0,8}:/i),
  }
}

const mostAddresses = 10
/** The longest path (RFC 5321, section 4.5.3.1.3), and some more. */
const mostCharacters = 320

function headerOf(octets: Buffer): string {
  // A message without a header begins with an empty line.
  if (octets[0] === 0x0d) return ''
  const end = octets.indexOf('\r\n\r\n')
  return octets.toString('utf8', 0, end === -1 ? octets.length : end)
}

/** Parses `Name <address>` and bare addresses, in a list or in groups. */
function addressesOf(value: string): string[] {
  return withoutWordsForPeople(value)
    .split(/[,:;]/)
    .map(betweenBrackets)
    .filter((text) => text.indexOf('@') > 0 && text.length <= mostCharacters && !/\s/.test(text))
}

function betweenBrackets(text: string): string {
  const start = text.lastIndexOf('<')
  if (start === -1) return text.trim()
  const end = text.indexOf('>', start)
  return text.slice(start + 1, end === -1 ? text.length : end).trim()
}

/** Removes quoted strings and comments, whose commas and brackets have no meaning. */
function withoutWordsForPeople(value: string): string {
  let kept = ''
  let comments = 0
  let quoted = false
  for (let at = 0; at < value.length; at++) {
    const character = value[at] as string
    const forPeople = quoted || comments > 0
    if (forPeople && character === '\\') at++
    else if (character === '"' && comments === 0) quoted = !quoted
    else if (character === '(' && !quoted) comments++
    else if (character === ')' && comments > 0) comments--
    else if (!forPeople) kept += character
  }
  return kept
}
