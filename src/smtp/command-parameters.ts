import type { Parameter } from '../wire/envelope.ts'
import { type Reply, say } from '../wire/reply.ts'
import type { ReadPath } from './command-path.ts'

/** A parameter that cannot be read, and is left out: where it would not be sent on anyway, nobody need mind. */
export interface ParameterFlaw {
  keyword: string
  reply: Reply
}

/** The parameters of MAIL or RCPT, or why they are refused. */
export type ReadParameters =
  | ReadableParameters
  /** RFC 5321, section 4.1.1.11: 555. `what` stands for a promise that nobody here can keep. */
  | { kind: 'promise'; what: string }
  | { kind: 'invalid'; why: string }

interface ReadableParameters {
  kind: 'parameters'
  parameters: readonly Parameter[]
  flaws: readonly ParameterFlaw[]
  /** Keywords of those that no provider is sent, because nobody here knows them. */
  dropped: readonly string[]
}

type Grammar = ReadonlyMap<string, RegExp | 'alone'>

// RFC 3461, section 4: xtext. `+` and `=` themselves, and everything unprintable, are written as +XX.
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
 * What must not go without what it asks for. A message leaves without every other parameter that is not passed on, as it would from a client that does
 * not know it: who sends is what the login says (SUBMITTER), a priority is a wish (MT-PRIORITY), and a bounce comes to the sender itself (XVERP).
 */
const promises: ReadonlySet<string> = new Set([
  'REQUIRETLS', // RFC 8689: by no connection without verified TLS
  'HOLDFOR', // RFC 4865: not yet
  'HOLDUNTIL',
  'BY', // RFC 2852: not after that time
  'RRVS', // RFC 7293: not to whoever has the address since then
  'BODY=BINARYMIME', // RFC 3030: needs CHUNKING, which is not offered
])

function promiseOf(keyword: string, value = ''): string | undefined {
  return [keyword, `${keyword}=${value.toUpperCase()}`].find((text) => promises.has(text))
}

/** Whether that is a parameter, and no word of a name. */
export function isMailParameter(text: string): boolean {
  const [name = '', value] = cutOnce(text, '=')
  const keyword = name.toUpperCase()
  if (!mailGrammar.has(keyword) && !promises.has(keyword)) return false
  const standsAlone = keyword === 'REQUIRETLS' || mailGrammar.get(keyword) === 'alone'
  return standsAlone === (value === undefined)
}

/** What follows a path. */
type BehindPath = Pick<ReadPath, 'rest' | 'bare'>

/** What follows the path of MAIL. `AUTH=` is dropped: who sends is what the login says (RFC 4954, section 5). */
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
  /** One of each keyword: a line has room for a thousand parameters. */
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
