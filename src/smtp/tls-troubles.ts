import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { sourceOf } from '../base/source.ts'

/** What the log says of clients with whom TLS did not come about. */
export const tlsTroubles = {
  failed: 'TLS with a client failed',
  notSpoken: 'a client began with TLS that is not spoken here',
  late: 'a client speaks TLS here',
} as const

/**
 * The log for connections. Whoever tries ports, or a device that tries for ever, must not fill it: of these troubles, the first of
 * a source in a minute is a warning, and the others are for whoever debugs. A child says whose it is by `client`, an IP address.
 */
export function createConnectionLog(log: Log, clock: Pick<Clock, 'monotonic'>): Log {
  const warned = new LRUCache<string, number>({ max: sourcesAtOnce })

  function isRepeated(client: string): boolean {
    const { key } = sourceOf(client)
    const [now, last] = [clock.monotonic(), warned.get(key)]
    if (last !== undefined && now - last < quietMilliseconds) return true
    warned.set(key, now)
    return false
  }

  return {
    ...passedOn(log),
    child(fields) {
      const own = log.child(fields)
      const client = 'client' in fields && typeof fields.client === 'string' ? fields.client : undefined
      if (client === undefined) return own
      return {
        ...passedOn(own),
        warn(what, message) {
          if (troubles.has(message) && isRepeated(client)) own.debug(what, message)
          else own.warn(what, message)
        },
      }
    },
  }
}

const troubles: ReadonlySet<string> = new Set(Object.values(tlsTroubles))
const quietMilliseconds = 60_000
/** Whoever has more addresses than this is heard of more often. A few megabytes. */
const sourcesAtOnce = 10_000

function passedOn(log: Log): Log {
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    child: (fields) => log.child(fields),
  }
}
