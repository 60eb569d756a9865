import { powerShellString, shellWord } from '../../base/text.ts'
import { members } from '../exchange-commands.ts'
import { entraPeople } from './entra-people.ts'
import { entraPolicies } from './entra-policies.ts'
import { entraRegistration } from './entra-registration.ts'
import { entraRequests } from './entra-requests.ts'
import { entraSecrets } from './entra-secrets.ts'
import { exchangeLimits } from './exchange-limits.ts'
import { exchangeSending } from './exchange-sending.ts'
import { exchangeSignIn } from './exchange-sign-in.ts'
import { gmail, yahooMail } from './gmail-and-yahoo.ts'
import { googleOAuth, yahooOAuth } from './google-and-yahoo-oauth.ts'
import type {
  AnswerPattern,
  Command,
  Family,
  KnownError,
  Place,
  ReplyPattern,
  Values,
  Words,
} from './known-error.ts'
import { mailServers } from './mail-servers.ts'
import { oauth } from './oauth.ts'
import { posternReplies } from './postern.ts'
import { type Seen, type SeenAnswer, type SeenReply, seenIn } from './seen.ts'

/** In the order in which they are looked at; what is special comes before what is general. */
export const knownErrors: readonly KnownError[] = [
  ...posternReplies,
  ...exchangeSignIn,
  ...exchangeLimits,
  ...exchangeSending,
  ...gmail,
  ...yahooMail,
  ...entraRegistration,
  ...entraSecrets,
  ...entraPeople,
  ...entraPolicies,
  ...entraRequests,
  ...googleOAuth,
  ...yahooOAuth,
  ...mailServers,
  ...oauth,
]

/**
 * The entry for what was seen: those of the provider before those of everybody, and among these
 * those of the phase first; the first that fits counts.
 */
export function findKnown(seen: Seen, errors = knownErrors): KnownError | undefined {
  const own = errors.filter(({ family }) => family !== 'any' && isOf(family, seen))
  const general = errors.filter(({ family }) => family === 'any')
  for (const group of [own, general]) {
    const fitting = group.filter((error) => fits(error, seen, general))
    const found = fitting.find(({ when }) => isOfPhase(when, seen)) ?? fitting[0]
    if (found) return found
  }
  return undefined
}

/** Says of a mail server's reply no more than what its code says. */
export function isGeneral({ when, isGeneral: isMarked }: KnownError): boolean {
  if (isMarked) return true
  return when.layer === 'reply' && when.status === undefined && when.words === undefined && !when.challenge
}

/**
 * The entry for an error somewhere in a text; undefined where there is none that we know.
 * @param whose whose text it is. Absent: the text has to tell.
 */
export function findInText(text: string, whose?: Family): KnownError | undefined {
  const all = seenIn(text).map((seen): Seen => (whose === undefined ? seen : { ...seen, family: whose }))
  const own = all.map((seen) => findKnown(seen)).filter((found) => found !== undefined)
  const special = own.find((found) => !isGeneral(found))
  if (special) return special
  // The traces of a family may be those of somebody else, such as a recipient.
  const foreign = all.map(({ family: _, ...seen }) => findKnown(seen as Seen))
  return foreign.find((found) => found && !isGeneral(found)) ?? own[0]
}

function isOf(family: Family, seen: Seen): boolean {
  return seen.family === undefined || seen.family === family
}

function isOfPhase(when: KnownError['when'], seen: Seen): boolean {
  const phase = 'phase' in seen ? seen.phase : undefined
  return phase === undefined || when.layer === 'heard' || (when.phases as readonly string[]).includes(phase)
}

function fits({ when, family }: KnownError, seen: Seen, general: readonly KnownError[]): boolean {
  // What mail programs say of a server, a server may say as well, of another.
  if (when.layer === 'heard')
    return (seen.layer === 'heard' || family === 'postern') && when.words.test(seen.text)
  if (when.layer === 'reply')
    return seen.layer === 'reply' && fitsReply(when, seen) && (family === 'any' || isTraced(when, seen))
  if (seen.layer !== 'answer' || !fitsAnswer(when, seen)) return false
  // Whose error it is cannot be told by a name that everybody uses.
  const isBare = family !== 'any' && when.number === undefined && when.words === undefined
  return !isBare || seen.family !== undefined || !general.some((other) => names(other, when.error))
}

function names({ when }: KnownError, error: string | undefined): boolean {
  return when.layer === 'answer' && when.error === error && when.number === undefined
}

/** A status of two digits or more at its end is of one provider; the others are those of many. */
function isTraced({ status, words, challenge, trace }: ReplyPattern, seen: Seen): boolean {
  if (seen.family !== undefined || words || challenge) return true
  return trace ? trace.test(seen.text) : /\d\d/.test(status?.source.split('\\.').at(-1) ?? '')
}

/** A text without its code is known by its words, and a status without its code by itself. */
function fitsReply({ code, status, words, challenge }: ReplyPattern, seen: SeenReply): boolean {
  if (challenge) return seen.challenge !== undefined && challenge.test(seen.challenge)
  const known = [
    isAs(code, seen.code === undefined ? undefined : String(seen.code)),
    isAs(status, seen.status),
    words?.test(seen.text),
  ]
  if (known.includes(false)) return false
  const hasStatus = status !== undefined && seen.status !== undefined
  if (words) return tells(words, seen.text) || hasStatus || seen.code !== undefined
  return status ? hasStatus : seen.code !== undefined
}

/** Undefined: nothing is asked, or nothing was seen. */
function isAs(pattern: RegExp | undefined, seen: string | undefined): boolean | undefined {
  return pattern === undefined || seen === undefined ? undefined : pattern.test(seen)
}

function fitsAnswer({ error, number, http, words }: AnswerPattern, seen: SeenAnswer): boolean {
  if (number !== undefined) return seen.numbers.includes(number)
  if (words && !words.test(seen.text)) return false
  if (error !== undefined && seen.error !== undefined && seen.error !== error) return false
  if (http && seen.http !== undefined && !http.includes(seen.http)) return false
  if (words) return seen.error !== undefined || tells(words, seen.text)
  return error === undefined ? seen.http !== undefined && http !== undefined : seen.error !== undefined
}

/** One word alone is said of many things. */
function tells(words: RegExp, text: string): boolean {
  const [found = ''] = words.exec(text) ?? []
  return found.trim().includes(' ') || found.length > 15 || /[a-z][A-Z]/.test(found)
}

export function fillCommand({ shell, text }: Command, values: Values): string {
  return text.replace(places, (_match, name: Place) => {
    const value = values[name]
    if (value === undefined || isOption(value, shell))
      return shell === 'sh' ? unfilled[name] : powerShellString(`<${name.toUpperCase()}>`)
    if (shell === 'sh') return shellWord(value)
    return name === 'mailbox' ? members(value) : powerShellString(value)
  })
}

/** The places of a command that stay to be filled in by hand, with what stands there. */
export function openPlaces({ shell, text }: Command, values: Values): [Place, string][] {
  const all = [...text.matchAll(places)].map(([, name]) => name as Place)
  return all.flatMap((name): [Place, string][] => {
    const value = values[name]
    if (value !== undefined && !isOption(value, shell)) return []
    return [[name, shell === 'sh' ? unfilled[name] : `<${name.toUpperCase()}>`]]
  })
}

const places = /\{(\w+)\}/g

/** A value that begins like an option would be one. */
function isOption(value: string, shell: Command['shell']): boolean {
  return shell === 'sh' && value.startsWith('-')
}

const unfilled: Record<Place, string> = { mailbox: 'ADDRESS', sender: 'SENDER', provider: 'PROVIDER' }

/** Longer than a page or a reply shows of one failure. */
const longestBrief = 330

/** The first steps of the fix in one line, with its commands. At least one. */
export function briefFix(
  { fix }: KnownError,
  language: keyof Words,
  fill: (command: Command) => string,
): string {
  const quote = language === 'ja' ? ['「', '」'] : ['"', '".']
  return fix
    .slice(0, countOfBrief(fix))
    .map(({ words, command }) =>
      command ? `${words[language]} ${quote[0]}${fill(command)}${quote[1]}` : words[language],
    )
    .join(' ')
}

/** In every language the same. */
function countOfBrief(fix: KnownError['fix']): number {
  let [count, length] = [0, 0]
  for (const { words, command } of fix) {
    length += words.en.length + (command?.text.length ?? 0) + 4
    if (count > 0 && length > longestBrief) break
    count += 1
  }
  return count
}
