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
  const opened = new Map<string, Promise<Opened>>()
  /** Those that are forgotten, until what they counted is stored. */
  const closing = new Map<string, Promise<void>>()
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
    async of(mailbox, provider) {
      const key = addressKey(mailbox)
      const known = opened.get(key)
      if (known) return (await known).governor
      const opening = open(mailbox, provider)
      opened.set(key, opening)
      // What the store could not give now it may give to the next who asks.
      opening.catch(() => opened.delete(key))
      return (await opening).governor
    },
    async look(mailbox, provider) {
      const known = opened.get(addressKey(mailbox))
      const { daily } = known ? await known : await open(mailbox, () => provider)
      const registration = () => registrations.get(provider.id) ?? createBreaker(clock, log)
      return createMailboxGovernor({
        mailbox,
        provider: () => provider,
        daily,
        registration,
        clock,
        log,
      }).state()
    },
    forget(mailbox) {
      const key = addressKey(mailbox)
      const known = opened.get(key)
      if (!known || closing.has(key)) return
      opened.delete(key)
      const ended = known.then(({ daily }) => daily.close(), ignore).then(() => void closing.delete(key))
      closing.set(key, ended)
    },
    async close() {
      await Promise.all([...opened.values()].map(async (one) => (await one).daily.close()))
      await Promise.all(closing.values())
    },
  }

  async function open(...[mailbox, provider]: Parameters<Governors['of']>): Promise<Opened> {
    await closing.get(addressKey(mailbox))
    const limit = () => provider().limits.recipientsPerDay
    const own = log.child({ mailbox })
    const daily = await openDailyRecipients({ mailbox, counts, limit, clock, log: own })
    const registration = () => registrationOf(provider().id)
    return {
      governor: createMailboxGovernor({ mailbox, provider, daily, registration, clock, log: own }),
      daily,
    }
  }
}

function ignore(): void {}

interface Opened {
  governor: Governor
  daily: DailyRecipients
}
