import * as openid from 'openid-client'
import type { HttpFetch } from '../http/http-fetch.ts'
import { isLoopbackHost } from '../http/loopback.ts'
import type { OAuthServer, RegisteredProvider } from '../provider.ts'
import { OAuthError } from './oauth-error.ts'

/**
 * A provider without endpoints, with those that its issuer publishes: by OpenID Connect Discovery, or where there is none by RFC 8414. What the
 * providers file has stays as it is there.
 * @throws OAuthError when neither can be had
 */
export async function discover(provider: RegisteredProvider, fetch: HttpFetch): Promise<RegisteredProvider> {
  const { oauth } = provider
  if (oauth.tokenEndpoint !== undefined || oauth.issuer === undefined) return provider
  const found = await metadataOf(oauth.issuer, fetch)
  // The providers file has no word for it: what the provider promises of itself counts (RFC 9207, section 3).
  const authorizationResponseIss =
    oauth.authorizationResponseIss || found.authorization_response_iss_parameter_supported === true
  return { ...provider, oauth: { ...discovered(found), ...oauth, authorizationResponseIss } }
}

async function metadataOf(issuer: string, fetch: HttpFetch): Promise<openid.ServerMetadata> {
  const ways = ['oidc', 'oauth2'] as const
  const reasons: string[] = []
  for (const algorithm of ways) {
    try {
      return await metadataBy(algorithm, issuer, fetch)
    } catch (error) {
      reasons.push(reasonOf(error))
    }
  }
  throw new OAuthError(`the endpoints of ${issuer} cannot be discovered: ${[...new Set(reasons)].join('; ')}`)
}

async function metadataBy(
  algorithm: 'oidc' | 'oauth2',
  issuer: string,
  fetch: HttpFetch,
): Promise<openid.ServerMetadata> {
  const server = new URL(issuer)
  const plain = server.protocol === 'http:' && isLoopbackHost(server.hostname)
  const configuration = await openid.discovery(server, 'postern', {}, openid.None(), {
    algorithm,
    [openid.customFetch]: fetch,
    timeout: 600,
    ...(plain && { execute: [openid.allowInsecureRequests] }),
  })
  return configuration.serverMetadata()
}

/** What is thrown holds the whole answer as its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the request failed'
  if (error.cause instanceof OAuthError) return error.cause.message
  if (error instanceof OAuthError) return error.message
  const status = (error.cause as { status?: unknown } | undefined)?.status
  return typeof status === 'number' ? `HTTP status ${status}` : error.message
}

function discovered(metadata: openid.ServerMetadata): Partial<OAuthServer> {
  const { authorization_endpoint, token_endpoint, device_authorization_endpoint } = metadata
  const { revocation_endpoint, jwks_uri } = metadata
  return {
    ...(authorization_endpoint !== undefined && { authorizationEndpoint: authorization_endpoint }),
    ...(token_endpoint !== undefined && { tokenEndpoint: token_endpoint }),
    ...(device_authorization_endpoint !== undefined && {
      deviceAuthorizationEndpoint: device_authorization_endpoint,
    }),
    ...(revocation_endpoint !== undefined && { revocationEndpoint: revocation_endpoint }),
    ...(jwks_uri !== undefined && { jwksUri: jwks_uri }),
  }
}
