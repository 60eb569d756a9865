import { describe, expect, it } from 'vitest'
import type { KeptRotation } from '../../src/store/ports.ts'
import { tokens } from '../providers/token-endpoint.ts'
import { failureOf, me, startBroker, startEach } from './fixture.ts'

let house: Awaited<ReturnType<typeof startBroker>>

startEach(startBroker, (started) => {
  house = started
})

describe('a rotated refresh token', () => {
  it('the refresh token is stored before the access token is handed out', async () => {
    house.endpoint.answer(tokens('first', { refresh_token: 'refresh-2' }), tokens('second'))
    await house.token()
    expect(await house.kept()).toBe('refresh-2')
    house.clock.pass(3600)
    await house.token()
    expect(house.spent()).toEqual(['refresh-1', 'refresh-2'])
  })

  it('an answer without a refresh token leaves the old one', async () => {
    house.endpoint.answer(tokens('first'), tokens('second', { refresh_token: '' }))
    await house.token()
    house.clock.pass(3600)
    await house.token()
    expect(await house.kept()).toBe('refresh-1')
    expect(await house.store.grantOf(me)).toMatchObject({ version: 3, renewedAt: house.clock.now() })
  })

  it.each<[string, Parameters<typeof house.endpoint.answer>[0]]>([
    ['without a type', tokens('second', { refresh_token: 'refresh-2', token_type: undefined })],
    ['with status 201', { ...tokens('second', { refresh_token: 'refresh-2' }), status: 201 }],
    ['with a life in words', tokens('second', { refresh_token: 'refresh-2', expires_in: 'an hour' })],
    ['with scopes in a list', tokens('second', { refresh_token: 'refresh-2', scope: ['mail'] })],
  ])('the refresh token of an answer %s is stored, and its access token is used', async (_what, answer) => {
    house.endpoint.answer(answer)
    expect(await house.token()).toBe('second')
    expect(await house.kept()).toBe('refresh-2')
  })

  it.each<[string, object]>([
    ['is for a mail server to choke on', { access_token: 'a\r\nb' }],
    ['is too long', { access_token: 'a'.repeat(70_000) }],
    ['is missing', { access_token: undefined }],
    ['is of another type', { token_type: 'DPoP' }],
  ])(
    'the refresh token is stored where the access token %s, and the mistake is told as one of the set-up',
    async (_what, odd) => {
      house.endpoint.answer(
        tokens('first', { refresh_token: 'refresh-2', ...odd }),
        tokens('second', { refresh_token: 'refresh-3' }),
      )
      const failure = await failureOf(house.token())
      expect(failure).toMatchObject({ code: 'provider-setup', fix: expect.any(String) })
      expect(await house.kept()).toBe('refresh-2')
      house.clock.pass(900)
      expect(await house.token()).toBe('second')
      expect(house.spent()).toEqual(['refresh-1', 'refresh-2'])
    },
  )

  it('the refresh token of a slower process is dropped, and the newer one is used', async () => {
    let release = () => {}
    const after = new Promise<void>((resolve) => {
      release = resolve
    })
    house.endpoint.answer({ ...tokens('loser', { refresh_token: 'lost' }), after }, tokens('winner'))
    const pending = house.token()
    await expect.poll(() => house.endpoint.requests.length).toBe(1)
    await house.store.renewElsewhere(me, 'refresh-of-another-process')
    release()
    expect(await pending).toBe('winner')
    expect(house.spent()).toEqual(['refresh-1', 'refresh-of-another-process'])
    expect(await house.kept()).toBe('refresh-of-another-process')
  })
})

describe('a rotated refresh token that cannot be stored', () => {
  async function loseTheStore() {
    let release = () => {}
    const after = new Promise<void>((resolve) => {
      release = resolve
    })
    house.endpoint.answer({ ...tokens('second', { refresh_token: 'refresh-2' }), after })
    const asked = house.endpoint.requests.length + 1
    const pending = house.token()
    await expect.poll(() => house.endpoint.requests.length).toBe(asked)
    house.store.breakDown()
    release()
    return pending
  }

  it('the access token is held back, the failure says so, and the provider is asked no more', async () => {
    const failure = await failureOf(loseTheStore())
    expect(failure.code).toBe('store-unavailable')
    expect(house.lines.map(({ level }) => level)).toEqual(['error'])
    expect((await failureOf(house.token())).retryAfterSeconds).toBe(2)
    house.clock.pass(2.1)
    expect((await failureOf(house.token())).code).toBe('store-unavailable')
    expect(house.spent()).toEqual(['refresh-1'])
  })

  it('the refresh token is stored as soon as the store is back, and only then used', async () => {
    await failureOf(loseTheStore())
    house.store.mend()
    house.clock.pass(2.1)
    expect(await house.token()).toBe('second')
    expect(await house.kept()).toBe('refresh-2')
    expect(house.spent()).toEqual(['refresh-1'])
  })

  it('the refresh token is stored by itself when nobody asks, with longer and longer waits', async () => {
    await failureOf(loseTheStore())
    for (const milliseconds of [2000, 4000, 5000]) {
      await expect.poll(() => house.due.length).toBe(1)
      const [next] = house.due.splice(0)
      expect(next?.milliseconds).toBe(milliseconds)
      house.clock.pass(milliseconds / 1000)
      if (milliseconds === 5000) house.store.mend()
      next?.run()
    }
    await expect.poll(house.kept).toBe('refresh-2')
    expect(house.due).toEqual([])
    expect(await house.token()).toBe('second')
    expect(house.spent()).toEqual(['refresh-1'])
  })

  it('whoever sends notices hears of it at once, and the end of the process names the mailbox', async () => {
    await failureOf(loseTheStore())
    expect(house.unstored()).toBe(1)
    expect(house.broker.unstored()).toEqual([me])
    await house.broker.close()
    expect(house.broker.unstored()).toEqual([me])
    expect(house.lines.at(-1)).toMatchObject({ level: 'error', text: expect.stringContaining(me) })
  })

  it('the end of the process hands it over where there is another place for it', async () => {
    const kept: KeptRotation[] = []
    house = await startBroker({ keepElsewhere: async (rotations) => void kept.push(...rotations) })
    await failureOf(loseTheStore())
    await house.broker.close()
    expect(house.broker.unstored()).toEqual([])
    expect(kept).toMatchObject([{ mailbox: me, version: 1 }])
    expect(kept[0]?.renewed.refreshToken?.reveal()).toBe('refresh-2')
    house.store.mend()
    await house.close()
  })

  it('the old access token stays in use while it lives', async () => {
    house.endpoint.answer(tokens('first'))
    await house.token()
    house.clock.pass(3000)
    expect(await loseTheStore()).toBe('first')
    expect(await house.token()).toBe('first')
    house.clock.pass(700)
    expect((await failureOf(house.token())).code).toBe('store-unavailable')
  })

  it('the refresh token is forgotten when somebody consents anew', async () => {
    await failureOf(loseTheStore())
    house.store.mend()
    await house.store.consent(me, 'refresh-3')
    house.broker.grantChanged(me)
    house.endpoint.answer(tokens('third'))
    expect(await house.token()).toBe('third')
    expect(house.spent()).toEqual(['refresh-1', 'refresh-3'])
  })

  it('the refresh token gives way to a consent that this process was not told of', async () => {
    await failureOf(loseTheStore())
    house.store.mend()
    await house.store.consent(me, 'refresh-3')
    house.clock.pass(2.1)
    house.endpoint.answer(tokens('third'))
    expect(await house.token()).toBe('third')
    expect(await house.kept()).toBe('refresh-3')
  })
})

describe('a store that is down', () => {
  it('a token that needs no storing is handed out', async () => {
    let release = () => {}
    const after = new Promise<void>((resolve) => {
      release = resolve
    })
    house.endpoint.answer({ ...tokens('first'), after })
    const pending = house.token()
    await expect.poll(() => house.endpoint.requests.length).toBe(1)
    house.store.breakDown()
    release()
    expect(await pending).toBe('first')
  })

  it('the store is told as down before the provider is asked', async () => {
    house.store.breakDown()
    expect((await failureOf(house.token())).code).toBe('store-unavailable')
    expect(house.spent()).toEqual([])
  })
})

describe('an access token for something else than the mail server', () => {
  const graphToken = `e30.${Buffer.from('{"aud":"https://graph.microsoft.com"}').toString('base64url')}.s`
  const tokenClaims = {
    audiences: ['https://outlook.office.com'],
    delegatedScope: 'SMTP.Send',
    applicationRole: 'SMTP.SendAsApp',
  }

  it('the token is not handed out, and the refresh token that came with it is kept', async () => {
    const strict = await startBroker({ oauth: { tokenClaims } })
    strict.endpoint.answer(tokens(graphToken, { refresh_token: 'refresh-2' }))
    const failure = await failureOf(strict.token())
    expect(failure).toMatchObject({ code: 'provider-setup' })
    expect(failure.message).toContain('Microsoft Graph')
    expect(await strict.kept()).toBe('refresh-2')
    expect(await strict.store.grantOf(me)).toMatchObject({ state: 'active' })
    await strict.close()
  })
})
