import type { Clock } from '../base/clock.ts'

/** However long a wait is: so long after the last try, in seconds, whoever wants to send may look whether it is over. Less than half of ten, so that no rhythm of theirs makes it more. */
const lookSeconds = 5
/** Of all mailboxes of a provider one looks at a time, in seconds. */
const betweenLooksSeconds = 2
/** What one mailbox alone is refused for longer than this, in seconds, is no machine's trouble but of its set-up: whoever repairs that may have it tried at once. */
const aloneSeconds = 600

/** The trouble of one mailbox. All on the monotonic clock. */
export interface RepeatedFault {
  since: number
  /** The last try. */
  began: number
  ended: number
  /** Until when the provider itself wants to be left alone. */
  quietUntil: number
  /** It was refused for what it is, after others had been served. */
  alone: boolean
}

/**
 * Who of the mailboxes that wait at a provider may look whether that is over. A wait answers most of those who come at once; so that service is back soon after
 * the provider is, one of them looks every few seconds, however long it lasts, and once one of them is served again, all the others may look as well.
 *
 * A mailbox that was refused after others had been served has a trouble of its own. It is left to its waits after a while: some providers punish what is repeated.
 */
export interface Looks {
  allowed(fault: RepeatedFault): boolean
  /** Somebody looks. */
  begun(): void
  /** Whether anybody was served, and nobody refused with all the others after that. */
  servedSince(time: number): boolean
  /** @param again who was refused before */
  served(again: boolean): void
  refused(fault: RepeatedFault): void
}

const never = Number.NEGATIVE_INFINITY

export function createLooks(clock: Pick<Clock, 'monotonic'>): Looks {
  let next = 0
  /** When anybody was served, and when one that had been refused. Never, once one is refused after that, perhaps with all the others. */
  let servedAt = never
  let servedAgainAt = never
  /** When that was. */
  let sharedAt = never

  const isAlone = ({ alone, ended }: RepeatedFault) => alone && ended > sharedAt

  return {
    allowed(fault) {
      const now = clock.monotonic()
      if (now < Math.max(fault.quietUntil, fault.ended + lookSeconds * 1000)) return false
      if (servedAgainAt > fault.began) return true
      if (isAlone(fault) && now - fault.since >= aloneSeconds * 1000) return false
      return now >= next
    },
    begun() {
      next = clock.monotonic() + betweenLooksSeconds * 1000
    },
    servedSince: (time) => servedAt > time,
    served(again) {
      servedAt = clock.monotonic()
      if (again) servedAgainAt = servedAt
    },
    refused({ alone, began }) {
      // One that was served while this was tried says as much as before.
      if (alone || began < servedAt) return
      servedAt = never
      servedAgainAt = never
      sharedAt = clock.monotonic()
    },
  }
}

/** For all mailboxes of each provider, by its id. */
export function createLooksAt(clock: Pick<Clock, 'monotonic'>): (provider: string) => Looks {
  const known = new Map<string, Looks>()
  return (provider) => {
    const looks = known.get(provider) ?? createLooks(clock)
    known.set(provider, looks)
    return looks
  }
}
