import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { failureAs } from '../support/made-failure.ts'
import { goodAnswer, identityOf } from '../support/scripted-oauth-client.ts'
import { setUpConsent } from './consent-set-up.ts'

const mailbox = 'me@example.com'

async function begun() {
  const set = await setUpConsent({ provider: { flows: ['authorization-code', 'device'] } })
  const shown = await set.consent.device.begin(mailbox)
  const state = () => set.consent.device.state(shown.id)
  /** The time until the next question passes. */
  const ask = async () => {
    await eventually('a question is due', () => set.due.length > 0)
    const next = set.due.shift()
    set.clock.advance((next?.milliseconds ?? 0) / 1000)
    next?.run()
    return next?.milliseconds
  }
  const ended = () => eventually('it has ended', async () => (await state()).state !== 'pending')
  return { ...set, shown, state, ask, ended }
}

describe('a consent on another device', () => {
  it('a device consent shows what the person needs, and nothing else', async () => {
    const { shown, state } = await begun()
    expect(shown).toEqual({
      id: expect.any(String),
      mailbox: 'Me@example.com',
      providerName: 'Provider custom',
      userCode: 'ABCD-EFGH',
      verificationUri: 'https://login.example.com/device',
      expiresAt: '2030-05-01T12:15:00.000Z',
    })
    expect(await state()).toEqual({ state: 'pending', mailbox: 'Me@example.com' })
  })

  it('postern asks at the pace that the provider wants, and the answer becomes the grant', async () => {
    const { client, ask, ended, state, store, log } = await begun()
    client.polls.push('pending', 'slow-down', failureAs('provider-unavailable', 'Busy'), 'pending')
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([5000, 5000, 10_000, 15_000])
    await ask()
    await ended()
    expect(await state()).toEqual({
      state: 'completed',
      mailbox: 'Me@example.com',
      signedInAs: 'Me@example.com',
    })
    expect(await store.grants.ofMailbox(mailbox)).toMatchObject({ state: 'active', flow: 'device' })
    expect(JSON.stringify(log.lines)).not.toMatch(/the-device-code|ABCD-EFGH/)
  })

  it('a consent of the wrong person is refused and ended at the provider', async () => {
    const { client, ask, ended, state, store } = await begun()
    client.answer = goodAnswer({ identity: identityOf('you@example.com') })
    await ask()
    await ended()
    expect(await state()).toMatchObject({
      state: 'refused',
      message: 'you@example.com signed in, but Me@example.com has to',
    })
    expect(await store.grants.ofMailbox(mailbox)).toEqual({ state: 'absent' })
    await eventually('it is revoked', () => client.revoked.length === 1)
  })

  it('a declined consent says so', async () => {
    const { client, ask, ended, state } = await begun()
    client.answer = failureAs('consent-needed', 'You chose not to allow access', { fix: 'Begin again.' })
    await ask()
    await ended()
    expect(await state()).toMatchObject({
      state: 'refused',
      code: 'consent-needed',
      message: 'You chose not to allow access',
    })
  })

  it('a consent ends with its code, and its outcome is forgotten later', async () => {
    const { clock, ask, ended, state } = await begun()
    clock.advance(900)
    await ask()
    await ended()
    expect(await state()).toMatchObject({ state: 'refused', message: 'The code was not entered in time' })
    clock.advance(3600)
    await expect(state()).rejects.toThrow(/no such consent/)
  })

  it('postern asks no more when it ends', async () => {
    const { consent, ask, ended, state, client } = await begun()
    consent.device.close()
    client.polls.push('pending')
    await ask()
    await ended()
    expect(client.polls).toEqual(['pending'])
    expect(await state()).toMatchObject({ state: 'refused' })
  })

  it('the device consent is refused where the provider has none', async () => {
    const { consent } = await setUpConsent()
    await expect(consent.device.begin(mailbox)).rejects.toMatchObject({ code: 'invalid' })
  })
})
