import { withoutEnding } from '../base/text.ts'
import { isMailbox, type Parameter, withLeastQuoting } from '../wire/envelope.ts'
import { type Reply, say } from '../wire/reply.ts'

/** A path parsed from the front of a text: the address without angle brackets, and what follows. */
export interface ReadPath {
  /** Empty for the null sender `<>`. */
  address: string
  rest: string
  /** It has no angle brackets: words that follow may be meant as part of it. */
  bare?: true
}

const sourceRoute = /^(?:@[^,:\s@]+,)*@[^,:\s@]+:/

/**
 * Parses `<local@domain>` (RFC 5321, section 4.1.2) or, as old devices send it, the same without
 * angle brackets. A source route is dropped (section 4.1.1.3 and appendix C), and so are blanks
 * beside the brackets. Undefined for a syntax error.
 */
export function readPath(text: string): ReadPath | undefined {
  const found = text.startsWith('<') ? betweenBrackets(text) : untilBlank(text)
  if (found === undefined || /\p{Cc}/u.test(found.address)) return undefined
  const address = withLeastQuoting(found.address.replace(sourceRoute, ''))
  return address === '' || isPostmaster(address) || isMailbox(address) ? { ...found, address } : undefined
}

/** The one address that needs no domain (RFC 5321, section 4.1.1.3). */
export function isPostmaster(address: string): boolean {
  return address.toLowerCase() === 'postmaster'
}

export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text)
}

function betweenBrackets(text: string): ReadPath | undefined {
  let quoted = false
  for (let at = 1; at < text.length; at++) {
    const character = text[at]
    if (quoted && character === '\\') at++
    else if (character === '"') quoted = !quoted
    else if (character === '>' && !quoted) {
      const address = withoutEnding(text.slice(1, at), ' ').replace(/^ +/, '')
      return { address, rest: text.slice(at + 1) }
    }
  }
  return undefined
}

function untilBlank(text: string): ReadPath | undefined {
  const blank = text.indexOf(' ')
  const address = blank === -1 ? text : text.slice(0, blank)
  if (address === '' || address.includes('"')) return undefined
  return { address, rest: text.slice(address.length), bare: true }
}

/**
 * A parameter with a syntax error, left out: it does not matter where it would not be sent on
 * anyway.
 */
export interface ParameterFlaw {
  keyword: string
  reply: Reply
}

/** The parameters of MAIL or RCPT, or why they are refused. */
export type ReadParameters =
  | ReadableParameters
  /** Answered 555 (RFC 5321, section 4.1.1.11). `what`: a promise that cannot be kept here. */
  | { kind: 'promise'; what: string }
  | { kind: 'invalid'; why: string }

interface ReadableParameters {
  kind: 'parameters'
  parameters: readonly Parameter[]
  flaws: readonly ParameterFlaw[]
  /** Keywords of unknown parameters, which are not sent to a provider. */
  dropped: readonly string[]
}

type Grammar = ReadonlyMap<string, RegExp | 'alone'>

// xtext (RFC 3461, section 4): `+`, `=` and everything unprintable are written as +XX.
const xtext = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/

const mailGrammar: Grammar = new Map<string, RegExp | 'alone'>([
  ['SIZE', /^\d{1,20}$/], // RFC 1870
  ['BODY', /^(?:7BIT|8BITMIME)$/i], // RFC 6152
  ['SMTPUTF8', 'alone'], // RFC 6531
  ['RET', /^(?:FULL|HDRS)$/i], // RFC 3461, section 4.3
  ['ENVID', /^(?=.{1,100}$)(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/], // RFC 3461, section 4.4
  ['AUTH', xtext], // RFC 4954, section 5
])

const recipientGrammar: Grammar = new Map<string, RegExp | 'alone'>([
  ['NOTIFY', /^(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2})$/i], // RFC 3461, section 4.1
  ['ORCPT', /^(?=.{1,500}$)[A-Za-z0-9-]+;[!-<>-~\u0080-\u{10ffff}]+$/u], // RFC 3461, section 4.2; RFC 6533
])

/**
 * Parameters without which a message must not be sent. All other unknown parameters are dropped, as
 * if the client did not know them: the login decides who sends (SUBMITTER), a priority is a wish
 * (MT-PRIORITY), and bounces go to the sender itself (XVERP).
 */
const promises: ReadonlySet<string> = new Set([
  'REQUIRETLS', // RFC 8689: by no connection without verified TLS
  'HOLDFOR', // RFC 4865: not yet
  'HOLDUNTIL',
  'BY', // RFC 2852: not after that time
  'RRVS', // RFC 7293: not to a later owner of the address
  'BODY=BINARYMIME', // RFC 3030: needs CHUNKING, which is not offered
])

function promiseOf(keyword: string, value = ''): string | undefined {
  return [keyword, `${keyword}=${value.toUpperCase()}`].find((text) => promises.has(text))
}

/** Whether a word is a parameter, and not part of a name. */
function isMailParameter(text: string): boolean {
  const [name = '', value] = cutOnce(text, '=')
  const keyword = name.toUpperCase()
  if (!mailGrammar.has(keyword) && !promises.has(keyword)) return false
  const standsAlone = keyword === 'REQUIRETLS' || mailGrammar.get(keyword) === 'alone'
  return standsAlone === (value === undefined)
}

/** What follows a path. */
type BehindPath = Pick<ReadPath, 'rest' | 'bare'>

/**
 * Parses the parameters of MAIL. `AUTH=` is dropped, because the login decides who sends (RFC 4954,
 * section 5).
 */
export function readMailParameters(behind: BehindPath): ReadParameters {
  const read = readParameters(behind, mailGrammar)
  if (read.kind !== 'parameters') return read
  return { ...read, parameters: read.parameters.filter(({ keyword }) => keyword !== 'AUTH') }
}

export function readRecipientParameters(behind: BehindPath): ReadParameters {
  return readParameters(behind, recipientGrammar)
}

function readParameters({ rest, bare }: BehindPath, grammar: Grammar): ReadParameters {
  if (rest !== '' && !rest.startsWith(' '))
    return { kind: 'invalid', why: 'A blank is missing behind the address' }
  const parameters: Parameter[] = []
  /** One flaw for each keyword: a line has room for a thousand parameters. */
  const flaws = new Map<string, ParameterFlaw>()
  const seen = new Set<string>()
  const dropped = new Set<string>()
  for (const text of rest.split(' ').filter((part) => part !== '')) {
    const [name = '', value] = cutOnce(text, '=')
    const keyword = name.toUpperCase()
    if (!/^[A-Z0-9][A-Z0-9-]*$/.test(keyword)) return { kind: 'invalid', why: 'A parameter cannot be read' }
    const promise = promiseOf(keyword, value)
    if (promise !== undefined) return { kind: 'promise', what: promise }
    const form = grammar.get(keyword)
    if (form === undefined) {
      if (bare && value === undefined)
        return { kind: 'invalid', why: 'An address with words behind it needs <>' }
      dropped.add(keyword)
    } else if (seen.has(keyword)) flaws.set(keyword, flaw(keyword, `${keyword} is given twice`))
    else if (!fits(form, value)) flaws.set(keyword, flaw(keyword, `The value of ${keyword} cannot be read`))
    else parameters.push(value === undefined ? { keyword } : { keyword, value })
    seen.add(keyword)
  }
  return { kind: 'parameters', parameters, flaws: [...flaws.values()], dropped: [...dropped] }
}

function flaw(keyword: string, why: string): ParameterFlaw {
  return { keyword, reply: say(501, `5.5.4 ${why}`) }
}

function fits(form: RegExp | 'alone', value: string | undefined): boolean {
  if (form === 'alone') return value === undefined
  return value !== undefined && !/\p{Cc}/u.test(value) && form.test(value)
}

function cutOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

/**
 * Reads whatever stands in place of the sender of a MAIL command: `<root>`, `Scanner 2`, `"Scanner
 * 2" <x@example.com>`, or nothing. Only for logins whose sender is replaced: nothing of it may be
 * sent to a provider. A blank for nothing, which is not the null sender. Undefined when it holds a
 * control character.
 */
export function readGivenSender(text: string): ReadPath | undefined {
  const end = endOfBrackets(text) ?? endBeforeParameters(text)
  const path = text.slice(0, end)
  return /\p{Cc}/u.test(path)
    ? undefined
    : { address: withinBrackets(path) || ' ', rest: ` ${text.slice(end)}` }
}

/**
 * The end of the first `>` that ends a word outside of quotes; where quotes do not close, inside of
 * them too.
 */
function endOfBrackets(text: string): number | undefined {
  return endOutside(text, '"') ?? endOutside(text, '')
}

function endOutside(text: string, quote: string): number | undefined {
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (quoted && character === '\\') at++
    else if (character === quote) quoted = !quoted
    else if (character === '>' && !quoted && (text[at + 1] ?? ' ') === ' ') return at + 1
  }
  return undefined
}

/** Without brackets, only known parameters can be distinguished from the words of a name. */
function endBeforeParameters(text: string): number {
  let end = text.length
  while (end > 0) {
    const start = text.lastIndexOf(' ', end - 1) + 1
    const word = text.slice(start, end)
    if (word !== '' && !isMailParameter(word)) break
    end = Math.max(0, start - 1)
  }
  return end
}

/** `x@example.com` of `"Scanner 2" <x@example.com>`. */
function withinBrackets(path: string): string {
  const open = path.lastIndexOf('<')
  const close = path.indexOf('>', open)
  const inner = open === -1 ? path : path.slice(open + 1, close === -1 ? path.length : close)
  return withoutEnding(inner, ' ').replace(/^ +/, '')
}
