import { beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createLogins } from '../../src/credentials/create-logins.ts'
import { createMailboxes } from '../../src/mailboxes/create-mailboxes.ts'
import { rememberReads } from '../../src/store/remembered-reads.ts'
import { mailboxNumber, openLargeStore } from '../support/large-store.ts'
import { failureAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { registeredProvider } from '../support/registered-provider.ts'
import { signIn, testServer } from './test-server.ts'

const clock = createManualClock()
let large: Awaited<ReturnType<typeof openLargeStore>>
beforeAll(async () => {
  large = await openLargeStore({ mailboxes: 5_000, logins: 10_000 }, clock)
})

/** Pages over the real store; the journal is another, so that only questions about these are counted. */
async function pages() {
  const test = testServer()
  const provider = registeredProvider()
  const { store } = rememberReads(large.store)
  const mailboxes = createMailboxes({
    store,
    catalogue: { registered: () => provider, list: () => [{ provider, registered: true }] },
    oauthClientFor: () => {
      throw failureAs('provider-unavailable', 'There is no such provider')
    },
    outcomes: store.journal.outcomes,
    renewalSeconds: 86_400,
    clock,
    log: silentLog,
  })
  const keyedHash = () => ''
  const logins = createLogins({ store, keyedHash, clock, log: silentLog })
  for (const name of ['list', 'show', 'addresses'] as const)
    Object.assign(test.services.mailboxes, { [name]: mailboxes[name].bind(mailboxes) })
  for (const name of ['list', 'page', 'show', 'anyActive'] as const)
    Object.assign(test.services.logins, { [name]: logins[name] })
  const { cookie } = await signIn(test)
  return async (path: string) => {
    const before = large.questions.asked
    const { text } = await test.get(path).set('Cookie', cookie)
    const asked = large.questions.asked - before
    return { text, asked, store }
  }
}

describe('five thousand mailboxes and ten thousand logins', () => {
  it.each([
    ['/', '5000', 40],
    ['/?state=failing&sort=address', '86', 40],
    ['/?provider=other&find=department-49', '56', 40],
    ['/?from=4990', '5000', 10],
  ])('the mailboxes are answered by few questions, below 60 kilobytes: %j', async (path, found, rows) => {
    const get = await pages()
    const { text, asked } = await get(path)
    // A hundred at a time, so that others have their turn; the outcomes; and whether there is a login.
    expect(asked).toBeLessThanOrEqual(53)
    expect(Buffer.byteLength(text)).toBeLessThan(60_000)
    expect(text).toContain(` of ${found}<`)
    expect(text.match(/@subsidiary\.example\.com<\/a><\/td>/g)).toHaveLength(rows)
  })

  it('the next look reads the outcomes and what has changed since, and nothing else of the mailboxes', async () => {
    const get = await pages()
    const { store } = await get('/')
    expect((await get('/')).asked).toBe(2)
    await store.mailboxes.noteAccepted(mailboxNumber(1), 'mailbox')
    expect((await get('/')).asked).toBe(3)
    expect((await get('/?sort=address&from=40')).asked).toBe(2)
  })

  it.each([
    ['/logins/new', 5],
    ['/api-keys/new', 5],
    // With the logins that the filter suggests.
    ['/journal', 9],
  ])('a page that offers the mailboxes reads their addresses alone: %j', async (path, most) => {
    const get = await pages()
    const { asked } = await get(path)
    // A thousand at a time, and whether there are more.
    expect(asked).toBeLessThanOrEqual(most + 1)
    expect(asked).toBeGreaterThanOrEqual(5)
  })

  it.each([
    ['/logins', 9_000, 50],
    ['/logins?state=never-used&sort=used', 3_000, 50],
    ['/logins?state=revoked&from=950', 1_000, 50],
    ['/logins?find=department-4998', 2, 2],
    ['/logins?find=floor%2039', 0, 0],
    ['/logins?find=floor%2038&sort=used', 250, 50],
    ['/logins?find=192.0.2.1', 100, 50],
  ])(
    'a part of the logins is answered by four questions, below 60 kilobytes: %j',
    async (path, found, rows) => {
      const get = await pages()
      const { text, asked } = await get(path)
      expect(asked).toBeLessThanOrEqual(4)
      expect(Buffer.byteLength(text)).toBeLessThan(60_000)
      if (found > 50) expect(text).toContain(` of ${found}<`)
      expect(text.match(/<tr role="row"><td/g) ?? []).toHaveLength(rows)
    },
  )
})
