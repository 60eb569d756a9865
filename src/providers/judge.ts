import { Failure } from '../base/failure.ts'
import { OAuthError } from './oauth-error.ts'

/** What a failed token request means. `reason`: at most 200 characters, one line, nothing secret; for logs and pages. */
export type TokenVerdict =
  /** The grant is dead: a person has to consent again. */
  | { kind: 'consent-needed'; reason: string }
  /** Our registration is wrong, not this grant. */
  | { kind: 'setup-wrong'; reason: string }
  /** Passing trouble, or nothing that we understand. */
  | { kind: 'try-later'; reason: string; retryAfterSeconds?: number }

// RFC 6749, section 5.2, and OpenID Connect Core, section 3.1.2.6.
const needConsent = new Set([
  'invalid_grant',
  'interaction_required',
  'login_required',
  'consent_required',
  'account_selection_required',
])

// RFC 6749, section 5.2; RFC 8707 (resources); and what Google says of a client that is gone.
const wrongSetup = new Set([
  'invalid_client',
  'unauthorized_client',
  'invalid_scope',
  'invalid_request',
  'unsupported_grant_type',
  'invalid_resource',
  'invalid_target',
  'access_denied',
  'admin_policy_enforced',
  'deleted_client',
  'disabled_client',
])

const longestRetryAfterSeconds = 3600

/**
 * Decides what the error of a token request means: the one place that does. It looks at the HTTP status and at OAuth's `error`,
 * never at a provider's own numbers or texts. What it does not understand keeps the grant: throwing a refresh token away
 * cannot be undone, trying again can.
 */
export function judge(error: unknown): TokenVerdict {
  // The catalogue's: no registration, or a provider that the providers file no longer names.
  if (error instanceof Failure) return { kind: 'setup-wrong', reason: error.message }
  if (!(error instanceof OAuthError)) return { kind: 'try-later', reason: 'the token request failed' }
  const reason = error.message
  // A gateway in trouble may repeat anything; only an answer that blames the request is believed.
  if (error.error !== undefined && blamesTheRequest(error.status)) {
    if (needConsent.has(error.error)) return { kind: 'consent-needed', reason }
    if (wrongSetup.has(error.error)) return { kind: 'setup-wrong', reason }
  }
  if (error.retryAfterSeconds === undefined) return { kind: 'try-later', reason }
  const retryAfterSeconds = Math.min(error.retryAfterSeconds, longestRetryAfterSeconds)
  return { kind: 'try-later', reason, retryAfterSeconds }
}

function blamesTheRequest(status: number | undefined): boolean {
  return status === 400 || status === 401 || status === 403
}
