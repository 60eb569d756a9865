import { lazy } from '../../base/async.ts'
import { type Clock, systemClock } from '../../base/clock.ts'
import type { createHttpFetch } from '../../net/http-fetch.ts'
import type { Catalogue } from '../provider.ts'
import type { OAuthClientDeps } from './create-oauth-client.ts'
import type { Discoveries } from './discoveries.ts'
import type { OAuthClient } from './oauth-client.ts'

export type HttpVia = Pick<ReturnType<typeof createHttpFetch>, 'via'>

/**
 * Creates one client for each provider, on first use.
 * @returns a function that throws as `Catalogue.registered` does
 */
export function createOAuthClients({
  catalogue,
  http,
  clock,
}: {
  catalogue: Pick<Catalogue, 'registered'>
  http: HttpVia
  clock?: Pick<Clock, 'now' | 'monotonic'>
}): (providerId: string) => OAuthClient {
  const clients = new Map<string, OAuthClient>()
  const discoveries = lazy(async () => {
    const { createDiscoveries } = await import('./discoveries.ts')
    return createDiscoveries(clock ?? systemClock)
  })

  return (providerId) => {
    const known = clients.get(providerId)
    if (known) return known
    const provider = catalogue.registered(providerId)
    const deps = { provider, fetch: http.via(provider.proxy), ...(clock && { clock }) }
    const client = lateClient(deps, discoveries)
    clients.set(providerId, client)
    return client
  }
}

/**
 * openid-client and its dependencies are loaded with the first request, so a start does without
 * them.
 */
function lateClient(deps: OAuthClientDeps, discoveries: () => Promise<Discoveries>): OAuthClient {
  const client = lazy(async () => {
    const { createOAuthClient } = await import('./create-oauth-client.ts')
    return createOAuthClient({ ...deps, discoveries: await discoveries() })
  })
  return {
    authorizationUrl: async (request) => (await client()).authorizationUrl(request),
    exchangeCode: async (callback, checks) => (await client()).exchangeCode(callback, checks),
    refresh: async (refreshToken, granted) => (await client()).refresh(refreshToken, granted),
    beginDevice: async () => (await client()).beginDevice(),
    pollDevice: async (deviceCode) => (await client()).pollDevice(deviceCode),
    appOnlyToken: async (flow, mailbox) => (await client()).appOnlyToken(flow, mailbox),
    revoke: async (refreshToken) => (await client()).revoke(refreshToken),
  }
}
