import { createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose/jwt/sign'
import * as openid from 'openid-client'
import { calculatePKCECodeChallenge } from 'openid-client'
import { type Failure, failure } from '../../base/failure.ts'
import { Secret } from '../../base/secret.ts'
import { readUrl } from '../../base/text.ts'
import { text } from '../../failures/texts.ts'
import type { Address } from '../../model/address.ts'
import type { HttpFetch } from '../../net/http-fetch.ts'
import type { OAuthServer, RegisteredProvider } from '../provider.ts'
import { provesIdentity } from '../registration.ts'
import type { ServiceAccount } from '../settings.ts'
import { type Claims, claim } from './id-token.ts'
import { identityOf } from './identity.ts'
import {
  type AuthorizationRequest,
  type DeviceAuthorization,
  type Identity,
  OAuthError,
  safeText,
} from './oauth-client.ts'
import { parseTokenResponse } from './token-response.ts'

/** The parameters of the authorization request (RFC 6749, section 4.1.1; RFC 7636, section 4.3). */
export async function authorizationParameters(
  oauth: OAuthServer,
  request: AuthorizationRequest,
): Promise<Record<string, string>> {
  const forSignIn = request.purpose === 'sign-in'
  const { prompt, ...extra } = forSignIn ? { prompt: undefined } : oauth.authorizationParameters
  // The account that is signed in there for mail may not be the one that signs in here.
  const otherAccount = forSignIn || request.selectAccount ? accountPrompt(oauth) : undefined
  // OpenID Connect Core, section 3.1.2.1: a list, separated by spaces.
  const prompts = [prompt, otherAccount].filter((one) => one !== undefined)
  return {
    ...extra,
    ...(prompts.length > 0 && { prompt: prompts.join(' ') }),
    scope: forSignIn ? 'openid email profile' : oauth.scopes.join(' '),
    redirect_uri: written(request.redirectUri),
    state: request.state.reveal(),
    code_challenge: await calculatePKCECodeChallenge(request.codeVerifier.reveal()),
    code_challenge_method: 'S256',
    ...(request.loginHint !== undefined && { login_hint: request.loginHint }),
    ...(provesIdentity(oauth) && { nonce: request.nonce.reveal() }),
  }
}

/** In the form of the token request: a URL as it is normalised, and words like "oob" unchanged. */
function written(redirectUri: string): string {
  return URL.canParse(redirectUri) ? new URL(redirectUri).href : redirectUri
}

function accountPrompt({ knowsSelectAccount }: OAuthServer): string {
  return knowsSelectAccount ? 'select_account' : 'login'
}

/** RFC 8628, section 3.4. */
export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

/** The default of RFC 8628, section 3.2. */
const usualIntervalSeconds = 5

/** The device authorization request (RFC 8628, sections 3.1 and 3.2). */
export async function beginDeviceFlow(
  configuration: openid.Configuration,
  scopes: readonly string[],
): Promise<DeviceAuthorization> {
  const answer = await openid.initiateDeviceAuthorization(configuration, { scope: scopes.join(' ') })
  const { verification_uri_complete: complete } = answer
  return {
    deviceCode: new Secret(answer.device_code),
    userCode: safeText(answer.user_code),
    verificationUri: webAddress(answer.verification_uri),
    ...(complete !== undefined && { verificationUriComplete: webAddress(complete) }),
    expiresInSeconds: answer.expires_in,
    intervalSeconds: Math.max(1, answer.interval ?? usualIntervalSeconds),
  }
}

/** People open it, so `javascript:` and the like are refused. */
function webAddress(address: string): string {
  const url = readUrl(address)
  if (url && ['https:', 'http:'].includes(url.protocol)) return url.href
  throw new OAuthError(text('asking.no-code-address'))
}

// RFC 8628, section 3.5, and two errors of Entra's own.
const ended: ReadonlyMap<string | undefined, 'consent.sign-in-declined' | 'consent.code-not-entered'> =
  new Map([
    ['access_denied', 'consent.sign-in-declined'],
    ['authorization_declined', 'consent.sign-in-declined'],
    ['expired_token', 'consent.code-not-entered'],
    ['bad_verification_code', 'consent.code-not-entered'],
  ])

/** What an error means for the poll: pending, or ended. Undefined: another failure. */
export function deviceState(error: unknown): 'pending' | 'slow-down' | Failure | undefined {
  if (!(error instanceof OAuthError)) return undefined
  if (error.error === 'authorization_pending') return 'pending'
  if (error.error === 'slow_down') return 'slow-down'
  const end = ended.get(error.error)
  return end && failure(end)
}

/** Google accepts an hour at most; the assertion is used at once. */
const assertionSeconds = 600

/**
 * Requests an access token for a mailbox whose domain is delegated to a service account, with its
 * assertion (RFC 7523, section 2.1, RS256).
 * @param now milliseconds since 1970
 * @returns the response of the token endpoint, parsed
 * @throws OAuthError
 */
export async function askAsServiceAccount(
  { oauth }: RegisteredProvider,
  account: ServiceAccount,
  { mailbox, now, fetch }: { mailbox: Address; now: number; fetch: HttpFetch },
): Promise<Response> {
  const audience = oauth.tokenEndpoint ?? ''
  const issuedAt = Math.floor(now / 1000)
  const assertion = await new SignJWT({ scope: oauth.applicationScopes.join(' ') })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: account.keyId })
    .setIssuer(account.email)
    .setSubject(mailbox)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + assertionSeconds)
    .sign(createPrivateKey(account.key.reveal()))
  const response = await fetch(audience, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }),
  })
  return parseTokenResponse(response, [assertion], false)
}

/** The configuration of openid-client, and the provider with its userinfo endpoint. */
interface UserInfoEndpoint {
  configuration: openid.Configuration
  known: RegisteredProvider
}

/**
 * Asks the userinfo endpoint (OpenID Connect Core, section 5.3) who signed in, if the ID token has
 * no address. Its response counts only for the `sub` of the ID token, and is judged like the claims
 * of an ID token. Never fails: the consent then fails for the missing address.
 * @param endpoint rejects if no such endpoint is known
 */
export async function withUserInfo(
  identity: Identity,
  claims: Claims,
  accessToken: Secret,
  endpoint: () => Promise<UserInfoEndpoint>,
): Promise<Identity> {
  if (identity.unproven?.kind !== 'absent') return identity
  const found = await endpoint().catch(() => undefined)
  if (!found) return identity
  const { configuration, known } = found
  try {
    const userInfo = await openid.fetchUserInfo(
      configuration,
      accessToken.reveal(),
      String(claim(claims, 'sub')),
    )
    const judged = identityOf({ ...userInfo, ...ofIdToken(claims) }, known, identity)
    return { ...judged, account: identity.account }
  } catch (cause) {
    const kind = isOfAnother(cause) ? 'other-account' : 'unreadable'
    return { ...identity, unproven: { kind, cause: withoutAnswer(cause) } }
  }
}

/** The ID token alone identifies the account, and the kind of server. */
function ofIdToken(claims: Claims): Claims {
  const names = ['iss', 'sub', 'tid'].filter((name) => claim(claims, name) !== undefined)
  return Object.fromEntries(names.map((name) => [name, claim(claims, name)]))
}

function isOfAnother(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED'
}

/** Errors of openid-client contain the response, which has personal data. */
function withoutAnswer(error: unknown): Error {
  return new Error(error instanceof Error ? error.message : 'the request failed')
}
