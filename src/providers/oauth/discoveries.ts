import { LRUCache } from 'lru-cache'
import * as openid from 'openid-client'
import { printable } from '../../base/address.ts'
import type { Clock } from '../../base/clock.ts'
import { Failure } from '../../base/failure.ts'
import { isGuid, readUrl } from '../../base/text.ts'
import type { HttpFetch } from '../../net/http-fetch.ts'
import { HttpError, NetworkFailure } from '../../net/network-failure.ts'
import { isLoopbackHost, isPrivateHost, OutOfReach, type Reach } from '../../net/reach.ts'
import type { RegisteredProvider } from '../provider.ts'
import { isOneTenant } from '../registration.ts'
import { OAuthError } from './oauth-client.ts'

/** What an issuer publishes of itself. */
export interface Published {
  metadata: openid.ServerMetadata
  /** The issuer is somewhere in the Internet: what it publishes must not lead into the house. */
  isPublic: boolean
}

/**
 * Asks issuers for their endpoints, each once at a time whoever wants to know, and again after a second if it failed: those who come together share a failure, and
 * nobody waits for one that is over.
 */
export interface Discoveries {
  /** By OpenID Connect Discovery, or where there is none by RFC 8414. @throws OAuthError when neither can be had, OutOfReach, NetworkFailure when nobody is reached; Failure `configuration` when it leads where it must not */
  of(issuer: string, fetch: HttpFetch): Promise<Published>
}

const failureMilliseconds = 1000
const mostIssuers = 100

export function createDiscoveries({ monotonic }: Pick<Clock, 'monotonic'>): Discoveries {
  // For each way to the issuers: a proxy may reach others than we do.
  const ways = new WeakMap<HttpFetch, LRUCache<string, { published: Promise<Published>; until: number }>>()

  return {
    of(issuer, fetch) {
      const known = ways.get(fetch) ?? new LRUCache({ max: mostIssuers })
      ways.set(fetch, known)
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
  // An issuer in the house may lead wherever it likes; but it has to be there, and not only to seem so to one of two questions.
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
  const ways = ['oidc', 'oauth2'] as const
  const reasons: string[] = []
  for (const algorithm of ways) {
    try {
      return await metadataBy(algorithm, issuer, (url, request) => fetch(url, { ...request, reach }))
    } catch (error) {
      if (error instanceof Error && error.cause instanceof OutOfReach) throw error.cause
      // The second question would go the same way.
      if (error instanceof Error && error.cause instanceof NetworkFailure)
        throw undiscovered(issuer, error.cause)
      reasons.push(reasonOf(error))
    }
  }
  throw new OAuthError(`the endpoints of ${issuer} cannot be discovered: ${[...new Set(reasons)].join('; ')}`)
}

/** The trouble of the way keeps its code and advice. */
function undiscovered(issuer: string, { code, message, fix, cause }: NetworkFailure): NetworkFailure {
  const details = { cause, ...(fix !== undefined && { fix }) }
  return new NetworkFailure(code, `The endpoints of ${issuer} cannot be discovered: ${message}`, details)
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
  if (error.cause instanceof HttpError) return error.cause.message
  if (error instanceof HttpError) return error.message
  const status = (error.cause as { status?: unknown } | undefined)?.status
  return typeof status === 'number' ? `HTTP status ${status}` : error.message
}

/** Those that postern, or a browser that it sends there, goes to. */
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

/** TLS does not end on the way, and the Internet names no place in the house. What a name stands for is seen when it is connected to. */
function requireFitting(issuer: string, name: string, text: string, { isPublic }: Published): void {
  const url = readUrl(text)
  const plain = url?.protocol === 'http:' && new URL(issuer).protocol === 'http:'
  const fits = url && (url.protocol === 'https:' || plain) && url.username === '' && url.password === ''
  if (fits && !(isPublic && isPrivateHost(url.hostname))) return
  const where = url ? printable(`${url.protocol}//${url.host}`) : 'something that is no URL'
  throw new Failure('configuration', `${issuer} publishes as its ${name} ${where}, which it must not`, {
    fix: 'An issuer with https may lead to https only, and one in the Internet to no private address. Check the issuer, or give its endpoints in the providers file.',
  })
}

/** A provider with what is known of it by now, and the way to its endpoints. */
export interface Known {
  provider: RegisteredProvider
  fetch: HttpFetch
}

/**
 * A provider without endpoints, with those that its issuer publishes. What the providers file has stays as it is there.
 * @throws as `Discoveries.of`
 */
export async function discover(known: Known, discoveries: Discoveries): Promise<Known> {
  const { provider, fetch } = known
  const { oauth } = provider
  if (oauth.tokenEndpoint !== undefined || oauth.issuer === undefined) return known
  const published = await discoveries.of(oauth.issuer, fetch)
  const found = endpointsOf(published.metadata)
  // The providers file has no word for it: what the provider promises of itself counts (RFC 9207, section 3).
  const authorizationResponseIss =
    oauth.authorizationResponseIss ||
    published.metadata.authorization_response_iss_parameter_supported === true
  return {
    provider: { ...provider, oauth: { ...found, ...oauth, authorizationResponseIss } },
    fetch: within(fetch, published, Object.values(found)),
  }
}

/**
 * The same with the keys that its ID tokens are signed with, from the issuer where the settings have none.
 * @throws as `Discoveries.of`; Failure `configuration` where the issuer publishes none
 */
export async function withKeys(known: Known, discoveries: Discoveries): Promise<Known> {
  const { provider, fetch } = known
  const { issuer, jwksUri } = provider.oauth
  if (jwksUri !== undefined || issuer === undefined) return known
  const published = await discoveries.of(issuer, fetch)
  const found = published.metadata.jwks_uri
  if (found === undefined)
    throw new Failure('configuration', `${provider.name} publishes no keys to check its signatures with`, {
      fix: 'Give them as jwksUri in the providers file; nobody signs in to the pages without.',
    })
  return {
    provider: { ...provider, oauth: { ...provider.oauth, jwksUri: found } },
    fetch: within(fetch, published, [found]),
  }
}

/**
 * The same with its userinfo endpoint, from the issuer where the settings have none.
 * @throws as `Discoveries.of`; OAuthError where the issuer publishes none
 */
export async function withUserInfoEndpoint(known: Known, discoveries: Discoveries): Promise<Known> {
  const { provider, fetch } = known
  const { issuer, userinfoEndpoint } = provider.oauth
  if (userinfoEndpoint !== undefined) return known
  const published = issuer === undefined ? undefined : await discoveries.of(issuer, fetch)
  const found = published?.metadata.userinfo_endpoint
  if (!published || found === undefined) throw new OAuthError(`${provider.name} has no userinfo endpoint`)
  return {
    provider: { ...provider, oauth: { ...provider.oauth, userinfoEndpoint: found } },
    fetch: within(fetch, published, [found]),
  }
}

/**
 * A registration in a tenant of Entra that goes by a domain, with the tenant's id instead: only that can be compared with the `tid` of an ID token.
 * @throws OAuthError when Entra does not tell it
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

/** The issuer that the tenant's authority publishes names it. */
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
  throw new OAuthError('Entra does not tell the id of the tenant: set that in place of its domain')
}

/** What a public issuer leads to is in the Internet, whenever its names are resolved. The settings' own endpoints may be anywhere. */
function within(fetch: HttpFetch, { isPublic }: Published, found: readonly string[]): HttpFetch {
  if (!isPublic) return fetch
  const bound = new Set(found.map((url) => new URL(url).href))
  return (url, request) =>
    fetch(url, bound.has(new URL(url).href) ? { ...request, reach: 'public' } : request)
}
