import { LRUCache } from 'lru-cache'
import { lazy } from '../base/lazy.ts'

/** How often something went wrong, for each key, within a window that begins with a key's first failure. */
export interface FailureCounter {
  /** Counts one more. Resolves with how many there are now. */
  add(key: string): Promise<number>
  /** Resolves with whether there are as many as are allowed, or more. */
  isFull(key: string): Promise<boolean>
}

/** Many times what one window of honest failures needs; a few megabytes. */
const keysAtOnce = 20_000

/**
 * The counting is RateLimiterMemory's, which keeps every key that it is given: whoever can invent names or has many
 * addresses would fill the memory, so the keys that were counted longest ago are forgotten.
 *
 * It reads the wall clock and also ends each window by a timer of its own (which keeps no process alive). When the
 * wall clock jumps ahead, counts begin anew, once; when it jumps back, the timers still end every window in time.
 */
export function createFailureCounter(
  limit: number,
  windowSeconds: number,
  capacity = keysAtOnce,
): FailureCounter {
  // With the first failure: until then there is nothing to count, and room for that many keys is half a megabyte.
  const count = lazy(async () => {
    const { RateLimiterMemory } = await import('rate-limiter-flexible')
    const limiter = new RateLimiterMemory({ keyPrefix: '', points: limit, duration: windowSeconds })
    const dispose = (_: true, key: string) => void limiter.delete(key)
    return { limiter, recent: new LRUCache<string, true>({ max: capacity, dispose }) }
  })
  let isCounting = false

  return {
    async add(key) {
      isCounting = true
      const { limiter, recent } = await count()
      // Setting a key anew would dispose of it.
      if (recent.get(key) === undefined) recent.set(key, true)
      return (await limiter.penalty(key)).consumedPoints
    },
    async isFull(key) {
      if (!isCounting) return false
      const { limiter } = await count()
      const counted = await limiter.get(key)
      return counted !== null && counted.consumedPoints >= limit
    },
  }
}
