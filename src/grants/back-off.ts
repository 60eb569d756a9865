import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { type Failure, type FailureCode, withRetryAfter, wordsBehind } from '../base/failure.ts'
import type { Pause } from '../governor/governor.ts'

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
  failures: number
  /** By the wall clock, of the first failure in a row. */
  since: number
  until: number
  failure: Failure
}

/** Seconds: the first wait, and the longest. A wrong set-up does not mend by itself within seconds. */
const waits: Partial<Record<FailureCode, { first: number; longest: number }>> = {
  'provider-setup': { first: 60, longest: 900 },
}
const usualWait = { first: 2, longest: 300 }

/** @param random from 0 to 1, so that many mailboxes do not come back in the same instant */
export function createBackOff(clock: Clock, random: () => number): BackOff {
  // Any address of a domain may be asked for: the waits that are longest ago go first.
  const underway = new LRUCache<string, Wait>({ max: 10_000 })

  function remainingMilliseconds(key: string): number {
    return Math.max(0, (underway.get(key)?.until ?? 0) - clock.monotonic())
  }

  return {
    begin(key, failure) {
      const before = underway.get(key)
      const failures = (before?.failures ?? 0) + 1
      const since = before?.since ?? clock.now()
      const { first, longest } = waits[failure.code] ?? usualWait
      const spread = Math.min(longest, first * 2 ** (failures - 1)) * (0.5 + 0.5 * random())
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
