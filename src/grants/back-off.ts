import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { type Failure, withRetryAfter, wordsBehind } from '../base/failure.ts'
import type { Pause } from '../governor/governor.ts'
import { WayFailure } from '../net/way-failure.ts'

/** After trouble, nobody asks again before the time is up: whoever comes meanwhile gets the same failure at once. */
export interface BackOff {
  /** Begins a wait, longer with each failure in a row. */
  begin(key: string, failure: Failure): void
  /** The failure of the wait under way, with what is left of it as `retryAfterSeconds`. */
  current(key: string): Failure | undefined
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
}

/** What a wait is, in seconds at first and at most, and by how much each is longer than the one before. */
interface Growth {
  first: number
  longest: number
  factor: number
}

/** What passes by itself may be over at any moment, and then nobody waits for more than a few seconds. */
const usualGrowth: Growth = { first: 2, longest: 8, factor: 2 }
/** One refusal may be of one bad machine of many, as at the mail server; several are not, and do not mend by themselves within seconds. */
const growthOfRefusals: Growth = { first: 5, longest: 900, factor: 3 }
/** A registration that is refused is refused for all of its mailboxes. */
export const growthOfRegistrations: Growth = { first: 60, longest: 900, factor: 2 }

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

  return {
    begin(key, failure) {
      const before = underway.get(key)
      // Another kind of trouble is a new one.
      const failures = before?.failure.code === failure.code ? before.failures + 1 : 1
      const since = before?.since ?? clock.now()
      const { first, longest, factor } = isRefusal(failure) ? refusals : usualGrowth
      const spread = Math.min(longest, first * factor ** (failures - 1)) * (0.5 + 0.5 * random())
      const seconds = Math.max(spread, (failure.retryAfterSeconds ?? 0) * (1 + 0.1 * random()))
      underway.set(key, { failures, since, until: clock.monotonic() + Math.round(seconds * 1000), failure })
    },

    current(key) {
      const remaining = remainingMilliseconds(key)
      const failure = underway.get(key)?.failure
      if (!failure || remaining === 0) return undefined
      return withRetryAfter(failure, Math.ceil(remaining / 1000))
    },

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
  return failure.code === 'provider-setup' && !(failure instanceof WayFailure)
}
