import type { Clock } from '../base/clock.ts'
import type { Source } from '../base/source.ts'
import type { Limits } from '../config/config.ts'

/**
 * Admits connections up to the limits, in all and for each source. Where a limit is reached, the oldest connection that nobody has signed in
 * on makes room: whoever only holds connections open keeps nobody out.
 */
export interface ConnectionCount {
  /**
   * Undefined when it is one too many and everybody else has signed in.
   * @param end called at most once: the connection has to make room, and is not counted any more
   */
  admit(source: Source, end: () => void): Place | undefined
}

/** The place of one connection. */
export interface Place {
  /** It is not to make room: somebody signs in on it, or has. */
  keep(): void
  /** It may have to make room again: the sign-in failed. */
  expose(): void
  /** The connection is over. */
  leave(): void
}

type CountLimits = Pick<
  Limits,
  'connections' | 'connectionsPerLoopbackSource' | 'connectionsPerSource' | 'unauthenticatedPerSource'
>

/** In milliseconds. A crowd of honest programs that begin in the same moment, as timers make them, has signed in by then. */
const dawdling = 1_000

export function createConnectionCount(limits: CountLimits, clock: Pick<Clock, 'monotonic'>): ConnectionCount {
  const all = createCrowd()
  // Holds only sources that are connected now, so a stranger cannot make it grow.
  const bySource = new Map<string, Crowd>()

  return {
    admit({ key, loopback }, end) {
      const here = bySource.get(key) ?? createCrowd()
      const most = loopback ? limits.connectionsPerLoopbackSource : limits.connectionsPerSource
      if (here.size() >= most || hasDawdlers(here)) endOldest(here)
      if (here.size() >= most) return undefined
      if (all.size() >= limits.connections) endOldest(all)
      if (all.size() >= limits.connections) return undefined
      bySource.set(key, here)
      const entry = new Entry(key, clock.monotonic(), end, [here, all], remove)
      for (const crowd of [here, all]) crowd.add(entry)
      return entry
    },
  }

  function hasDawdlers(crowd: Crowd): boolean {
    const oldest = crowd.oldestExposed()
    if (oldest === undefined || crowd.exposed() < limits.unauthenticatedPerSource) return false
    return clock.monotonic() - oldest.since >= dawdling
  }

  function endOldest(crowd: Crowd): void {
    const oldest = crowd.oldestExposed()
    if (oldest === undefined) return
    remove(oldest)
    oldest.end()
  }

  function remove(entry: Entry): void {
    all.remove(entry)
    const here = bySource.get(entry.key)
    here?.remove(entry)
    if (here?.size() === 0) bySource.delete(entry.key)
  }
}

/** A class, as every connection has one. */
class Entry implements Place {
  readonly key: string
  /** When it came, on the monotonic clock. */
  readonly since: number
  readonly end: () => void
  readonly #crowds: readonly Crowd[]
  readonly #remove: (entry: Entry) => void

  constructor(
    key: string,
    since: number,
    end: () => void,
    crowds: readonly Crowd[],
    remove: (entry: Entry) => void,
  ) {
    this.key = key
    this.since = since
    this.end = end
    this.#crowds = crowds
    this.#remove = remove
  }

  keep(): void {
    for (const crowd of this.#crowds) crowd.keep(this)
  }

  expose(): void {
    for (const crowd of this.#crowds) crowd.expose(this)
  }

  leave(): void {
    this.#remove(this)
  }
}

type Crowd = ReturnType<typeof createCrowd>

function createCrowd() {
  const members = new Set<Entry>()
  // A Set keeps the order in which they came.
  const exposed = new Set<Entry>()

  return {
    size: () => members.size,
    exposed: () => exposed.size,
    oldestExposed: (): Entry | undefined => exposed.values().next().value,
    add(entry: Entry): void {
      members.add(entry)
      exposed.add(entry)
    },
    keep: (entry: Entry) => exposed.delete(entry),
    /** One that has made room already is no member. */
    expose: (entry: Entry) => members.has(entry) && exposed.add(entry),
    remove(entry: Entry): void {
      members.delete(entry)
      exposed.delete(entry)
    },
  }
}
