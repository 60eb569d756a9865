import type { Clock } from '../../base/clock.ts'
import type { HttpFetch } from '../../net/http-fetch.ts'
import type { RegisteredProvider } from '../provider.ts'

/** What the token endpoint shows to everybody. */
export interface EndpointLook {
  host: string
  /** It was not set, and the issuer told it. */
  isDiscovered: boolean
  /**
   * How far the clock of this machine is ahead of its, in milliseconds. Absent: it told no time, or
   * one that fits.
   */
  clockAhead?: number
}

/** The difference that providers accept in the times of assertions and ID tokens. */
export const forgivenMilliseconds = 120_000

/**
 * Asks the token endpoint for nothing, which tells the time there (RFC 9110, section 6.6.1).
 * Undefined where a provider has none.
 * @throws NetworkFailure, HttpError, and as `Discoveries.of`
 */
export async function lookAtEndpoint(
  provider: RegisteredProvider,
  fetch: HttpFetch,
  clock: Clock,
): Promise<EndpointLook | undefined> {
  // The discovery loads openid-client.
  const { createDiscoveries, discover } = await import('./discoveries.ts')
  const found = await discover({ provider, fetch }, createDiscoveries(clock))
  const { tokenEndpoint } = found.provider.oauth
  if (tokenEndpoint === undefined) return undefined
  const begun = clock.monotonic()
  const { headers } = await found.fetch(tokenEndpoint, { method: 'GET', headers: {} })
  const told = Date.parse(headers.get('date') ?? '')
  // A cache may stand between; and what the request took is no difference.
  const age = Number(headers.get('age') ?? 0) * 1000 || 0
  const ahead = clock.now() - told - age
  const took = clock.monotonic() - begun
  const isWrong = ahead < -forgivenMilliseconds || ahead - took > forgivenMilliseconds
  return {
    host: new URL(tokenEndpoint).host,
    isDiscovered: provider.oauth.tokenEndpoint === undefined,
    ...(isWrong && { clockAhead: ahead }),
  }
}
