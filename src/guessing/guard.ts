import type { Secret } from '../base/secret.ts'

/** One try at a secret that a person may have chosen. */
export interface Attempt {
  /** `sourceOf(remoteAddress).key`. */
  source: string
  /** The user name as it was given, whether or not there is such a login. */
  name: string
  /** This login signed in well from this source within 30 days. */
  known: boolean
}

/**
 * What stands between guessing and the secrets: failures counted for each source, each name and in all, at both doors together.
 * A known attempt is never turned away and never waits for what others did, so that no flood can lock anybody out.
 */
export interface Guard {
  /** Asked before the secret is looked at; resolves after the wait that applies.
   * @throws Failure `limit-reached`, after the same wait for everybody, with `retryAfterSeconds`: nothing may be looked at;
   * `provider-unavailable` when postern stops meanwhile */
  admit(attempt: Attempt): Promise<void>
  /** The secret was wrong. The same wrong one again from the same source for the same name is no new guess and is not counted;
   * undefined, for one that could not have been right at all, counts for nothing.
   * @throws Failure `limit-reached` when the source has no more guesses (a known attempt, or one that was under way): who is turned away learns nothing */
  failed(attempt: Attempt, secret: Secret | undefined): Promise<void>
  /** A secret that nobody can guess (an API key, a link) was wrong: counted for its source. Valid ones never come here.
   * @throws Failure `limit-reached` with `retryAfterSeconds` once the source has no more guesses */
  refused(source: string, secret: Secret): void
}
