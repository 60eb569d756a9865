import { lazy } from '../../base/async.ts'
import { type Clock, systemClock } from '../../base/clock.ts'
import { Failure } from '../../base/failure.ts'
import type { createHttpFetch } from '../../net/http-fetch.ts'
import type { Catalogue, RegisteredProvider } from '../provider.ts'
import type { OAuthClientDeps } from './create-oauth-client.ts'
import type { Discoveries } from './discoveries.ts'
import { judge, type OAuthClient, type TokenVerdict } from './oauth-client.ts'

/** A request for tokens that has ended. Polls of the device flow are none: most are asked too early. */
export interface TokenRequest {
  provider: string
  flow: 'code' | 'refresh' | 'app-only'
  /** What a failed one means. */
  outcome: 'granted' | TokenVerdict['kind']
}

type NoteEnd = <T>(flow: TokenRequest['flow'], ask: () => Promise<T>) => Promise<T>

export type HttpVia = Pick<ReturnType<typeof createHttpFetch>, 'via'>

/**
 * Creates one client for each provider, on first use, and a new one when its registration has
 * changed; who has begun with the old one ends with it.
 * @returns a function that throws as `Catalogue.registered` does
 */
export function createOAuthClients({
  catalogue,
  http,
  clock,
  onTokenRequest,
}: {
  catalogue: Pick<Catalogue, 'registered'>
  http: HttpVia
  clock?: Pick<Clock, 'now' | 'monotonic'>
  onTokenRequest?: (request: TokenRequest) => void
}): (providerId: string) => OAuthClient {
  const clients = new Map<string, { client: OAuthClient; provider: RegisteredProvider }>()
  const discoveries = lazy(async () => {
    const { createDiscoveries } = await import('./discoveries.ts')
    return createDiscoveries(clock ?? systemClock)
  })

  return (providerId) => {
    const provider = catalogue.registered(providerId)
    const known = clients.get(providerId)
    if (known?.provider === provider) return known.client
    const deps = { provider, fetch: http.via(provider.proxy), ...(clock && { clock }) }
    const client = lateClient(deps, discoveries, noteEnds(providerId, onTokenRequest))
    clients.set(providerId, { client, provider })
    return client
  }
}

/**
 * openid-client and its dependencies are loaded with the first request, so a start does without
 * them.
 */
function lateClient(
  deps: OAuthClientDeps,
  discoveries: () => Promise<Discoveries>,
  noted: NoteEnd,
): OAuthClient {
  const client = lazy(async () => {
    const { createOAuthClient } = await import('./create-oauth-client.ts')
    return createOAuthClient({ ...deps, discoveries: await discoveries() })
  })
  return {
    authorizationUrl: async (request) => (await client()).authorizationUrl(request),
    exchangeCode: (callback, checks) =>
      noted('code', async () => (await client()).exchangeCode(callback, checks)),
    refresh: (refreshToken, granted, before) =>
      noted('refresh', async () => (await client()).refresh(refreshToken, granted, before)),
    beginDevice: async () => (await client()).beginDevice(),
    pollDevice: async (deviceCode) => (await client()).pollDevice(deviceCode),
    appOnlyToken: (flow, mailbox) =>
      noted('app-only', async () => (await client()).appOnlyToken(flow, mailbox)),
    revoke: async (refreshToken) => (await client()).revoke(refreshToken),
  }
}

function noteEnds(provider: string, note: (request: TokenRequest) => void = () => {}): NoteEnd {
  return async (flow, ask) => {
    try {
      const answer = await ask()
      note({ provider, flow, outcome: 'granted' })
      return answer
    } catch (error) {
      // The exchange of a code is judged already.
      const needsConsent = error instanceof Failure && error.code === 'consent-needed'
      note({ provider, flow, outcome: needsConsent ? 'consent-needed' : judge(error).kind })
      throw error
    }
  }
}
