import { createOAuthClient } from './create-oauth-client.ts'
import type { HttpFetch } from './http-fetch.ts'
import type { OAuthClient } from './oauth-client.ts'
import type { Catalogue } from './provider.ts'

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
    const client = createOAuthClient({ provider: catalogue.registered(providerId), fetch })
    clients.set(providerId, client)
    return client
  }
}
