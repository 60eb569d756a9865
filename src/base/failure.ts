import { catalogue, type FailureId, type FailureValues } from '../failures/catalogue.ts'
import {
  type FailureCode,
  type FailureEntry,
  fillIn,
  type KnownCause,
  type Sentence,
  type SentenceById,
  type Values,
} from '../failures/entry.ts'

export type { FailureId } from '../failures/catalogue.ts'
export type { FailureCode, KnownCause, Sentence, SentenceById } from '../failures/entry.ts'

/** What a failure has beside the values of its sentence. */
export interface FailureContext {
  cause?: unknown
  /** What another server said that this failure comes of: cut, on one line. */
  said?: string | undefined
  /** How long to wait before asking again, in seconds. */
  retryAfterSeconds?: number | undefined
  /** Where it is another than the code of the entry: that of the failure behind this one. */
  code?: FailureCode
  /** What is known of the error that a provider answered. */
  readonly known?: KnownCause | undefined
}

/** An entry of the catalogue with its values, to be thrown. */
export interface FilledFailure extends Sentence, FailureContext {
  id: FailureId
  code: FailureCode
  told?: string | undefined
}

/**
 * The one error that crosses folders: an entry of the catalogue by its id, and the values of its
 * places. The message is in English; it may be shown, and never holds a secret.
 */
export class Failure extends Error implements Sentence {
  readonly id: FailureId
  readonly values: Values
  readonly code: FailureCode
  readonly fix: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly told: string | undefined
  /** What another server said that this comes of, in its own words. */
  readonly said: string | undefined
  readonly known: KnownCause | undefined

  constructor(filled: FilledFailure) {
    const { message, cause } = filled
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'Failure'
    this.id = filled.id
    this.values = filled.values
    this.code = filled.code
    this.fix = filled.fix
    this.retryAfterSeconds = filled.retryAfterSeconds
    this.told = filled.told
    this.said = filled.said
    this.known = filled.known
  }
}

/** The values of an entry, and what the failure has beside them. An entry without places needs neither. */
type Given<Id extends FailureId> = keyof FailureValues<Id> extends never
  ? [context?: FailureContext]
  : [given: FailureValues<Id> & FailureContext]

/** The failure of this id: `failure('upstream.connection-lost', { host, reason, cause })`. */
export function failure<Id extends FailureId>(id: Id, ...given: Given<Id>): Failure {
  return new Failure(filled(id, ...given))
}

/** Whether the store did not answer. It has taken no change then, either. */
export function isStoreAway(error: unknown): error is Failure {
  return error instanceof Failure && error.code === 'store-unavailable'
}

/** Whether this names a failure, as of a problem document. */
export function isFailureId(text: string | undefined): text is FailureId {
  return text !== undefined && Object.hasOwn(catalogue, text)
}

/** The same, for a failure of a class of its own. */
export function filled<Id extends FailureId>(id: Id, ...given: Given<Id>): FilledFailure {
  const entry: FailureEntry = catalogue[id]
  const {
    cause,
    said,
    known,
    retryAfterSeconds = entry.retryAfterSeconds,
    code = entry.code,
    ...values
  } = (given[0] ?? {}) as FailureContext & Values
  return {
    ...{ id, values, code, message: fillIn(entry.message, values) },
    ...{ cause, said, known, retryAfterSeconds },
    ...(entry.fix !== undefined && { fix: fillIn(entry.fix, values) }),
    ...(entry.told !== undefined && { told: fillIn(entry.told, values) }),
  }
}

/** A failure as it is kept or sent. */
export function byId({ id, values, known }: Sentence): SentenceById {
  return { id, values, ...(known && { known }) }
}

/** What a log line says of a failure, beside its message. */
export function failureFields({ id, code, said, known }: Failure) {
  return { failure: id, code, ...(said !== undefined && { said }), ...(known && { known: known.id }) }
}

/** The parts of a failure, to make another like it. */
export function partsOf(from: Failure): FilledFailure {
  const { message, cause } = from
  return { ...from, message, cause }
}

/**
 * Whatever was thrown, as a Failure: what we do not know is `internal`, and its own text is kept as
 * the cause only.
 */
export function asFailure(error: unknown): Failure {
  return error instanceof Failure ? error : failure('postern.fault', { cause: error })
}

/** The same failure, with the time that is left now. */
export function withRetryAfter(from: Failure, retryAfterSeconds: number): Failure {
  return new Failure({ ...partsOf(from), retryAfterSeconds })
}

/** The answer to every request that comes while postern shuts down. */
export function stopping(): Failure {
  return failure('postern.stopping')
}

/** Ends the work for a client that has gone; nothing is sent to it. */
export function clientGone(): Failure {
  return failure('postern.client-gone')
}

/** Why a file could not be read, in words that end a sentence. */
export function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
  const words: Record<string, string> = {
    ENOENT: 'there is no such file',
    ENOTDIR: 'there is no such file',
    EACCES: 'this user may not read it',
    EPERM: 'this user may not read it',
    EISDIR: 'it is a directory',
  }
  return words[code] ?? code
}
