import { describe, expect, it } from 'vitest'
import { tokens } from '../providers/token-endpoint.ts'
import { failureOf, me, startBroker, startEach } from './fixture.ts'

let house: Awaited<ReturnType<typeof startBroker>>

startEach(startBroker, (started) => {
  house = started
})

describe('the state of a mailbox', () => {
  it('the state is empty while nothing was asked for, and for a mailbox that does not exist', async () => {
    expect(await house.broker.state(me)).toEqual({})
    expect(await house.broker.state('nobody@example.com')).toEqual({})
  })

  it('the state tells how long the access token in memory serves, and nothing of one that is over', async () => {
    house.endpoint.answer(tokens('first'))
    await house.token()
    expect(await house.broker.state(me)).toEqual({ accessTokenUntil: house.clock.now() + 3_600_000 })
    house.clock.pass(3600)
    expect(await house.broker.state(me)).toEqual({})
  })

  it('the state tells since when, until when and why the token endpoint is not asked', async () => {
    const since = house.clock.now()
    house.endpoint.answer({ status: 503, text: '' }, { status: 503, text: '' }, tokens('first'))
    await failureOf(house.token())
    house.clock.pass(3)
    const due = { about: 'mailbox', since, until: since + 2000, reason: expect.stringContaining(me) }
    expect((await house.broker.state(me)).pause).toMatchObject(due)

    await failureOf(house.token())
    expect((await house.broker.state(me)).pause).toMatchObject({ since, until: since + 7000 })

    house.clock.pass(4)
    await house.token()
    expect((await house.broker.state(me)).pause).toBeUndefined()
  })

  it('a wait goes on during a suspend', async () => {
    house.endpoint.answer({ status: 429, text: '', headers: { 'retry-after': '600' } }, tokens('first'))
    await failureOf(house.token())
    house.clock.jump(700)
    expect(await house.token()).toBe('first')
  })

  it('a wait is no longer because the wall clock is set back', async () => {
    house.endpoint.answer({ status: 503, text: '' })
    await failureOf(house.token())
    house.clock.jump(-86_400)
    expect((await house.broker.state(me)).pause?.until).toBe(house.clock.now() + 2000)
  })
})
