import { createPrivateKey, type KeyObject, webcrypto } from 'node:crypto'
import * as openid from 'openid-client'
import { Failure, failure, type Sentence } from '../../base/failure.ts'
import { text } from '../../failures/texts.ts'
import { isLoopbackHost } from '../../net/connect.ts'
import { HttpError } from '../../net/network-failure.ts'
import type { Provider, RegisteredProvider } from '../provider.ts'
import type { ClientCertificate } from '../settings.ts'
import { forgivenMilliseconds } from './endpoint-look.ts'
import { IdTokenRefused } from './id-token.ts'
import { judge, OAuthError, reasonIn, safeText } from './oauth-client.ts'

/** How Entra writes the issuer of an authority that stands for many tenants. */
const tenantPlace = '{tenantid}'

// The asymmetric algorithms (RFC 7518, section 3.1): without a list, openid-client accepts RS256
// only.
const signingAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

/**
 * The configuration of openid-client for a provider, made from our own data without a request. Its
 * fetch bounds the time.
 * @throws Failure `configuration` for an `http:` endpoint that is not on loopback
 */
export async function openidConfiguration(
  provider: RegisteredProvider,
  authentication: openid.ClientAuth,
  fetch: openid.CustomFetch,
): Promise<openid.Configuration> {
  const metadata = serverMetadata(provider)
  const { clientId } = provider.registration
  const configuration = metadata.issuer.includes(tenantPlace)
    ? await manyTenants(metadata, clientId, authentication)
    : new openid.Configuration(metadata, clientId, {}, authentication)
  configuration[openid.customFetch] = fetch
  configuration.timeout = 0
  if (usesPlainHttp(metadata)) openid.allowInsecureRequests(configuration)
  // OpenID Connect Core, section 3.1.3.7, accepts TLS to the token endpoint in place of a
  // signature. If the keys are known, the signature is checked as well.
  if (metadata.jwks_uri !== undefined) openid.enableNonRepudiationChecks(configuration)
  return configuration
}

/**
 * No ID token has the issuer `https://login.microsoftonline.com/{tenantid}/v2.0`: `iss` contains
 * the tenant of `tid`. openid-client supports this for this login host only, and only with metadata
 * from its discovery, so its discovery is given our metadata.
 */
function manyTenants(
  metadata: openid.ServerMetadata,
  clientId: string,
  authentication: openid.ClientAuth,
): Promise<openid.Configuration> {
  const asked = new URL(metadata.issuer.replace(tenantPlace, 'common'))
  return openid.discovery(asked, clientId, {}, authentication, {
    [openid.customFetch]: async () => Response.json(metadata),
  })
}

function serverMetadata({ oauth }: RegisteredProvider): openid.ServerMetadata {
  return {
    // openid-client requires an issuer. If we know none, no ID token is requested, and nothing is
    // compared with it.
    issuer: oauth.issuer ?? new URL(oauth.tokenEndpoint ?? '').origin,
    ...(oauth.authorizationEndpoint !== undefined && { authorization_endpoint: oauth.authorizationEndpoint }),
    ...(oauth.tokenEndpoint !== undefined && { token_endpoint: oauth.tokenEndpoint }),
    ...(oauth.deviceAuthorizationEndpoint !== undefined && {
      device_authorization_endpoint: oauth.deviceAuthorizationEndpoint,
    }),
    ...(oauth.revocationEndpoint !== undefined && { revocation_endpoint: oauth.revocationEndpoint }),
    ...(oauth.jwksUri !== undefined && { jwks_uri: oauth.jwksUri }),
    ...(oauth.userinfoEndpoint !== undefined && { userinfo_endpoint: oauth.userinfoEndpoint }),
    authorization_response_iss_parameter_supported: oauth.authorizationResponseIss,
    id_token_signing_alg_values_supported: signingAlgorithms,
  }
}

function usesPlainHttp(metadata: openid.ServerMetadata): boolean {
  const { authorization_endpoint, token_endpoint, device_authorization_endpoint } = metadata
  const { revocation_endpoint, jwks_uri, userinfo_endpoint } = metadata
  const urls = [
    ...[authorization_endpoint, token_endpoint, device_authorization_endpoint],
    ...[revocation_endpoint, jwks_uri, userinfo_endpoint],
  ]
  const plain = urls.filter((url) => url !== undefined).filter((url) => new URL(url).protocol === 'http:')
  const outside = plain.find((url) => !isLoopbackHost(new URL(url).hostname))
  if (outside !== undefined) {
    throw failure('provider.endpoint-without-tls', { endpoint: outside })
  }
  return plain.length > 0
}

/**
 * Removes an `iss` (RFC 9207) that cannot be compared: if no issuer is known, or if the issuer is a
 * template that this `iss` fits (the ID token then names the tenant).
 */
export function comparableCallback(callback: URLSearchParams, issuer: string | undefined): URLSearchParams {
  const parameters = new URLSearchParams(callback)
  const iss = parameters.get('iss')
  if (iss !== null && (issuer === undefined || fitsTemplate(iss, issuer))) parameters.delete('iss')
  return parameters
}

function fitsTemplate(iss: string, issuer: string): boolean {
  const [before = '', after] = issuer.split(tenantPlace)
  if (after === undefined || !iss.startsWith(before) || !iss.endsWith(after)) return false
  return /^[0-9a-f-]{36}$/.test(iss.slice(before.length, iss.length - after.length))
}

/**
 * How the registration authenticates: one method for each of its secrets, in their order.
 * @throws Failure `configuration`
 */
export async function clientAuthentications(provider: RegisteredProvider): Promise<openid.ClientAuth[]> {
  const { id, oauth, registration } = provider
  const method = oauth.clientAuthentication
  if (method === 'none') return [openid.None()]
  const { certificate, spareCertificate } = registration
  if (method === 'private_key_jwt' && certificate) {
    const all = spareCertificate ? [certificate, spareCertificate] : [certificate]
    return Promise.all(all.map((one) => assertionBy(one, oauth.tokenEndpoint ?? '')))
  }
  const secrets = registration.clientSecrets.map(({ value }) => value.reveal())
  if (secrets.length === 0 || method === 'private_key_jwt') {
    const isKey = method === 'private_key_jwt'
    throw failure(isKey ? 'registration.without-certificate' : 'registration.without-secret', {
      provider: id,
    })
  }
  return secrets.map((secret) =>
    method === 'client_secret_basic' ? basic(secret) : openid.ClientSecretPost(secret),
  )
}

/**
 * RFC 6749, section 2.3.1: form-encoded before Basic. openid-client also encodes hyphens and the
 * like, which many servers do not decode.
 */
function basic(secret: string): openid.ClientAuth {
  return (_server, { client_id }, _body, headers) => {
    const pair = `${formEncoded(client_id)}:${formEncoded(secret)}`
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`)
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

/**
 * A signed assertion in place of a secret (RFC 7523, section 2.2). Entra requires `x5t#S256` of the
 * certificate (RFC 7515, section 4.1.8) in the header, and the token endpoint as the audience,
 * which section 3 of RFC 7523 allows everywhere.
 */
async function assertionBy(
  { key, thumbprint }: ClientCertificate,
  tokenEndpoint: string,
): Promise<openid.ClientAuth> {
  const signing = await signingKey(createPrivateKey(key.reveal()))
  return openid.PrivateKeyJwt(signing, {
    [openid.modifyAssertion](header, payload) {
      Object.assign(header, { typ: 'JWT', 'x5t#S256': thumbprint })
      payload.aud = tokenEndpoint
    },
  })
}

/** RSA keys sign with PS256, P-256 keys with ES256 (RFC 7518, sections 3.4 and 3.5). */
function signingKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const algorithm =
    key.asymmetricKeyType === 'ec'
      ? { name: 'ECDSA', namedCurve: 'P-256' }
      : { name: 'RSA-PSS', hash: 'SHA-256' }
  const der = key.export({ format: 'der', type: 'pkcs8' })
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
}

/**
 * Strips an error of openid-client of its causes, which contain whole requests and responses. An
 * error at the provider becomes an OAuthError; a callback or ID token that fails a check becomes a
 * plain Error that names the check.
 */
export function withoutSecrets(error: unknown): Error {
  if (error instanceof IdTokenRefused) return error
  // Errors of our fetch arrive as the cause of another error, or directly.
  const cause = error instanceof Error ? error.cause : undefined
  const own = ownError(error) ?? ownError(cause)
  if (own) return own
  if (error instanceof openid.AuthorizationResponseError)
    return new Error(safeText(`The provider answered with ${error.error}`))
  if (!(error instanceof openid.ClientError)) return new OAuthError(text('asking.request-failed'))
  // Responses of the token endpoint were parsed before, so this is about the key set.
  if (keyTrouble.has(error.code ?? '')) return new OAuthError(text('asking.no-signing-keys'))
  return new Error(safeText(cause instanceof Error ? cause.message : error.message))
}

/** An unusable response or address is an error at the provider as well. */
function ownError(error: unknown): OAuthError | Failure | undefined {
  if (error instanceof OAuthError || error instanceof Failure) return error
  return error instanceof HttpError ? new OAuthError(error.message, { status: error.status }) : undefined
}

const keyTrouble = new Set([
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
])

/**
 * Explains to the person at the browser why a code could not be exchanged. Errors of failed checks
 * are kept.
 */
export function exchangeFailure(provider: Provider, error: Error): Error {
  if (!(error instanceof OAuthError)) return error
  const verdict = judge(error)
  switch (verdict.kind) {
    case 'consent-needed':
      return failure('consent.not-accepted', { provider: provider.name, reason: reasonIn(verdict) })
    case 'setup-wrong':
      return verdict.about === 'registration'
        ? registrationRefused(provider, reasonIn(verdict))
        : requestRefused(provider, reasonIn(verdict))
    case 'try-later': {
      const { retryAfterSeconds } = verdict
      return failure('provider.cannot-answer-now', {
        provider: provider.name,
        reason: reasonIn(verdict),
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      })
    }
  }
}

function registrationRefused({ name }: Provider, reason: string | Sentence): Failure {
  return failure('registration.refused-at-consent', { provider: name, reason })
}

function requestRefused({ name }: Provider, reason: string | Sentence): Failure {
  return failure('consent.request-refused', { provider: name, reason })
}

/**
 * Compares the clock of this machine with the Date of the provider's responses (RFC 9110, section
 * 6.6.1).
 */
interface ClockDifference {
  note(answer: Response): void
  /** Returns the error, with the clock difference in front if that may be its cause. */
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
      const reason = (error instanceof OAuthError && error.own) || error.message
      const words = text(ahead > 0 ? 'asking.clock-ahead' : 'asking.clock-behind', {
        span: span(Math.abs(ahead)),
        reason,
      })
      return error instanceof OAuthError ? new OAuthError(words, error) : new Error(words.message)
    },
  }
}

/** A refusal, or an ID token that fails a check. Other failures do not depend on the clock. */
function mayBeOfTime(error: Error): boolean {
  if (error instanceof OAuthError) return error.status !== undefined && error.status < 500 && error.explained
  return error.constructor === Error
}

function span(milliseconds: number): Sentence {
  const minutes = Math.round(milliseconds / 60_000)
  if (minutes < 120) return text('span.minutes', { minutes })
  const hours = Math.round(minutes / 60)
  return hours < 48 ? text('span.hours', { hours }) : text('span.days', { days: Math.round(hours / 24) })
}
