import type { Clock } from '../base/clock.ts'
import type { Source } from './ip.ts'

/**
 * Limits the connections of one server, in all and for each source. Where a limit is reached, one
 * unauthenticated connection is evicted, so neither idle connections nor guesses keep a client out.
 * Connections that failed to authenticate are evicted first, then those that have not tried, then
 * those that are authenticating; among them the oldest.
 *
 * A connection is not evicted for its own source within its first second: a client with the right
 * password has that long to send it, however fast others reconnect. Until then a source may hold
 * several times its limit.
 */
export interface ConnectionLimiter {
  /**
   * Undefined when the limit is reached and all other connections are authenticated.
   * @param evict called at most once: the connection has to close, and is no longer counted
   */
  accept(source: Source, evict: () => void): Slot | undefined
  /** Stops the timer that trims what came within the last second. */
  close(): void
}

/** What one connection holds of the limits. After its eviction every call is without effect. */
export interface Slot {
  /**
   * Authentication begins. A connection that is authenticating is evicted last, as long as not too
   * many are.
   */
  beginCheck(): void
  /**
   * The client is authenticated: it is never evicted, unless its source has too many of those
   * already.
   */
  authenticated(): void
  /** Authentication ended without success. No effect on a connection that is authenticated. */
  unauthenticated(): void
  /** The connection is closed. */
  release(): void
}

interface ConnectionLimits {
  connections: number
  connectionsPerLoopbackSource: number
  /**
   * Unauthenticated connections of all loopback addresses together: one program can use any of
   * them.
   */
  strangersOnLoopback: number
  connectionsPerSource: number
  unauthenticatedPerSource: number
}

/** In milliseconds. Programs that start together, as timers make them, have signed in by then. */
const graceMilliseconds = 1_000
/** How many times its limit a source may hold within that time. */
const burstFactor = 10
/** In milliseconds. An authentication that takes longer is being delayed, and most likely fails. */
const longCheckMilliseconds = 2_000

type Group = ConnectionGroup<LimitedSlot>

export function createConnectionLimiter(
  limits: ConnectionLimits,
  clock: Pick<Clock, 'monotonic'>,
): ConnectionLimiter {
  return new SlotLimiter(limits, clock)
}

class SlotLimiter implements ConnectionLimiter {
  readonly #limits: ConnectionLimits
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #all: Group = new ConnectionGroup()
  // Holds only sources that are connected now, so its size is bounded by the limits.
  readonly #bySource = new Map<string, Group>()
  readonly #ofThisMachine: Group = new ConnectionGroup()
  /** Groups above their limit, with that limit. */
  readonly #crowded = new Map<Group, number>()
  #trimming: NodeJS.Timeout | undefined

  constructor(limits: ConnectionLimits, clock: Pick<Clock, 'monotonic'>) {
    this.#limits = limits
    this.#clock = clock
  }

  accept({ key, loopback }: Source, evict: () => void): Slot | undefined {
    const here = this.#bySource.get(key) ?? new ConnectionGroup()
    const most = loopback ? this.#limits.connectionsPerLoopbackSource : this.#limits.connectionsPerSource
    if (here.authenticated() >= most) return undefined
    const peers = loopback ? this.#ofThisMachine : here
    const mostUnauthenticated = loopback ? Math.min(most, this.#limits.strangersOnLoopback) : most
    const now = this.#clock.monotonic()
    this.#evictIdle(peers, now)
    this.#makeRoom(here, here.size(), most, now)
    if (loopback) this.#makeRoom(peers, peers.unauthenticated(), mostUnauthenticated, now)
    if (!this.#makeRoomInAll(peers, now)) return undefined
    this.#bySource.set(key, here)
    const slot = new LimitedSlot(this, { key, now, most, mostUnauthenticated, here, peers, evict })
    for (const group of this.#groupsOf(slot)) group.add(slot)
    return slot
  }

  close(): void {
    clearTimeout(this.#trimming)
  }

  beginCheck(slot: LimitedSlot): void {
    if (slot.state !== 'fresh' && slot.state !== 'refused') return
    const { connections } = this.#limits
    if (!this.#hasRoomForCheck(slot.peers, slot.mostUnauthenticated)) return
    if (!this.#hasRoomForCheck(this.#all, connections)) return
    slot.checkedSince = this.#clock.monotonic()
    this.#move(slot, 'checking')
  }

  authenticated(slot: LimitedSlot): void {
    if (slot.state === 'authenticated' || slot.state === 'gone') return
    if (slot.here.authenticated() >= slot.most) this.#evict(slot)
    else this.#move(slot, 'authenticated')
  }

  unauthenticated(slot: LimitedSlot): void {
    if (slot.state === 'fresh' || slot.state === 'checking') this.#move(slot, 'refused')
  }

  release(slot: LimitedSlot): void {
    if (slot.state === 'gone') return
    const from = slot.state === 'authenticated' ? undefined : slot.state
    for (const group of this.#groupsOf(slot)) group.remove(slot, from)
    slot.state = 'gone'
    if (slot.here.size() === 0) this.#bySource.delete(slot.key)
  }

  #groupsOf({ here, peers }: LimitedSlot): Group[] {
    return here === peers ? [here, this.#all] : [here, peers, this.#all]
  }

  #move(slot: LimitedSlot, to: AuthState | 'authenticated'): void {
    const from = slot.state as AuthState
    for (const group of this.#groupsOf(slot)) group.move(slot, from, to === 'authenticated' ? undefined : to)
    slot.state = to
  }

  #evict(slot: LimitedSlot): void {
    this.release(slot)
    slot.evict()
  }

  #evictIdle(peers: Group, now: number): void {
    if (peers.unauthenticated() < this.#limits.unauthenticatedPerSource) return
    const oldest = peers.firstAtRest(now - graceMilliseconds)
    if (oldest !== undefined) this.#evict(oldest)
  }

  #makeRoom(group: Group, count: number, most: number, now: number): void {
    if (count < most) return
    const before = count < most * burstFactor ? now - graceMilliseconds : now
    const first = group.first(before)
    if (first !== undefined) this.#evict(first)
    else this.#trimLater(group, most)
  }

  /** Evicts from the same source first, so that a burst from one source evicts none of another. */
  #makeRoomInAll(peers: Group, now: number): boolean {
    const all = this.#all
    if (all.size() < this.#limits.connections) return true
    const before = now - graceMilliseconds
    const first = peers.first(before) ?? all.first(before) ?? peers.first() ?? all.first()
    if (first !== undefined) this.#evict(first)
    return first !== undefined
  }

  /** At most half of the slots may be held by connections that are authenticating. */
  #hasRoomForCheck(group: Group, most: number): boolean {
    if (group.checking() < Math.ceil(most / 2)) return true
    const first = group.firstChecked()
    if (first === undefined || this.#clock.monotonic() - first.checkedSince < longCheckMilliseconds)
      return false
    this.#move(first, 'refused')
    return true
  }

  /** Evicts what is too much when no further connection comes. */
  #trimLater(group: Group, most: number): void {
    this.#crowded.set(group, most)
    this.#trimming ??= setTimeout(() => this.#trim(), graceMilliseconds).unref()
  }

  #trim(): void {
    this.#trimming = undefined
    const before = this.#clock.monotonic() - graceMilliseconds
    for (const [group, most] of [...this.#crowded]) {
      const count = () => (group === this.#ofThisMachine ? group.unauthenticated() : group.size())
      let first = group.first(before)
      for (; count() > most && first !== undefined; first = group.first(before)) this.#evict(first)
      this.#crowded.delete(group)
      if (count() > most) this.#trimLater(group, most)
    }
  }
}

interface SlotDeps {
  key: string
  now: number
  most: number
  mostUnauthenticated: number
  here: Group
  peers: Group
  evict: () => void
}

class LimitedSlot implements Slot {
  readonly key: string
  /** On the monotonic clock. */
  readonly since: number
  checkedSince = 0
  /** Limit of its source. */
  readonly most: number
  /** Limit of the group `peers`. */
  readonly mostUnauthenticated: number
  /** The connections of its source. */
  readonly here: Group
  /** The group whose unauthenticated connections are limited together. */
  readonly peers: Group
  readonly evict: () => void
  state: AuthState | 'authenticated' | 'gone' = 'fresh'
  readonly #limiter: SlotLimiter

  constructor(limiter: SlotLimiter, { key, now, most, mostUnauthenticated, here, peers, evict }: SlotDeps) {
    this.#limiter = limiter
    this.key = key
    this.since = now
    this.most = most
    this.mostUnauthenticated = mostUnauthenticated
    this.here = here
    this.peers = peers
    this.evict = evict
  }

  beginCheck(): void {
    this.#limiter.beginCheck(this)
  }

  authenticated(): void {
    this.#limiter.authenticated(this)
  }

  unauthenticated(): void {
    this.#limiter.unauthenticated(this)
  }

  release(): void {
    this.#limiter.release(this)
  }
}

/** The state of an unauthenticated connection: not tried yet, authenticating, or failed. */
type AuthState = 'fresh' | 'checking' | 'refused'

/** What a group knows of its members. */
interface GroupMember {
  /** When it connected. */
  readonly since: number
  /** When its authentication began. */
  readonly checkedSince: number
}

/** The order of eviction. */
const order: readonly AuthState[] = ['refused', 'fresh', 'checking']

/** Connections that are limited together. A class, because each connected source has one or two. */
class ConnectionGroup<Member extends GroupMember> {
  #size = 0
  // Authenticated connections are in none of these. A Set keeps the order of insertion.
  readonly #byState: Record<AuthState, Set<Member>> = {
    refused: new Set(),
    fresh: new Set(),
    checking: new Set(),
  }

  size(): number {
    return this.#size
  }

  unauthenticated(): number {
    const { refused, fresh, checking } = this.#byState
    return refused.size + fresh.size + checking.size
  }

  authenticated(): number {
    return this.#size - this.unauthenticated()
  }

  checking(): number {
    return this.#byState.checking.size
  }

  firstChecked(): Member | undefined {
    return first(this.#byState.checking)
  }

  /** The first to be evicted, of those that connected at `before` at the latest. */
  first(before = Number.POSITIVE_INFINITY): Member | undefined {
    for (const state of order) {
      const member = first(this.#byState[state])
      if (member !== undefined && member.since <= before) return member
    }
    return undefined
  }

  /** The same, unless it is authenticating. */
  firstAtRest(before: number): Member | undefined {
    const member = this.first(before)
    return member !== undefined && this.#byState.checking.has(member) ? undefined : member
  }

  add(member: Member): void {
    this.#size++
    this.#byState.fresh.add(member)
  }

  /** `to` undefined: it is authenticated. */
  move(member: Member, from: AuthState, to: AuthState | undefined): void {
    this.#byState[from].delete(member)
    if (to !== undefined) this.#byState[to].add(member)
  }

  /** `from` undefined: it was authenticated. */
  remove(member: Member, from: AuthState | undefined): void {
    this.#size--
    if (from !== undefined) this.#byState[from].delete(member)
  }
}

function first<Member>(members: ReadonlySet<Member>): Member | undefined {
  return members.values().next().value
}
