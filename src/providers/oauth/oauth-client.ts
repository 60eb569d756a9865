import type { Address } from '../../base/address.ts'
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
export interface Unproven {
  kind: 'absent' | 'unverified' | 'not-believed' | 'other-account' | 'unreadable'
  cause?: Error
}

export interface ProvenAddress {
  value: Address
  /** Somebody whom we know answers for it, so that it may open a door here. A consent believes more: what it gets is tried at the mail server. */
  vouched: boolean
}
