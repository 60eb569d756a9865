import { expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createMailboxes } from '../../src/mailboxes/create-mailboxes.ts'
import { type Address, keyed } from '../../src/model/address.ts'
import type { ListedMailbox } from '../../src/model/mailbox.ts'
import type { LastOutcome } from '../../src/model/mailbox-outcome.ts'
import { failureAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { registeredProvider } from '../support/registered-provider.ts'
import { signIn, testServer } from './test-server.ts'

const clock = createManualClock()
const asked: string[] = []

// As the store lists them; to fill one with so many would take most of a minute.
const all = Array.from({ length: 5_000 }, (_, at): ListedMailbox & { outcome: LastOutcome } => {
  const address: Address = `department-${at}@subsidiary.example.com`
  const providerId = at % 2 === 0 ? 'example' : 'other'
  const flow = 'authorization-code' as const
  const about = { mailbox: address, providerId, scopes: [], grantedAt: 0, renewedAt: 0, signedInAs: address }
  const grant = { ...about, flow, id: String(at), version: 1, state: 'active' as const }
  const isFailing = at % 50 === 1
  return {
    ...keyed(address),
    providerId,
    createdAt: 0,
    ...(at % 7 !== 0 && { grant }),
    outcome: {
      mailbox: keyed(address).key,
      at: clock.now(),
      tried: 'message',
      outcome: isFailing ? 'failed' : 'done',
      sentAt: clock.now(),
      ...(isFailing && { failingSince: clock.now() }),
      failures: isFailing ? 1 : 0,
    },
  }
})

function server() {
  const test = testServer()
  const provider = registeredProvider()
  const store = createMemoryStore(clock)
  const mailboxes = createMailboxes({
    store: {
      ...store,
      mailboxes: {
        ...store.mailboxes,
        async listWithGrants() {
          asked.push('mailboxes')
          return all
        },
      },
    },
    catalogue: { registered: () => provider, list: () => [{ provider, registered: true }] },
    oauthClientFor: () => {
      throw failureAs('provider-unavailable', 'There is no such provider')
    },
    async outcomes() {
      asked.push('outcomes')
      return all.map(({ outcome }) => outcome)
    },
    renewalSeconds: 86_400,
    clock,
    log: silentLog,
  })
  Object.assign(test.services.mailboxes, { list: () => mailboxes.list() })
  return test
}

it.each([
  ['', '5000', 40],
  ['?state=failing&sort=address', '86', 40],
  ['?provider=other&find=department-49', '56', 40],
  ['?from=4990', '5000', 10],
])(
  'the list of five thousand mailboxes is answered by two questions, below 60 kilobytes: %j',
  async (query, found, rows) => {
    const test = server()
    const { cookie } = await signIn(test)
    asked.length = 0
    const { text } = await test.get(`/${query}`).set('Cookie', cookie)
    expect(asked).toEqual(['mailboxes', 'outcomes'])
    expect(Buffer.byteLength(text)).toBeLessThan(60_000)
    expect(text).toContain(` of ${found}<`)
    expect(text.match(/@subsidiary\.example\.com<\/a><\/td>/g)).toHaveLength(rows)
  },
)
