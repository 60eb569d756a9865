import type { Clock } from '../base/clock.ts'

/** How many connections one mailbox may have at a time: the provider's limit, or fewer for a while after it complained. */
export interface ConnectionCap {
  /** At least 1. */
  allowed(): number
  /** The provider did not like more than `to` of them; `seconds`: for how long at least, when it says so. */
  lower(to: number, seconds?: number): void
  reset(): void
}

/** After so long without a complaint one more is allowed; complaints that go on make it longer. In seconds. */
const firstWait = 30
const longestWait = 900
/** Complaints within so short a time, in seconds, are of one and the same moment. */
const sameMoment = 1

export function createConnectionCap(clock: Pick<Clock, 'monotonic'>, limit: () => number): ConnectionCap {
  let missing = 0
  let wait = firstWait
  let nextAt = 0
  let complainedAt = Number.NEGATIVE_INFINITY

  function recover(): void {
    while (missing > 0 && clock.monotonic() >= nextAt) {
      missing -= 1
      nextAt += wait * 1000
    }
  }

  function allowed(): number {
    recover()
    return Math.max(1, limit() - missing)
  }

  return {
    allowed,
    lower(to, seconds = 0) {
      const now = clock.monotonic()
      const next = Math.max(1, Math.min(to, allowed()))
      const sinceLast = now - complainedAt
      if (sinceLast > 2 * wait * 1000) wait = firstWait
      else if (sinceLast > sameMoment * 1000) wait = Math.min(longestWait, wait * 2)
      complainedAt = now
      missing = limit() - next
      nextAt = now + Math.max(wait, seconds) * 1000
    },
    reset() {
      missing = 0
      wait = firstWait
      complainedAt = Number.NEGATIVE_INFINITY
    },
  }
}
