import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { type Failure, withRetryAfter, wordsBehind } from '../base/failure.ts'
import type { Pause } from '../governor/governor.ts'
import type { Looks, RepeatedFault } from '../governor/looks.ts'
import { NetworkFailure } from '../net/network-failure.ts'

/**
 * After a failure nothing is asked again before a wait is over; callers meanwhile get the same
 * failure at once. During a long wait after a refusal, a look may be taken.
 */
export interface BackOff<Key extends string> {
  /**
   * Begins a wait, longer with each failure in a row. A failed look changes nothing.
   * @param looks shared by everything that this provider refuses; absent: no looks
   */
  begin(key: Key, failure: Failure, looks?: Looks): void
  /**
   * The failure of the current wait, with what is left of it as `retryAfterSeconds`. Undefined when
   * a look may be taken.
   */
  current(key: Key): Failure | undefined
  /** A request begins. */
  asked(key: Key): void
  /** The last answer was a refusal. */
  isRefused(key: Key): boolean
  remainingMilliseconds(key: Key): number
  /**
   * For pages, API and command. Also returned when the wait is over, until `clear`: a try is due
   * then.
   */
  pause(key: Key): Omit<Pause, 'about'> | undefined
  /** All keys that wait, or are due for a try. */
  keys(): readonly Key[]
  clear(key: Key): void
}

interface Wait {
  /** How many failures of this kind in a row. */
  failures: number
  /** When the first failure in the row came, by the wall clock. */
  since: number
  until: number
  failure: Failure
  /** The failure is a refusal, or an earlier one in this row was. */
  refused: boolean
  fault: RepeatedFault
  othersServed: boolean
  looks: Looks | undefined
}

/**
 * The first and the longest wait in seconds, the factor from one to the next, and the part of it
 * that is random.
 */
interface Growth {
  first: number
  longest: number
  factor: number
  chance: number
}

/** A passing failure may end at any moment, so no wait is longer than a few seconds. */
const usualGrowth: Growth = { first: 2, longest: 5, factor: 2, chance: 0.5 }
/** One refusal may come from one bad machine of many, as at the mail server; several do not. */
const growthOfRefusals: Growth = { first: 5, longest: 900, factor: 3, chance: 0.5 }
/** One mailbox tries for all of the registration, so it may try often, at a constant rate. */
export const growthOfRegistrations: Growth = { first: 5, longest: 5, factor: 1, chance: 0 }

/** @param random from 0 to 1, so that many mailboxes do not come back in the same instant */
export function createBackOff<Key extends string>(
  clock: Clock,
  random: () => number,
  refusals: Growth = growthOfRefusals,
): BackOff<Key> {
  // Any address of a domain may be asked for: the oldest waits are dropped first.
  const underway = new LRUCache<Key, Wait>({ max: 10_000 })

  function remainingMilliseconds(key: Key): number {
    return Math.max(0, (underway.get(key)?.until ?? 0) - clock.monotonic())
  }

  /** In milliseconds. */
  function ownWait(failure: Failure, failures: number): number {
    const { first, longest, factor, chance } = isRefusal(failure) ? refusals : usualGrowth
    const seconds = Math.min(longest, first * factor ** (failures - 1))
    return Math.round(seconds * (1 - chance + chance * random()) * 1000)
  }

  return {
    begin(key, failure, looks) {
      const before = underway.get(key)
      const [now, told] = [clock.monotonic(), failure.retryAfterSeconds ?? 0]
      const quiet = Math.round(told * (1 + 0.1 * random()) * 1000)
      const refusal = isRefusal(failure)
      // A failure of another kind begins a new row.
      const isSame = before?.failure.code === failure.code
      const onlyLooked = isSame && refusal && before.until > now
      const failures = (isSame ? before.failures : 0) + (onlyLooked ? 0 : 1)
      const until = onlyLooked ? before.until : now + ownWait(failure, failures)
      const alone = before?.othersServed ?? false
      const fault = {
        since: before?.fault.since ?? now,
        began: before?.fault.began ?? now,
        ended: now,
        quietUntil: now + quiet,
        alone,
        wasAlone: alone || (before?.fault.wasAlone ?? false),
      }
      underway.set(key, {
        failures,
        since: before?.since ?? clock.now(),
        until: Math.max(until, now + quiet),
        failure,
        refused: refusal || (before?.refused ?? false),
        fault,
        othersServed: false,
        looks: refusal ? looks : undefined,
      })
      if (refusal) looks?.refused(fault)
    },

    current(key) {
      const wait = underway.get(key)
      const remaining = remainingMilliseconds(key)
      if (!wait || remaining === 0 || wait.looks?.allowed(wait.fault)) return undefined
      return withRetryAfter(wait.failure, Math.ceil(remaining / 1000))
    },

    asked(key) {
      const wait = underway.get(key)
      if (!wait) return
      wait.fault.began = clock.monotonic()
      wait.othersServed = wait.looks?.servedSince(wait.fault.since) ?? false
      if (remainingMilliseconds(key) > 0) wait.looks?.begun(wait.fault)
    },

    isRefused: (key) => underway.peek(key)?.refused ?? false,

    pause(key) {
      // `peek`, so that a look by people keeps nothing in memory for longer.
      const wait = underway.peek(key)
      if (!wait) return undefined
      const { since, failure } = wait
      // What is left is counted by the monotonic clock, which nobody sets.
      const until = clock.now() + Math.round(wait.until - clock.monotonic())
      const { message: reason, fix } = failure
      const said = wordsBehind(failure)
      return { since, until, reason, ...(said !== undefined && { said }), ...(fix !== undefined && { fix }) }
    },

    keys: () => [...underway.keys()],
    remainingMilliseconds,
    clear: (key) => void underway.delete(key),
  }
}

/** A request that was never read was not refused, and may be repeated soon. */
function isRefusal(failure: Failure): boolean {
  return failure.code === 'provider-setup' && !(failure instanceof NetworkFailure)
}
