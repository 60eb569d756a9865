import { describe, expect, it } from 'vitest'
import { tokens } from '../providers/token-endpoint.ts'
import { outages, refusal, refused, startCrowd } from './crowd.ts'
import { consented, me, startEach } from './fixture.ts'

let house: Awaited<ReturnType<typeof startCrowd>>

startEach(startCrowd, (started) => {
  house = started
})

describe('a registration that the provider refuses', () => {
  it.each(['invalid_client', 'unauthorized_client', 'unsupported_grant_type', 'deleted_client'])(
    '%s is asked about once, however many mailboxes the registration has, and no grant is lost',
    async (error) => {
      house.endpoint.answer({ status: 400, json: { error } })
      const answers = [...(await house.askAll()), ...(await house.askAll())]
      expect(house.requests()).toBe(1)
      for (const answer of answers)
        expect(answer).toMatchObject({ code: 'provider-setup', message: expect.stringContaining(refused) })
      expect(answers.at(-1)).toMatchObject({ retryAfterSeconds: 5 })
      for (const mailbox of house.crowd) expect((await house.store.grantOf(mailbox)).state).toBe('active')
      expect(house.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    },
  )

  it('the provider gets one request in five seconds, however long that lasts and however many ask', async () => {
    for (let wait = 1; wait <= 20; wait += 1) {
      house.endpoint.answer(refusal)
      await house.askAll()
      expect(house.requests()).toBe(wait)
      house.clock.pass(4)
      expect((await house.askAll()).at(-1)).toMatchObject({ code: 'provider-setup', retryAfterSeconds: 1 })
      expect(house.requests()).toBe(wait)
      house.clock.pass(1)
    }
  })

  it.each(outages)('all are served within ten seconds of its return after %i seconds', async (outage) => {
    const asking = house.crowd.slice(0, 4)
    for (let second = 0; second < outage; second += 3) {
      if (house.endpoint.unusedAnswers() === 0) house.endpoint.answer(refusal)
      await Promise.all(asking.map(house.ask))
      house.clock.pass(3)
    }
    expect(house.requests()).toBeLessThanOrEqual(outage / 5 + 1)
    if (house.endpoint.unusedAnswers() > 0) {
      house.clock.pass(3)
      await Promise.all(asking.map(house.ask))
    }
    house.endpoint.answer(...asking.map((_, place) => tokens(`token-${place}`)))
    for (let second = 0; second < 10; second += 3) {
      house.clock.pass(3)
      await Promise.all(asking.map(house.ask))
    }
    for (const answer of await Promise.all(asking.map(house.ask))) expect(answer).toContain('token-')
  })

  it('one tries when the wait is over, the others hear the failure, and a success is for all at once', async () => {
    await house.refuseFirst()
    await house.askAll()
    house.clock.pass(60)
    const release = house.gated(tokens('probe'))
    const probe = house.ask(house.crowd[1] ?? 'nobody@example.com')
    await expect.poll(house.requests).toBe(2)
    for (const answer of await Promise.all(house.crowd.slice(2).map(house.ask)))
      expect(answer).toMatchObject({ code: 'provider-setup', message: refused, retryAfterSeconds: 1 })
    release()
    expect(await probe).toBe('probe')
    expect(house.requests()).toBe(2)

    const rest = house.crowd.filter((mailbox) => mailbox !== house.crowd[1])
    house.endpoint.answer(...rest.map((_, place) => tokens(`token-${place}`)))
    expect((await Promise.all(rest.map(house.ask))).every((answer) => typeof answer === 'string')).toBe(true)
    expect(house.lines.at(-1)?.text).toContain('accepts the registration again')
  })

  it('another registration is not concerned', async () => {
    await house.refuseFirst()
    const [elsewhere = 'nobody@example.com'] = await house.addMailboxes(1, 'other')
    house.endpoint.answer(tokens('elsewhere'))
    expect(await house.ask(elsewhere)).toBe('elsewhere')
    expect(house.endpoint.requests.at(-1)?.path).toBe('/other/token')
    expect(await house.ask(house.crowd[1] ?? 'nobody@example.com')).toMatchObject({ code: 'provider-setup' })
  })

  it('warm tokens stay at work while they are valid', async () => {
    house.endpoint.answer(tokens('warm'))
    await house.ask(me)
    house.clock.pass(3541)
    await house.refuseFirst()
    house.clock.pass(58)
    house.endpoint.answer(refusal)
    expect(await house.ask(me)).toBe('warm')
    house.clock.pass(1)
    expect(await house.ask(me)).toMatchObject({ code: 'provider-setup' })
    expect(house.requests()).toBe(3)
  })

  it('a mailbox without a consent hears that', async () => {
    await house.refuseFirst()
    await house.store.lapseElsewhere(me)
    expect(await house.ask(me)).toMatchObject({ code: 'consent-needed' })
  })

  it('refusals of requests that left together count as one', async () => {
    house.endpoint.answer(tokens('works'))
    await house.ask(me)
    house.endpoint.answer(...house.crowd.map(() => refusal))
    await house.askAll()
    expect(house.requests()).toBe(51)
    expect(await house.ask(house.crowd[0] ?? 'nobody@example.com')).toMatchObject({ retryAfterSeconds: 5 })
  })

  it('the next one tries when the first has found out nothing', async () => {
    await house.refuseFirst()
    house.clock.pass(60)
    house.endpoint.answer({ status: 503, text: '' }, tokens('second'))
    expect(await house.ask(house.crowd[1] ?? 'nobody@example.com')).toMatchObject({
      code: 'provider-unavailable',
    })
    expect(await house.ask(house.crowd[2] ?? 'nobody@example.com')).toBe('second')
  })

  it('the next one tries when the store failed the first', async () => {
    await house.refuseFirst()
    house.clock.pass(60)
    house.store.breakDown()
    expect(await house.ask(house.crowd[1] ?? 'nobody@example.com')).toMatchObject({
      code: 'store-unavailable',
    })
    house.store.mend()
    house.endpoint.answer(tokens('second'))
    expect(await house.ask(house.crowd[2] ?? 'nobody@example.com')).toBe('second')
  })

  it('a refusal alarms once, and again after it was mended', async () => {
    const alarms = () => house.lines.filter(({ level }) => level === 'error').length
    await house.refuseFirst()
    house.clock.pass(60)
    await house.refuseFirst()
    expect(alarms()).toBe(1)
    house.clock.pass(120)
    house.endpoint.answer(tokens('works'), refusal)
    await house.ask(me)
    await house.ask(house.crowd[1] ?? 'nobody@example.com')
    expect(alarms()).toBe(2)
  })

  it('a refusal shows in the state of each of its mailboxes, and of no other', async () => {
    const since = house.clock.now()
    await house.refuseFirst()
    const pause = { about: 'registration', since, until: since + 5000, reason: refused }
    for (const mailbox of [me, ...house.crowd.slice(0, 2)])
      expect((await house.broker.state(mailbox)).pause).toMatchObject(pause)
    const [elsewhere = 'nobody@example.com'] = await house.addMailboxes(1, 'other')
    expect(await house.broker.state(elsewhere)).toEqual({})
  })
})

describe('a consent while the registration is refused', () => {
  it('a consent that brings an access token shows that the registration works, for all mailboxes', async () => {
    await house.refuseFirst()
    const id = await house.store.consent(me, 'refresh-2')
    house.broker.grantChanged(me, consented('from-the-consent', id))
    expect(await house.ask(me)).toBe('from-the-consent')
    house.endpoint.answer(...house.crowd.map((_, place) => tokens(`token-${place}`)))
    expect((await house.askAll()).every((answer) => typeof answer === 'string')).toBe(true)
    expect((await house.broker.state(me)).pause).toBeUndefined()
  })

  it('a consent makes a refusal that was on its way old news', async () => {
    const release = house.gated(refusal)
    const pending = house.ask(house.crowd[0] ?? 'nobody@example.com')
    await expect.poll(house.requests).toBe(1)
    house.broker.grantChanged(me, consented('from-the-consent', 'of-a-later-grant'))
    release()
    expect(await pending).toMatchObject({ code: 'provider-setup' })
    house.endpoint.answer(tokens('works'))
    expect(await house.ask(house.crowd[1] ?? 'nobody@example.com')).toBe('works')
  })

  it('a consent that brings a refresh token only shows nothing', async () => {
    await house.refuseFirst()
    await house.store.consent(me, 'refresh-2')
    house.broker.grantChanged(me)
    expect(await house.ask(me)).toMatchObject({ code: 'provider-setup' })
    expect(house.requests()).toBe(1)
  })
})

describe('a registration that has not worked yet', () => {
  it('nobody is kept waiting once the first one has found out nothing', async () => {
    const release = house.gated({ status: 503, text: '' })
    const answers = house.askAll()
    await expect.poll(house.requests).toBe(1)
    house.endpoint.answer(...house.crowd.slice(1).map((_, place) => tokens(`token-${place}`)))
    release()
    expect((await answers).filter((answer) => typeof answer === 'string')).toHaveLength(49)
  })
})
