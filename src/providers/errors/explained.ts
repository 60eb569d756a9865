import { Failure, type FilledFailure, type KnownCause, partsOf } from '../../base/failure.ts'
import type { Reply } from '../../wire/reply.ts'
import { enhancedStatuses } from '../../wire/reply.ts'
import type { Provider } from '../provider.ts'
import type { AnswerPhase, Command, Family, KnownError, ReplyPhase, Values, Words } from './known-error.ts'
import { entraNumbers, type Seen, type SeenReply } from './seen.ts'

/*
 * What the errors of others mean, for those who have just met one. The catalogue is loaded with the
 * first of them.
 */

/** What is known of an error, for a failure: in English, as failures are. */
export interface Explained {
  /** Without a full stop. Absent where the name of the error says the same. */
  meaning?: string
  fix: string
  known: KnownCause
}

export async function explanationOf(seen: Seen, values: Values = {}): Promise<Explained | undefined> {
  const { findKnown, isGeneral } = await import('./known-errors.ts')
  const found = findKnown(seen)
  if (!found || isGeneral(found)) return undefined
  return explainedWith(found, values, found.family !== 'any' || found.when.layer === 'reply')
}

/** @param tells whether the meaning says more than the name of the error */
async function explainedWith(found: KnownError, values: Values, tells: boolean): Promise<Explained> {
  const { briefFix, fillCommand } = await import('./known-errors.ts')
  const fill = (command: Command) => fillCommand(command, values)
  const { id, meaning } = found
  return {
    ...(tells && { meaning: withoutStop(meaning.en) }),
    fix: briefFix(found, 'en', fill),
    known: { id, values, tells },
  }
}

/**
 * The same failure, with what is known of the error behind it in the place of general words. Its
 * code and its times stay: they are decided by who throws it.
 */
export async function explained(failure: Failure, seen: Seen, values: Values = {}): Promise<Failure> {
  const found = await explanationOf(seen, values)
  return found ? new Failure(explainedBy(found, failure)) : failure
}

/** For a failure of a class of its own. */
export function explainedBy(found: Explained, failure: Failure): FilledFailure {
  const { fix, known, meaning: told } = found
  return { ...partsOf(failure), message: withMeaning(failure.message, found), fix, known, told }
}

export function withMeaning(message: string, { meaning }: Pick<Explained, 'meaning'>): string {
  return meaning === undefined ? message : `${message}: ${meaning}`
}

/**
 * What a text of a provider means, in every language: a reply with its code, or the reason of a
 * grant that lapsed. Undefined where it says no more than its code.
 * @param family whose text it is. Absent: the text has to tell.
 */
export async function meaningOf(text: string, family?: Family): Promise<Words | undefined> {
  const { findInText, isGeneral } = await import('./known-errors.ts')
  const found = findInText(text, family)
  return found && !isGeneral(found) ? found.meaning : undefined
}

/** The same, and what helps, each in one paragraph. */
export async function helpOf(
  text: string,
  values: Values,
  family?: Family,
): Promise<{ meaning: Words; fix: Words } | undefined> {
  const { briefFix, fillCommand, findInText, isGeneral } = await import('./known-errors.ts')
  const found = findInText(text, family)
  if (!found || isGeneral(found)) return undefined
  const fix = (language: keyof Words) => briefFix(found, language, (command) => fillCommand(command, values))
  return { meaning: found.meaning, fix: { en: fix('en'), ja: fix('ja') } }
}

/** The same, for a failure that the text belongs to. */
export async function explanationIn(
  text: string,
  values: Values,
  family?: Family,
): Promise<Explained | undefined> {
  const { findInText, isGeneral } = await import('./known-errors.ts')
  const found = findInText(text, family)
  return found && !isGeneral(found) ? explainedWith(found, values, true) : undefined
}

/** A reply of this provider's mail server. */
export function seenReply(
  reply: Reply,
  { errorFamily }: Pick<Provider, 'errorFamily'>,
  phase: ReplyPhase,
): Seen & SeenReply {
  const [status] = enhancedStatuses(reply)
  const text = reply.lines.join(' ')
  return {
    layer: 'reply',
    family: errorFamily ?? 'any',
    phase,
    code: reply.code,
    ...(status !== undefined && { status }),
    text,
  }
}

/** An error of an authorization server, by what it calls itself. */
export function seenError(
  { error, status, message }: { error?: string | undefined; status?: number | undefined; message: string },
  phase: AnswerPhase,
  provider?: Pick<Provider, 'errorFamily'>,
): Seen {
  return {
    layer: 'answer',
    ...(provider && { family: provider.errorFamily ?? 'any' }),
    phase,
    numbers: entraNumbers(message),
    text: message,
    ...(error !== undefined && { error }),
    ...(status !== undefined && { http: status }),
  }
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '')
}
