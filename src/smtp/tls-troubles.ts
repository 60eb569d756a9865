import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'

/** Says in a client's log why TLS with it did not come about. `source`: `sourceOf(remoteAddress).key`. */
export type TlsTroubles = (log: Log, source: string, trouble: object, message: string) => void

const quietMilliseconds = 60_000
/** Whoever has more addresses than this is heard of more often. A few megabytes. */
const sourcesAtOnce = 10_000

/**
 * Whoever tries ports, or a device that tries for ever, must not fill the log: the first trouble of a source in a minute is a
 * warning, and the others are for whoever debugs.
 */
export function createTlsTroubles(clock: Pick<Clock, 'monotonic'>): TlsTroubles {
  const warned = new LRUCache<string, number>({ max: sourcesAtOnce })

  return (log, source, trouble, message) => {
    const [now, last] = [clock.monotonic(), warned.get(source)]
    if (last !== undefined && now - last < quietMilliseconds) {
      log.debug(trouble, message)
      return
    }
    warned.set(source, now)
    log.warn(trouble, message)
  }
}
