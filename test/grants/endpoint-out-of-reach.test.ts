import { describe, expect, it } from 'vitest'
import { type ScriptedAnswer, tokens } from '../providers/token-endpoint.ts'
import { refusal, startCrowd } from './crowd.ts'
import { startEach } from './fixture.ts'

const cut: ScriptedAnswer = { cut: true }
const inTrouble: ScriptedAnswer = { status: 503, text: '' }
const nobody = 'nobody@example.com'

let house: Awaited<ReturnType<typeof startCrowd>>

startEach(startCrowd, (started) => {
  house = started
})

/** The endpoint has answered, so that nobody waits for the first one of all. */
async function served(): Promise<void> {
  house.endpoint.answer(tokens('served'))
  await house.ask(house.crowd.at(-1) ?? nobody)
}

const asked = (place: number) => house.ask(house.crowd[place] ?? nobody)

describe('a token endpoint that cannot be reached', () => {
  it('the fourth mailbox is told at once, and the endpoint is not asked', async () => {
    await served()
    house.endpoint.answer(cut, cut, cut)
    for (const place of [0, 1, 2]) expect(await asked(place)).toMatchObject({ code: 'provider-unavailable' })
    expect(await asked(3)).toMatchObject({ code: 'provider-unavailable', retryAfterSeconds: 2 })
    expect(house.requests()).toBe(4)
    const { pause } = await house.broker.state(house.crowd[4] ?? nobody)
    expect(pause).toMatchObject({ about: 'registration' })
    expect(house.broker.pauses()).toContainEqual(expect.objectContaining({ provider: 'local' }))
  })

  it('one mailbox tries for all, however many ask and however long that lasts', async () => {
    await served()
    house.endpoint.answer(cut, cut, cut)
    for (const place of [0, 1, 2]) await asked(place)
    for (let wait = 1; wait <= 10; wait += 1) {
      house.clock.pass(5)
      house.endpoint.answer(cut)
      await house.askAll()
      expect(house.requests()).toBe(4 + wait)
    }
  })

  it('all are served as soon as one is', async () => {
    await served()
    house.endpoint.answer(cut, cut, cut)
    for (const place of [0, 1, 2]) await asked(place)
    house.clock.pass(5)
    house.endpoint.answer(...house.crowd.slice(1).map((_, place) => tokens(`token-${place}`)))
    await asked(3)
    expect((await house.askAll()).every((answer) => typeof answer === 'string')).toBe(true)
  })

  it('any answer of the endpoint ends the wait of all', async () => {
    await served()
    house.endpoint.answer(cut, cut, cut)
    for (const place of [0, 1, 2]) await asked(place)
    house.clock.pass(5)
    house.endpoint.answer(inTrouble, tokens('next'))
    expect(await asked(3)).toMatchObject({ code: 'provider-unavailable' })
    expect(await asked(4)).toBe('next')
  })

  it('an answer in between shows that single connections were lost, and nobody else waits', async () => {
    await served()
    for (let round = 0; round < 5; round += 1) {
      house.endpoint.answer(cut, cut, tokens(`round-${round}`))
      await asked(3 * round)
      await asked(3 * round + 1)
      expect(await asked(3 * round + 2)).toBe(`round-${round}`)
    }
  })

  it('one mailbox that tries again and again makes no other one wait', async () => {
    await served()
    for (let round = 0; round < 5; round += 1) {
      house.endpoint.answer(cut)
      await asked(0)
      house.clock.pass(5)
    }
    house.endpoint.answer(tokens('other'))
    expect(await asked(1)).toBe('other')
  })

  it('a registration that is refused meanwhile is alarmed as such', async () => {
    await served()
    house.endpoint.answer(cut, cut, cut)
    for (const place of [0, 1, 2]) await asked(place)
    house.clock.pass(5)
    house.endpoint.answer(refusal)
    expect(await asked(3)).toMatchObject({ code: 'provider-setup' })
    expect(await asked(4)).toMatchObject({ code: 'provider-setup', retryAfterSeconds: 5 })
  })
})
