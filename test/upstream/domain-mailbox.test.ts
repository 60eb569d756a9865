import { describe, expect, it, onTestFinished } from 'vitest'
import { createGovernors } from '../../src/governor/create-governors.ts'
import type { Governors } from '../../src/governor/governor.ts'
import { keyed } from '../../src/model/address.ts'
import { createRelay } from '../../src/upstream/create-relay.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { registeredProvider } from '../support/registered-provider.ts'
import { patientLimits } from '../support/relay-stage.ts'

/** Counts what is kept of governors. */
function counted(governors: Governors): Governors & { kept: Set<string> } {
  const kept = new Set<string>()
  return {
    kept,
    of: (mailbox, provider) => {
      kept.add(mailbox)
      return governors.of(mailbox, provider)
    },
    look: (...whose) => governors.look(...whose),
    pauses: (...whose) => governors.pauses(...whose),
    forget(mailbox, ...of) {
      kept.delete(mailbox)
      governors.forget(mailbox, ...of)
    },
    program: (program) => governors.program(program),
    close: () => governors.close(),
  }
}

const most = 100

/** A relay for every address of example.com, none of which gets a token. */
async function domainStage() {
  const [clock, log, store] = [createManualClock(), createRecordingLog(), createMemoryStore()]
  await store.mailboxes.add({ address: '*@example.com', providerId: 'custom', createdAt: 0 })
  const governors = counted(createGovernors({ counts: store.recipientCounts, clock, log }))
  const provider = registeredProvider()
  const relay = createRelay({
    catalogue: { registered: () => provider, list: () => [{ provider, registered: true }] },
    mailboxes: store.mailboxes,
    serverCapabilities: store.serverCapabilities,
    tokens: {
      accessTokenFor: async () => Promise.reject(new Error('nobody connects')),
      grantChanged() {},
      close: async () => {},
    },
    governors,
    limits: patientLimits,
    clock,
    log,
    mostMailboxes: most,
  })
  onTestFinished(async () => {
    await relay.close()
    await governors.close()
  })
  const use = (place: number) => relay.verify(keyed(`a${place}@example.com`)).catch(() => {})
  return { relay, governors, store, clock, use }
}

describe('a whole domain', () => {
  it('a domain costs no more memory, however many of its addresses were sent from', async () => {
    const { relay, governors, use } = await domainStage()
    let kept = 0
    for (let place = 0; place < 2.5 * most; place += 1) {
      await use(place)
      kept = Math.max(kept, governors.kept.size)
    }
    expect(kept).toBeLessThanOrEqual(most + 1)
    // What was forgotten is made anew.
    expect(await relay.state('a0@example.com')).toMatchObject({ waiting: 0 })
  })

  it('a domain forgets those first that nobody has sent from for the longest time', async () => {
    const { governors, use } = await domainStage()
    for (let place = 0; place < most; place += 1) await use(place)
    await use(0)
    for (let place = most; place < most + 10; place += 1) await use(place)
    expect(governors.kept.has('a0@example.com')).toBe(true)
    expect(governors.kept.has('a1@example.com')).toBe(false)
  })
})

describe('looking', () => {
  it('a look makes nothing and drops nothing, however many addresses are looked at', async () => {
    const { relay, governors, use } = await domainStage()
    await use(0)
    for (let place = 1; place < 2 * most; place += 1) await relay.state(`a${place}@example.com`)
    expect([...governors.kept]).toEqual(['a0@example.com'])
  })

  it('a look tells what was sent on the last day and what the provider allows, of a mailbox that nobody has used yet', async () => {
    const { relay, governors, store, clock } = await domainStage()
    await store.recipientCounts.add('a0@example.com', clock.now() - (clock.now() % 3_600_000), 7)
    expect(await relay.state('a0@example.com')).toMatchObject({
      connections: { open: 0, inUse: 0, allowed: 1, limit: 1 },
      waiting: 0,
      recipientsLastDay: 7,
      pauses: [],
    })
    expect(governors.kept.size).toBe(0)
  })

  it('a look keeps no mailbox in memory for longer than its use does', async () => {
    const { relay, governors, use } = await domainStage()
    for (let place = 0; place < most; place += 1) await use(place)
    await relay.state('a0@example.com')
    await use(most)
    expect(governors.kept.has('a0@example.com')).toBe(false)
  })
})
