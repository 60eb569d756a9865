import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import type { Limits } from '../config/config.ts'

/**
 * How long clients wait for an answer before they hang up. Appliances wait for 5 to 10 seconds, and whoever is answered after that is not there
 * any more; mail servers wait for minutes. What a program has shown of it is remembered: it is let wait somewhat longer each time that it has waited,
 * and not as long as that where it hung up.
 */
export interface Patience {
  /** One comes, and may have to wait. */
  begins(waiter: Waiter, login: string): Wait
}

export interface Waiter {
  source: string
  /** Its client sends commands in groups (RFC 2920), without waiting for each answer: so do mail servers, and hardly anybody else. */
  inGroups: boolean
}

export interface Wait {
  /** How long at most. */
  seconds: number
  /** It is over; the client was there to the end, or hung up. */
  ended(how: 'answered' | 'hung-up'): void
}

const rememberedPrograms = 1000
/** Whoever hangs up sooner, in seconds, has another reason. */
const leastPatience = 2
/** One that was answered so near to what it is known to wait, and was still there, may wait longer. */
const [nearEnough, longer, shorter] = [0.75, 1.5, 0.8]

type PatienceLimits = Pick<Limits, 'leaseWaitSeconds' | 'shortWaitSeconds'>

export function createPatience(limits: PatienceLimits, clock: Pick<Clock, 'monotonic'>): Patience {
  const { leaseWaitSeconds: longest, shortWaitSeconds: short } = limits
  /** In seconds, by program. */
  const shown = new LRUCache<string, number>({ max: rememberedPrograms })

  function after(known: number, waited: number, how: 'answered' | 'hung-up'): number {
    if (how === 'hung-up') return waited < leastPatience ? known : Math.min(known, waited * shorter)
    return waited < known * nearEnough ? known : Math.min(longest, known * longer)
  }

  return {
    begins({ source, inGroups }, login) {
      const since = clock.monotonic()
      const key = `${inGroups}\n${source}\n${login}`
      const seconds = shown.get(key) ?? (inGroups ? longest : Math.min(short, longest))
      return {
        seconds: short < longest ? seconds : longest,
        ended(how) {
          // Others of the same program may have ended meanwhile.
          const known = shown.get(key) ?? seconds
          const now = after(known, (clock.monotonic() - since) / 1000, how)
          if (now !== known) shown.set(key, now)
        },
      }
    },
  }
}
