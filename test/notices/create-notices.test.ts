import { expect, it, onTestFinished, vi } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { parseAddress } from '../../src/model/address.ts'
import { createNotices } from '../../src/notices/create-notices.ts'
import { createCatalogue } from '../../src/providers/catalogue.ts'
import { memoryLog } from '../grants/fixture.ts'
import { newGrant, now, openFixture } from '../store/fixture.ts'

const day = 86_400_000
const unused = async () => {
  throw new Error('not asked for here')
}

/** A minute after a start with Google's registration in its test phase. */
async function stage() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { store, clock } = await openFixture()
  const heard: string[] = []
  const start = (secretEndsAt: number) => {
    const clientSecrets = [{ value: new Secret('s'), expiresAt: secretEndsAt }]
    const catalogue = createCatalogue({
      registrations: { google: { clientId: 'app', clientSecrets, testing: true } },
      customProviders: [],
      providerOverrides: new Map(),
    })
    const notices = createNotices({
      notify: { webhook: { url: new URL('https://hooks.example/x'), secret: new Secret('a'.repeat(32)) } },
      store,
      catalogue,
      tokens: { pauses: () => [], unstored: () => [], tryAgain: async () => {} },
      relay: { begin: unused },
      consent: {
        createLink: async (address) => ({
          id: 'l',
          url: 'https://x.example',
          mailbox: parseAddress(address),
          expiresAt: 'soon',
        }),
      },
      async fetch(_url, { body }) {
        heard.push(JSON.parse(String(body)).data.title)
        return new Response()
      },
      reminderSeconds: 86_400,
      clock,
      log: memoryLog().log,
    })
    onTestFinished(() => notices.close())
    notices.start()
    return notices
  }
  /** Until the look of the next minute is over. */
  const lookOnce = async (secretEndsAt: number) => {
    const notices = start(secretEndsAt)
    await vi.advanceTimersByTimeAsync(60_000)
    await notices.close()
    return heard.splice(0)
  }
  return { store, clock, lookOnce }
}

it('what ends is looked for each minute, told once whatever restarts, and over when it is solved', async () => {
  const { store, clock, lookOnce } = await stage()
  await store.grants.adopt(newGrant())
  await store.grants.adopt(newGrant({ mailbox: 'cron@example.com', grantedAt: now + 5 * day }))
  const first = now + 6.5 * day
  clock.set(now + 6.2 * day)
  expect((await lookOnce(first)).sort()).toEqual([
    'The client secret of the registration for google ends in a day',
    'The consent for printer@example.com ends in a day',
  ])
  expect(await lookOnce(first)).toEqual([])

  // The next secret is there, and the person has consented again.
  await store.grants.adopt(newGrant({ grantedAt: clock.now() }))
  expect(await lookOnce(now + 400 * day)).toEqual([])
  expect(await store.notices.list()).toEqual([])
})
