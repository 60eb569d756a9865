import { describe, expect, it } from 'vitest'
import { tokens } from '../providers/token-endpoint.ts'
import { consented, failureOf, me, startBroker, startEach } from './fixture.ts'

let house: Awaited<ReturnType<typeof startBroker>>

startEach(startBroker, (started) => {
  house = started
})

/** What may follow an answer, and the moment that it leaves. */
function held(answer: object) {
  let release = () => {}
  const after = new Promise<void>((resolve) => {
    release = resolve
  })
  house.endpoint.answer({ ...answer, after })
  return { release: () => release() }
}

/** As `--replace` does and a consent after it, and memory has not heard of it yet. */
async function moveMe(): Promise<void> {
  await house.store.addMailbox(me, 'other')
  await house.store.consent(me, 'refresh-of-other')
}

const sentTo = (path: string) =>
  house.endpoint.requests.filter((request) => request.path === path).map(({ form }) => form.refresh_token)

describe('a token of a grant that is no longer the one of its mailbox', () => {
  it('a token that is handed over after the mailbox has moved is not used', async () => {
    await moveMe()
    house.broker.grantChanged(me)
    house.broker.grantChanged(me, consented('of-the-first-provider', house.firstGrant))
    house.endpoint.answer(tokens('of-the-other'))
    const token = await house.broker.accessTokenFor(me)
    expect([token.secret.reveal(), token.grant.providerId]).toEqual(['of-the-other', 'other'])
    expect(sentTo('/token')).toEqual([])
    expect(sentTo('/other/token')).toEqual(['refresh-of-other'])
  })

  it('a token that is handed over after a later consent is not used, and takes no place from its token', async () => {
    const id = await house.store.consent(me, 'refresh-2')
    house.broker.grantChanged(me, consented('of-the-later', id))
    house.broker.grantChanged(me, consented('of-the-earlier', house.firstGrant))
    house.endpoint.answer(tokens('renewed'))
    expect(await house.token()).toBe('renewed')
    expect(house.spent()).toEqual(['refresh-2'])
  })

  it('a token that is handed over after the mailbox was removed is not used', async () => {
    await house.store.removeMailbox(me)
    house.broker.grantChanged(me)
    house.broker.grantChanged(me, consented('of-nobody', house.firstGrant))
    expect(await failureOf(house.token())).toMatchObject({ code: 'not-found' })
    expect(await house.broker.state(me)).not.toHaveProperty('accessTokenUntil')
  })

  it('a token is not used though memory has not heard yet', async () => {
    house.endpoint.answer(tokens('first'), tokens('second'))
    expect(await house.token()).toBe('first')
    await moveMe()
    expect(await house.broker.state(me)).not.toHaveProperty('accessTokenUntil')
    expect(await house.token()).toBe('second')
    expect(sentTo('/other/token')).toEqual(['refresh-of-other'])
  })

  it('a token whose grant has lapsed in the store is not used', async () => {
    house.endpoint.answer(tokens('first'))
    await house.token()
    await house.store.lapseElsewhere(me)
    expect(await failureOf(house.token())).toMatchObject({ code: 'consent-needed' })
  })

  it.each(['memory has heard', 'memory has not heard'])(
    'a token is not handed to those who waited for its renewal (%s)',
    async (when) => {
      const { release } = held(tokens('of-the-first-provider', { refresh_token: 'refresh-2' }))
      const waiting = Promise.all([house.token(), house.token()])
      await expect.poll(() => house.endpoint.requests.length).toBe(1)
      await moveMe()
      if (when === 'memory has heard') house.broker.grantChanged(me)
      house.endpoint.answer(tokens('of-the-other'))
      release()
      expect(await waiting).toEqual(['of-the-other', 'of-the-other'])
      expect(await house.kept()).toBe('refresh-of-other')
      expect(sentTo('/token')).toEqual(['refresh-1'])
    },
  )

  it('a token is of the domain no longer when the address gets an entry of its own', async () => {
    await house.store.addMailbox('*@example.org')
    await house.store.grantWithoutPerson('*@example.org')
    house.endpoint.answer(tokens('of-the-domain'), tokens('of-a-person'))
    const ask = () => house.broker.accessTokenFor('a@example.org')
    expect(await ask()).toMatchObject({ grant: { personal: false } })
    await house.store.addMailbox('a@example.org')
    const id = await house.store.consent('a@example.org', 'refresh-of-its-own')
    expect(await ask()).toMatchObject({ grant: { personal: true, id } })
  })
})

describe('a refresh token', () => {
  it('a refresh token of the provider that a mailbox has moved to is not shown to the one before, whoever waited how long', async () => {
    const [first] = await house.addMailboxes(1)
    if (first === undefined) throw new Error('no mailbox was added')
    const { release } = held(tokens('of-the-one-who-goes-first'))
    const goesFirst = house.broker.accessTokenFor(first)
    await expect.poll(() => house.endpoint.requests.length).toBe(1)
    // Its mailbox has been looked up, and now it waits until it is known whether the registration works.
    const waits = house.token()
    await expect.poll(() => house.store.calls.filter((call) => call === 'covering').length).toBe(2)
    await moveMe()
    house.endpoint.answer(tokens('of-the-other'))
    release()
    await goesFirst
    expect(await waits).toBe('of-the-other')
    expect(sentTo('/token')).toEqual([`refresh-of-${first}`])
    expect(sentTo('/other/token')).toEqual(['refresh-of-other'])
  })
})

describe('a rotated refresh token that is not stored yet', () => {
  async function loseTheStore(): Promise<void> {
    const { release } = held(tokens('second', { refresh_token: 'refresh-2' }))
    const pending = house.token()
    await expect.poll(() => house.endpoint.requests.length).toBe(1)
    house.store.breakDown()
    release()
    await failureOf(pending)
  }

  it.each([
    ['it was changed otherwise', me],
    ['its domain was', '*@example.com'],
  ] as const)('the refresh token is not lost with a grant that lives, when %s', async (_when, changed) => {
    await loseTheStore()
    house.store.mend()
    house.broker.grantChanged(changed)
    expect(await house.token()).toBe('second')
    expect(await house.kept()).toBe('refresh-2')
    expect(house.spent()).toEqual(['refresh-1'])
  })

  it('the refresh token is not lost either when that came while it was asked for', async () => {
    const { release } = held(tokens('second', { refresh_token: 'refresh-2' }))
    const pending = house.token()
    await expect.poll(() => house.endpoint.requests.length).toBe(1)
    house.broker.grantChanged(me)
    house.store.breakDown()
    release()
    await failureOf(pending)
    house.store.mend()
    await house.broker.close()
    expect(await house.kept()).toBe('refresh-2')
    expect(house.spent()).toEqual(['refresh-1'])
  })

  it('the refresh token goes with the grant that it belongs to', async () => {
    await loseTheStore()
    house.store.mend()
    await moveMe()
    house.broker.grantChanged(me)
    house.endpoint.answer(tokens('of-the-other'))
    expect(await house.token()).toBe('of-the-other')
    expect(await house.kept()).toBe('refresh-of-other')
  })
})
