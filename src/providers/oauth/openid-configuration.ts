import { createPrivateKey, type KeyObject, webcrypto } from 'node:crypto'
import * as openid from 'openid-client'
import { Failure } from '../../base/failure.ts'
import type { ClientCertificate } from '../../config/config.ts'
import { isLoopbackHost } from '../../net/reach.ts'
import type { RegisteredProvider } from '../provider.ts'

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
    throw new Failure('configuration', `${outside} is not on this machine and has no TLS`, {
      fix: 'Use an https:// endpoint.',
    })
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
  if (method === 'private_key_jwt' && registration.certificate)
    return [await assertionBy(registration.certificate, oauth.tokenEndpoint ?? '')]
  const secrets = registration.clientSecrets.map(({ value }) => value.reveal())
  if (secrets.length === 0 || method === 'private_key_jwt') {
    const what = method === 'private_key_jwt' ? 'certificate' : 'client secret'
    throw new Failure('configuration', `The provider ${id} needs a ${what} to authenticate with`, {
      fix: `Give its registration a ${what}, or the client authentication "none".`,
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
