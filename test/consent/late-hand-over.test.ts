import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import { Failure } from '../../src/base/failure.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { createConsentService } from '../../src/consent/create-consent-service.ts'
import { createTokenBroker } from '../../src/grants/create-token-broker.ts'
import { createMailboxes } from '../../src/mailboxes/create-mailboxes.ts'
import type { ActiveGrant } from '../../src/model/grant.ts'
import type { OAuthClient } from '../../src/providers/oauth/oauth-client.ts'
import { followStore } from '../../src/store/followed-store.ts'
import { createPassingMemory } from '../../src/store/unmarked-stores.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { onPostgres } from '../support/postgres-databases.ts'
import { registeredProvider } from '../support/registered-provider.ts'
import { goodAnswer, scriptedOAuthClient } from '../support/scripted-oauth-client.ts'
import { browser, callbackOf } from './consent-set-up.ts'

const mailbox = 'me@example.com'
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Consents, mailboxes and tokens over one store, as the house has them, with two providers that know their own tokens. */
async function setUp(random: () => number = () => 0) {
  const [plain, clock] = [createMemoryStore(), createManualClock()]
  /** Between the transaction of a consent and the moment that anybody hears of it. */
  const seam = { afterAdoption: async (_: ActiveGrant) => {} }
  const { adopt } = plain.grants
  plain.grants.adopt = async (...given) => {
    const adopted = await adopt(...given)
    await seam.afterAdoption(adopted)
    return adopted
  }
  const { store, follow } = followStore(plain)
  /** Refresh tokens that came to a provider which had not given them. */
  const strays: string[] = []
  let count = 0
  const clientOf = (id: string): OAuthClient => {
    const pause = async () => {
      for (let turns = Math.floor(random() * 4); turns > 0; turns -= 1) await turn()
    }
    const fresh = () => {
      count += 1
      const [accessToken, refreshToken] = [
        new Secret(`${id}-access-${count}`),
        new Secret(`${id}-refresh-${count}`),
      ]
      return goodAnswer({ accessToken, refreshToken })
    }
    const own = (refreshToken: Secret) => {
      if (!refreshToken.reveal().startsWith(`${id}-`)) strays.push(`${refreshToken.reveal()} to ${id}`)
    }
    return {
      ...scriptedOAuthClient(goodAnswer()),
      async exchangeCode() {
        await pause()
        return fresh()
      },
      async refresh(refreshToken) {
        own(refreshToken)
        await pause()
        return fresh()
      },
      async revoke(refreshToken) {
        own(refreshToken)
        return 'revoked'
      },
    }
  }
  const clients = new Map(['one', 'two'].map((id) => [id, clientOf(id)]))
  const oauthClientFor = (id: string) => clients.get(id) ?? clientOf(id)
  const catalogue = {
    registered: (id: string) => registeredProvider({ id }),
    list: () => ['one', 'two'].map((id) => ({ provider: registeredProvider({ id }), registered: true })),
  }
  const common = { store, catalogue, oauthClientFor, clock, log: silentLog }
  const tokens = createTokenBroker({ ...common, onLapsed() {}, random: () => 0 })
  const grantChanged: typeof tokens.grantChanged = (...change) => tokens.grantChanged(...change)
  follow({ mailboxChanged: grantChanged })
  const consent = createConsentService({
    ...common,
    passing: createPassingMemory(clock),
    keyedHash: (purpose, value) => createHmac('sha256', purpose).update(value).digest('base64url'),
    publicUrl: new URL('http://localhost:8587'),
    limits: { consentSeconds: 600, consentLinkSeconds: 86_400 },
    grantChanged,
  })
  const mailboxes = createMailboxes({ ...common, outcomes: async () => [], renewalSeconds: 86_400 })
  await mailboxes.add({ address: mailbox, provider: 'one' })
  return {
    seam,
    store,
    mailboxes,
    tokens,
    strays,
    async consent(): Promise<void> {
      const { authorizationUrl } = await consent.begin({ mailbox }, browser)
      await consent.complete(callbackOf(authorizationUrl), browser)
    },
    token: async () => (await tokens.accessTokenFor(mailbox)).secret.reveal(),
  }
}

const replace = { address: mailbox, replace: true }

it.each([
  ['is replaced by another provider', { provider: 'two' }, /has lapsed/],
  ['is replaced by another person', { provider: 'one', signsInAs: 'boss@example.com' }, /has lapsed/],
  [
    'gets the grant of another provider',
    { provider: 'two', refreshToken: new Secret('two-refresh-0') },
    /two-/,
  ],
])(
  'a mailbox that %s between a consent and its hand-over gives no token of that consent',
  async (_, change, then) => {
    const house = await setUp()
    house.seam.afterAdoption = async () => void (await house.mailboxes.add({ ...replace, ...change }))
    await house.consent()
    const given = await house.token().catch((error: unknown) => (error as Failure).message)
    expect(given).toMatch(then)
    expect(house.strays).toEqual([])
  },
)

it('a mailbox that is removed and added between a consent and its hand-over has none', async () => {
  const house = await setUp()
  house.seam.afterAdoption = async () => {
    await house.mailboxes.remove(mailbox)
    await house.mailboxes.add({ address: mailbox, provider: 'one' })
  }
  await house.consent()
  await expect(house.token()).rejects.toMatchObject({ code: 'consent-needed' })
})

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

it('whatever comes between what, each token is of its provider, and the last is of the grant that there is', async () => {
  // Each has a database of its own, which is not made at once on a server.
  const count = onPostgres ? 3 : 150
  const seeds = Array.from({ length: count }, (_, place) => Number(process.env.SEED ?? Date.now()) + place)
  for (const seed of seeds) {
    const random = randomFrom(seed)
    const house = await setUp(random)
    house.seam.afterAdoption = async () => {
      for (let turns = Math.floor(random() * 5); turns > 0; turns -= 1) await turn()
    }
    const deeds = [
      house.consent,
      house.consent,
      () => house.mailboxes.add({ ...replace, provider: 'one' }),
      () => house.mailboxes.add({ ...replace, provider: 'two' }),
      () => house.mailboxes.remove(mailbox),
      () => house.mailboxes.add({ ...replace, provider: 'two', refreshToken: new Secret('two-refresh-0') }),
      checkedToken,
      checkedToken,
      checkedToken,
    ]
    async function checkedToken(): Promise<void> {
      const { secret, grant } = await house.tokens.accessTokenFor(mailbox)
      if (!secret.reveal().startsWith(`${grant.providerId}-`)) house.strays.push(secret.reveal())
    }
    const underway = Array.from({ length: 12 }, async () => {
      for (let turns = Math.floor(random() * 12); turns > 0; turns -= 1) await turn()
      await deeds[Math.floor(random() * deeds.length)]?.()
    })
    const ended = await Promise.allSettled(underway)
    const faults = ended.flatMap((one) =>
      one.status === 'rejected' && !(one.reason instanceof Failure) ? [one.reason] : [],
    )
    const last = await house.tokens.accessTokenFor(mailbox).catch(() => undefined)
    const standing = await house.store.grants.standing(mailbox)
    const current = standing?.grant?.state === 'active' ? standing.grant.id : undefined
    expect({ seed, strays: house.strays, faults, last: last?.grant.id }).toEqual({
      seed,
      strays: [],
      faults: [],
      last: current,
    })
    if (last) expect([seed, last.grant.providerId]).toEqual([seed, standing?.providerId])
  }
})
