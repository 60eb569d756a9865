import { Failure } from '../../base/failure.ts'
import type { HttpFetch } from '../http/http-fetch.ts'
import { isGuid } from '../presets/microsoft.ts'
import type { RegisteredProvider } from '../provider.ts'
import { isOneTenant } from '../registration-at.ts'
import { type Discoveries, endpointsOf, type Published } from './discoveries.ts'
import { OAuthError } from './oauth-error.ts'

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
