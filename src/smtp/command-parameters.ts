import type { Parameter } from '../wire/envelope.ts'
import { type Reply, say } from '../wire/reply.ts'

/** A parameter that cannot be read, and is left out: where it would not be sent on anyway, nobody need mind. */
export interface ParameterFlaw {
  keyword: string
  reply: Reply
}

/** The parameters of MAIL or RCPT, or why they are refused. */
export type ReadParameters =
  | { kind: 'parameters'; parameters: readonly Parameter[]; flaws: readonly ParameterFlaw[] }
  /** RFC 5321, section 4.1.1.11: 555. */
  | { kind: 'unknown'; keyword: string }
  | { kind: 'invalid'; why: string }

type Grammar = ReadonlyMap<string, RegExp | 'alone'>

// RFC 3461, section 4: xtext. `+` and `=` themselves, and everything unprintable, are written as +XX.
const xtext = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/

const mailGrammar: Grammar = new Map<string, RegExp | 'alone'>([
  ['SIZE', /^\d{1,20}$/], // RFC 1870
  ['BODY', /^(?:7BIT|8BITMIME)$/i], // RFC 6152; BINARYMIME needs CHUNKING, which is not offered
  ['SMTPUTF8', 'alone'], // RFC 6531
  ['RET', /^(?:FULL|HDRS)$/i], // RFC 3461, section 4.3
  ['ENVID', /^(?=.{1,100}$)(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/], // RFC 3461, section 4.4
  ['AUTH', xtext], // RFC 4954, section 5
])

const recipientGrammar: Grammar = new Map<string, RegExp | 'alone'>([
  ['NOTIFY', /^(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2})$/i], // RFC 3461, section 4.1
  ['ORCPT', /^(?=.{1,500}$)[A-Za-z0-9-]+;[!-<>-~\u0080-\u{10ffff}]+$/u], // RFC 3461, section 4.2; RFC 6533
])

/** What follows the path of MAIL. `AUTH=` is dropped: who sends is what the login says (RFC 4954, section 5). */
export function readMailParameters(rest: string): ReadParameters {
  const read = readParameters(rest, mailGrammar)
  if (read.kind !== 'parameters') return read
  return { ...read, parameters: read.parameters.filter(({ keyword }) => keyword !== 'AUTH') }
}

export function readRecipientParameters(rest: string): ReadParameters {
  return readParameters(rest, recipientGrammar)
}

function readParameters(rest: string, grammar: Grammar): ReadParameters {
  if (rest !== '' && !rest.startsWith(' '))
    return { kind: 'invalid', why: 'A blank is missing behind the address' }
  const parameters: Parameter[] = []
  /** One of each keyword: a line has room for a thousand parameters. */
  const flaws = new Map<string, ParameterFlaw>()
  const seen = new Set<string>()
  for (const text of rest.split(' ').filter((part) => part !== '')) {
    const [name = '', value] = cutOnce(text, '=')
    const keyword = name.toUpperCase()
    if (!/^[A-Z0-9][A-Z0-9-]*$/.test(keyword)) return { kind: 'invalid', why: 'A parameter cannot be read' }
    const form = grammar.get(keyword)
    if (form === undefined) return { kind: 'unknown', keyword }
    if (seen.has(keyword)) flaws.set(keyword, flaw(keyword, `${keyword} is given twice`))
    else if (!fits(form, value)) flaws.set(keyword, flaw(keyword, `The value of ${keyword} cannot be read`))
    else parameters.push(value === undefined ? { keyword } : { keyword, value })
    seen.add(keyword)
  }
  return { kind: 'parameters', parameters, flaws: [...flaws.values()] }
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
