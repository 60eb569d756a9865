import { describe, expect, it } from 'vitest'
import { tokens } from '../providers/token-endpoint.ts'
import { consented, failureOf, me, startBroker, startEach } from './fixture.ts'

let house: Awaited<ReturnType<typeof startBroker>>

startEach(startBroker, (started) => {
  house = started
})

describe('a token that is asked for', () => {
  it('a token is fetched once and then handed out after one look at whose grant it is', async () => {
    house.endpoint.answer(tokens('first'))
    expect(await house.token()).toBe('first')
    const calls = house.store.calls.length
    expect(await house.token()).toBe('first')
    expect(house.store.calls.slice(calls)).toEqual(['standing'])
    expect(house.spent()).toEqual(['refresh-1'])
  })

  it('the token is one in whatever case the mailbox is named', async () => {
    house.endpoint.answer(tokens('first'))
    expect(await house.token()).toBe('first')
    expect((await house.broker.accessTokenFor('ME@example.com')).secret.reveal()).toBe('first')
  })

  it('one request fetches the token when fifty ask at once', async () => {
    house.endpoint.answer(tokens('first'))
    const all = await Promise.all(Array.from({ length: 50 }, () => house.token()))
    expect(new Set(all)).toEqual(new Set(['first']))
    expect(house.spent()).toEqual(['refresh-1'])
  })

  it('one request fails for all fifty, too', async () => {
    house.endpoint.answer({ status: 503, text: '' })
    const all = await Promise.all(Array.from({ length: 50 }, () => failureOf(house.token())))
    expect(new Set(all.map(({ code }) => code))).toEqual(new Set(['provider-unavailable']))
    expect(house.spent()).toHaveLength(1)
  })

  it('a token knows its life, counted from before the request, and not by a wall clock that is set back', async () => {
    let release = () => {}
    const after = new Promise<void>((resolve) => {
      release = resolve
    })
    house.endpoint.answer({ ...tokens('slow'), after })
    const asked = house.clock.now()
    const pending = house.broker.accessTokenFor(me)
    await expect.poll(() => house.endpoint.requests.length).toBe(1)
    house.clock.pass(5)
    release()
    const token = await pending
    expect(token.remainingSeconds()).toBe(3595)
    expect(token.ageSeconds()).toBe(5)
    expect(token.expiresAt).toBe(asked + 3_600_000)
    house.clock.jump(-100_000)
    expect(token.remainingSeconds()).toBe(3595)
    expect(await house.token()).toBe('slow')
  })

  it('a token has aged during a suspend, while the monotonic clock stood still', async () => {
    house.endpoint.answer(tokens('before'), tokens('after'))
    const before = await house.broker.accessTokenFor(me)
    house.clock.jump(3601)
    expect(before.remainingSeconds()).toBe(-1)
    expect((await house.broker.state(me)).accessTokenUntil).toBeUndefined()
    expect(await house.token()).toBe('after')
    // Where none can be had, a dead one is no help.
    house.endpoint.answer({ status: 503, text: '' })
    house.clock.jump(3601)
    expect((await failureOf(house.token())).code).toBe('provider-unavailable')
  })

  it('a token that had little life left is renewed after a short suspend, and after one behind a clock that was set back', async () => {
    house.endpoint.answer(tokens('first'), tokens('second'))
    await house.token()
    house.clock.jump(-86_400)
    expect(await house.token()).toBe('first')
    house.clock.jump(3300)
    expect(await house.token()).toBe('second')
  })

  it('a mailbox that nobody added has no token', async () => {
    const failure = await failureOf(house.broker.accessTokenFor('you@example.com'))
    expect(failure.code).toBe('not-found')
    expect(failure.message).toContain('you@example.com')
  })

  it('a token needs a consent first, and the failure says how', async () => {
    await house.store.addMailbox('new@example.com')
    const failure = await failureOf(house.broker.accessTokenFor('new@example.com'))
    expect(failure.code).toBe('consent-needed')
    expect(failure.message).toBe('new@example.com has no consent yet')
    expect(failure.fix).toContain('postern consent new@example.com')
  })
})

describe('a token is renewed before use', () => {
  it.each([
    // 20 % of an hour is more than ten minutes.
    [3600, 720],
    [1800, 600],
    [5400, 1080],
    // A fifth or ten minutes would be most of these lives.
    [300, 150],
    [60, 30],
    [1, 0.5],
  ])('a token is renewed when a life of %d seconds has less than %d left', async (life, left) => {
    house.endpoint.answer(tokens('first', { expires_in: life }))
    expect(await house.token()).toBe('first')
    house.clock.pass(life - left)
    expect(await house.token()).toBe('first')
    house.clock.pass(0.001)
    house.endpoint.answer(tokens('second', { expires_in: life }))
    expect(await house.token()).toBe('second')
  })

  it('a token is renewed when less is left than was asked for', async () => {
    house.endpoint.answer(tokens('first'), tokens('second'))
    await house.token()
    house.clock.pass(1000)
    expect(await house.token({ minimumLife: 2600 })).toBe('first')
    expect(await house.token({ minimumLife: 2601 })).toBe('second')
  })

  it('a token is never renewed in a loop: a life as short as it may be is handed out once and fetched anew', async () => {
    house.endpoint.answer(tokens('blink', { expires_in: 0.01 }))
    expect(await house.token({ minimumLife: 600 })).toBe('blink')
    expect(house.spent()).toHaveLength(1)
  })

  it('a token is renewed at most once a minute when more is asked for than tokens have', async () => {
    house.endpoint.answer(tokens('first', { expires_in: 3600 }))
    for (const minimumLife of [3599.5, 3600, 3600]) {
      expect(await house.token({ minimumLife })).toBe('first')
      house.clock.pass(19)
    }
    house.clock.pass(19)
    house.endpoint.answer(tokens('second', { expires_in: 3600 }))
    expect(await house.token({ minimumLife: 3600 })).toBe('second')
  })

  it('a token is renewed at half its life when tokens never live as long as was asked', async () => {
    house.endpoint.answer(tokens('first', { expires_in: 300 }))
    for (let age = 0; age < 150; age += 10) {
      expect(await house.token({ minimumLife: 600 })).toBe('first')
      house.clock.pass(10)
    }
    house.clock.pass(1)
    house.endpoint.answer(tokens('second', { expires_in: 300 }))
    expect(await house.token({ minimumLife: 600 })).toBe('second')
  })

  it('a token is renewed earlier where the provider wants that', async () => {
    const careful = await startBroker({ refreshMarginSeconds: 1500 })
    careful.endpoint.answer(tokens('first'))
    await careful.token()
    careful.clock.pass(2101)
    careful.endpoint.answer(tokens('second'))
    expect(await careful.token()).toBe('second')
    await careful.close()
  })
})

describe('a token that the provider refused', () => {
  it.each([0, 59, 600])(
    'a token is replaced once at once when it is %i seconds old, however many bring it back',
    async (age) => {
      house.endpoint.answer(tokens('first'), tokens('second'))
      const refused = await house.broker.accessTokenFor(me)
      house.clock.pass(age)
      const all = await Promise.all([1, 2, 3].map(() => house.token({ refused })))
      expect(all).toEqual(['second', 'second', 'second'])
      expect(await house.token({ refused })).toBe('second')
      expect(house.spent()).toHaveLength(2)
    },
  )

  it('a token that a consent has just brought is replaced at once', async () => {
    const id = await house.store.consent(me, 'refresh-2')
    house.broker.grantChanged(me, consented('primed', id))
    house.endpoint.answer(tokens('second'))
    const refused = await house.broker.accessTokenFor(me)
    expect(await house.token({ refused })).toBe('second')
  })

  it('a token that came in place of a refused one is not replaced for a minute: the trouble is elsewhere', async () => {
    house.endpoint.answer(tokens('first'), tokens('second'), tokens('third'))
    const first = await house.broker.accessTokenFor(me)
    const second = await house.broker.accessTokenFor(me, { refused: first })
    house.clock.pass(59)
    expect(await house.token({ refused: second })).toBe('second')
    // And another program's sign-in does not ask for a token either.
    expect(await house.token()).toBe('second')
    expect(house.spent()).toHaveLength(2)
    house.clock.pass(1)
    expect(await house.token({ refused: second })).toBe('third')
  })

  it('a refused token does not come back while the provider is down', async () => {
    house.endpoint.answer(tokens('first'), { status: 503, text: '' })
    const refused = await house.broker.accessTokenFor(me)
    house.clock.pass(100)
    expect((await failureOf(house.token({ refused }))).code).toBe('provider-unavailable')
    expect((await failureOf(house.token())).code).toBe('provider-unavailable')
  })
})

describe('a changed grant', () => {
  it('a changed grant brings its own token', async () => {
    house.endpoint.answer(tokens('first'))
    await house.token()
    const id = await house.store.consent(me, 'refresh-2')
    house.broker.grantChanged(me, consented('primed', id))
    expect(await house.token()).toBe('primed')
    expect(house.spent()).toHaveLength(1)
  })

  it('a changed grant without a token forgets the old one', async () => {
    house.endpoint.answer(tokens('first'), tokens('second'))
    await house.token()
    await house.store.consent(me, 'refresh-2')
    house.broker.grantChanged(me)
    expect(await house.token()).toBe('second')
    expect(house.spent()).toEqual(['refresh-1', 'refresh-2'])
  })

  it('a changed grant takes nothing from a renewal that was under way, nor do those who wait for it', async () => {
    let release = () => {}
    const after = new Promise<void>((resolve) => {
      release = resolve
    })
    house.endpoint.answer({ ...tokens('stale', { refresh_token: 'stale-refresh' }), after })
    const waiting = house.token()
    await expect.poll(() => house.endpoint.requests.length).toBe(1)
    const id = await house.store.consent(me, 'refresh-2')
    house.broker.grantChanged(me, consented('primed', id))
    release()
    expect(await waiting).toBe('primed')
    expect(await house.token()).toBe('primed')
    expect(await house.store.grantOf(me)).toMatchObject({ id, version: 1 })
  })
})
