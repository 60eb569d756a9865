import { addressKey } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { RecipientCountStore } from '../store/ports.ts'
import { type Breaker, createBreaker } from './breaker.ts'
import { type DailyRecipients, openDailyRecipients } from './daily-recipients.ts'
import type { Governor, Governors } from './governor.ts'
import { createMailboxGovernor } from './mailbox-governor.ts'

export interface GovernorsNeeds {
  counts: RecipientCountStore
  clock: Clock
  log: Log
}

export function createGovernors({ counts, clock, log }: GovernorsNeeds): Governors {
  const governors = new Map<string, Promise<Governor>>()
  const days = new Set<DailyRecipients>()
  /** By provider id: one registration each. */
  const registrations = new Map<string, Breaker>()

  function registrationOf(provider: string): Breaker {
    const known = registrations.get(provider)
    if (known) return known
    const fresh = createBreaker(clock, log.child({ provider }))
    registrations.set(provider, fresh)
    return fresh
  }

  return {
    of(mailbox, provider) {
      const key = addressKey(mailbox)
      const known = governors.get(key)
      if (known) return known
      const opening = open(mailbox, provider)
      governors.set(key, opening)
      // What the store could not give now it may give to the next who asks.
      opening.catch(() => governors.delete(key))
      return opening
    },
    async close() {
      await Promise.all([...days].map((day) => day.close()))
    },
  }

  async function open(...[mailbox, provider]: Parameters<Governors['of']>): Promise<Governor> {
    const limit = () => provider().limits.recipientsPerDay
    const own = log.child({ mailbox })
    const daily = await openDailyRecipients({ mailbox, counts, limit, clock, log: own })
    days.add(daily)
    const registration = () => registrationOf(provider().id)
    return createMailboxGovernor({ provider, daily, registration, clock, log: own })
  }
}
