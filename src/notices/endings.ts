import type { Clock } from '../base/clock.ts'
import { type Ending, grantEndings, registrationEndings } from '../providers/forecast.ts'
import type { Catalogue, RegisteredProvider } from '../providers/provider.ts'
import type { ListedGrant } from '../store/ports.ts'
import type { Condition } from './condition.ts'

const day = 86_400_000

/** Secrets and certificates of registrations that end soon. Each registration is told of once, though several providers may share it. */
export function endingRegistrations(
  catalogue: Pick<Catalogue, 'list' | 'registered'>,
  clock: Pick<Clock, 'now'>,
): Condition[] {
  const byClient = new Map<string, RegisteredProvider[]>()
  for (const { provider, registered } of catalogue.list()) {
    if (!registered) continue
    const one = catalogue.registered(provider.id)
    byClient.set(one.registration.clientId, [...(byClient.get(one.registration.clientId) ?? []), one])
  }
  return [...byClient].flatMap(([clientId, providers]) => {
    const [first] = providers
    if (!first) return []
    const ids = providers.map(({ id }) => id).join(', ')
    return registrationEndings(first.registration).flatMap((ending) => {
      const what = ending.kind === 'certificate' ? 'certificate' : 'client secret'
      const subject = `The ${what} of the registration for ${ids}`
      return conditionOf(ending, clock.now(), {
        key: `ends ${ending.kind} ${clientId}`,
        provider: first.id,
        subject,
        consequence: 'Without it no mailbox there gets an access token.',
      })
    })
  })
}

/** Grants that end soon by what their provider has said. What ends without use only is renewed each day. */
export function endingGrants(
  grants: readonly ListedGrant[],
  catalogue: Pick<Catalogue, 'registered'>,
  clock: Pick<Clock, 'now'>,
): Condition[] {
  return grants
    .filter(({ state }) => state === 'active')
    .flatMap((grant) => {
      const provider = registeredOr(catalogue, grant.providerId)
      const endings = provider ? grantEndings(grant, provider) : []
      const ending = endings.find(({ kind }) => kind !== 'unused')
      if (!ending) return []
      return conditionOf(ending, clock.now(), {
        key: `ends grant ${grant.mailbox}`,
        mailbox: grant.mailbox,
        provider: grant.providerId,
        subject: `The consent for ${grant.mailbox}`,
        consequence: 'No mail leaves from there afterwards until somebody has consented again.',
      })
    })
}

function registeredOr(catalogue: Pick<Catalogue, 'registered'>, id: string): RegisteredProvider | undefined {
  try {
    return catalogue.registered(id)
  } catch {
    return undefined
  }
}

interface Told {
  key: string
  mailbox?: string
  provider: string
  subject: string
  consequence: string
}

function conditionOf(
  { endsAt, daysAhead, fix }: Ending,
  now: number,
  { subject, consequence, ...told }: Told,
): Condition[] {
  const left = endsAt - now
  const step = left <= 0 ? 0 : daysAhead.find((days) => left <= days * day)
  if (step === undefined) return []
  const date = new Date(endsAt).toISOString().slice(0, 10)
  const when = step === 0 ? `has ended on ${date}` : `ends on ${date}`
  return [
    {
      ...told,
      kind: 'ends-soon',
      stage: String(step),
      repeats: false,
      title: step === 0 ? `${subject} has ended` : `${subject} ends in ${inWords(left)}`,
      text: `${subject} ${when}. ${consequence} ${fix}`,
    },
  ]
}

function inWords(left: number): string {
  const days = Math.ceil(left / day)
  return days === 1 ? 'a day' : `${days} days`
}
