import { LRUCache } from 'lru-cache'
import * as openid from 'openid-client'
import type { Clock } from '../../base/clock.ts'
import { failure, filled } from '../../base/failure.ts'
import { isGuid, printable, readUrl } from '../../base/text.ts'
import { text } from '../../failures/texts.ts'
import { isLoopbackHost, isPrivateHost, OutOfReach, type Reach } from '../../net/connect.ts'
import type { HttpFetch } from '../../net/http-fetch.ts'
import { HttpError, NetworkFailure } from '../../net/network-failure.ts'
import type { RegisteredProvider } from '../provider.ts'
import { isOneTenant } from '../registration.ts'
import { OAuthError } from './oauth-client.ts'

/** The metadata that an issuer publishes. */
export interface Published {
  metadata: openid.ServerMetadata
  /** The issuer has a public address, so its metadata must not lead to a private one. */
  isPublic: boolean
}

/**
 * Discovers the endpoints of issuers. Concurrent requests for one issuer share one discovery and
 * its failure; a failed one is repeated after a second.
 */
export interface Discoveries {
  /**
   * By OpenID Connect Discovery, otherwise by RFC 8414.
   * @throws OAuthError when neither works, OutOfReach, NetworkFailure when the issuer is not
   * reached; Failure `configuration` when its metadata leads where it must not
   */
  of(issuer: string, fetch: HttpFetch): Promise<Published>
}

const failureMilliseconds = 1000
const mostIssuers = 100

export function createDiscoveries({ monotonic }: Pick<Clock, 'monotonic'>): Discoveries {
  // Kept for each fetch: one through a proxy may reach other issuers.
  const byFetch = new WeakMap<HttpFetch, LRUCache<string, { published: Promise<Published>; until: number }>>()

  return {
    of(issuer, fetch) {
      const known = byFetch.get(fetch) ?? new LRUCache({ max: mostIssuers })
      byFetch.set(fetch, known)
      const last = known.get(issuer)
      if (last && monotonic() < last.until) return last.published
      const entry = { published: publishedBy(issuer, fetch), until: Number.POSITIVE_INFINITY }
      known.set(issuer, entry)
      entry.published.catch(() => {
        entry.until = monotonic() + failureMilliseconds
      })
      return entry.published
    },
  }
}

async function publishedBy(issuer: string, fetch: HttpFetch): Promise<Published> {
  // A private issuer may lead anywhere. But it has to be private in both requests, not only in one
  // of them.
  const published = await metadataWithin('public', issuer, fetch).then(
    (metadata) => ({ metadata, isPublic: true }),
    async (error: unknown) => {
      if (!(error instanceof OutOfReach)) throw error
      return { metadata: await metadataWithin('private', issuer, fetch), isPublic: false }
    },
  )
  for (const [name, url] of Object.entries(endpointsOf(published.metadata)))
    requireFitting(issuer, name, url, published)
  return published
}

async function metadataWithin(
  reach: Reach,
  issuer: string,
  fetch: HttpFetch,
): Promise<openid.ServerMetadata> {
  const algorithms = ['oidc', 'oauth2'] as const
  const reasons: string[] = []
  for (const algorithm of algorithms) {
    try {
      return await metadataBy(algorithm, issuer, (url, request) => fetch(url, { ...request, reach }))
    } catch (error) {
      if (error instanceof Error && error.cause instanceof OutOfReach) throw error.cause
      // The second request would fail in the same way.
      if (error instanceof Error && error.cause instanceof NetworkFailure)
        throw undiscovered(issuer, error.cause)
      reasons.push(reasonOf(error))
    }
  }
  throw new OAuthError(
    text('asking.endpoints-undiscovered', { issuer, reasons: [...new Set(reasons)].join('; ') }),
  )
}

/** Keeps the code and the fix of a network failure. */
function undiscovered(issuer: string, reason: NetworkFailure): NetworkFailure {
  const { code, cause } = reason
  return new NetworkFailure(filled('network.endpoints-undiscovered', { issuer, reason, code, cause }))
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

/** The error contains the whole response as its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the request failed'
  if (error.cause instanceof HttpError) return error.cause.message
  if (error instanceof HttpError) return error.message
  const status = (error.cause as { status?: unknown } | undefined)?.status
  return typeof status === 'number' ? `HTTP status ${status}` : error.message
}

/** The endpoints that postern or the browser of a person requests. */
export function endpointsOf(metadata: openid.ServerMetadata) {
  const { authorization_endpoint, token_endpoint, device_authorization_endpoint } = metadata
  const { revocation_endpoint, jwks_uri, userinfo_endpoint } = metadata
  return {
    ...(authorization_endpoint !== undefined && { authorizationEndpoint: authorization_endpoint }),
    ...(token_endpoint !== undefined && { tokenEndpoint: token_endpoint }),
    ...(device_authorization_endpoint !== undefined && {
      deviceAuthorizationEndpoint: device_authorization_endpoint,
    }),
    ...(revocation_endpoint !== undefined && { revocationEndpoint: revocation_endpoint }),
    ...(jwks_uri !== undefined && { jwksUri: jwks_uri }),
    ...(userinfo_endpoint !== undefined && { userinfoEndpoint: userinfo_endpoint }),
  }
}

/**
 * An issuer with HTTPS must not lead to plain HTTP, nor a public one to a private address. What a
 * name resolves to is checked when it is connected to.
 */
function requireFitting(issuer: string, name: string, text: string, { isPublic }: Published): void {
  const url = readUrl(text)
  const plain = url?.protocol === 'http:' && new URL(issuer).protocol === 'http:'
  const fits = url && (url.protocol === 'https:' || plain) && url.username === '' && url.password === ''
  if (fits && !(isPublic && isPrivateHost(url.hostname))) return
  const where = url ? printable(`${url.protocol}//${url.host}`) : 'something that is no URL'
  throw failure('provider.endpoint-out-of-reach', { issuer, endpoint: name, address: where })
}

/** A provider as it is known so far, and the fetch for its endpoints. */
export interface Known {
  provider: RegisteredProvider
  fetch: HttpFetch
}

/**
 * Adds the endpoints that the issuer publishes to a provider without any. Values of the providers
 * file are kept.
 * @throws as `Discoveries.of`
 */
export async function discover(known: Known, discoveries: Discoveries): Promise<Known> {
  const { provider, fetch } = known
  const { oauth } = provider
  if (oauth.tokenEndpoint !== undefined || oauth.issuer === undefined) return known
  const published = await discoveries.of(oauth.issuer, fetch)
  const found = endpointsOf(published.metadata)
  // The providers file has no field for it, so the promise of the provider counts (RFC 9207,
  // section 3).
  const authorizationResponseIss =
    oauth.authorizationResponseIss ||
    published.metadata.authorization_response_iss_parameter_supported === true
  return {
    provider: { ...provider, oauth: { ...found, ...oauth, authorizationResponseIss } },
    fetch: within(fetch, published, Object.values(found)),
  }
}

/**
 * Adds the URL of the signing keys, from the issuer if the settings have none.
 * @throws as `Discoveries.of`; Failure `configuration` if the issuer publishes none
 */
export async function withKeys(known: Known, discoveries: Discoveries): Promise<Known> {
  const { provider, fetch } = known
  const { issuer, jwksUri } = provider.oauth
  if (jwksUri !== undefined || issuer === undefined) return known
  const published = await discoveries.of(issuer, fetch)
  const found = published.metadata.jwks_uri
  if (found === undefined) throw failure('provider.no-signing-keys', { provider: provider.name })
  return {
    provider: { ...provider, oauth: { ...provider.oauth, jwksUri: found } },
    fetch: within(fetch, published, [found]),
  }
}

/**
 * Adds the userinfo endpoint, from the issuer if the settings have none.
 * @throws as `Discoveries.of`; OAuthError if the issuer publishes none
 */
export async function withUserInfoEndpoint(known: Known, discoveries: Discoveries): Promise<Known> {
  const { provider, fetch } = known
  const { issuer, userinfoEndpoint } = provider.oauth
  if (userinfoEndpoint !== undefined) return known
  const published = issuer === undefined ? undefined : await discoveries.of(issuer, fetch)
  const found = published?.metadata.userinfo_endpoint
  if (!published || found === undefined)
    throw new OAuthError(text('asking.no-userinfo', { provider: provider.name }))
  return {
    provider: { ...provider, oauth: { ...provider.oauth, userinfoEndpoint: found } },
    fetch: within(fetch, published, [found]),
  }
}

/**
 * Replaces the domain of an Entra tenant by its id, because only that can be compared with the
 * `tid` of an ID token.
 * @throws OAuthError when Entra does not give it
 */
export async function withTenantId(known: Known): Promise<Known> {
  const { provider, fetch } = known
  const { oauth, registration } = provider
  const { tenant } = registration
  if (oauth.identityRules !== 'entra' || tenant === undefined || isGuid(tenant) || !isOneTenant(tenant))
    return known
  const id = await tenantIdAt(provider, fetch)
  return {
    provider: {
      ...provider,
      oauth: { ...oauth, ...(oauth.issuer && { issuer: oauth.issuer.replace('{tenantid}', id) }) },
      registration: { ...registration, tenant: id },
    },
    fetch,
  }
}

/** The tenant's metadata has the id in its issuer. */
async function tenantIdAt({ oauth }: RegisteredProvider, fetch: HttpFetch): Promise<string> {
  const authority = oauth.tokenEndpoint?.replace(/\/oauth2\/v2\.0\/token$/, '') ?? ''
  const url = `${authority}/v2.0/.well-known/openid-configuration`
  const response = await fetch(url, { method: 'GET', headers: { accept: 'application/json' } })
  const body: unknown = response.status === 200 ? await response.json().catch(() => undefined) : undefined
  const issuer = String((body as { issuer?: unknown } | undefined)?.issuer)
  const id = issuer.split('/').find(isGuid)?.toLowerCase()
  // It has to be an issuer of the same cloud.
  if (id !== undefined && issuer.toLowerCase() === (oauth.issuer ?? issuer).replace('{tenantid}', id))
    return id
  throw new OAuthError(text('asking.tenant-untold'))
}

/**
 * Binds the discovered endpoints of a public issuer to public addresses, however their names are
 * resolved. Endpoints from the settings may be anywhere.
 */
function within(fetch: HttpFetch, { isPublic }: Published, found: readonly string[]): HttpFetch {
  if (!isPublic) return fetch
  const bound = new Set(found.map((url) => new URL(url).href))
  return (url, request) =>
    fetch(url, bound.has(new URL(url).href) ? { ...request, reach: 'public' } : request)
}
