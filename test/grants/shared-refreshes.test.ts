import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import { createTokenBroker } from '../../src/grants/create-token-broker.ts'
import { createSharedRenewals } from '../../src/grants/shared-renewals.ts'
import type { AccessToken } from '../../src/grants/token-broker.ts'
import type { Address } from '../../src/model/address.ts'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import { givenTo } from '../../src/providers/registration.ts'
import type { SharedTokens } from '../../src/store/ports.ts'
import { openStore } from '../../src/store/store.ts'
import { providerAt } from '../providers/token-endpoint.ts'
import { newGrant, newPlace, type Place } from '../store/fixture.ts'
import { changeDatabase } from '../store/raw-database.ts'
import { eventually } from '../support/eventually.ts'
import { bringBack, onPostgres, takeAway } from '../support/postgres-databases.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { type RotatingTokenEndpoint, startRotatingTokenEndpoint } from '../support/rotating-token-endpoint.ts'
import { failureOf } from './fixture.ts'

const me: Address = 'me@example.com'

/** A token broker as a process has it, on a store that others have open as well. */
async function startProcess(place: Place, endpoint: RotatingTokenEndpoint, clientId = 'postern') {
  const log = createRecordingLog()
  const { store, others } = await openStore({ ...place, clock: systemClock, log })
  const http = createHttpFetch({ timeoutSeconds: 5 })
  const provider = {
    ...providerAt(new URL(endpoint.url).origin),
    registration: { clientId, clientSecrets: [] },
  }
  const client = createOAuthClient({ provider, fetch: http.fetch })
  const lapsed: Address[] = []
  const broker = createTokenBroker({
    store,
    oauthClientFor: () => client,
    registrationOf: () => givenTo(provider),
    onLapsed: (mailbox) => void lapsed.push(mailbox),
    shareRenewals: (clock) =>
      createSharedRenewals({
        tokens: others?.tokens as SharedTokens,
        store,
        refreshMarginFor: () => 0,
        registrationOf: () => givenTo(provider),
        clock,
      }),
    clock: systemClock,
    log,
  })
  onTestFinished(async () => {
    await broker.close()
    await http.close()
    await store.close()
  })
  return { broker, store, tokens: others?.tokens as SharedTokens, log, lapsed }
}

const textOf = (token: AccessToken) => token.secret.reveal()

describe.runIf(onPostgres)('two processes with one grant, at an endpoint that forgives no second use', () => {
  let endpoint: RotatingTokenEndpoint
  let place: Place
  let one: Awaited<ReturnType<typeof startProcess>>
  let two: Awaited<ReturnType<typeof startProcess>>

  beforeEach(async () => {
    endpoint = await startRotatingTokenEndpoint()
    place = await newPlace()
    one = await startProcess(place, endpoint)
    two = await startProcess(place, endpoint)
    await one.store.mailboxes.add({ address: me, providerId: 'local', createdAt: 0 })
    const refreshToken = new Secret(endpoint.firstRefreshToken)
    await one.store.grants.adopt(newGrant({ mailbox: me, refreshToken, scopes: ['mail'] }))
  })

  afterEach(async () => {
    expect(endpoint.reused()).toBe(false)
    await endpoint.close()
  })

  it('200 that ask at once get one token, of one refresh', async () => {
    const asked = Array.from({ length: 200 }, (_, place) => (place % 2 ? one : two).broker.accessTokenFor(me))
    const tokens = new Set((await Promise.all(asked)).map(textOf))
    expect([...tokens]).toEqual([endpoint.currentAccessToken()])
    expect(endpoint.rotations()).toBe(1)
  })

  it('what one has got the other takes, with what is left of its life', async () => {
    const first = await one.broker.accessTokenFor(me)
    const second = await two.broker.accessTokenFor(me)
    expect(textOf(second)).toBe(textOf(first))
    expect(second.grant).toEqual(first.grant)
    expect(second.scopes).toEqual(first.scopes)
    expect(second.remainingSeconds()).toBeLessThanOrEqual(first.remainingSeconds())
    expect(second.remainingSeconds()).toBeGreaterThan(3500)
    expect(endpoint.rotations()).toBe(1)
  })

  it('one that the mail server has refused is replaced once, and by one process', async () => {
    const first = await one.broker.accessTokenFor(me)
    const old = await two.broker.accessTokenFor(me)
    const replaced = await one.broker.accessTokenFor(me, { refused: first })
    expect(textOf(replaced)).not.toBe(textOf(first))
    expect(textOf(await two.broker.accessTokenFor(me, { refused: old }))).toBe(textOf(replaced))
    expect(endpoint.rotations()).toBe(2)
  })

  it('a refused one is not taken from the store again', async () => {
    const refused = await one.broker.accessTokenFor(me)
    two.broker.grantChanged(me)
    expect(textOf(await two.broker.accessTokenFor(me, { refused }))).not.toBe(textOf(refused))
    expect(endpoint.rotations()).toBe(2)
  })

  it('an idle grant that both renew at once is renewed once', async () => {
    await Promise.all([one.broker.renew(me), two.broker.renew(me), one.broker.renew(me)])
    expect(endpoint.rotations()).toBe(1)
  })

  it('of many that follow each other none uses a refresh token twice', async () => {
    for (let round = 0; round < 30; round += 1) {
      const [first, second] = await Promise.all([one, two].map(({ broker }) => broker.accessTokenFor(me)))
      if (!first || !second) throw new Error('no token')
      await Promise.all([
        one.broker.accessTokenFor(me, { refused: first }),
        two.broker.accessTokenFor(me, { refused: second }),
      ])
      // A replacement is not replaced within a minute: as a restart forgets that.
      for (const { broker } of [one, two]) broker.grantChanged(me)
      await changeDatabase(place.dataDir, 'delete from shared_tokens')
    }
    expect(endpoint.rotations()).toBeGreaterThanOrEqual(30)
  })

  it('a grant that its provider refuses lapses once, and both know', async () => {
    endpoint.refuse(true)
    const failures = await Promise.all([one, two].map(({ broker }) => failureOf(broker.accessTokenFor(me))))
    expect(failures.map(({ code }) => code)).toEqual(['consent-needed', 'consent-needed'])
    const events = [...one.log.lines, ...two.log.lines].map(({ fields }) => fields)
    expect(events.filter((fields) => 'event' in fields && fields.event === 'grant.lapsed')).toHaveLength(1)
  })

  it('a request that failed in one process is not repeated at once in the other', async () => {
    endpoint.answerOddly({ status: 503, body: {} })
    // The rotation was lost with the answer, so that a second request would be a second use.
    expect((await failureOf(one.broker.accessTokenFor(me))).code).toBe('provider-unavailable')
    expect((await failureOf(two.broker.accessTokenFor(me))).code).toBe('provider-unavailable')
    expect(endpoint.rotations()).toBe(1)
  })

  it('while the database is away nobody asks the provider, and a token in memory serves', async () => {
    const token = await one.broker.accessTokenFor(me)
    await takeAway(place.postgres?.url.reveal() ?? '')
    expect(textOf(await one.broker.accessTokenFor(me))).toBe(textOf(token))
    expect((await failureOf(one.broker.renew(me))).code).toBe('store-unavailable')
    expect((await failureOf(two.broker.accessTokenFor(me))).code).toBe('store-unavailable')
    expect(endpoint.rotations()).toBe(1)
  })

  it('a rotation that comes while the database is away is stored when it is back, and nobody asks meanwhile', async () => {
    const url = place.postgres?.url.reveal() ?? ''
    endpoint.beforeAnswer(() => takeAway(url))
    expect((await failureOf(one.broker.accessTokenFor(me))).code).toBe('store-unavailable')
    endpoint.beforeAnswer(() => {})
    await bringBack(url)
    const token = await eventually('the rotation is stored', () =>
      one.broker.accessTokenFor(me).catch(() => undefined),
    )
    expect(textOf(token)).toBe(endpoint.currentAccessToken())
    expect(textOf(await two.broker.accessTokenFor(me))).toBe(endpoint.currentAccessToken())
    expect(endpoint.rotations()).toBe(1)
  })

  it('an old one of another process serves while the provider gives no new one', async () => {
    const standing = await one.store.grants.standing(me)
    const old = { secret: new Secret('old'), lifeSeconds: 3600, ageMilliseconds: 3_300_000, scopes: [] }
    await one.tokens.put({ ...old, mailbox: me, grantId: standing?.grant?.id ?? '' })
    endpoint.answerOddly({ status: 503, body: {} })
    expect(textOf(await two.broker.accessTokenFor(me))).toBe('old')
    expect(endpoint.rotations()).toBe(1)
  })

  it('one that another registration has got is not taken', async () => {
    await one.broker.accessTokenFor(me)
    const other = await startProcess(place, endpoint, 'another')
    // It asks, and is told what is wrong.
    expect((await failureOf(other.broker.accessTokenFor(me))).id).toBe('grant.given-to-other-client-id')
    expect(endpoint.rotations()).toBe(1)
  })
})
