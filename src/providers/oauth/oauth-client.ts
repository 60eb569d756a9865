import { Failure, type Sentence } from '../../base/failure.ts'
import type { Secret } from '../../base/secret.ts'
import { printable } from '../../base/text.ts'
import { text } from '../../failures/texts.ts'
import type { Address } from '../../model/address.ts'
import type { TokenCheck } from './token-claims.ts'

/**
 * The OAuth side of one registered provider. openid-client stands behind it. If the registration
 * has several client secrets, the next one is tried when one is refused (`invalid_client`), and the
 * one that worked is kept. No error contains a secret, in itself or as its cause.
 */
export interface OAuthClient {
  /** RFC 6749 section 4.1.1 with PKCE S256 (RFC 7636), `state`, `nonce` and `login_hint`. */
  authorizationUrl(request: AuthorizationRequest): Promise<URL>
  /**
   * Exchanges the code of a callback (RFC 6749, 4.1.3) after checking `state`, `iss` (RFC 9207) and
   * the ID token.
   * @throws Failure `provider-unavailable`, `provider-setup` or `consent-needed` (the code was
   * refused), with the reason; an Error that is no Failure when the callback or the ID token does
   * not pass the checks
   */
  exchangeCode(callback: URL, checks: CallbackChecks): Promise<TokenResponse>
  /**
   * RFC 6749 section 6. One request, bounded by the token time-out; never retried here.
   * @param granted the scopes of the grant, for providers that need them in the request
   * @param before called right before the refresh token leaves: where it throws, it does not
   * @throws an error that `judge` understands; what `before` throws
   */
  refresh(refreshToken: Secret, granted?: readonly string[], before?: () => void): Promise<TokenResponse>
  /**
   * RFC 8628, section 3.1.
   * @throws Failure as `exchangeCode`, `configuration` where the provider has no device flow
   */
  beginDevice(): Promise<DeviceAuthorization>
  /**
   * Polls once (RFC 8628, section 3.4). `pending`: the person has not agreed yet; `slow-down`: not
   * yet, and the interval grows by five seconds.
   * @throws Failure as `exchangeCode`: `consent-needed` when the person declined or the code has
   * expired
   */
  pollDevice(deviceCode: Secret): Promise<TokenResponse | 'pending' | 'slow-down'>
  /**
   * An access token without a person: client credentials (RFC 6749, section 4.4), or the assertion
   * of a service account (RFC 7523, section 2.1) for this mailbox. One request.
   * @throws an error that `judge` understands
   */
  appOnlyToken(flow: 'client-credentials' | 'service-account', mailbox: Address): Promise<TokenResponse>
  /**
   * RFC 7009. `unsupported`: the provider has no revocation.
   * @throws an error that `judge` understands
   */
  revoke(refreshToken: Secret): Promise<'revoked' | 'unsupported'>
}

/** What the person is shown (RFC 8628, section 3.2). */
export interface DeviceAuthorization {
  deviceCode: Secret
  userCode: string
  verificationUri: string
  /** Includes the code. */
  verificationUriComplete?: string
  expiresInSeconds: number
  /** The minimum between two polls. */
  intervalSeconds: number
}

export interface AuthorizationRequest {
  redirectUri: string
  state: Secret
  nonce: Secret
  codeVerifier: Secret
  /** Absent: any account may sign in. */
  loginHint?: string
  /**
   * `sign-in` requests identity only (OpenID Connect Core), without rights or a refresh token, and
   * always checks the signature of the ID token.
   */
  purpose?: 'consent' | 'sign-in'
  /** After a consent by the wrong account: the person can choose another. */
  selectAccount?: boolean
}

export interface CallbackChecks {
  redirectUri: string
  state: Secret
  nonce: Secret
  codeVerifier: Secret
  /** As in the authorization request. */
  purpose?: 'consent' | 'sign-in'
}

export interface TokenResponse {
  /**
   * Matches the b64token grammar of RFC 6750 and is at most 16 KiB; of no use where `tokenCheck`
   * names an error.
   */
  accessToken: Secret
  /** Odd or absent `expires_in` means 300. */
  expiresInSeconds: number
  /** Absent when the response has none, or an invalid one. */
  refreshToken?: Secret
  /**
   * Life of the refresh token, if the response gives it (`refresh_token_expires_in`,
   * `refresh_expires_in`).
   */
  refreshTokenExpiresInSeconds?: number
  /** As granted; if the response names none, as requested (RFC 6749, section 5.1). */
  scopes: readonly string[]
  /** The result of looking into the access token; to be read before the token is used. */
  tokenCheck?: TokenCheck
  /** From the verified ID token; absent if none was requested. */
  identity?: Identity
}

/** The account that signed in. Created only by `identityOf`. */
export interface Identity {
  /**
   * The account, independent of its name: `iss` and `sub`, at Entra `tid` and `oid`. For the log
   * and the grant.
   */
  account: string
  /**
   * The signature of the ID token was checked; otherwise only TLS vouches for it (OpenID Connect
   * Core, section 3.1.3.7).
   */
  signed: boolean
  /** Absent: no address is proven, for the reason in `unproven`. */
  address?: ProvenAddress
  unproven?: Unproven
}

/**
 * Why no address is proven. `absent`: the claims have none. `unverified`: the provider has not
 * verified it. `not-believed`: excluded by the rules of `provenAddress`. `other-account`,
 * `unreadable`: the userinfo response was about another account, or could not be read.
 */
interface Unproven {
  kind: 'absent' | 'unverified' | 'not-believed' | 'other-account' | 'unreadable'
  cause?: Error
}

export interface ProvenAddress {
  value: Address
  /**
   * A party that we know answers for the address, so it may be used to sign in to the pages. A
   * consent accepts others, because its token is tested at the mail server.
   */
  vouched: boolean
}

interface OAuthErrorDetails {
  /** HTTP status of the response; absent if there was none. */
  status?: number
  /** `error` of RFC 6749, section 5.2. */
  error?: string
  /** The response was JSON that explains the error, in any form. */
  explained?: boolean
  /** From Retry-After (RFC 9110, section 10.2.3). */
  retryAfterSeconds?: number
}

/** The same properties, as an error object has them. */
type Loose<T> = { [Key in keyof T]: T[Key] | undefined }

/**
 * An error at the provider, with everything needed to judge it, and nothing secret. The errors of
 * openid-client contain whole requests and responses as their `cause`, which must never reach a
 * log.
 */
export class OAuthError extends Error {
  readonly status: number | undefined
  readonly error: string | undefined
  readonly explained: boolean
  readonly retryAfterSeconds: number | undefined
  /** The words of postern for it; absent where they are the provider's. */
  readonly own: Sentence | undefined

  constructor(words: string | Sentence, details: Partial<Loose<OAuthErrorDetails>> = {}) {
    const { status, error, retryAfterSeconds } = details
    super(safeText(typeof words === 'string' ? words : words.message))
    this.own = typeof words === 'string' ? undefined : words
    this.name = 'OAuthError'
    this.status = status
    this.error = error
    this.explained = details.explained ?? error !== undefined
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Longer than the identifiers in explanations of providers, so probably a token. */
const tokenLike = /[A-Za-z0-9+/=_~-]{44,}/g

/**
 * Makes foreign text safe for logs and pages: at most 200 characters, one line (Microsoft's texts
 * contain CR LF), no token.
 */
export function safeText(text: string): string {
  // Cut before matching, so that a huge text costs nothing.
  const hidden = text.slice(0, 4000).replace(tokenLike, '[hidden]')
  return printable(hidden.replace(/[\p{Cc}\s]+/gu, ' ').trim(), 199)
}

/**
 * What a failed token request means. `reason`: at most 200 characters, one line, nothing secret;
 * for logs and pages. `own`: the same by its id, where the words are not the provider's.
 */
export type TokenVerdict = Reason &
  /** The grant has ended: a person has to consent again. */
  (
    | { kind: 'consent-needed' }
    /** The request or the client is wrong, not this grant. */
    | { kind: 'setup-wrong'; about: FaultScope }
    /** A passing failure, or one that is not understood. */
    | { kind: 'try-later'; about: FaultScope; retryAfterSeconds?: number }
  )

interface Reason {
  reason: string
  own?: Sentence
}

/** The reason as a value of a sentence. */
export function reasonIn({ reason, own }: Reason): string | Sentence {
  return own ?? reason
}

/**
 * Whether the fault concerns every mailbox of the registration, or perhaps only this one (or its
 * organisation).
 */
export type FaultScope = 'registration' | 'mailbox'

// RFC 6749, section 5.2, and OpenID Connect Core, section 3.1.2.6.
const needConsent = new Set([
  'invalid_grant',
  'interaction_required',
  'login_required',
  'consent_required',
  'account_selection_required',
])

// RFC 6749, section 5.2; RFC 8707 (resources); and errors of Google for a client that was deleted
// or disabled.
const wrongSetup: ReadonlyMap<string, FaultScope> = new Map([
  // These blame the client, which is the same for every grant.
  ['invalid_client', 'registration'],
  ['unauthorized_client', 'registration'],
  ['deleted_client', 'registration'],
  ['disabled_client', 'registration'],
  ['unsupported_grant_type', 'registration'],
  // These blame the request; one organisation may forbid what another allows.
  ['invalid_scope', 'mailbox'],
  ['invalid_request', 'mailbox'],
  ['invalid_resource', 'mailbox'],
  ['invalid_target', 'mailbox'],
  ['access_denied', 'mailbox'],
  ['admin_policy_enforced', 'mailbox'],
])

// These pass (RFC 6749, section 4.1.2.1; RFC 8628, section 3.5; and Google's name for its own fault).
const passing = new Set([
  'temporarily_unavailable',
  'server_error',
  'slow_down',
  'authorization_pending',
  'internal_failure',
])

/** These blame the proxy, the time or other clients, not the request. */
const passingStatuses: readonly number[] = [407, 408, 409, 421, 423, 425, 429]

const longestRetryAfterSeconds = 3600
/** For a 429 without Retry-After: another request soon would be refused as well. */
const tooManySeconds = 60

/**
 * Classifies the error of a token request; nothing else does. Only the HTTP status and the `error`
 * of OAuth count, never the numbers or texts of a provider. An error that is not understood keeps
 * the grant, because a retry costs nothing and a new consent needs a person.
 */
export function judge(error: unknown): TokenVerdict {
  // The request did not reach the provider: the network failed, or there is no registration. The
  // failure has its own code and fix.
  if (error instanceof Failure) {
    const kind = error.code === 'provider-unavailable' ? 'try-later' : 'setup-wrong'
    return { kind, about: 'mailbox', reason: error.message, own: error }
  }
  if (!(error instanceof OAuthError)) {
    const own = text('asking.request-failed')
    return { kind: 'try-later', about: 'mailbox', reason: own.message, own }
  }
  const { message, own } = error
  const reason = { reason: message, ...(own && { own }) }
  // A failing gateway may send any error; only a response that blames the request is believed.
  if (error.error !== undefined && blamesTheRequest(error.status)) {
    if (needConsent.has(error.error)) return { kind: 'consent-needed', ...reason }
    const about = wrongSetup.get(error.error)
    if (about) return { kind: 'setup-wrong', about, ...reason }
  }
  // The provider has read the request and refused it, and would do so again.
  if (isRefusal(error)) return { kind: 'setup-wrong', about: 'mailbox', ...reason }
  if (error.retryAfterSeconds === undefined)
    return {
      kind: 'try-later',
      about: 'mailbox',
      ...reason,
      ...(error.status === 429 && { retryAfterSeconds: tooManySeconds }),
    }
  // RFC 6585, section 4: 429 limits a client or an address, which all mailboxes share. 503 is a
  // failure of the server.
  const about = error.status === 429 ? 'registration' : 'mailbox'
  const retryAfterSeconds = Math.min(error.retryAfterSeconds, longestRetryAfterSeconds)
  return { kind: 'try-later', about, ...reason, retryAfterSeconds }
}

function blamesTheRequest(status: number | undefined): boolean {
  return status === 400 || status === 401 || status === 403
}

function isRefusal({ status = 0, error = '', explained, retryAfterSeconds }: OAuthError): boolean {
  if (!explained || passing.has(error) || retryAfterSeconds !== undefined) return false
  // Some providers refuse with status 200.
  const good = status >= 200 && status < 300
  return good || (status >= 400 && status < 500 && !passingStatuses.includes(status))
}
