import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { createProcessMark } from '../guessing/process-mark.ts'

/**
 * The passwords that were right, or were set, since the start: one that is right again opens without work and without a line, so that no flood
 * keeps it out. Looking here costs nothing, so it must not be done without end by somebody who guesses.
 */
export interface ProvenPasswords {
  /** `kept`: what the password is compared with; another one has to be proven anew. */
  remember(name: string, kept: string, password: string): void
  /** False also when there were too many wrong ones: then somebody has to look in the proper way. */
  opens(name: string, kept: string, password: string): boolean
}

/** As many as a flood of minutes, and far from enough to find what the password policy accepts. */
const looks = 20_000
/** In the long run no more than the usual wait between guesses allows. */
const millisecondsForOne = 3_000
/** Those cost no look when they come again. */
const wrongOnesRemembered = 1_000

export function createProvenPasswords(clock: Pick<Clock, 'monotonic'>): ProvenPasswords {
  const mark = createProcessMark()
  const proven = new Map<string, string>()
  const wrongOnes = new LRUCache<string, true>({ max: wrongOnesRemembered })
  let [left, since] = [looks, clock.monotonic()]

  return {
    remember: (name, kept, password) => void proven.set(name, mark(name, kept, password)),
    opens(name, kept, password) {
      if (!proven.has(name)) return false
      const thisOne = mark(name, kept, password)
      if (wrongOnes.get(thisOne) || !hasLook()) return false
      // Marks of another key each time tell nothing by how long they are compared.
      if (proven.get(name) === thisOne) return true
      wrongOnes.set(thisOne, true)
      left -= 1
      return false
    },
  }

  function hasLook(): boolean {
    const now = clock.monotonic()
    left = Math.min(looks, left + (now - since) / millisecondsForOne)
    since = now
    return left >= 1
  }
}
