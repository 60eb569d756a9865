import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { type Failure, withRetryAfter, wordsBehind } from '../base/failure.ts'
import type { Pause } from '../governor/governor.ts'
import type { Looks, RepeatedFault } from '../governor/looks.ts'
import { NetworkFailure } from '../net/network-failure.ts'

/** After trouble, nobody asks again before the time is up: whoever comes meanwhile gets the same failure at once. What was refused somebody may look at during a long wait. */
export interface BackOff {
  /** Begins a wait, longer with each failure in a row; a look that failed changes nothing.
   * @param looks of all those who are refused there; absent: nobody looks */
  begin(key: string, failure: Failure, looks?: Looks): void
  /** The failure of the wait under way, with what is left of it as `retryAfterSeconds`; nothing when one may look. */
  current(key: string): Failure | undefined
  /** Somebody asks now. */
  asked(key: string): void
  /** It was refused, and has not been served since. */
  isRefused(key: string): boolean
  remainingMilliseconds(key: string): number
  /** For people; also when its time is up, until it is cleared: then a try is due. */
  pause(key: string): Omit<Pause, 'about'> | undefined
  /** All who wait, or are due for a try. */
  keys(): readonly string[]
  clear(key: string): void
}

interface Wait {
  /** How many of this kind in a row. */
  failures: number
  /** By the wall clock, of the first failure in a row. */
  since: number
  until: number
  failure: Failure
  /** Lately, or before the kind that it is now. */
  refused: boolean
  fault: RepeatedFault
  othersServed: boolean
  looks: Looks | undefined
}

/** What a wait is, in seconds at first and at most, by how much each is longer than the one before, and which part of it is left to chance. */
interface Growth {
  first: number
  longest: number
  factor: number
  chance: number
}

/** What passes by itself may be over at any moment, and then nobody waits for more than a few seconds. */
const usualGrowth: Growth = { first: 2, longest: 5, factor: 2, chance: 0.5 }
/** One refusal may be of one bad machine of many, as at the mail server; several are not. */
const growthOfRefusals: Growth = { first: 5, longest: 900, factor: 3, chance: 0.5 }
/** One mailbox asks for all of them, so that it may ask often: so often, and no more. */
export const growthOfRegistrations: Growth = { first: 5, longest: 5, factor: 1, chance: 0 }

/** @param random from 0 to 1, so that many mailboxes do not come back in the same instant */
export function createBackOff(
  clock: Clock,
  random: () => number,
  refusals: Growth = growthOfRefusals,
): BackOff {
  // Any address of a domain may be asked for: the waits that are longest ago go first.
  const underway = new LRUCache<string, Wait>({ max: 10_000 })

  function remainingMilliseconds(key: string): number {
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
      // Another kind of trouble is a new one.
      const isSame = before?.failure.code === failure.code
      const onlyLooked = isSame && refusal && before.until > now
      const failures = (isSame ? before.failures : 0) + (onlyLooked ? 0 : 1)
      const until = onlyLooked ? before.until : now + ownWait(failure, failures)
      const fault = {
        since: before?.fault.since ?? now,
        began: before?.fault.began ?? now,
        ended: now,
        quietUntil: now + quiet,
        alone: before?.othersServed ?? false,
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
      if (remainingMilliseconds(key) > 0) wait.looks?.begun()
    },

    isRefused: (key) => underway.peek(key)?.refused ?? false,

    pause(key) {
      // Who only looks keeps nothing in memory for longer.
      const wait = underway.peek(key)
      if (!wait) return undefined
      const { since, failure } = wait
      // The time that is left is counted by the clock that nobody sets.
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

/** Where nobody has read what was asked, nobody has refused it, and nobody minds being asked soon. */
function isRefusal(failure: Failure): boolean {
  return failure.code === 'provider-setup' && !(failure instanceof NetworkFailure)
}
