import { LRUCache } from 'lru-cache'
// By its place: the package as a whole loads limiters for a dozen databases, at every start.
import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js'

/** How often something went wrong, for each key, within a window that begins with a key's first failure. */
export interface FailureCounter {
  /** Counts one more. Resolves with how many there are now. */
  add(key: string): Promise<number>
  /** Resolves with how many there are. */
  count(key: string): Promise<number>
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
  let counting: Counting | undefined

  return {
    async add(key) {
      counting ??= begin(limit, windowSeconds, capacity)
      const { limiter, recent } = counting
      // Setting a key anew would dispose of it.
      if (recent.get(key) === undefined) recent.set(key, true)
      return (await limiter.penalty(key)).consumedPoints
    },
    async count(key) {
      return (await counting?.limiter.get(key))?.consumedPoints ?? 0
    },
  }
}

interface Counting {
  limiter: RateLimiterMemory
  recent: LRUCache<string, true>
}

/** With the first failure: until then there is nothing to count, and room for that many keys is half a megabyte. */
function begin(points: number, duration: number, max: number): Counting {
  const limiter = new RateLimiterMemory({ keyPrefix: '', points, duration })
  return { limiter, recent: new LRUCache({ max, dispose: (_, key) => void limiter.delete(key) }) }
}
