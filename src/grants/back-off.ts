import type { Clock } from '../base/clock.ts'
import { Failure, type FailureCode } from '../base/failure.ts'

/** After trouble, nobody asks again before the time is up: whoever comes meanwhile gets the same failure at once. */
export interface BackOff {
  /** Begins a wait, longer with each failure in a row. */
  begin(key: string, failure: Failure): void
  /** The failure of the wait under way, with what is left of it as `retryAfterSeconds`. */
  current(key: string): Failure | undefined
  remainingMilliseconds(key: string): number
  clear(key: string): void
}

interface Wait {
  failures: number
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
  const underway = new Map<string, Wait>()

  function remainingMilliseconds(key: string): number {
    return Math.max(0, (underway.get(key)?.until ?? 0) - clock.monotonic())
  }

  return {
    begin(key, failure) {
      const failures = (underway.get(key)?.failures ?? 0) + 1
      const { first, longest } = waits[failure.code] ?? usualWait
      const spread = Math.min(longest, first * 2 ** (failures - 1)) * (0.5 + 0.5 * random())
      const seconds = Math.max(spread, (failure.retryAfterSeconds ?? 0) * (1 + 0.1 * random()))
      underway.set(key, { failures, until: clock.monotonic() + Math.round(seconds * 1000), failure })
    },

    current(key) {
      const remaining = remainingMilliseconds(key)
      const failure = underway.get(key)?.failure
      if (!failure || remaining === 0) return undefined
      const { code, message, fix, cause } = failure
      const retryAfterSeconds = Math.ceil(remaining / 1000)
      return new Failure(code, message, { cause, retryAfterSeconds, ...(fix !== undefined && { fix }) })
    },

    remainingMilliseconds,
    clear: (key) => void underway.delete(key),
  }
}
