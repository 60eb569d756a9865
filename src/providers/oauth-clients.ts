import { lazy } from '../base/lazy.ts'
import type { HttpFetch } from './http-fetch.ts'
import type { OAuthClient } from './oauth-client.ts'
import type { Catalogue, RegisteredProvider } from './provider.ts'

/**
 * One client for each provider, made when it is first asked for.
 * @returns a function that throws as `Catalogue.registered` does
 */
export function createOAuthClients({
  catalogue,
  fetch,
}: {
  catalogue: Pick<Catalogue, 'registered'>
  fetch: HttpFetch
}): (providerId: string) => OAuthClient {
  const clients = new Map<string, OAuthClient>()

  return (providerId) => {
    const known = clients.get(providerId)
    if (known) return known
    const client = lateClient(catalogue.registered(providerId), fetch)
    clients.set(providerId, client)
    return client
  }
}

/** openid-client and what it needs are loaded with the first question to a provider: until then a postern starts and waits without them. */
function lateClient(provider: RegisteredProvider, fetch: HttpFetch): OAuthClient {
  const client = lazy(async () => {
    const { createOAuthClient } = await import('./create-oauth-client.ts')
    return createOAuthClient({ provider, fetch })
  })
  return {
    authorizationUrl: async (request) => (await client()).authorizationUrl(request),
    exchangeCode: async (callback, checks) => (await client()).exchangeCode(callback, checks),
    refresh: async (refreshToken) => (await client()).refresh(refreshToken),
    beginDevice: async () => (await client()).beginDevice(),
    pollDevice: async (deviceCode) => (await client()).pollDevice(deviceCode),
    withoutPerson: async (flow, mailbox) => (await client()).withoutPerson(flow, mailbox),
    revoke: async (refreshToken) => (await client()).revoke(refreshToken),
  }
}
