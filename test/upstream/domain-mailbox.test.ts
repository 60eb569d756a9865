import { describe, expect, it } from 'vitest'
import { createGovernors } from '../../src/governor/create-governors.ts'
import type { Governors } from '../../src/governor/governor.ts'
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
    forget(mailbox) {
      kept.delete(mailbox)
      governors.forget(mailbox)
    },
    close: governors.close,
  }
}

describe('a whole domain', () => {
  it('costs no more memory, however many of its addresses were sent from', async () => {
    const [clock, log, store] = [createManualClock(), createRecordingLog(), createMemoryStore()]
    await store.mailboxes.add({ address: '*@example.com', providerId: 'custom', createdAt: 0 })
    const governors = counted(createGovernors({ counts: store.recipientCounts, clock, log }))
    const provider = registeredProvider()
    const relay = createRelay({
      catalogue: { registered: () => provider, list: () => [{ provider, registered: true }] },
      mailboxes: store.mailboxes,
      tokens: {
        accessTokenFor: async () => Promise.reject(new Error('nobody connects')),
        grantChanged() {},
        close: async () => {},
      },
      governors,
      limits: patientLimits,
      clock,
      log,
    })
    let most = 0
    for (let place = 0; place < 20_000; place += 1) {
      await relay.state(`a${place}@example.com`)
      most = Math.max(most, governors.kept.size)
    }
    expect(most).toBeLessThanOrEqual(5001)
    // What was forgotten is made anew.
    expect(await relay.state('a0@example.com')).toMatchObject({ waiting: 0 })
    await relay.close()
    await governors.close()
  })
})
