import { type Address, printable } from '../../base/address.ts'
import { Failure } from '../../base/failure.ts'
import type { Secret } from '../../base/secret.ts'
import type { TokenCheck } from './token-claims.ts'

/**
 * The OAuth side of one registered provider, in the steps that postern needs. openid-client stands behind it.
 * Where the registration has several client secrets, the next one is tried when one is refused (`invalid_client`), and the one that worked
 * is kept to. No error carries a secret, in itself or as its cause.
 */
export interface OAuthClient {
  /** RFC 6749 section 4.1.1 with PKCE S256 (RFC 7636), `state`, `nonce` and `login_hint`. */
  authorizationUrl(request: AuthorizationRequest): Promise<URL>
  /** Exchanges the code of a callback (RFC 6749, 4.1.3) after checking `state`, `iss` (RFC 9207) and the ID token.
   * @throws Failure `provider-unavailable`, `provider-setup` or `consent-needed` (the code was refused), with the reason; an Error
   * that is no Failure when the callback or the ID token does not pass the checks */
  exchangeCode(callback: URL, checks: CallbackChecks): Promise<TokenAnswer>
  /** RFC 6749 section 6. One request, bounded by the token time-out; never retried here.
   * @param granted the scopes of the grant, for providers that have to be told which they are
   * @throws an error that `judge` understands */
  refresh(refreshToken: Secret, granted?: readonly string[]): Promise<TokenAnswer>
  /** RFC 8628, section 3.1. @throws Failure as `exchangeCode`, `configuration` where the provider has no device flow */
  beginDevice(): Promise<DeviceAuthorization>
  /** Asks once whether the person has agreed (RFC 8628, section 3.4). `pending`: not yet; `slow-down`: not yet, and five seconds longer between
   * two questions from now on. @throws Failure as `exchangeCode`: `consent-needed` when the person declined or the code has ended */
  pollDevice(deviceCode: Secret): Promise<TokenAnswer | 'pending' | 'slow-down'>
  /** An access token without a person: client credentials (RFC 6749, section 4.4), or the assertion of a service account (RFC 7523, section
   * 2.1) for this mailbox. One request. @throws an error that `judge` understands */
  appOnlyToken(flow: 'client-credentials' | 'service-account', mailbox: Address): Promise<TokenAnswer>
  /** RFC 7009. `unsupported`: the provider has no revocation. @throws an error that `judge` understands */
  revoke(refreshToken: Secret): Promise<'revoked' | 'unsupported'>
}

/** What a person is shown (RFC 8628, section 3.2). */
export interface DeviceAuthorization {
  deviceCode: Secret
  userCode: string
  verificationUri: string
  /** With the code in it. */
  verificationUriComplete?: string
  expiresInSeconds: number
  /** The least between two questions. */
  intervalSeconds: number
}

export interface AuthorizationRequest {
  redirectUri: string
  state: Secret
  nonce: Secret
  codeVerifier: Secret
  /** Absent: nobody is expected. */
  loginHint?: string
  /** `sign-in`: only who somebody is is asked for (OpenID Connect Core), no right and no refresh token; and the signature of the ID token is checked in any case. */
  purpose?: 'consent' | 'sign-in'
  /** After a consent by the wrong person: let them choose the account. */
  selectAccount?: boolean
}

export interface CallbackChecks {
  redirectUri: string
  state: Secret
  nonce: Secret
  codeVerifier: Secret
  /** As it was begun. */
  purpose?: 'consent' | 'sign-in'
}

export interface TokenAnswer {
  /** Matches the b64token grammar of RFC 6750 and is at most 16 KiB; of no use where `tokenCheck` names an error. */
  accessToken: Secret
  /** Odd or absent `expires_in` means 300. */
  expiresInSeconds: number
  /** Absent when none came, or an odd one. */
  refreshToken?: Secret
  /** Life of the grant's refresh token, where the answer tells it (`refresh_token_expires_in`, `refresh_expires_in`). */
  refreshTokenExpiresInSeconds?: number
  /** As granted; when the answer names none, as asked (RFC 6749, 5.1). */
  scopes: readonly string[]
  /** What is wrong with the access token, and what it says of itself: look before it is used. */
  tokenCheck?: TokenCheck
  /** From the verified ID token; absent when none was asked for. */
  identity?: Identity
}

/** Who signed in. Made by `identityOf` and nowhere else. */
export interface Identity {
  /** Which account it is, whatever it is called now: `iss` and `sub`, at Entra `tid` and `oid`. For the log and the grant. */
  account: string
  /** The signature of the ID token was checked; otherwise only the TLS that it came by vouches for it (OpenID Connect Core, section 3.1.3.7). */
  signed: boolean
  /** Absent: none is proven; `unproven` says why. */
  address?: ProvenAddress
  unproven?: Unproven
}

/** Why no address is proven. `absent`: none was told. `unverified`: the provider says itself that it has not verified it. `not-believed`: by the rules of
 * `provenAddress`. `other-account`, `unreadable`: the userinfo endpoint told of another account, or could not be read. */
interface Unproven {
  kind: 'absent' | 'unverified' | 'not-believed' | 'other-account' | 'unreadable'
  cause?: Error
}

export interface ProvenAddress {
  value: Address
  /** Somebody whom we know answers for it, so that it may open a door here. A consent believes more: what it gets is tried at the mail server. */
  vouched: boolean
}

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
