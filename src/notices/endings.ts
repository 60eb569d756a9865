import type { Clock } from '../base/clock.ts'
import type { Address } from '../model/address.ts'
import type { ListedGrant } from '../model/grant.ts'
import { type Expiry, expiryFixes, grantExpiries, registrationExpiries } from '../providers/forecast.ts'
import type { Catalogue, RegisteredProvider } from '../providers/provider.ts'
import type { Condition } from './notices.ts'

const day = 86_400_000

/**
 * Secrets and certificates of registrations that end soon. Each is reported once, though several
 * providers may share its registration.
 */
export function endingRegistrations(
  catalogue: Pick<Catalogue, 'list' | 'registered'>,
  clock: Pick<Clock, 'now'>,
): Condition[] {
  const now = clock.now()
  const sharing = new Map<string, { ending: Expiry; providers: string[] }>()
  for (const { id, registration } of allRegistered(catalogue)) {
    for (const ending of registrationExpiries(registration, now)) {
      // With its date: two servers may have given their clients the same name, and a new secret is
      // reported anew.
      const key = `ends ${ending.kind} ${registration.clientId} ${dateOf(ending)}`
      const before = sharing.get(key)
      sharing.set(key, { ending, providers: [...(before?.providers ?? []), id] })
    }
  }
  return [...sharing].flatMap(([key, { ending, providers }]) => {
    const what = ending.kind.includes('certificate') ? 'certificate' : 'client secret'
    return conditionOf(ending, now, {
      key,
      provider: providers[0] ?? '',
      subject: `The ${what} of the registration for ${providers.join(', ')}`,
      consequence: 'Without it no mailbox there gets an access token.',
    })
  })
}

/** Providers whose registration ends each of its grants after a while. */
export function inTestPhase(catalogue: Pick<Catalogue, 'list' | 'registered'>): string[] {
  return allRegistered(catalogue)
    .filter(({ registration }) => registration.grantsEndAfterDays !== undefined)
    .map(({ id }) => id)
}

function allRegistered(catalogue: Pick<Catalogue, 'list' | 'registered'>): RegisteredProvider[] {
  return catalogue
    .list()
    .filter(({ registered }) => registered)
    .map(({ provider }) => catalogue.registered(provider.id))
}

/**
 * Grants that end soon by what their provider has said. What ends without use only is renewed each
 * day.
 */
export function endingGrants(
  grants: readonly ListedGrant[],
  catalogue: Pick<Catalogue, 'registered'>,
  clock: Pick<Clock, 'now'>,
): Condition[] {
  return grants
    .filter(({ state }) => state === 'active')
    .flatMap((grant) => {
      const provider = registeredOr(catalogue, grant.providerId)
      const endings = provider ? grantExpiries(grant, provider) : []
      return endings.flatMap((ending) =>
        conditionOf(ending, clock.now(), {
          key: `ends ${ending.kind} ${grant.mailbox}`,
          mailbox: grant.mailbox,
          provider: grant.providerId,
          subject: `The consent for ${grant.mailbox}`,
          consequence: 'No mail leaves from there afterwards until somebody has consented again.',
        }),
      )
    })
}

function registeredOr(catalogue: Pick<Catalogue, 'registered'>, id: string): RegisteredProvider | undefined {
  try {
    return catalogue.registered(id)
  } catch {
    return undefined
  }
}

interface EndingSubject {
  key: string
  mailbox?: Address
  provider: string
  subject: string
  consequence: string
}

function conditionOf(
  ending: Expiry,
  now: number,
  { subject, consequence, ...about }: EndingSubject,
): Condition[] {
  const left = ending.endsAt - now
  const step = ending.daysAhead.find((days) => left <= days * day)
  if (step === undefined) return []
  const when = step === 0 ? 'has ended on' : 'ends on'
  return [
    {
      ...about,
      kind: 'ends-soon',
      stage: String(step),
      repeats: false,
      title: step === 0 ? `${subject} has ended` : `${subject} ends in ${inWords(left)}`,
      text: `${subject} ${when} ${dateOf(ending)}. ${consequence} ${expiryFixes[ending.kind].en}`,
    },
  ]
}

function dateOf({ endsAt }: Expiry): string {
  return new Date(endsAt).toISOString().slice(0, 10)
}

function inWords(left: number): string {
  const days = Math.ceil(left / day)
  return days === 1 ? 'a day' : `${days} days`
}
