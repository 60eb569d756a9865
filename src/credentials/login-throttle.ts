import type { Gone } from '../base/async.ts'
import type { Secret } from '../base/secret.ts'

/** One try at a secret that a person may have chosen. */
export interface LoginAttempt {
  /** Where it comes from: `sourceOf(remoteAddress).key`, or a browser that has signed in before. */
  source: string
  /** The user name as it was given, whether or not there is such a login. */
  name: string
  /** This login signed in well from this source within 30 days. */
  known: boolean
  secret: Secret
  /** What the secret is compared with. One that was wrong for it is wrong again, and nobody looks; for anything else it may be right. */
  against: string
  /** How this attempt is made to wait, and how not. */
  policy: AttemptPolicy
}

export interface AttemptPolicy {
  /** Names are counted apart at the pages, where there are roles, not logins. */
  kind: 'login' | 'page'
  /** Everybody behind a proxy may come from this source: it is never turned away for what one of them does. */
  isShared: boolean
  /** Whoever is refused hears it after a while. At the pages they are told when to come again, instead. */
  refusesLate: boolean
}

/** How attempts at the SMTP server wait. */
export const smtpPolicy: AttemptPolicy = { kind: 'login', isShared: false, refusesLate: true }

/** What came of looking at a secret. `harmless`: it could not have been right at all, and counts for nothing. */
export type Look = 'right' | 'wrong' | 'harmless'

/**
 * What stands between guessing and the secrets: failures counted for each source, each name and in all, at both doors together.
 * A known attempt is never turned away and never waits for what others did, so that no flood can lock anybody out.
 */
export interface LoginThrottle {
  /** Has the secret looked at in its turn, and says whether it was right. Nobody looks again at one that was wrong a moment ago; it counts as no
   * further guess.
   * @param gone whoever has left waits no more
   * @throws Failure `limit-reached` with `retryAfterSeconds`: the source has no more guesses, or too many wait; who is turned away learns nothing;
   * `provider-unavailable` when postern stops meanwhile, `invalid` when the client goes */
  attempt(attempt: LoginAttempt, look: () => Promise<Look>, gone?: Gone): Promise<boolean>
  /** A secret that nobody can guess (an API key, a link) was wrong: counted for its source, apart from passwords. Valid ones never come here.
   * @throws Failure `limit-reached` with `retryAfterSeconds` once the source has no more of these */
  refused(source: string, secret: Secret): void
}
