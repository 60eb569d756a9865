import type { GivenTo } from '../store/ports.ts'
import type { RegisteredProvider } from './provider.ts'

/** The registration of a provider as a grant remembers it. */
export function givenTo({
  registration,
  oauth,
}: Pick<RegisteredProvider, 'registration' | 'oauth'>): GivenTo {
  const { clientId, tenant } = registration
  const tokenEndpoint = oauth.tokenEndpoint ?? oauth.issuer
  return {
    clientId,
    ...(tenant !== undefined && { tenant }),
    ...(tokenEndpoint !== undefined && { tokenEndpoint }),
  }
}

/** In which of the settings two registrations differ, and how; undefined where they are the same. */
export function differenceOf(
  given: GivenTo,
  now: GivenTo,
): { what: keyof GivenTo; given: string; now: string } | undefined {
  for (const what of ['clientId', 'tenant', 'tokenEndpoint'] as const) {
    const [before = '', after = ''] = [given[what], now[what]]
    if (before.toLowerCase() !== after.toLowerCase()) return { what, given: before, now: after }
  }
  return undefined
}
