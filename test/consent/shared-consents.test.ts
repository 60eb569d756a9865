import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { openStore } from '../../src/store/store.ts'
import { newPlace, onPostgres } from '../store/fixture.ts'
import { eventually } from '../support/eventually.ts'
import { browser, callbackOf, setUpConsent } from './consent-set-up.ts'

const mailbox = 'me@example.com'
const provider = {
  flows: ['authorization-code' as const, 'device' as const],
  oauth: { adminConsentEndpoint: 'https://login.example.com/common/v2.0/adminconsent' },
  registration: { clientId: 'app', clientSecrets: [{ value: new Secret('s') }] },
}

/** Two processes with the consents of each; their provider answers each by itself. */
async function openTwo() {
  const place = await newPlace()
  const open = async () => {
    const opened = await openStore({ ...place, clock: systemClock, log: silentLog })
    onTestFinished(() => opened.store.close())
    return opened
  }
  const [first, second] = [await open(), await open()]
  await first.store.mailboxes.add({ address: 'Me@example.com', providerId: 'custom', createdAt: 0 })
  const process = async (opened: typeof first) => {
    const set = await setUpConsent({ opened, provider })
    onTestFinished(() => set.consent.device.close())
    /** The time until the next question passes. */
    const ask = async () => {
      await eventually('a question is due', () => set.due.length > 0)
      const next = set.due.shift()
      set.clock.advance((next?.milliseconds ?? 0) / 1000)
      next?.run()
    }
    return { ...set, ask, end: () => opened.store.close() }
  }
  return [await process(first), await process(second)] as const
}

describe.runIf(onPostgres)('a consent that two processes have to do with', () => {
  it('a consent that is begun at one is finished at the other, once', async () => {
    const [one, two] = await openTwo()
    const { authorizationUrl } = await one.consent.begin({ mailbox }, browser)
    const callback = callbackOf(authorizationUrl)
    expect(await two.consent.complete(callback, browser)).toMatchObject({ mailbox: 'Me@example.com' })
    expect(await one.store.grants.ofMailbox(mailbox)).toMatchObject({ state: 'active' })
    await expect(one.consent.complete(callback, browser)).rejects.toThrow()
  })

  it('a link that one made opens at the other, and is used up at both', async () => {
    const [one, two] = await openTwo()
    const { url } = await one.consent.createLink(mailbox, 'IT')
    const link = url.slice(url.lastIndexOf('/') + 1)
    const { authorizationUrl } = await two.consent.begin({ link }, browser)
    await one.consent.complete(callbackOf(authorizationUrl), browser)
    await expect(two.consent.openLink(link)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('a consent of an administrator is known at the other, and told once', async () => {
    const [one, two] = await openTwo()
    const callback = callbackOf(new URL((await one.consent.admin.begin('custom')).url), {
      admin_consent: 'True',
    })
    expect(await two.consent.admin.isOne(callback)).toBe(true)
    await two.consent.admin.complete(callback)
    expect(await one.consent.admin.isOne(callback)).toBe(false)
  })

  it('the other knows how a consent on another device stands, and asks nothing itself', async () => {
    const [one, two] = await openTwo()
    const { id } = await one.consent.device.begin(mailbox)
    expect(await two.consent.device.state(id)).toEqual({ state: 'pending', mailbox: 'Me@example.com' })
    await one.ask()
    await eventually('done', async () => (await two.consent.device.state(id)).state === 'completed')
    expect(await two.store.grants.ofMailbox(mailbox)).toMatchObject({ state: 'active', flow: 'device' })
    expect(two.due).toEqual([])
  })

  it('a consent on another device is finished by the other when the one that asked has ended', async () => {
    const [one, two] = await openTwo()
    one.client.polls.push('pending')
    const { id } = await one.consent.device.begin(mailbox)
    await one.ask()
    await one.end()
    await two.ask()
    await eventually('done', async () => (await two.consent.device.state(id)).state === 'completed')
    expect(await two.store.grants.ofMailbox(mailbox)).toMatchObject({ state: 'active', flow: 'device' })
  })

  it('one that was held up, and whose consent another has taken over, asks no more', async () => {
    const [one, two] = await openTwo()
    const { id } = await one.consent.device.begin(mailbox)
    await one.end()
    await eventually('taken over', () => two.due.length > 0)
    one.client.polls.push('pending')
    await one.ask()
    await two.ask()
    await eventually('done', async () => (await two.consent.device.state(id)).state === 'completed')
    expect(one.client.polls).toEqual(['pending'])
  })
})
