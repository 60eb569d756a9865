import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'

/** The sources that have no more guesses, each for a fixed time. */
export interface TurnedAway {
  add(source: string): void
  has(source: string): boolean
  /** 0 for one that is not turned away. */
  remainingSeconds(source: string): number
}

/** Whoever has more addresses than this is not stopped by counting them; the limits for names and in all do that. */
const sourcesAtOnce = 20_000

/** By the clock that never jumps: nobody is turned away for longer because somebody set the time. */
export function createTurnedAway(seconds: number, clock: Clock): TurnedAway {
  const deadlines = new LRUCache<string, number>({ max: sourcesAtOnce })

  function remainingSeconds(source: string): number {
    return Math.max(0, ((deadlines.get(source) ?? 0) - clock.monotonic()) / 1000)
  }

  return {
    add: (source) => void deadlines.set(source, clock.monotonic() + seconds * 1000),
    has: (source) => remainingSeconds(source) > 0,
    remainingSeconds,
  }
}
