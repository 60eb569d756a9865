/**
 * What can go wrong, as a closed list: each server (SMTP, HTTP, command) has one table from
 * these codes to its own answers, and a new code does not compile until each has an answer for it.
 */
export type FailureCode =
  /** Unknown user, wrong password, revoked or expired login, unknown API key: never told apart. */
  | 'wrong-credentials'
  /** The credential is good, what it asks for is not its right. */
  | 'forbidden'
  /** The envelope sender is not one that this login may use. */
  | 'sender-refused'
  /** No grant, or a lapsed one: a person has to consent (again). */
  | 'consent-needed'
  /**
   * The provider or its token endpoint cannot be reached, is slow, or says "later". Passing
   * trouble.
   */
  | 'provider-unavailable'
  /**
   * The provider says that the set-up is wrong: SMTP AUTH disabled, role missing, client secret
   * refused.
   */
  | 'provider-setup'
  /** One of our own limits, or no lease within the bounded wait. */
  | 'limit-reached'
  /**
   * Message bytes have left and no reply came: the outcome is unknown, so only the client may
   * retry.
   */
  | 'outcome-unknown'
  /** What came in cannot be read, or means nothing: the sender of it has to change it. */
  | 'invalid'
  | 'not-found'
  | 'already-exists'
  /** The store is busy, full or broken. */
  | 'store-unavailable'
  /**
   * Settings, key or data directory: an administrator has to change something before postern can
   * start.
   */
  | 'configuration'
  | 'internal'

export interface FailureDetails {
  cause?: unknown
  /** What to do about it, for pages and terminals: one imperative sentence. */
  fix?: string
  /** How long to wait before asking again, in seconds. */
  retryAfterSeconds?: number
  /**
   * The reply to a mail program, where it can say more than the words for all failures of
   * this code. It may not be ASCII.
   */
  told?: string
}

/**
 * The one error that crosses folders. The message is a sentence that may be shown; it never holds a
 * secret.
 */
export class Failure extends Error {
  readonly code: FailureCode
  readonly fix: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly told: string | undefined

  constructor(code: FailureCode, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'Failure'
    this.code = code
    this.fix = details.fix
    this.retryAfterSeconds = details.retryAfterSeconds
    this.told = details.told
  }
}

/**
 * Whatever was thrown, as a Failure: what we do not know is `internal`, and its own text is kept as
 * the cause only.
 */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  return new Failure('internal', 'Something went wrong inside postern', { cause: error })
}

/**
 * What another server said that a failure comes of, in its own words: its cause holds them, cut,
 * for logs and pages.
 */
export function wordsBehind({ cause }: Failure): string | undefined {
  return cause instanceof Error ? /^The provider said: (.*)$/s.exec(cause.message)?.[1] : undefined
}

/** The same failure, with the time that is left now. */
export function withRetryAfter(failure: Failure, retryAfterSeconds: number): Failure {
  const { code, message, fix, told, cause } = failure
  const details = { cause, retryAfterSeconds, ...(fix !== undefined && { fix }) }
  return new Failure(code, message, { ...details, ...(told !== undefined && { told }) })
}

/** The answer to every request that comes while postern shuts down. */
export function stopping(): Failure {
  return new Failure('provider-unavailable', 'postern is stopping', { fix: 'Try again in a minute.' })
}

/** Ends the work for a client that has gone; nothing is sent to it. */
export function clientGone(): Failure {
  return new Failure('invalid', 'The client has gone')
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
