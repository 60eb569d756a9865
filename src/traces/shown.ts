import { isIP } from 'node:net'
import { printable } from '../base/text.ts'
import type { Reply } from '../wire/reply.ts'

/*
 * What a trace shows of a line. It is pasted in public, so a line is shown by what is known to hold
 * neither a secret nor content, and of everything else it says only that it was there.
 */

/** Stands for octets that are not shown, without their number: it would be the length of a password. */
export const takenOut = '[taken out]'
/** Stands for a response of nothing. */
export const empty = '[empty]'

/** Stands for the octets of a message. */
export function shownMessage(octets: number): string {
  return `[the message, ${octets} octets]`
}

const withoutArgument: ReadonlySet<string> = new Set([
  ...['STARTTLS', 'DATA', 'RSET', 'QUIT', 'NOOP', 'VRFY', 'HELP', 'EXPN', 'ETRN', 'XCLIENT', 'XFORWARD'],
])
const mechanisms =
  /^(?:PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|XOAUTH2|OAUTHBEARER|NTLM|GSSAPI|EXTERNAL|ANONYMOUS|SCRAM-SHA-(?:1|256)(?:-PLUS)?)$/i

/** A command, without its CRLF. A line that is none is not shown: it may be a password or a message. */
export function shownCommand(line: Buffer): string {
  const [, verb = '', rest = ''] = /^([a-z]+)(|\s.*)$/is.exec(line.toString()) ?? []
  const name = verb.toUpperCase()
  const behind = rest.trim()
  switch (name) {
    case 'EHLO':
    case 'HELO':
      return `${name}${shownIf(/^[\w.:[\]-]{1,100}$/, behind)}`
    case 'BDAT':
      return `${name}${shownIf(/^\d{1,12}(?: +LAST)?$/i, behind)}`
    case 'AUTH': {
      const [mechanism = '', response] = behind.split(/\s+/, 2)
      if (!mechanisms.test(mechanism)) return `${name}${sizeOf(behind)}`
      return `${name} ${mechanism.toUpperCase()}${sizeOf(response ?? '')}`
    }
    case 'MAIL':
    case 'RCPT':
      return `${name}${shownPath(behind)}`
    default:
      return withoutArgument.has(name) ? `${name}${sizeOf(behind)}` : takenOut
  }
}

function sizeOf(text: string): string {
  return text === '' ? '' : ` ${takenOut}`
}

function shownIf(form: RegExp, text: string): string {
  return form.test(text) ? ` ${text}` : sizeOf(text)
}

/** Parameters whose values say nothing about a person. */
const openParameters = /^(?:SIZE=\d{1,15}|BODY=[\w-]{1,20}|RET=(?:FULL|HDRS)|NOTIFY=[A-Z,]{1,40}|SMTPUTF8)$/i

function shownPath(behind: string): string {
  const [, words = '', path = '', parameters = ''] =
    /^(FROM|TO)\s*:\s*(<[^<>\r\n]{0,254}>|[^\s<>]{1,254}@[^\s<>]{1,254})(|\s.*)$/is.exec(behind) ?? []
  if (words === '') return sizeOf(behind)
  const shown = parameters
    .split(/\s+/)
    .filter((parameter) => parameter !== '')
    .map((parameter) => (openParameters.test(parameter) ? parameter : takenOut))
  return [` ${words.toUpperCase()}:${printable(path, 256)}`, ...shown].join(' ')
}

/** What base64 of a token or a response looks like, and no sentence. */
const longWord = /[\w+/=~-]{64,}/g
/** The prompts of LOGIN are shorter; challenges are longer. */
const longestPrompt = 32
const mostReplyLines = 50

/** A reply, a text for each of its lines. `secrets`: what the peer knows, and may repeat. */
export function shownReply({ code, lines }: Reply, secrets: Iterable<string> = []): string[] {
  const known = [...secrets]
  return lines.slice(0, mostReplyLines).map((line, index) => {
    const isLast = index === lines.length - 1
    const isChallenge = code === 334 && line.length > longestPrompt
    return `${code}${isLast ? ' ' : '-'}${isChallenge ? takenOut : shownText(line, known)}`
  })
}

/** Foreign text. `latin1`: as replies hold it. */
function shownText(latin1: string, secrets: readonly string[]): string {
  let text = Buffer.from(latin1, 'latin1').toString()
  for (const secret of secrets) text = text.replaceAll(secret, takenOut)
  return printable(text.replace(longWord, takenOut), 500)
}

/** What the octets that a bearer signs in with hold: each form in which a peer could repeat the token. */
export function secretsIn(response: string): string[] {
  const decoded = Buffer.from(response, 'base64').toString()
  const token = decoded
    .split('\u0001')
    .find((part) => part.startsWith('auth=Bearer '))
    ?.slice('auth=Bearer '.length)
  return [response, ...(token === undefined ? [] : [token, Buffer.from(token).toString('base64')])].filter(
    ({ length }) => length > 5,
  )
}

/** Of one mask. */
const mostNames = 200

/**
 * Replaces addresses and names, the same one by the same word, so that what belongs together is
 * still seen.
 */
export class Mask {
  readonly #words = new Map<string, string>()
  readonly #counts = new Map<string, number>()
  /** The longest first: it may hold another one. */
  #names: readonly { key: string; word: string; form: RegExp }[] = []

  /** There are more names than it looks for, and none may be overlooked. */
  get isFull(): boolean {
    return this.#names.length > mostNames
  }

  /** From now on this name is replaced wherever it stands. */
  hide(name: string, kind: string): void {
    const key = name.toLowerCase()
    if (name === '' || this.isFull || this.#names.some((one) => one.key === key)) return
    const literal = name.replace(
      /[^\p{L}\p{N}]/gu,
      (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
    )
    // A short name is not looked for within other words.
    const form = new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'giu')
    const named = { key, word: this.#wordFor(name, kind), form }
    this.#names = [...this.#names, named].sort((one, other) => other.key.length - one.key.length)
  }

  apply(text: string): string {
    let masked = text.replace(/[^\s<>"'=:;,()[\]]+@[^\s<>"'=:;,()[\]]+/g, (address) => {
      const at = address.lastIndexOf('@')
      const domain = this.#wordFor(address.slice(at + 1), 'domain')
      return `${this.#wordFor(address.slice(0, at), 'user')}@${domain}.example`
    })
    for (const { form, word } of this.#names) masked = masked.replace(form, word)
    return masked.replace(/[\da-f.:]{3,45}/gi, (word) =>
      isIP(word) === 0 ? word : this.#wordFor(word, 'address'),
    )
  }

  #wordFor(text: string, kind: string): string {
    const key = text.toLowerCase()
    const known = this.#words.get(key)
    if (known !== undefined) return known
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    this.#words.set(key, `${kind}${count}`)
    return `${kind}${count}`
  }
}
