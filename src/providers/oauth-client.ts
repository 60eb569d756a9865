import type { Secret } from '../base/secret.ts'

/**
 * The OAuth side of one registered provider, in the three steps that postern needs. openid-client stands behind it.
 * No error carries a secret, in itself or as its cause.
 */
export interface OAuthClient {
  /** RFC 6749 section 4.1.1 with PKCE S256 (RFC 7636), `state`, `nonce` and `login_hint`. */
  authorizationUrl(request: AuthorizationRequest): Promise<URL>
  /** Exchanges the code of a callback (RFC 6749, 4.1.3) after checking `state`, `iss` (RFC 9207) and the ID token.
   * @throws Failure `provider-unavailable`, `provider-setup` or `consent-needed` (the code was refused), with the reason; an Error
   * that is no Failure when the callback or the ID token does not pass the checks */
  exchangeCode(callback: URL, checks: CallbackChecks): Promise<TokenAnswer>
  /** RFC 6749 section 6. One request, bounded by the token time-out; never retried here.
   * @throws an error that `judge` understands */
  refresh(refreshToken: Secret): Promise<TokenAnswer>
}

export interface AuthorizationRequest {
  redirectUri: string
  state: Secret
  nonce: Secret
  codeVerifier: Secret
  loginHint: string
  /** After a consent by the wrong person: let them choose the account. */
  selectAccount?: boolean
}

export interface CallbackChecks {
  redirectUri: string
  state: Secret
  nonce: Secret
  codeVerifier: Secret
}

export interface TokenAnswer {
  /** Matches the b64token grammar of RFC 6750 and is at most 16 KiB. */
  accessToken: Secret
  /** Odd or absent `expires_in` means 300. */
  expiresInSeconds: number
  /** Absent when none came, or an odd one. */
  refreshToken?: Secret
  /** As granted; when the answer names none, as asked (RFC 6749, 5.1). */
  scopes: readonly string[]
  /** From the verified ID token; absent when none was asked for. */
  identity?: Identity
}

export interface Identity {
  subject: string
  /** The claims of `identityClaims` that are there and are single mail addresses, the best first. An `email` whose
   * `email_verified` is false is left out. */
  addresses: readonly string[]
}
