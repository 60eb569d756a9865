import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import type { Limits } from '../config/config.ts'

/**
 * How long clients wait for a reply before they hang up. Appliances wait for 5 to 10 seconds, and
 * later answers reach no client; mail servers wait for minutes. What a program has shown is
 * remembered: it may wait somewhat longer after each wait that it sat out, and less than that after
 * it hung up.
 */
export interface Patience {
  /** A client's command arrives, and may have to wait. */
  begins(waiter: Waiter, login: string): Wait
}

export interface Waiter {
  source: string
  /** The client pipelines its commands (RFC 2920): mail servers do, and hardly anything else. */
  inGroups: boolean
}

export interface Wait {
  /** The longest wait. */
  seconds: number
  /** The wait is over: the client was answered, or it hung up. */
  ended(how: 'answered' | 'hung-up'): void
}

const rememberedPrograms = 1000
/** A client that hangs up sooner, in seconds, has another reason. */
const leastPatience = 2
/**
 * A client that was answered this close to its known patience, and was still there, may wait
 * longer.
 */
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
          // Other waits of the same program may have ended meanwhile.
          const known = shown.get(key) ?? seconds
          const now = after(known, (clock.monotonic() - since) / 1000, how)
          if (now !== known) shown.set(key, now)
        },
      }
    },
  }
}
