import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { ListedGrant } from '../../src/model/grant.ts'
import { endingGrants, endingRegistrations, inTestPhase } from '../../src/notices/endings.ts'
import { createNotifier } from '../../src/notices/notifier.ts'
import type { Registration } from '../../src/providers/provider.ts'
import { handClock, memoryLog } from '../grants/fixture.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { registeredProvider } from '../support/registered-provider.ts'

const daySeconds = 86_400
const day = daySeconds * 1000

function catalogueWith(registration: () => Registration) {
  const of = (id: string) => ({ ...registeredProvider({ id }), registration: registration() })
  return {
    registered: of,
    list: () => ['microsoft', 'outlook'].map((id) => ({ provider: of(id), registered: true })),
  }
}

/** What is told, day by day, by a notifier that is made anew each day: as after a restart. */
async function tellEachDay(
  days: number,
  conditions: (clock: ReturnType<typeof handClock>) => ReturnType<typeof endingGrants>,
): Promise<string[]> {
  const clock = handClock()
  const { notices } = createMemoryStore()
  const heard: string[] = []
  for (let passed = 0; passed < days; passed += 1) {
    const notifier = createNotifier({
      channels: [
        { name: 'webhook', deliver: async ({ title }) => void heard.push(`day ${passed}: ${title}`) },
      ],
      conditions: [async () => conditions(clock)],
      urgent: async () => [],
      notices,
      createLink: async () => ({ url: 'https://postern.example/consent/x', expiresAt: 'tomorrow' }),
      reminderSeconds: daySeconds,
      clock,
      log: memoryLog().log,
    })
    await notifier.look()
    await notifier.look()
    clock.pass(daySeconds)
  }
  return heard
}

describe('a client secret that ends', () => {
  const start = handClock().now()

  it('a client secret is told of 30, 14, 7 and 1 days ahead and when it has ended, once each, for all providers that share it', async () => {
    const clientSecrets = [{ value: new Secret('s'), expiresAt: start + 40 * day }]
    const catalogue = catalogueWith(() => ({ clientId: 'app', clientSecrets }))
    const heard = await tellEachDay(50, (clock) => endingRegistrations(catalogue, clock))
    const subject = 'The client secret of the registration for microsoft, outlook'
    expect(heard).toEqual([
      `day 10: ${subject} ends in 30 days`,
      `day 26: ${subject} ends in 14 days`,
      `day 33: ${subject} ends in 7 days`,
      `day 39: ${subject} ends in a day`,
      `day 40: ${subject} has ended`,
    ])
  })

  it('a client secret is told of no more when the next one is there, and that one is told of in its time', async () => {
    let clientSecrets = [{ value: new Secret('s'), expiresAt: start + 20 * day }]
    const catalogue = catalogueWith(() => ({ clientId: 'app', clientSecrets }))
    const heard = await tellEachDay(60, (clock) => {
      if (clock.now() >= start + 5 * day && clientSecrets.length === 1)
        clientSecrets = [...clientSecrets, { value: new Secret('t'), expiresAt: start + 80 * day }]
      return endingRegistrations(catalogue, clock)
    })
    expect(heard.map((line) => line.replace(/: .* ends/, ' ends'))).toEqual([
      'day 0 ends in 20 days',
      'day 50 ends in 30 days',
    ])
  })

  it('a client secret after another one that ends as soon is told of anew', async () => {
    const until = (days: number) => [{ value: new Secret('s'), expiresAt: start + days * day }]
    let clientSecrets = until(12)
    const catalogue = catalogueWith(() => ({ clientId: 'app', clientSecrets }))
    const heard = await tellEachDay(5, (clock) => {
      if (clock.now() >= start + 2 * day) clientSecrets = until(16)
      return endingRegistrations(catalogue, clock)
    })
    expect(heard.map((line) => line.replace(/: .* ends/, ' ends'))).toEqual([
      'day 0 ends in 12 days',
      'day 2 ends in 14 days',
    ])
  })

  it('a client secret is told of at each of two servers whose clients have the same name', () => {
    const of = (id: string) => {
      const expiresAt = start + (id === 'one' ? 5 : 20) * day
      const registration = { clientId: 'postern', clientSecrets: [{ value: new Secret('s'), expiresAt }] }
      return { ...registeredProvider({ id }), registration }
    }
    const list = () => ['one', 'two'].map((id) => ({ provider: of(id), registered: true }))
    expect(
      endingRegistrations({ registered: of, list }, handClock()).map(({ provider, stage }) => [
        provider,
        stage,
      ]),
    ).toEqual([
      ['one', '7'],
      ['two', '30'],
    ])
  })
})

it('a certificate that ends is told of in its own words, until a new one is there', async () => {
  const start = handClock().now()
  const certificate = { thumbprint: 't', key: new Secret('k'), expiresAt: start + 8 * day }
  const catalogue = catalogueWith(() => ({ clientId: 'app', clientSecrets: [], certificate }))
  const heard = await tellEachDay(20, (clock) => {
    if (clock.now() >= start + 3 * day) certificate.expiresAt = start + 400 * day
    return endingRegistrations(catalogue, clock)
  })
  const subject = 'The certificate of the registration for microsoft, outlook'
  expect(heard).toEqual([`day 0: ${subject} ends in 8 days`, `day 1: ${subject} ends in 7 days`])
})

it('one registration that ends its grants is one in a test phase', () => {
  const of = (id: string) => ({
    ...registeredProvider({ id }),
    registration: { clientId: id, clientSecrets: [], ...(id === 'google' && { grantsEndAfterDays: 7 }) },
  })
  const list = () => ['google', 'microsoft'].map((id) => ({ provider: of(id), registered: true }))
  expect(inTestPhase({ registered: of, list })).toEqual(['google'])
})

describe('a consent that ends', () => {
  const grant = (change: Partial<ListedGrant>): ListedGrant =>
    ({
      id: 'g',
      mailbox: 'me@example.com',
      version: 1,
      state: 'active',
      flow: 'authorization-code',
      scopes: [],
      grantedAt: handClock().now(),
      renewedAt: handClock().now(),
      providerId: 'google',
      ...change,
    }) as ListedGrant
  const catalogue = (registration: Partial<Registration> = {}) =>
    catalogueWith(() => ({ clientId: 'app', clientSecrets: [], ...registration }))

  it('the seven days of a test phase are told of a day ahead, not at their beginning', async () => {
    const heard = await tellEachDay(9, (clock) =>
      endingGrants([grant({})], catalogue({ grantsEndAfterDays: 7 }), clock),
    )
    expect(heard).toEqual([
      'day 6: The consent for me@example.com ends in a day',
      'day 7: The consent for me@example.com has ended',
    ])
  })

  it('an end is told of once where the provider says the same end, too', async () => {
    const both = grant({ refreshTokenEndsAt: handClock().now() + 7 * day - 1000 })
    const heard = await tellEachDay(9, (clock) =>
      endingGrants([both], catalogue({ grantsEndAfterDays: 7 }), clock),
    )
    expect(heard).toHaveLength(2)
  })

  it('an end on a fixed day is told of, though the grant is renewed each day', async () => {
    const ends = handClock().now() + 40 * day
    const heard = await tellEachDay(40, (clock) =>
      endingGrants([grant({ renewedAt: clock.now(), refreshTokenEndsAt: ends })], catalogue(), clock),
    )
    expect(heard).toEqual([
      'day 33: The consent for me@example.com ends in 7 days',
      'day 39: The consent for me@example.com ends in a day',
    ])
  })

  it.each([14, 7.5, 0.2])('an end that moves with each renewal is no news: %d days of life', async (life) => {
    const heard = await tellEachDay(60, (clock) => {
      // Seen when the next renewal, daily or at half its life, is about to come.
      const renewedAt = clock.now() - Math.min(life / 2, 0.95) * day
      return endingGrants(
        [grant({ renewedAt, refreshTokenEndsAt: renewedAt + life * day })],
        catalogue(),
        clock,
      )
    })
    expect(heard).toEqual([])
  })

  it('a grant that ends only by not being used, or that has lapsed, is no news here', async () => {
    const unused = {
      ...catalogue(),
      registered: (id: string) => {
        const usual = registeredProvider({ id })
        return { ...usual, oauth: { ...usual.oauth, unusedDays: 3 } }
      },
    }
    const lapsed = grant({
      state: 'lapsed',
      since: 0,
      reason: 'r',
      refreshTokenEndsAt: 1,
    } as Partial<ListedGrant>)
    expect(await tellEachDay(5, (clock) => endingGrants([grant({}), lapsed], unused, clock))).toEqual([])
  })
})
