import type { ListedGrant } from '../store/ports.ts'
import type { Provider, Registration } from './provider.ts'

/** What will end, and when, if nothing is done. */
export interface Ending {
  /** `unused`: a refresh token that nobody spends. `refresh-token`: the provider has said so. `test-phase`: grants of a registration in a test phase. */
  kind: 'unused' | 'refresh-token' | 'test-phase' | 'client-secret' | 'certificate'
  /** Milliseconds since 1970. */
  endsAt: number
  /** It is told so many days ahead, and when it is there. */
  daysAhead: readonly number[]
  /** A whole sentence. */
  fix: string
}

const day = 86_400_000
/** The soonest first. */
const daysAhead = [1, 7, 14, 30]

export type ForecastGrant = Pick<ListedGrant, 'flow' | 'grantedAt' | 'renewedAt' | 'refreshTokenEndsAt'>

/** What will end a grant by itself, the soonest first. That its person or an administrator may end it at any time, nobody can foretell. */
export function grantEndings(
  { flow, grantedAt, renewedAt, refreshTokenEndsAt }: ForecastGrant,
  { oauth, registration }: Pick<Provider, 'oauth'> & { registration: Registration },
): Ending[] {
  const found: Ending[] = []
  const { unusedDays } = oauth
  const { grantsEndAfterDays } = registration
  if (unusedDays !== undefined)
    found.push({
      kind: 'unused',
      endsAt: renewedAt + unusedDays * day,
      daysAhead: [],
      fix: 'Nothing is to be done: postern renews it each day, as long as it runs.',
    })
  if (refreshTokenEndsAt !== undefined)
    found.push({
      kind: 'refresh-token',
      endsAt: refreshTokenEndsAt,
      // Most providers move it with each renewal, and by more than a week.
      daysAhead: [1, 7],
      fix: 'Unless a renewal moves it, the person has to consent again before.',
    })
  if (grantsEndAfterDays !== undefined)
    found.push({
      kind: 'test-phase',
      endsAt: grantedAt + grantsEndAfterDays * day,
      // Not at its beginning, which somebody has just seen.
      daysAhead: daysAhead.filter((days) => days < grantsEndAfterDays),
      fix: 'Take the registration out of its test phase at the provider, say so in the settings, and have the person consent again.',
    })
  const hasPerson = flow !== 'client-credentials' && flow !== 'service-account'
  return hasPerson ? found.sort(bySoonest) : []
}

/**
 * When what a registration authenticates with ends, as far as somebody has written it down. Secrets overlap: only the end of the last one is the end, and nobody knows that
 * where one has no date.
 */
export function registrationEndings({ clientSecrets, certificate }: Registration): Ending[] {
  if (certificate)
    return [
      {
        kind: 'certificate',
        daysAhead,
        endsAt: certificate.expiresAt,
        fix: 'Give the registration a new certificate at the provider, then put it into the settings with its key, and restart.',
      },
    ]
  const ends = clientSecrets.map(({ expiresAt }) => expiresAt)
  const known = ends.filter((end) => end !== undefined)
  if (known.length === 0 || known.length < ends.length) return []
  return [
    {
      kind: 'client-secret',
      daysAhead,
      endsAt: Math.max(...known),
      fix: 'Make a new client secret at the provider, put it into the settings as the next one, and restart: both work until the first one ends.',
    },
  ]
}

export function bySoonest(one: Ending, other: Ending): number {
  return one.endsAt - other.endsAt
}
