import { Failure } from '../../base/failure.ts'
import { OAuthError } from './oauth-error.ts'

/** What a failed token request means. `reason`: at most 200 characters, one line, nothing secret; for logs and pages. */
export type TokenVerdict =
  /** The grant is dead: a person has to consent again. */
  | { kind: 'consent-needed'; reason: string }
  /** What was asked for, or who asks, is wrong: not this grant. */
  | { kind: 'setup-wrong'; about: Concern; reason: string }
  /** Passing trouble, or nothing that we understand. */
  | { kind: 'try-later'; about: Concern; reason: string; retryAfterSeconds?: number }

/** Whether it is the same for every mailbox of the registration, or may be for this one (or its organisation) only. */
export type Concern = 'registration' | 'mailbox'

// RFC 6749, section 5.2, and OpenID Connect Core, section 3.1.2.6.
const needConsent = new Set([
  'invalid_grant',
  'interaction_required',
  'login_required',
  'consent_required',
  'account_selection_required',
])

// RFC 6749, section 5.2; RFC 8707 (resources); and what Google says of a client that is gone or not allowed.
const wrongSetup: ReadonlyMap<string, Concern> = new Map([
  // These name the client, and it is the same one whichever grant comes with it.
  ['invalid_client', 'registration'],
  ['unauthorized_client', 'registration'],
  ['deleted_client', 'registration'],
  ['disabled_client', 'registration'],
  ['unsupported_grant_type', 'registration'],
  // These name what was asked for, and one organisation may forbid what another allows.
  ['invalid_scope', 'mailbox'],
  ['invalid_request', 'mailbox'],
  ['invalid_resource', 'mailbox'],
  ['invalid_target', 'mailbox'],
  ['access_denied', 'mailbox'],
  ['admin_policy_enforced', 'mailbox'],
])

// RFC 6749, section 4.1.2.1, and RFC 8628, section 3.5: in a while it may be otherwise.
const passing = new Set(['temporarily_unavailable', 'server_error', 'slow_down', 'authorization_pending'])

/** Of the proxy, of time, and of who else asks: not of what was asked for. */
const passingStatuses: readonly number[] = [407, 408, 409, 421, 423, 425, 429]

const longestRetryAfterSeconds = 3600
/** For one who is asked too often and does not say for how long to leave it alone: asking soon would be more of the same. */
const tooManySeconds = 60

/**
 * Decides what the error of a token request means: the one place that does. It looks at the HTTP status and at OAuth's `error`,
 * never at a provider's own numbers or texts. What it does not understand keeps the grant: a person would have to consent again, and trying again costs nothing.
 */
export function judge(error: unknown): TokenVerdict {
  // Nobody there has read it: the way there is in trouble, or there is no registration. It has its own code and advice.
  if (error instanceof Failure) {
    const kind = error.code === 'provider-unavailable' ? 'try-later' : 'setup-wrong'
    return { kind, about: 'mailbox', reason: error.message }
  }
  if (!(error instanceof OAuthError))
    return { kind: 'try-later', about: 'mailbox', reason: 'the token request failed' }
  const reason = error.message
  // A gateway in trouble may repeat anything; only an answer that blames the request is believed.
  if (error.error !== undefined && blamesTheRequest(error.status)) {
    if (needConsent.has(error.error)) return { kind: 'consent-needed', reason }
    const about = wrongSetup.get(error.error)
    if (about) return { kind: 'setup-wrong', about, reason }
  }
  // Whatever it means: somebody there has read it and said no, and would say it again.
  if (isRefusal(error)) return { kind: 'setup-wrong', about: 'mailbox', reason }
  if (error.retryAfterSeconds === undefined)
    return {
      kind: 'try-later',
      about: 'mailbox',
      reason,
      ...(error.status === 429 && { retryAfterSeconds: tooManySeconds }),
    }
  // RFC 6585, section 4: whoever asks too often is a client or an address, and all mailboxes share both. A 503 is the server's own trouble.
  const about = error.status === 429 ? 'registration' : 'mailbox'
  const retryAfterSeconds = Math.min(error.retryAfterSeconds, longestRetryAfterSeconds)
  return { kind: 'try-later', about, reason, retryAfterSeconds }
}

function blamesTheRequest(status: number | undefined): boolean {
  return status === 400 || status === 401 || status === 403
}

function isRefusal({ status = 0, error = '', explained, retryAfterSeconds }: OAuthError): boolean {
  if (!explained || passing.has(error) || retryAfterSeconds !== undefined) return false
  // Some say no with status 200.
  const good = status >= 200 && status < 300
  return good || (status >= 400 && status < 500 && !passingStatuses.includes(status))
}
