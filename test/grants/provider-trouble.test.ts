import { describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createTokenBroker } from '../../src/grants/create-token-broker.ts'
import type { ScriptedAnswer } from '../providers/token-endpoint.ts'
import { tokens } from '../providers/token-endpoint.ts'
import { failureAs } from '../support/made-failure.ts'
import { failureOf, me, startBroker, startEach } from './fixture.ts'

let house: Awaited<ReturnType<typeof startBroker>>

startEach(startBroker, (started) => {
  house = started
})

const passing: [string, ScriptedAnswer][] = [
  ['a cut connection', { cut: true }],
  ['status 408', { status: 408, text: '' }],
  ['status 429', { status: 429, text: 'slow down' }],
  ['status 500', { status: 500, json: { error: 'server_error' } }],
  ['status 503', { status: 503, text: '' }],
  ['invalid_grant from a broken gateway', { status: 502, json: { error: 'invalid_grant' } }],
  ['HTML', { text: '<html></html>', headers: { 'content-type': 'text/html' } }],
  ['a redirect', { status: 302, headers: { location: '/' }, text: '' }],
  ['half a JSON', { text: '{"access_token":"a"' }],
]

describe('passing trouble', () => {
  it.each(passing)(
    'trouble (%s) keeps the grant, and the old token serves while it lives',
    async (_what, trouble) => {
      house.endpoint.answer(tokens('first'), trouble)
      await house.token()
      house.clock.pass(3000)
      expect(await house.token()).toBe('first')
      expect(await house.store.grantOf(me)).toMatchObject({ state: 'active', version: 2 })

      house.endpoint.answer(trouble)
      house.clock.pass(600)
      const failure = await failureOf(house.token())
      expect(failure.code).toBe('provider-unavailable')
      expect(await house.store.grantOf(me)).toMatchObject({ state: 'active', version: 2 })

      house.endpoint.answer(tokens('second'))
      house.clock.pass(3600)
      expect(await house.token()).toBe('second')
    },
  )

  it.each<[string, ScriptedAnswer, string]>([
    [
      'an error that nobody knows',
      { status: 400, json: { error: 'app_blocked', error_description: 'Ask us' } },
      'app_blocked: Ask us',
    ],
    [
      'a refusal in its own form',
      { status: 403, json: { message: 'Not from this network' } },
      'Not from this network',
    ],
    ['a token that is none', tokens('a b'), 'an access token that no mail server can read'],
  ])(
    'passing trouble is not %s: that is told with its words, and keeps the grant and the old token as well',
    async (_what, answer, words) => {
      house.endpoint.answer(tokens('first'), answer)
      await house.token()
      house.clock.pass(3000)
      expect(await house.token()).toBe('first')
      house.endpoint.answer(answer, tokens('second'))
      house.clock.pass(900)
      const failure = await failureOf(house.token())
      expect(failure).toMatchObject({ code: 'provider-setup', message: expect.stringContaining(words) })
      expect(await house.store.grantOf(me)).toMatchObject({ state: 'active' })
      house.clock.pass(1800)
      expect(await house.token()).toBe('second')
    },
  )

  it('an old token does not serve those who ask for more life than it has', async () => {
    house.endpoint.answer(tokens('first'), { status: 503, text: '' })
    await house.token()
    house.clock.pass(3000)
    expect((await failureOf(house.token({ minimumLife: 601 }))).code).toBe('provider-unavailable')
    expect(await house.token({ minimumLife: 600 })).toBe('first')
  })

  it('nobody asks about it again before the time is up, and each wait is longer, up to five seconds', async () => {
    for (const seconds of [2, 4, 5, 5]) {
      house.endpoint.answer({ status: 503, text: '' })
      await failureOf(house.token())
      const requests = house.endpoint.requests.length
      const failure = await failureOf(house.token())
      expect(failure).toMatchObject({ code: 'provider-unavailable', retryAfterSeconds: seconds })
      house.clock.pass(seconds - 0.01)
      await failureOf(house.token())
      expect(house.endpoint.requests).toHaveLength(requests)
      house.clock.pass(0.01)
    }
    house.endpoint.answer(tokens('first'))
    expect(await house.token()).toBe('first')
  })

  it('trouble is over ten seconds after the provider is back, however long it lasted and whatever it was', async () => {
    const away = passing.map(([, answer]) => answer).filter(({ status }) => status !== 429)
    for (const trouble of away) {
      for (let second = 0; second < 600 || house.endpoint.unusedAnswers() > 0; second += 1) {
        if (house.endpoint.unusedAnswers() === 0) house.endpoint.answer(trouble)
        await failureOf(house.token())
        house.clock.pass(1)
      }
      house.endpoint.answer(tokens('back', { expires_in: 1 }))
      house.clock.pass(9)
      expect(await house.token()).toBe('back')
      house.clock.pass(1)
    }
  })

  it('a provider that is asked too often is left alone for a minute, if it does not say for how long', async () => {
    house.endpoint.answer({ status: 429, text: 'slow down' })
    await failureOf(house.token())
    for (let second = 0; second < 60; second += 1) {
      await failureOf(house.token())
      house.clock.pass(1)
    }
    expect(house.endpoint.requests).toHaveLength(1)
  })

  it('a refusal is tried again after a few seconds the first time, and then ever more rarely', async () => {
    const refusal = { status: 403, json: { message: 'Not from this network' } }
    for (const seconds of [5, 15, 45, 135, 405, 900, 900]) {
      house.endpoint.answer(refusal)
      const requests = house.endpoint.requests.length
      await failureOf(house.token())
      expect(house.endpoint.requests).toHaveLength(requests + 1)
      expect(await failureOf(house.token())).toMatchObject({ retryAfterSeconds: seconds })
      house.clock.pass(seconds)
    }
  })

  it('the wait is as long as the provider wants, up to an hour and a tenth', async () => {
    house.endpoint.answer({ status: 429, headers: { 'retry-after': '100' }, text: '' })
    await failureOf(house.token())
    house.clock.pass(100)
    expect((await failureOf(house.token())).retryAfterSeconds).toBe(10)
    house.clock.pass(10)
    house.endpoint.answer({ status: 503, headers: { 'retry-after': '999999' }, text: '' })
    await failureOf(house.token())
    expect((await failureOf(house.token())).retryAfterSeconds).toBe(3960)
  })

  it('the wait ends for those who ask when somebody consents', async () => {
    house.endpoint.answer({ status: 503, text: '' }, tokens('second'))
    await failureOf(house.token())
    await house.store.consent(me, 'refresh-2')
    house.broker.grantChanged(me)
    expect(await house.token()).toBe('second')
  })

  it('trouble does not spread to other mailboxes', async () => {
    await house.store.addMailbox('you@example.com')
    await house.store.consent('you@example.com', 'refresh-you')
    house.endpoint.answer({ status: 503, text: '' }, tokens('yours'))
    await failureOf(house.token())
    expect((await house.broker.accessTokenFor('you@example.com')).secret.reveal()).toBe('yours')
  })
})

describe('a consent that was withdrawn', () => {
  const refusal: ScriptedAnswer = {
    status: 400,
    json: { error: 'invalid_grant', error_description: 'AADSTS50173: revoked.\r\nrefresh-1 is dead' },
  }

  it('the grant lapses with the reason, keeps its refresh token, and loses the access token', async () => {
    house.endpoint.answer(tokens('first'), refusal)
    await house.token()
    house.clock.pass(3000)
    const failure = await failureOf(house.token())
    expect(failure).toMatchObject({ code: 'consent-needed' })
    expect(failure.message).toContain('The consent for me@example.com has lapsed')
    expect(failure.message).not.toContain('AADSTS')
    expect(failure.fix).toContain('postern consent me@example.com')
    const grant = await house.store.grantOf(me)
    expect(grant).toMatchObject({
      state: 'lapsed',
      since: house.clock.now(),
      reason: 'invalid_grant: AADSTS50173: revoked. [hidden] is dead',
    })
    expect(grant.state === 'lapsed' && grant.refreshToken?.reveal()).toBe('refresh-1')
  })

  it('the withdrawal is told once, so that nothing goes on that was opened with its tokens', async () => {
    house.endpoint.answer(tokens('first'), refusal)
    await house.token()
    house.clock.pass(3000)
    await Promise.all([failureOf(house.token()), failureOf(house.token())])
    await failureOf(house.token())
    expect(house.lapsed).toEqual([me])
  })

  it('the withdrawal is told also when another process has found it out', async () => {
    house.endpoint.answer(tokens('first'))
    await house.token()
    await house.store.lapseElsewhere(me)
    house.clock.pass(3000)
    for (let round = 0; round < 3; round += 1) await failureOf(house.token())
    expect(house.lapsed).toEqual([me])
  })

  it('the withdrawal is not told for trouble that passes, nor for a consent that came meanwhile', async () => {
    house.endpoint.answer({ status: 503, text: '' }, { ...refusal, status: 502 })
    await failureOf(house.token())
    house.clock.pass(100)
    await failureOf(house.token())
    house.clock.pass(100)
    let release = () => {}
    const after = new Promise<void>((resolve) => {
      release = resolve
    })
    house.endpoint.answer({ ...refusal, after }, tokens('second'))
    const pending = house.token()
    await expect.poll(() => house.endpoint.requests.length).toBe(3)
    await house.store.consent(me, 'refresh-2')
    house.broker.grantChanged(me)
    release()
    expect(await pending).toBe('second')
    expect(house.lapsed).toEqual([])
  })

  it('nobody asks about a withdrawn consent again', async () => {
    house.endpoint.answer(refusal)
    for (let round = 0; round < 3; round += 1)
      expect((await failureOf(house.token())).code).toBe('consent-needed')
    house.clock.pass(100_000)
    await failureOf(house.token())
    expect(house.endpoint.requests).toHaveLength(1)
  })

  it('a new consent repairs it without a restart, also one that this process was not told of', async () => {
    house.endpoint.answer(refusal, tokens('second'))
    await failureOf(house.token())
    await house.store.consent(me, 'refresh-2')
    expect(await house.token()).toBe('second')
  })

  it('the withdrawal is not believed when another process has renewed the grant meanwhile', async () => {
    let release = () => {}
    const after = new Promise<void>((resolve) => {
      release = resolve
    })
    house.endpoint.answer({ ...refusal, after }, tokens('second'))
    const pending = house.token()
    await expect.poll(() => house.endpoint.requests.length).toBe(1)
    await house.store.renewElsewhere(me, 'refresh-2')
    release()
    expect(await pending).toBe('second')
    expect(house.spent()).toEqual(['refresh-1', 'refresh-2'])
    expect((await house.store.grantOf(me)).state).toBe('active')
  })

  it('a withdrawal that cannot be noted is asked about again only after a while', async () => {
    let release = () => {}
    const after = new Promise<void>((resolve) => {
      release = resolve
    })
    house.endpoint.answer({ ...refusal, after })
    const pending = house.token()
    await expect.poll(() => house.endpoint.requests.length).toBe(1)
    house.store.breakDown()
    release()
    expect((await failureOf(pending)).code).toBe('store-unavailable')
    expect((await failureOf(house.token())).code).toBe('store-unavailable')
    expect(house.endpoint.requests).toHaveLength(1)
  })
})

describe('a registration that is missing', () => {
  it('a missing registration is told in the words of the catalogue', async () => {
    const missing = failureAs('configuration', 'There is no app registration for Google', {
      fix: 'Set it.',
    })
    const broker = createTokenBroker({
      store: house.store.ports,
      oauthClientFor: () => {
        throw missing
      },
      onLapsed() {},
      clock: house.clock,
      log: silentLog,
    })
    const { code, message, fix } = await failureOf(broker.accessTokenFor(me))
    expect([code, message, fix]).toEqual(['provider-setup', missing.message, 'Set it.'])
    expect((await house.store.grantOf(me)).state).toBe('active')
  })
})

describe('the log', () => {
  it('the log tells why, and holds no token', async () => {
    house.endpoint.answer(tokens('first-access', { refresh_token: 'refresh-2' }))
    house.endpoint.answer({ status: 503, text: '' })
    house.endpoint.answer({ status: 400, json: { error: 'invalid_grant', error_description: 'refresh-2' } })
    await house.token()
    house.clock.pass(3600)
    await failureOf(house.token())
    house.clock.pass(300)
    await failureOf(house.token())
    const all = house.lines.map(({ text }) => text).join('\n')
    expect(all).toContain('HTTP status 503')
    expect(all).toContain('invalid_grant')
    for (const secret of ['refresh-1', 'refresh-2', 'first-access']) expect(all).not.toContain(secret)
  })
})

describe('a grant without a person', () => {
  it('the grant asks for its tokens by itself, and lapses with no answer: nobody could consent again', async () => {
    const { store, endpoint, broker, lapsed } = house
    await store.addMailbox('app@example.com')
    await store.grantWithoutPerson('app@example.com')
    endpoint.answer({ status: 400, json: { error: 'invalid_grant' } })
    const failure = await failureOf(broker.accessTokenFor('app@example.com'))
    expect(failure.code).toBe('provider-setup')
    expect((await store.grantOf('app@example.com')).state).toBe('active')
    expect(lapsed).toEqual([])

    house.clock.pass(1000)
    endpoint.answer(tokens('of-the-app'))
    expect((await broker.accessTokenFor('app@example.com')).secret.reveal()).toBe('of-the-app')
    expect(endpoint.requests.map(({ form }) => form.grant_type)).toEqual([
      'client_credentials',
      'client_credentials',
    ])
  })
})
