import { describe, expect, it } from 'vitest'
import { type ScriptedAnswer, tokens } from '../providers/token-endpoint.ts'
import { outages, refusal, refused, startCrowd } from './crowd.ts'
import { failureOf, me, startEach } from './fixture.ts'

let house: Awaited<ReturnType<typeof startCrowd>>

startEach(startCrowd, (started) => {
  house = started
})

describe('a mailbox that is refused while others are served', () => {
  const [bad, good, late] = ['local-1@example.com', 'local-2@example.com', 'local-3@example.com'] as const

  it('the mailbox leaves the first try to them, if they ask', async () => {
    await house.refuseFirst()
    await house.ask(good)
    house.clock.pass(5)
    expect(await house.ask(bad)).toMatchObject({ code: 'provider-setup', retryAfterSeconds: 3 })
    house.endpoint.answer(tokens('good'))
    expect(await house.ask(good)).toBe('good')
  })

  it('the mailbox tries by itself when they do not', async () => {
    await house.refuseFirst()
    await house.ask(good)
    house.clock.pass(90)
    await house.refuseFirst()
    expect(house.requests()).toBe(2)
    house.clock.pass(120)
    house.endpoint.answer(tokens('mended'))
    expect(await house.ask(bad)).toBe('mended')
  })

  it('the mailbox leaves nothing to others once it has another grant, or was served', async () => {
    await house.refuseFirst()
    await house.ask(good)
    house.broker.grantChanged(bad)
    house.clock.pass(60)
    house.endpoint.answer(tokens('served', { expires_in: 60 }))
    expect(await house.ask(bad)).toBe('served')

    house.clock.pass(60)
    await house.refuseFirst()
    house.clock.pass(60)
    house.endpoint.answer(
      tokens('good'),
      tokens('served-again', { expires_in: 60 }),
      refusal,
      tokens('first'),
    )
    await house.ask(good)
    await house.ask(bad)
    await house.ask(late)
    await house.ask('local-4@example.com')
    house.clock.pass(60)
    expect(await house.ask(bad)).toBe('first')
  })

  it('the mailbox waits alone from then on, with its own failure and its own alarm', async () => {
    await house.refuseFirst()
    house.clock.pass(60)
    house.endpoint.answer(tokens('good'), refusal, tokens('late'))
    await house.ask(good)
    const failure = { code: 'provider-setup', message: expect.stringContaining(`registration for ${bad}`) }
    expect(await house.ask(bad)).toMatchObject(failure)
    expect(await house.ask(bad)).toMatchObject({ ...failure, retryAfterSeconds: 5 })
    expect(await house.ask(late)).toBe('late')
    expect(house.lines.filter(({ level }) => level === 'error')).toHaveLength(2)
    expect((await house.broker.state(bad)).pause).toMatchObject({ about: 'mailbox' })
    expect((await house.broker.state(late)).pause).toBeUndefined()
  })

  it('the mailbox counts again after it was served', async () => {
    await house.refuseFirst()
    house.clock.pass(60)
    house.endpoint.answer(tokens('good'), tokens('served', { expires_in: 60 }))
    await house.ask(good)
    await house.ask(bad)
    house.clock.pass(60)
    await house.refuseFirst()
    expect(await house.ask(late)).toMatchObject({ message: refused })
  })

  it('the mailbox counts again with another grant', async () => {
    await house.refuseFirst()
    house.clock.pass(60)
    house.endpoint.answer(tokens('good'))
    await house.ask(good)
    house.broker.grantChanged(bad)
    await house.refuseFirst()
    expect(await house.ask(late)).toMatchObject({ message: refused })
  })
})

describe('a wrong request', () => {
  it.each(['invalid_scope', 'invalid_request', 'invalid_resource', 'access_denied', 'admin_policy_enforced'])(
    'a request with %s concerns one mailbox only',
    async (error) => {
      house.endpoint.answer({ status: 400, json: { error } }, tokens('second'))
      const failure = await failureOf(house.token())
      expect(failure).toMatchObject({ code: 'provider-setup', message: expect.stringContaining(me) })
      expect(await house.ask(house.crowd[0] ?? 'nobody@example.com')).toBe('second')
      house.clock.pass(4)
      expect(await house.ask(me)).toMatchObject({ code: 'provider-setup', retryAfterSeconds: 1 })
      expect((await house.broker.state(me)).pause).toMatchObject({ about: 'mailbox' })
    },
  )
})

describe('a provider that refuses the requests of all', () => {
  const no: ScriptedAnswer = { status: 403, json: { message: 'Not from this network' } }

  it.each(outages)(
    'mailboxes are served within ten seconds of the end of %i seconds, and ask one after the other until then',
    async (outage) => {
      const asking = house.crowd.slice(0, 10)
      const askEach = async () => {
        for (const mailbox of asking) {
          if (house.endpoint.unusedAnswers() === 0) house.endpoint.answer(no)
          await house.ask(mailbox)
        }
        house.clock.pass(3)
      }
      for (let second = 0; second < 120; second += 3) await askEach()
      const before = house.requests()
      for (let second = 0; second < outage; second += 3) await askEach()
      const byWaits = asking.length * (2 + outage / 900)
      expect(house.requests() - before).toBeLessThanOrEqual(outage / 3 + byWaits)
      // The answer that nobody has asked for yet.
      while (house.endpoint.unusedAnswers() > 0) {
        for (const mailbox of asking) if (house.endpoint.unusedAnswers() > 0) await house.ask(mailbox)
        house.clock.pass(1)
      }
      house.endpoint.answer(...asking.map((_, place) => tokens(`token-${place}`)))
      for (let second = 0; second < 10; second += 2) {
        for (const mailbox of asking) await house.ask(mailbox)
        house.clock.pass(2)
      }
      for (const mailbox of asking) expect(await house.ask(mailbox)).toContain('token-')
    },
  )
})

describe('a provider that is asked too often', () => {
  const slowDown: ScriptedAnswer = { status: 429, headers: { 'retry-after': '100' }, text: '' }

  it('all mailboxes leave the provider alone as long as it wants, and then one goes first', async () => {
    house.endpoint.answer(slowDown)
    for (const answer of await house.askAll()) expect(answer).toMatchObject({ code: 'provider-unavailable' })
    expect(await house.ask(me)).toMatchObject({ code: 'provider-unavailable', retryAfterSeconds: 110 })
    house.clock.pass(109)
    await house.askAll()
    expect(house.requests()).toBe(1)
    house.clock.pass(1)
    const release = house.gated(slowDown)
    const pending = house.ask(house.crowd[0] ?? 'nobody@example.com')
    await expect.poll(house.requests).toBe(2)
    await Promise.all(house.crowd.slice(1).map(house.ask))
    release()
    await pending
    expect(house.requests()).toBe(2)
    expect(await house.ask(me)).toMatchObject({ retryAfterSeconds: 110 })
  })

  it('the provider is left alone also when a request before that comes through', async () => {
    house.endpoint.answer(tokens('works'))
    await house.ask(me)
    const release = house.gated(tokens('slow'))
    const slow = house.ask(house.crowd[0] ?? 'nobody@example.com')
    await expect.poll(house.requests).toBe(2)
    house.endpoint.answer(slowDown)
    await house.ask(house.crowd[1] ?? 'nobody@example.com')
    release()
    expect(await slow).toBe('slow')
    expect(await house.ask(house.crowd[2] ?? 'nobody@example.com')).toMatchObject({
      code: 'provider-unavailable',
      retryAfterSeconds: 110,
    })
  })

  it.each([
    ['429 without a time', { status: 429, text: '' }],
    ['503 with a time', { status: 503, headers: { 'retry-after': '100' }, text: '' }],
  ])('other mailboxes ask the provider after %s', async (_what, trouble) => {
    house.endpoint.answer(trouble, tokens('second'))
    expect(await house.ask(me)).toMatchObject({ code: 'provider-unavailable' })
    expect(await house.ask(house.crowd[0] ?? 'nobody@example.com')).toBe('second')
  })
})
