import type { Clock } from '../base/clock.ts'
import { Crowd, type Standing } from './crowd.ts'
import type { Source } from './ip.ts'

/**
 * Admits the connections of a door up to the limits, in all and for each source. Where a limit is reached, one makes room whose client has not
 * proven who it is: whoever only holds connections open, or guesses, keeps nobody out. Those that were refused go first, then those
 * that have shown nothing, then those that are being looked at; among them the oldest.
 *
 * Who came within the last second is not ended for others of its source, so that whoever comes with a right password has the time
 * to say it, however fast others come back. Until then there may be some times as many as the limit says.
 */
export interface ConnectionCount {
  /**
   * Undefined when it is one too many and everybody else has proven who it is.
   * @param end called at most once: the connection has to make room, and is not counted any more
   */
  admit(source: Source, end: () => void): Place | undefined
  /** Ends the watch over those who came within the last second. */
  close(): void
}

/** The place of one connection. What it is told after it had to make room changes nothing. */
export interface Place {
  /** A look begins at what the client has shown. While there are not too many looks, it is not ended for others. */
  check(): void
  /** The client has proven who it is: it makes room for nobody. Ends it all the same where its source has its fill of those. */
  keep(): void
  /** The look has ended without proof; nothing to one who has given it before. */
  expose(): void
  /** The connection is over. */
  leave(): void
}

export interface CountLimits {
  connections: number
  connectionsPerLoopbackSource: number
  /** Those of all loopback addresses together: one program can come from any of them. */
  strangersOnLoopback: number
  connectionsPerSource: number
  unauthenticatedPerSource: number
}

/** In milliseconds. A crowd of honest programs that begin in the same moment, as timers make them, has signed in by then. */
const moment = 1_000
/** How many times the limit of a source may be there for a moment. */
const momentaryTimes = 10
/** In milliseconds. A look that takes longer waits, and most likely for a refusal. */
const longLook = 2_000

type Group = Crowd<Entry>

export function createConnectionCount(limits: CountLimits, clock: Pick<Clock, 'monotonic'>): ConnectionCount {
  return new Count(limits, clock)
}

class Count implements ConnectionCount {
  readonly #limits: CountLimits
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #all: Group = new Crowd()
  // Holds only sources that are connected now, so a stranger cannot make it grow.
  readonly #bySource = new Map<string, Group>()
  readonly #ofThisMachine: Group = new Crowd()
  /** Where more are than the limit says, since a moment ago. */
  readonly #crowded = new Map<Group, number>()
  #trimming: NodeJS.Timeout | undefined

  constructor(limits: CountLimits, clock: Pick<Clock, 'monotonic'>) {
    this.#limits = limits
    this.#clock = clock
  }

  admit({ key, loopback }: Source, end: () => void): Place | undefined {
    const here = this.#bySource.get(key) ?? new Crowd()
    const most = loopback ? this.#limits.connectionsPerLoopbackSource : this.#limits.connectionsPerSource
    if (here.proven() >= most) return undefined
    const strangers = loopback ? this.#ofThisMachine : here
    const mostStrangers = loopback ? Math.min(most, this.#limits.strangersOnLoopback) : most
    const now = this.#clock.monotonic()
    this.#endDawdler(strangers, now)
    this.#makeRoom(here, here.size(), most, now)
    if (loopback) this.#makeRoom(strangers, strangers.strangers(), mostStrangers, now)
    if (!this.#makeRoomInAll(strangers, now)) return undefined
    this.#bySource.set(key, here)
    const entry = new Entry(this, { key, now, most, mostStrangers, here, strangers, end })
    for (const crowd of this.#crowdsOf(entry)) crowd.add(entry)
    return entry
  }

  close(): void {
    clearTimeout(this.#trimming)
  }

  check(entry: Entry): void {
    if (entry.standing !== 'fresh' && entry.standing !== 'refused') return
    const { connections } = this.#limits
    if (!this.#hasRoomForLook(entry.strangers, entry.mostStrangers)) return
    if (!this.#hasRoomForLook(this.#all, connections)) return
    entry.checkedSince = this.#clock.monotonic()
    this.#move(entry, 'checking')
  }

  keep(entry: Entry): void {
    if (entry.standing === 'proven' || entry.standing === 'gone') return
    if (entry.here.proven() >= entry.most) this.#end(entry)
    else this.#move(entry, 'proven')
  }

  expose(entry: Entry): void {
    if (entry.standing === 'fresh' || entry.standing === 'checking') this.#move(entry, 'refused')
  }

  leave(entry: Entry): void {
    if (entry.standing === 'gone') return
    const from = entry.standing === 'proven' ? undefined : entry.standing
    for (const crowd of this.#crowdsOf(entry)) crowd.remove(entry, from)
    entry.standing = 'gone'
    if (entry.here.size() === 0) this.#bySource.delete(entry.key)
  }

  #crowdsOf({ here, strangers }: Entry): Group[] {
    return here === strangers ? [here, this.#all] : [here, strangers, this.#all]
  }

  #move(entry: Entry, to: Standing | 'proven'): void {
    const from = entry.standing as Standing
    for (const crowd of this.#crowdsOf(entry)) crowd.move(entry, from, to === 'proven' ? undefined : to)
    entry.standing = to
  }

  #end(entry: Entry): void {
    this.leave(entry)
    entry.end()
  }

  #endDawdler(strangers: Group, now: number): void {
    if (strangers.strangers() < this.#limits.unauthenticatedPerSource) return
    const dawdler = strangers.firstAtRest(now - moment)
    if (dawdler !== undefined) this.#end(dawdler)
  }

  #makeRoom(crowd: Group, count: number, most: number, now: number): void {
    if (count < most) return
    const before = count < most * momentaryTimes ? now - moment : now
    const first = crowd.first(before)
    if (first !== undefined) this.#end(first)
    else this.#trimLater(crowd, most)
  }

  /** Its own strangers first, so that a crowd from one source ends none of another. */
  #makeRoomInAll(strangers: Group, now: number): boolean {
    const all = this.#all
    if (all.size() < this.#limits.connections) return true
    const before = now - moment
    const first = strangers.first(before) ?? all.first(before) ?? strangers.first() ?? all.first()
    if (first !== undefined) this.#end(first)
    return first !== undefined
  }

  /** Half of the places may be held by those who are being looked at. */
  #hasRoomForLook(crowd: Group, most: number): boolean {
    if (crowd.checking() < Math.ceil(most / 2)) return true
    const first = crowd.firstChecked()
    if (first === undefined || this.#clock.monotonic() - first.checkedSince < longLook) return false
    this.#move(first, 'refused')
    return true
  }

  /** When nobody comes any more, nobody else would see to it. */
  #trimLater(crowd: Group, most: number): void {
    this.#crowded.set(crowd, most)
    this.#trimming ??= setTimeout(() => this.#trim(), moment).unref()
  }

  #trim(): void {
    this.#trimming = undefined
    const before = this.#clock.monotonic() - moment
    for (const [crowd, most] of [...this.#crowded]) {
      const count = () => (crowd === this.#ofThisMachine ? crowd.strangers() : crowd.size())
      let first = crowd.first(before)
      for (; count() > most && first !== undefined; first = crowd.first(before)) this.#end(first)
      this.#crowded.delete(crowd)
      if (count() > most) this.#trimLater(crowd, most)
    }
  }
}

interface EntryParts {
  key: string
  now: number
  most: number
  mostStrangers: number
  here: Group
  strangers: Group
  end: () => void
}

class Entry implements Place {
  readonly key: string
  /** On the monotonic clock. */
  readonly since: number
  checkedSince = 0
  /** Of its source. */
  readonly most: number
  /** Of those whose strangers are limited together. */
  readonly mostStrangers: number
  /** All of its source. */
  readonly here: Group
  /** Those whose strangers are limited together. */
  readonly strangers: Group
  readonly end: () => void
  standing: Standing | 'proven' | 'gone' = 'fresh'
  readonly #count: Count

  constructor(count: Count, { key, now, most, mostStrangers, here, strangers, end }: EntryParts) {
    this.#count = count
    this.key = key
    this.since = now
    this.most = most
    this.mostStrangers = mostStrangers
    this.here = here
    this.strangers = strangers
    this.end = end
  }

  check(): void {
    this.#count.check(this)
  }

  keep(): void {
    this.#count.keep(this)
  }

  expose(): void {
    this.#count.expose(this)
  }

  leave(): void {
    this.#count.leave(this)
  }
}
