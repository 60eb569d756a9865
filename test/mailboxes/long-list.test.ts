import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { createGovernors } from '../../src/governor/create-governors.ts'
import { createTokenBroker } from '../../src/grants/create-token-broker.ts'
import { createMailboxes } from '../../src/mailboxes/create-mailboxes.ts'
import { type Address, keyed } from '../../src/model/address.ts'
import type { Store } from '../../src/store/ports.ts'
import { rememberReads } from '../../src/store/remembered-reads.ts'
import { createRelay } from '../../src/upstream/create-relay.ts'
import { createPauses, createSendingStatus } from '../../src/upstream/relay.ts'
import { failureAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { registeredProvider } from '../support/registered-provider.ts'
import { patientLimits } from '../support/relay-stage.ts'

/** A store that tells what it is asked. */
function telling(store: Store): Store & { asked: string[] } {
  const asked: string[] = []
  const told = Object.entries(store).map(([port, methods]) => [
    port,
    typeof methods === 'function'
      ? methods
      : Object.fromEntries(
          Object.entries(methods).map(([name, method]) => [
            name,
            (...given: unknown[]) => {
              asked.push(`${port}.${name}`)
              return (method as (...given: unknown[]) => unknown)(...given)
            },
          ]),
        ),
  ])
  return { ...(Object.fromEntries(told) as Store), asked }
}

const all: readonly Address[] = Array.from({ length: 50 }, (_, place): Address => `m${place}@example.com`)

/** Fifty mailboxes as postern has them while it runs. No provider can be reached. */
async function setUp() {
  const clock = createManualClock()
  const store = telling(createMemoryStore(clock))
  let provider = registeredProvider()
  const catalogue = { registered: () => provider, list: () => [{ provider, registered: true }] }
  const oauthClientFor = () => {
    throw failureAs('provider-unavailable', 'There is no such provider')
  }
  for (const mailbox of all) {
    const consent = { mailbox, flow: 'authorization-code', scopes: [], grantedAt: 0, renewedAt: 0 } as const
    const refreshToken = new Secret(`refresh of ${mailbox}`)
    await store.mailboxes.add(
      { address: mailbox, providerId: provider.id, createdAt: 0 },
      { ...consent, refreshToken },
    )
  }
  const governors = createGovernors({ counts: store.recipientCounts, clock, log: silentLog })
  const tokens = createTokenBroker({ store, oauthClientFor, clock, log: silentLog, onLapsed() {} })
  const relay = createRelay({
    catalogue,
    mailboxes: store.mailboxes,
    serverCapabilities: store.serverCapabilities,
    tokens,
    governors,
    limits: patientLimits,
    clock,
    log: silentLog,
  })
  onTestFinished(() => relay.close())
  const mailboxes = createMailboxes({
    outcomes: (mailbox) => store.journal.outcomes(mailbox),
    store: rememberReads(store).store,
    catalogue,
    oauthClientFor,
    clock,
    log: silentLog,
    renewalSeconds: 86_400,
    sending: createSendingStatus(relay, tokens),
    pauses: createPauses(relay, tokens),
  })
  store.asked.length = 0
  const register = (expiresAt: number) => {
    const clientSecrets = [{ value: new Secret('of the registration'), expiresAt }]
    provider = { ...provider, registration: { clientId: 'client', clientSecrets } }
  }
  return { mailboxes, relay, tokens, store, clock, register }
}

describe('a long list of mailboxes', () => {
  let stage: Awaited<ReturnType<typeof setUp>>

  beforeEach(async () => {
    stage = await setUp()
  })

  it('a list costs two questions to the store, however many mailboxes there are', async () => {
    const { mailboxes, store } = stage
    const listed = await mailboxes.list()
    expect(listed.map(({ address }) => address).sort()).toEqual([...all].sort())
    expect(listed.every(({ state }) => state === 'active')).toBe(true)
    expect(store.asked).toEqual(['mailboxes.listWithGrants', 'journal.outcomes'])
  })

  it('a list has what each mailbox shows by itself but for what it may send now, and opens no seal', async () => {
    const { mailboxes } = stage
    const { sending, ...shown } = await mailboxes.show('m7@example.com')
    expect(sending).toBeDefined()
    expect(shown).toHaveProperty('renewsBy')
    expect((await mailboxes.list()).find(({ address }) => address === 'm7@example.com')).toEqual(shown)
  })

  it('a list that is asked for again reads what came of the mail, and nothing else', async () => {
    const { mailboxes, store } = stage
    const first = await mailboxes.list()
    store.asked.length = 0
    expect(await mailboxes.list()).toEqual(first)
    expect(store.asked).toEqual(['journal.outcomes'])
  })

  it('a list that is remembered follows the registration at once, and the time', async () => {
    const { mailboxes, clock, register } = stage
    const conditions = async () => new Set((await mailboxes.list()).map(({ condition }) => condition))
    const day = 86_400
    expect(await conditions()).toEqual(new Set(['never-used']))
    register(clock.now() + 40 * day * 1000)
    const endings = (await mailboxes.list()).flatMap((one) => one.endings?.map(({ kind }) => kind) ?? [])
    expect(new Set(endings)).toEqual(new Set(['client-secret']))
    expect(await conditions()).toEqual(new Set(['never-used']))
    clock.advance(11 * day)
    expect(await conditions()).toEqual(new Set(['ends-soon']))
  })

  it('a list says what holds a mailbox back, and of the others nothing', async () => {
    const { mailboxes, relay, store } = stage
    await expect(relay.verify(keyed('m7@example.com'))).rejects.toMatchObject({
      code: 'provider-unavailable',
    })
    store.asked.length = 0
    const listed = await mailboxes.list()
    const held = listed.filter(({ pauses }) => pauses !== undefined)
    expect(held.map(({ address }) => address)).toEqual(['m7@example.com'])
    const shown = await mailboxes.show('m7@example.com')
    expect(held[0]?.pauses).toEqual(shown.sending?.pauses)
    expect(store.asked[0]).toBe('mailboxes.listWithGrants')
  })
})
