import { describe, expect, it } from 'vitest'
import { createKeepAlive } from '../../src/grants/keep-alive.ts'
import { tokens } from '../providers/token-endpoint.ts'
import { failureOf, me, startBroker, startEach } from './fixture.ts'

let house: Awaited<ReturnType<typeof startBroker>>

startEach(startBroker, (started) => {
  house = started
})

const invalidGrant = { status: 400, json: { error: 'invalid_grant' } }
const hour = 3600

/** One use, by which the grant is known to be of the registration in the settings. */
async function use(): Promise<void> {
  house.endpoint.answer(tokens('first', { refresh_token: 'refresh-2' }))
  await house.token()
  house.clock.pass(2 * hour)
}

/** Its provider says that the grant has ended. */
async function lapse(): Promise<void> {
  house.endpoint.answer(invalidGrant)
  expect(await failureOf(house.token())).toMatchObject({ code: 'consent-needed' })
  expect(await house.store.grantOf(me)).toMatchObject({ state: 'lapsed' })
}

function keepAlive() {
  const { broker, clock, store, registrationOf } = house
  const renewalSeconds = 30 * 24 * hour
  const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }
  const grants = { ...store.ports.grants, unusedSince: async () => [], endingBy: async () => [] }
  return createKeepAlive({ grants, tokens: broker, registrationOf, renewalSeconds, clock, log })
}

describe('a refusal of a grant that was given to another registration than the settings have', () => {
  it.each([
    ['client id', { clientId: 'mistyped' }, 'the client id was postern then, and is mistyped'],
    ['tenant', { tenant: 'elsewhere' }, 'the tenant was none then, and is elsewhere'],
    ['token endpoint', { tokenEndpoint: 'https://x.example/token' }, 'the token endpoint was https://login'],
  ])(
    'a refusal (another %s) is a mistake of the set-up, and the grant works again when it is set back',
    async (_what, changes, words) => {
      await use()
      house.register(changes)
      house.endpoint.answer(invalidGrant, invalidGrant)
      for (let once = 0; once < 2; once += 1) {
        const failure = await failureOf(house.token())
        expect(failure).toMatchObject({
          code: 'provider-setup',
          message: expect.stringContaining(words),
          fix: expect.stringMatching(/^Set it back/),
        })
        house.clock.pass(900)
      }
      expect(await house.store.grantOf(me)).toMatchObject({ state: 'active' })
      expect(house.lapsed).toEqual([])

      house.register({ clientId: 'postern', tokenEndpoint: 'https://login.example.com/token', tenant: '' })
      house.endpoint.answer(tokens('second'))
      expect(await house.token()).toBe('second')
    },
  )

  it('what a refresh brings that was asked as another registration is kept, and asked for once more as the one there is now', async () => {
    let release = () => {}
    const after = new Promise<void>((resolve) => {
      release = resolve
    })
    house.endpoint.answer({ ...tokens('of-the-one-before', { refresh_token: 'refresh-2' }), after })
    house.endpoint.answer(tokens('of-the-one-now'))
    const asked = house.token()
    await expect.poll(() => house.endpoint.requests.length).toBe(1)
    house.register({ clientId: 'successor' })
    release()
    expect(await asked).toBe('of-the-one-now')
    expect(house.spent()).toEqual(['refresh-1', 'refresh-2'])
    expect(await house.store.grantOf(me)).toMatchObject({ givenTo: { clientId: 'successor' } })
  })

  it('a refusal is the end of the grant once the provider has renewed it for that registration', async () => {
    await use()
    house.register({ clientId: 'successor' })
    house.endpoint.answer(tokens('second'))
    expect(await house.token()).toBe('second')
    house.clock.pass(2 * hour)
    await lapse()
  })
})

describe('a grant that its provider has refused', () => {
  it('a refused grant is tried again each day, serves again when it is accepted, and is not asked about by mail meanwhile', async () => {
    await use()
    await lapse()
    const rounds = keepAlive()
    const asked = house.endpoint.requests.length
    for (let quarter = 0; quarter < 4 * 23; quarter += 1) {
      house.clock.pass(hour / 4)
      await rounds.round()
      await failureOf(house.token())
    }
    expect(house.endpoint.requests).toHaveLength(asked)

    house.endpoint.answer(invalidGrant)
    house.clock.pass(hour)
    await rounds.round()
    await rounds.round()
    expect(await house.store.grantOf(me)).toMatchObject({ state: 'lapsed' })

    house.endpoint.answer(tokens('again', { refresh_token: 'refresh-3' }))
    house.clock.pass(24 * hour)
    await rounds.round()
    expect(await house.store.grantOf(me)).toMatchObject({ state: 'active' })
    expect(await house.token()).toBe('again')
    expect(await house.kept()).toBe('refresh-3')
    expect(house.restored).toEqual([me])
    expect(house.lapsed).toEqual([me])
  })

  it('a refused grant is tried again at once after the registration was changed, and then each day', async () => {
    house.register({ clientId: 'mistyped' })
    // Nothing is known of it: it is from before that was kept.
    await lapse()
    const rounds = keepAlive()
    await rounds.round()
    house.register({ clientId: 'mistyped-again' })
    house.endpoint.answer(invalidGrant)
    await rounds.round()
    house.clock.pass(hour)
    await rounds.round()

    house.register({ clientId: 'postern' })
    house.endpoint.answer(tokens('again'))
    await rounds.round()
    expect(await house.token()).toBe('again')
    expect(house.spent()).toEqual(['refresh-1', 'refresh-1', 'refresh-1'])
  })

  it('a refused grant can be tried on demand', async () => {
    await use()
    await lapse()
    house.endpoint.answer(invalidGrant)
    expect(await failureOf(house.broker.tryNow(me))).toMatchObject({ code: 'consent-needed' })
    house.endpoint.answer({ status: 503, text: '' })
    expect(await failureOf(house.broker.tryNow(me))).toMatchObject({ code: 'provider-unavailable' })
    house.endpoint.answer(tokens('again'))
    await house.broker.tryNow(me)
    expect(await house.token()).toBe('again')
    // It works: there is nothing to be tried.
    await house.broker.tryNow(me)
    expect(house.endpoint.unusedAnswers()).toBe(0)
  })

  it('a refused grant is spent once, however many try it', async () => {
    await use()
    await lapse()
    house.endpoint.answer(tokens('again', { refresh_token: 'refresh-3' }))
    await Promise.all([house.broker.tryAgain(me), house.broker.tryAgain(me), house.broker.tryNow(me)])
    expect(house.spent()).toEqual(['refresh-1', 'refresh-2', 'refresh-2'])
  })

  it('a grant that has lapsed here, with its mailbox or person, is never tried again', async () => {
    await house.store.lapseHere(me)
    await keepAlive().round()
    expect(await failureOf(house.broker.tryAgain(me))).toMatchObject({ code: 'consent-needed' })
    expect(await failureOf(house.broker.tryNow(me))).toMatchObject({ code: 'consent-needed' })
    expect(house.endpoint.requests).toEqual([])
  })

  it('a refused grant is never shown to another provider', async () => {
    await use()
    await lapse()
    await house.store.addMailbox(me, 'other')
    expect(await failureOf(house.broker.tryAgain(me))).toMatchObject({ code: 'consent-needed' })
    expect(house.spent()).toEqual(['refresh-1', 'refresh-2'])
  })
})

it('a registration that is refused can be tried on demand, before its time is up', async () => {
  house.endpoint.answer({ status: 401, json: { error: 'invalid_client' } })
  expect(await failureOf(house.token())).toMatchObject({ code: 'provider-setup' })
  expect(await failureOf(house.token())).toMatchObject({ code: 'provider-setup' })
  house.endpoint.answer(tokens('first'))
  await house.broker.tryNow(me)
  expect(await house.token()).toBe('first')
})

it('a provider that asks to be left alone is not asked on demand either', async () => {
  house.endpoint.answer({ status: 429, text: '', headers: { 'retry-after': '600' } })
  await failureOf(house.token())
  expect(await failureOf(house.broker.tryNow(me))).toMatchObject({ code: 'provider-unavailable' })
  expect(house.endpoint.requests).toHaveLength(1)
})
