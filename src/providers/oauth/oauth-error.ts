import { printable } from '../../base/address.ts'
import { Failure } from '../../base/failure.ts'

interface OAuthErrorDetails {
  /** HTTP status of the answer; absent when there was none. */
  status?: number
  /** `error` of RFC 6749, section 5.2. */
  error?: string
  /** The answer was JSON that says what is wrong, in whatever form. */
  explained?: boolean
  /** What the provider asked for (RFC 9110, section 10.2.3). */
  retryAfterSeconds?: number
}

/** As another error has them. */
type Loose<T> = { [Key in keyof T]: T[Key] | undefined }

/**
 * What went wrong at a provider, with everything that decides what it means, and nothing secret: openid-client's own errors carry
 * whole answers and requests as their `cause`, which must never reach a log.
 */
export class OAuthError extends Error {
  readonly status: number | undefined
  readonly error: string | undefined
  readonly explained: boolean
  readonly retryAfterSeconds: number | undefined

  constructor(message: string, details: Partial<Loose<OAuthErrorDetails>> = {}) {
    const { status, error, retryAfterSeconds } = details
    super(safeText(message))
    this.name = 'OAuthError'
    this.status = status
    this.error = error
    this.explained = details.explained ?? error !== undefined
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Longer than any identifier that a provider puts into an explanation: more likely a token. */
const tokenLike = /[A-Za-z0-9+/=_~-]{44,}/g

/** Foreign text for logs and pages: at most 200 characters, one line (Microsoft's texts contain CR LF), no token. */
export function safeText(text: string): string {
  // Cut before matching too, so that a huge text costs nothing.
  const hidden = text.slice(0, 4000).replace(tokenLike, '[hidden]')
  return printable(hidden.replace(/[\p{Cc}\s]+/gu, ' ').trim(), 199)
}

/** What a failed token request means. `reason`: at most 200 characters, one line, nothing secret; for logs and pages. */
export type TokenVerdict =
  /** The grant is dead: a person has to consent again. */
  | { kind: 'consent-needed'; reason: string }
  /** What was asked for, or who asks, is wrong: not this grant. */
  | { kind: 'setup-wrong'; about: FaultScope; reason: string }
  /** Passing trouble, or nothing that we understand. */
  | { kind: 'try-later'; about: FaultScope; reason: string; retryAfterSeconds?: number }

/** Whether it is the same for every mailbox of the registration, or may be for this one (or its organisation) only. */
export type FaultScope = 'registration' | 'mailbox'

// RFC 6749, section 5.2, and OpenID Connect Core, section 3.1.2.6.
const needConsent = new Set([
  'invalid_grant',
  'interaction_required',
  'login_required',
  'consent_required',
  'account_selection_required',
])

// RFC 6749, section 5.2; RFC 8707 (resources); and what Google says of a client that is gone or not allowed.
const wrongSetup: ReadonlyMap<string, FaultScope> = new Map([
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

/** What providers forgive, who look at the times in assertions and ID tokens. */
const forgivenMilliseconds = 120_000

/** What the provider's answers say of the clock of this machine (RFC 9110, section 6.6.1). */
interface ClockDifference {
  note(answer: Response): void
  /** The same error, with what is wrong with the clock in front of it, where it may come of that. */
  explain(error: Error): Error
}

export function createClockDifference(clock: { now(): number }): ClockDifference {
  /** How far the clock of this machine is ahead, in milliseconds. */
  let ahead = 0

  return {
    note({ headers }) {
      const date = Date.parse(headers.get('date') ?? '')
      if (!Number.isNaN(date)) ahead = clock.now() - date
    },
    explain(error) {
      if (Math.abs(ahead) < forgivenMilliseconds || !mayBeOfTime(error)) return error
      const words = `the clock of this machine is ${span(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} that of the provider: ${error.message}`
      return error instanceof OAuthError ? new OAuthError(words, error) : new Error(words)
    },
  }
}

/** A refusal, or an ID token that is not taken; trouble on the way is told as what it is. */
function mayBeOfTime(error: Error): boolean {
  if (error instanceof OAuthError) return error.status !== undefined && error.status < 500 && error.explained
  return error.constructor === Error
}

function span(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000)
  if (minutes < 120) return `${minutes} minutes`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`
}
