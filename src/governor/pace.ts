import type { Clock } from '../base/clock.ts'

/** How fast the messages of one mailbox may follow each other. */
export interface Pace {
  /** How long until the next may leave, in milliseconds; 0: now. */
  delay(): number
  departed(): void
  lastMinute(): number
}

/**
 * A quarter of the minute's allowance in a quarter of the minute: a burst leaves at once, no minute ever holds more than the
 * provider allows, and whoever stands first in the line is served before it loses patience.
 */
const windowMilliseconds = 15_000

export function createPace(clock: Pick<Clock, 'monotonic'>, perMinute: () => number | undefined): Pace {
  /** The newest departures, as many as a window may hold. */
  const newest: number[] = []
  const seconds = createSecondCounts()

  /** Where a quarter is no more than one message, they leave one by one, and none of the allowance is lost. */
  function window(limit: number): { size: number; milliseconds: number } {
    const size = Math.floor((limit * windowMilliseconds) / 60_000)
    return size > 1 ? { size, milliseconds: windowMilliseconds } : { size: 1, milliseconds: 60_000 / limit }
  }

  return {
    delay() {
      const limit = perMinute()
      if (limit === undefined) return 0
      const { size, milliseconds } = window(limit)
      const first = newest.at(-size)
      if (first === undefined) return 0
      // Rounded up: a timer that fires early would ask again at once.
      return Math.max(0, Math.ceil(first + milliseconds - clock.monotonic()))
    },
    departed() {
      const now = clock.monotonic()
      seconds.add(now)
      const limit = perMinute()
      if (limit === undefined) return
      newest.push(now)
      newest.splice(0, newest.length - window(limit).size)
    },
    lastMinute: () => seconds.sum(clock.monotonic()),
  }
}

/** Counts by the second, for the last sixty: their size does not depend on how many messages there are. */
function createSecondCounts() {
  const counts = new Map<number, number>()
  const forget = (now: number) => {
    for (const second of counts.keys()) if (second <= Math.floor(now / 1000) - 60) counts.delete(second)
  }
  return {
    add(now: number) {
      const second = Math.floor(now / 1000)
      const count = counts.get(second)
      if (count === undefined) forget(now)
      counts.set(second, (count ?? 0) + 1)
    },
    sum(now: number) {
      forget(now)
      let sum = 0
      for (const count of counts.values()) sum += count
      return sum
    },
  }
}
