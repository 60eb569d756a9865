import type { Gone } from '../base/async.ts'
import type { Secret } from '../base/secret.ts'

/** One try at a secret that a person may have chosen. */
export interface LoginAttempt {
  /**
   * The source of the attempt: `sourceOf(remoteAddress).key`, or the id of a browser that has
   * signed in before.
   */
  source: string
  /** The user name as it was given, whether or not there is such a login. */
  name: string
  /** The login has signed in from this source within the last 30 days. */
  known: boolean
  secret: Secret
  /**
   * Identifies what the secret is compared with. The same secret is not verified twice against the
   * same value.
   */
  against: string
  /** How the attempt is counted and refused. */
  policy: AttemptPolicy
}

export interface AttemptPolicy {
  /** The pages count their names apart: these are roles, not logins. */
  kind: 'login' | 'page'
  /** Many people share this source, for example behind a proxy. It is never blocked. */
  isShared: boolean
  /** Refusals are delayed. The pages answer at once and say when to try again. */
  refusesLate: boolean
}

/** How attempts at the SMTP server wait. */
export const smtpPolicy: AttemptPolicy = { kind: 'login', isShared: false, refusesLate: true }

/**
 * The outcome of a verification. `harmless`: the secret could not have been right for this login,
 * and is not counted.
 */
export type Look = 'right' | 'wrong' | 'harmless'

/**
 * Brute-force protection for both servers: failures are counted for each source, for each user
 * name, and in all. A known attempt is never blocked and never waits for the failures of others, so
 * no flood can lock a user out.
 */
export interface LoginThrottle {
  /**
   * Verifies the secret when it is the attempt's turn. A secret that was wrong a moment ago is not
   * verified again and counts as no further guess.
   * @param gone aborted when the client disconnects; the attempt then stops waiting
   * @returns whether the secret was right
   * @throws Failure `limit-reached` with `retryAfterSeconds`: the source is blocked, or too many
   * attempts wait; a blocked source learns nothing about its secret; `provider-unavailable` when
   * postern stops meanwhile, `invalid` when the client disconnects
   */
  attempt(attempt: LoginAttempt, look: () => Promise<Look>, gone?: Gone): Promise<boolean>
  /**
   * Counts a wrong secret that cannot be guessed (an API key, a link) for its source, apart from
   * passwords. Right ones are never passed here.
   * @throws Failure `limit-reached` with `retryAfterSeconds` once the source has no more of these
   */
  refused(source: string, secret: Secret): void
}
