import type { Clock } from '../base/clock.ts'

/**
 * However long a wait is: a mailbox with a message to send may look again so long after its last
 * try, in seconds. Less than half of ten, so that no retry rhythm of clients makes it more.
 */
const lookSeconds = 5
/**
 * Of all mailboxes of a provider, one looks in this time, in seconds. Those that have been refused
 * while others were served take no turn from the others, and one of them looks beside.
 */
const betweenLooksSeconds = 2
/**
 * A mailbox that alone is refused for longer than this, in seconds, has a fault of its set-up, not
 * of a machine. Once that is repaired, `tryNow` tries it at once.
 */
const aloneSeconds = 600

/** The fault of one mailbox. All times on the monotonic clock. */
export interface RepeatedFault {
  since: number
  /** When the last try began. */
  began: number
  ended: number
  /** Before this the provider wants no further try. */
  quietUntil: number
  /** The mailbox was refused for itself, after others had been served. */
  alone: boolean
  /** It is alone, or has been since its first refusal. */
  wasAlone: boolean
}

/**
 * Which of the mailboxes that wait at a provider may look whether it is back. Most of those that
 * come during a wait are answered by the wait itself. So that service resumes soon after the
 * provider is back, one mailbox looks every few seconds, however long the wait is; and once one is
 * served again, all others may look as well.
 *
 * A mailbox that was refused after others had been served has a fault of its own. After a while
 * it is left to its waits, because some providers punish repetition.
 */
export interface Looks {
  allowed(fault: RepeatedFault): boolean
  /** A look begins. */
  begun(fault: RepeatedFault): void
  /** Whether any mailbox was served since, and none refused together with all others after that. */
  servedSince(time: number): boolean
  /** @param again the mailbox had been refused before */
  served(again: boolean): void
  refused(fault: RepeatedFault): void
}

const never = Number.NEGATIVE_INFINITY

export function createLooks(clock: Pick<Clock, 'monotonic'>): Looks {
  /** When the next one may look. */
  const next = { shared: 0, own: 0 }
  /**
   * When any mailbox was served, and when one that had been refused. Reset to never by a refusal
   * after that, which may be of all mailboxes.
   */
  let servedAt = never
  let servedAgainAt = never
  /** When that refusal came. */
  let sharedAt = never

  const turnOf = ({ wasAlone }: RepeatedFault) => (wasAlone ? 'own' : 'shared')
  const isAlone = ({ alone, ended }: RepeatedFault) => alone && ended > sharedAt

  return {
    allowed(fault) {
      const now = clock.monotonic()
      if (now < Math.max(fault.quietUntil, fault.ended + lookSeconds * 1000)) return false
      if (servedAgainAt > fault.began) return true
      if (isAlone(fault) && now - fault.since >= aloneSeconds * 1000) return false
      return now >= next[turnOf(fault)]
    },
    begun(fault) {
      next[turnOf(fault)] = clock.monotonic() + betweenLooksSeconds * 1000
    },
    servedSince: (time) => servedAt > time,
    served(again) {
      servedAt = clock.monotonic()
      if (again) servedAgainAt = servedAt
    },
    refused({ alone, began }) {
      // A success during this try says as much as one before it.
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
