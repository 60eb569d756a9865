import type { Clock } from '../base/clock.ts'
import { asFailure, type Failure, failure, failureFields, stopping } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { ConnectionUser, Governor } from '../governor/governor.ts'
import type { Limits } from '../model/limits.ts'
import {
  type AcquireQueue,
  allBusy,
  closedAtOnce,
  createAcquireQueue,
  type Ticket,
  tooLong,
  tooMany,
  tooSlow,
} from './acquire-queue.ts'
import { quit } from './connection.ts'
import { type Lease, type LeaseOwner, type Member, MemberLease, Members } from './lease.ts'
import { OpeningFailed, type SignedIn } from './open-signed-in.ts'

/**
 * What pools of the same sign-in name know of each other: the provider counts their connections
 * together.
 */
export interface Neighbour extends ConnectionUser {
  /** A message waits, and the pool has no connection at all. */
  starves(): boolean
}

/**
 * The connections of one mailbox: a few, kept warm between transactions, handed out fairly. Tickets
 * wait in an `AcquireQueue` while none is idle, or while the governor lets no message leave.
 */
export interface Pool extends Neighbour {
  /**
   * Resolves when a signed-in connection exists. Opens one if need be, once for all concurrent
   * callers.
   */
  ensureReady(): Promise<void>
  /**
   * Acquires one connection for one message, which the governor counts as leaving now.
   * @throws Failure `limit-reached` when `until` has come or is known to come too soon, `invalid`
   * when the client has gone, or the reason why no connection could be opened
   */
  acquire(ticket: Ticket): Promise<Lease>
  /**
   * Connections that are open now end after their transaction. A later `acquire` opens a new one,
   * even if the last attempt failed.
   */
  drain(): void
  /**
   * Ends everything and resolves when nothing is open. Waiting tickets are refused; a transaction
   * under way has two seconds.
   */
  close(): Promise<void>
  state(): PoolState
  /** A connection is in use, or something waits for one. */
  busy(): boolean
}

export interface PoolState {
  open: number
  inUse: number
  /** Messages that wait for a connection, or for the governor. */
  waiting: number
}

export type PooledGovernor = Pick<Governor, 'connections' | 'delay' | 'recordSend' | 'connectBreaker'>

export interface PoolDeps {
  /** @throws OpeningFailed */
  open(signal: AbortSignal): Promise<SignedIn>
  governor: PooledGovernor
  /** The other pools of the same sign-in name. */
  neighbours(): readonly Neighbour[]
  /** Where other processes have connections of the same name: they may wait for what is not used here. */
  changed?(): void
  /** The provider's limit, asked anew each time. */
  messagesPerConnection(): number | undefined
  limits: Pick<Limits, 'clientTurnSeconds' | 'upstreamIdleSeconds' | 'upstreamAgeSeconds'>
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

const lookAgainMilliseconds = 1000

/** How long a transaction under way may take at shutdown, in seconds. */
const leasedSeconds = 2

/**
 * The states of one connection:
 *
 * - `opening`: it is dialled and signed in. It counts at the provider already.
 * - `idle`: it is signed in, and nobody uses it.
 * - `leased`: a transaction has it.
 * - `closing`: QUIT was sent, and the provider has two seconds to answer. It counts until then.
 * - `gone`: nothing is left of it, and there is room for another one.
 *
 * For each state, the next one. `last`: it is closed when it is released.
 *
 * | event         | opening | idle    | leased       | closing |
 * |---------------|---------|---------|--------------|---------|
 * | signed in     | idle    | -       | -            | -       |
 * | acquire       | opening | leased  | leased       | closing |
 * | release       | -       | idle    | idle         | closing |
 * | discard       | -       | idle    | gone         | closing |
 * | lost          | gone    | gone    | gone         | gone    |
 * | idle too long | opening | closing | leased       | closing |
 * | grown old     | opening | idle    | leased, last | closing |
 * | yieldOne      | opening | closing | leased       | closing |
 * | drain         | gone    | closing | leased, last | closing |
 * | close         | gone    | closing | leased, last | closing |
 * | QUIT answered | -       | -       | -            | gone    |
 *
 * A connection that becomes idle is leased at once if a ticket waits and the governor lets a message
 * leave. A ticket waits where no connection is idle; others are opened for it, as many as the
 * provider allows. One that has signed in though it was given up meanwhile is closed.
 *
 * A lease ends once: a second `release` or `discard` changes nothing. A released connection is gone
 * when it is no longer alive. It is closed when it has grown old, when it has carried as many
 * messages as the provider likes, or when a pool of the same name has none and needs one. An idle
 * one is also closed when the governor allows fewer than there are, the one that was idle for
 * longest first. A leased one is reclaimed for a waiting ticket or another pool when its client has
 * been silent for too long: its transaction releases it then. After `close`, a leased one is gone
 * in two seconds at most.
 */
export function createPool(deps: PoolDeps): Pool {
  return new ConnectionPool(deps)
}

class ConnectionPool implements Pool, LeaseOwner {
  readonly #deps: PoolDeps
  readonly #governor: PooledGovernor
  readonly #members = new Members()
  readonly #opening = new Set<AbortController>()
  readonly #queue: AcquireQueue
  /** Those who wait for the end of the last connection. */
  readonly #closers: (() => void)[] = []
  #isClosed = false
  #turnTimer: NodeJS.Timeout | undefined
  /** After an attempt that failed: when the next one may be made, on the monotonic clock. */
  #nextOpenAt = 0

  constructor(deps: PoolDeps) {
    this.#deps = deps
    this.#governor = deps.governor
    this.#queue = createAcquireQueue(deps.clock.monotonic, (ticket) => this.#tooLate(ticket))
  }

  async ensureReady(): Promise<void> {
    if (this.#isClosed) throw stopping()
    if (this.#members.serving() > 0) return
    const ready = this.#queue.untilReady()
    this.look()
    await ready
  }

  async acquire(ticket: Ticket): Promise<Lease> {
    if (this.#isClosed) throw stopping()
    // The usual case: nothing waits, and a connection is idle.
    if (this.#members.idle.length > 0 && !this.#queue.next() && this.#maySend(ticket))
      return this.#lend('at-once')
    const isBound = ticket.hurried && !ticket.retry
    const wait = isBound ? this.#governor.delay(this.#queue.ahead(ticket.lane)) : 0
    if (wait > ticket.until - this.now()) throw tooLong(Math.ceil(wait / 1000))
    const lease = this.#queue.acquire(ticket)
    this.look()
    return lease
  }

  drain(): void {
    this.#nextOpenAt = 0
    for (const controller of this.#opening) controller.abort()
    for (const member of this.#members.leased) member.last = true
    for (const member of [...this.#members.idle]) this.#closeMember(member)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#queue.refuseAll(stopping())
    clearTimeout(this.#turnTimer)
    this.drain()
    if (this.held() === 0) return
    // The listeners are closed by now: no client is left to hear the provider's reply.
    const patience = setTimeout(() => this.#forgetLeased(), leasedSeconds * 1000)
    await new Promise<void>((done) => this.#closers.push(done))
    clearTimeout(patience)
  }

  state(): PoolState {
    const { leased } = this.#members
    return { open: this.#members.open(), inUse: leased.size, waiting: this.#queue.waiting() }
  }

  busy(): boolean {
    return this.#members.leased.size + this.#opening.size + this.#queue.wanted() > 0
  }

  held(): number {
    return this.#members.total() + this.#opening.size
  }

  serving(): number {
    return this.#members.open() + this.#opening.size
  }

  needed(): number {
    return this.#members.leased.size + Math.max(this.#opening.size, this.#queue.wanted())
  }

  waiting(): number {
    return this.#queue.waiting()
  }

  starves(): boolean {
    return this.#queue.wanted() > 0 && this.held() === 0
  }

  yieldOne(): boolean {
    if (this.#members.total() > this.#members.open()) return true
    const [longestIdle] = this.#members.idle
    if (longestIdle === undefined) return this.#reclaim()
    this.#closeMember(longestIdle)
    return true
  }

  /**
   * Called after every change: serves waiting tickets as far as possible, and opens as many
   * connections as they need.
   */
  look(): void {
    const queue = this.#queue
    clearTimeout(this.#turnTimer)
    this.#closeSurplus()
    this.#serve()
    if (this.#members.serving() > 0) queue.ready()
    const failure = this.#governor.connectBreaker.blockedBy()
    // While one connection serves, no ticket is refused because a second one cannot be opened.
    if (failure && this.#members.serving() + this.#opening.size === 0) queue.refuseAll(failure)
    while (this.#opening.size < queue.wanted() && this.#mayOpen()) this.#openOne()
    if (queue.wanted() > 0 && this.#opening.size === 0) this.#askNeighbours()
    if (this.held() === 0) for (const done of this.#closers.splice(0)) done()
    this.#deps.changed?.()
    if (queue.next()) this.#turnTimer = setTimeout(() => this.look(), this.#nextTurn()).unref()
  }

  now(): number {
    return this.#deps.clock.monotonic()
  }

  takeBack(member: Member): void {
    this.#members.remove(member)
    this.#returnIdle(member)
  }

  forget(member: Member): void {
    member.connection.destroy()
    clearTimeout(member.idleTimer)
    this.#members.remove(member)
    this.look()
    for (const other of this.#deps.neighbours()) if (other.starves()) other.look()
  }

  #takenByOthers(): number {
    return this.#deps.neighbours().reduce((sum, other) => sum + other.held(), 0)
  }

  #servingElsewhere(): number {
    return this.#deps.neighbours().reduce((sum, other) => sum + other.serving(), 0)
  }

  #isFull(): boolean {
    return this.held() + this.#takenByOthers() >= this.#governor.connections()
  }

  /** The governor allows fewer than there are. */
  #closeSurplus(): void {
    const { idle } = this.#members
    while (idle.length > 0 && this.serving() + this.#servingElsewhere() > this.#governor.connections())
      this.#closeMember(idle[0])
  }

  #serve(): void {
    const { idle } = this.#members
    const queue = this.#queue
    for (let ticket = queue.next(); ticket && idle.length > 0 && this.#maySend(ticket); ticket = queue.next())
      queue.serve(this.#lend('waited'))
  }

  #maySend({ retry }: Ticket): boolean {
    return retry || this.#governor.delay() === 0
  }

  /** Asks silent clients and neighbouring pools for a connection. */
  #askNeighbours(): void {
    if (this.#queue.next()) this.#reclaim()
    const isFull = this.#isFull()
    if (isFull && this.#members.idle.length === 0 && !this.#governor.connectBreaker.blockedBy())
      this.#deps.neighbours().some((other) => other.yieldOne())
  }

  /** The connection has to go to a neighbouring pool that has none and needs one. */
  #isOwed(): boolean {
    return this.#isFull() && this.#deps.neighbours().some((other) => other.starves())
  }

  /**
   * When the queue may move on by itself: the governor lets the next message leave, or allows a
   * connection again.
   */
  #nextTurn(): number {
    const delay = this.#governor.delay()
    return delay > 0 ? Math.min(delay, lookAgainMilliseconds) : lookAgainMilliseconds
  }

  /**
   * Reclaims the connection of the client that has been silent for longest, if that is too long
   * while others wait.
   */
  #reclaim(): boolean {
    const longest = this.#members.longestSilence()
    const late = this.now() - this.#deps.limits.clientTurnSeconds * 1000
    if (!longest || longest.since > late) return false
    longest.holder.reclaim()
    return true
  }

  #mayOpen(): boolean {
    const { connectBreaker } = this.#governor
    if (this.#isClosed || connectBreaker.blockedBy()) return false
    if (connectBreaker.probing() && this.#opening.size > 0) return false
    // Other connections will serve the waiting tickets. Without any, the tickets were refused with
    // the failure.
    if (this.#members.serving() + this.#opening.size > 0 && this.now() < this.#nextOpenAt) return false
    return !this.#isFull()
  }

  #openOne(): void {
    const controller = new AbortController()
    this.#opening.add(controller)
    this.#governor.connectBreaker.begun()
    this.#deps.open(controller.signal).then(
      (signedIn) => this.#opened(signedIn, controller),
      (error: unknown) => this.#notOpened(error, controller),
    )
  }

  #opened(signedIn: SignedIn, controller: AbortController): void {
    // Opening a replacement at once would loop at the speed of the network.
    if (!signedIn.connection.alive) {
      this.#notOpened(closedAtOnce(), controller)
      return
    }
    this.#opening.delete(controller)
    const member = { ...signedIn, openedAt: this.now(), messages: 0, warm: false, last: false }
    member.connection.onLost(() => this.forget(member))
    if (controller.signal.aborted) this.#closeMember(member)
    else {
      this.#governor.connectBreaker.succeeded()
      this.#returnIdle(member)
    }
  }

  #notOpened(error: unknown, controller: AbortController): void {
    this.#opening.delete(controller)
    if (!controller.signal.aborted) this.#openingFailed(error)
    this.look()
  }

  #openingFailed(error: unknown): void {
    const failure = error instanceof OpeningFailed ? error.failure : asFailure(error)
    const { cause, fix, message, retryAfterSeconds = 0 } = failure
    this.#deps.log.warn(
      { event: 'provider.not-reached', ...failureFields(failure), cause: reasonOf(cause), fix },
      message,
    )
    // Some failures take no time at all, and retrying at once would loop.
    this.#nextOpenAt = this.now() + Math.max(lookAgainMilliseconds, retryAfterSeconds * 1000)
    // Connections of neighbours count as served, too. But a mailbox without any connection of its
    // own has a fault of its own.
    const served = this.#members.serving() > 0 ? this.#members.serving() + this.#takenByOthers() : 0
    const stage = error instanceof OpeningFailed ? error.stage : undefined
    this.#governor.connectBreaker.failed(failure, served, stage)
    if (this.#members.serving() + this.#opening.size === 0) this.#queue.refuseAll(failure)
  }

  /** Makes the connection idle, or closes it. A waiting ticket gets it at once. */
  #returnIdle(member: Member): void {
    if (!member.connection.alive) this.forget(member)
    else if (this.#isClosed || member.last || this.#hasExpired(member) || this.#isOwed())
      this.#closeMember(member)
    else this.#keep(member)
  }

  #hasExpired({ messages, openedAt }: Member): boolean {
    if (messages >= (this.#deps.messagesPerConnection() ?? Number.POSITIVE_INFINITY)) return true
    return this.now() - openedAt >= this.#deps.limits.upstreamAgeSeconds * 1000
  }

  #keep(member: Member): void {
    this.#members.move(member, 'idle')
    // The timer is refreshed for each message: a new one each time would cost ten times as much.
    if (member.idleTimer) member.idleTimer.refresh()
    else member.idleTimer = this.#idleTimerOf(member)
    this.look()
    if (this.#members.idle.includes(member)) member.warm = true
  }

  /** A leased connection still has the timer of its last idle time running. */
  #idleTimerOf(member: Member): NodeJS.Timeout {
    const idleTooLong = () => {
      if (this.#members.idle.includes(member)) this.#closeMember(member)
    }
    return setTimeout(idleTooLong, this.#deps.limits.upstreamIdleSeconds * 1000).unref()
  }

  #closeMember(member: Member | undefined): void {
    if (member === undefined) return
    this.#members.move(member, 'closing')
    void quit(member.connection).then(() => this.forget(member))
  }

  #forgetLeased(): void {
    for (const member of [...this.#members.leased]) this.forget(member)
  }

  /** Last in, first out: connections beyond the need stay idle, grow old and are closed. */
  #lend(how: 'at-once' | 'waited'): Lease {
    const member = this.#members.idle.at(-1)
    if (!member) throw failure('upstream.no-idle-connection')
    this.#members.move(member, 'leased')
    return new MemberLease(this, member, this.#governor.recordSend(), how === 'waited')
  }

  /** Why a ticket was not served in time. */
  #tooLate({ seconds }: Ticket): Failure {
    if (this.#governor.delay() > 0) return tooMany(seconds)
    return this.#members.leased.size > 0 ? allBusy(seconds) : tooSlow(seconds)
  }
}

function reasonOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined
}
