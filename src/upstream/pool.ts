import type { Clock } from '../base/clock.ts'
import { asFailure, type Failure, failure, stopping } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Governor, RecordedSend } from '../governor/governor.ts'
import type { Limits } from '../model/limits.ts'
import {
  allBusy,
  closedAtOnce,
  createAcquireQueue,
  type Ticket,
  tooLong,
  tooMany,
  tooSlow,
} from './acquire-queue.ts'
import { quit } from './connection.ts'
import { createMembers, type Lease, type Member } from './lease.ts'
import { OpeningFailed, type SignedIn } from './open-signed-in.ts'

/**
 * What pools of the same sign-in name know of each other: the provider counts their connections
 * together.
 */
export interface Neighbour {
  /** How many connections it holds, including those that are being opened or closed. */
  held(): number
  /** A message waits, and the pool has no connection at all. */
  starves(): boolean
  /**
   * Gives up an idle connection, or reclaims one from a silent client. True: there will be room.
   */
  yieldOne(): boolean
  /** Another pool has made room. */
  look(): void
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
  const { governor, limits, clock, log, neighbours } = deps
  const members = createMembers()
  const { idle, leased, serving } = members
  const opening = new Set<AbortController>()
  const queue = createAcquireQueue(clock.monotonic, tooLate)
  const closers: (() => void)[] = []
  let closed = false
  let turnTimer: NodeJS.Timeout | undefined
  /** After an attempt that failed: when the next one may be made, on the monotonic clock. */
  let nextOpenAt = 0

  const total = () => members.total() + opening.size
  const takenByOthers = () => neighbours().reduce((sum, other) => sum + other.held(), 0)
  const starves = () => queue.wanted() > 0 && total() === 0

  /**
   * Called after every change: serves waiting tickets as far as possible, and opens as many
   * connections as they need.
   */
  function pump(): void {
    clearTimeout(turnTimer)
    while (idle.length > 0 && members.open() + opening.size > governor.connections()) closeMember(idle[0])
    for (let ticket = queue.next(); ticket && idle.length > 0 && maySend(ticket); ticket = queue.next())
      queue.serve(lend('waited'))
    if (serving() > 0) queue.ready()
    const failure = governor.connectBreaker.blockedBy()
    // While one connection serves, no ticket is refused because a second one cannot be opened.
    if (failure && serving() + opening.size === 0) queue.refuseAll(failure)
    while (opening.size < queue.wanted() && mayOpen()) openOne()
    if (queue.wanted() > 0 && opening.size === 0) askNeighbours()
    if (total() === 0) for (const done of closers.splice(0)) done()
    if (queue.next()) turnTimer = setTimeout(pump, nextTurn()).unref()
  }

  /** Asks silent clients and neighbouring pools for a connection. */
  function askNeighbours(): void {
    if (queue.next()) reclaim()
    const isFull = total() + takenByOthers() >= governor.connections()
    if (isFull && idle.length === 0 && !governor.connectBreaker.blockedBy())
      neighbours().some((other) => other.yieldOne())
  }

  function yieldOne(): boolean {
    if (members.total() > members.open()) return true
    if (idle.length === 0) return reclaim()
    closeMember(idle[0])
    return true
  }

  /** The connection has to go to a neighbouring pool that has none and needs one. */
  function isOwed(): boolean {
    return (
      total() + takenByOthers() >= governor.connections() && neighbours().some((other) => other.starves())
    )
  }

  function maySend({ retry }: Ticket): boolean {
    return retry || governor.delay() === 0
  }

  /**
   * When the queue may move on by itself: the governor lets the next message leave, or allows a
   * connection again.
   */
  function nextTurn(): number {
    const delay = governor.delay()
    return delay > 0 ? Math.min(delay, lookAgainMilliseconds) : lookAgainMilliseconds
  }

  /**
   * Reclaims the connection of the client that has been silent for longest, if that is too long
   * while others wait.
   */
  function reclaim(): boolean {
    const longest = members.longestSilence()
    const late = clock.monotonic() - limits.clientTurnSeconds * 1000
    if (!longest || longest.since > late) return false
    longest.reclaim()
    return true
  }

  function mayOpen(): boolean {
    if (closed || governor.connectBreaker.blockedBy()) return false
    if (governor.connectBreaker.probing() && opening.size > 0) return false
    // Other connections will serve the waiting tickets. Without any, the tickets were refused with
    // the failure.
    if (serving() + opening.size > 0 && clock.monotonic() < nextOpenAt) return false
    return total() + takenByOthers() < governor.connections()
  }

  function openOne(): void {
    const controller = new AbortController()
    opening.add(controller)
    governor.connectBreaker.begun()
    const opened = (signedIn: SignedIn) => {
      // Opening a replacement at once would loop at the speed of the network.
      if (!signedIn.connection.alive) return failed(closedAtOnce())
      opening.delete(controller)
      if (!controller.signal.aborted) governor.connectBreaker.succeeded()
      const member = { ...signedIn, openedAt: clock.monotonic(), messages: 0, warm: false, last: false }
      add(member, controller.signal.aborted)
    }
    const failed = (error: unknown) => {
      opening.delete(controller)
      if (!controller.signal.aborted) openingFailed(error)
      pump()
    }
    deps.open(controller.signal).then(opened, failed)
  }

  function openingFailed(error: unknown): void {
    const failure = error instanceof OpeningFailed ? error.failure : asFailure(error)
    log.warn({ code: failure.code, cause: reasonOf(failure.cause), fix: failure.fix }, failure.message)
    // Some failures take no time at all, and retrying at once would loop.
    nextOpenAt = clock.monotonic() + Math.max(lookAgainMilliseconds, (failure.retryAfterSeconds ?? 0) * 1000)
    // Connections of neighbours count as served, too. But a mailbox without any connection of its
    // own has a fault of its own.
    const served = serving() > 0 ? serving() + takenByOthers() : 0
    governor.connectBreaker.failed(failure, served, error instanceof OpeningFailed ? error.stage : undefined)
    if (serving() + opening.size === 0) queue.refuseAll(failure)
  }

  function add(member: Member, unwanted: boolean): void {
    member.connection.onLost(() => forget(member))
    if (unwanted) closeMember(member)
    else returnIdle(member)
  }

  /** Makes the connection idle, or closes it. A waiting ticket gets it at once. */
  function returnIdle(member: Member): void {
    if (!member.connection.alive) forget(member)
    else if (closed || member.last || expired(member) || isOwed()) closeMember(member)
    else keep(member)
  }

  function expired({ messages, openedAt }: Member): boolean {
    if (messages >= (deps.messagesPerConnection() ?? Number.POSITIVE_INFINITY)) return true
    return clock.monotonic() - openedAt >= limits.upstreamAgeSeconds * 1000
  }

  function keep(member: Member): void {
    members.move(member, 'idle')
    // The timer is refreshed for each message: a new one each time would cost ten times as much.
    if (member.idleTimer) member.idleTimer.refresh()
    else member.idleTimer = setTimeout(idleTooLong, limits.upstreamIdleSeconds * 1000, member).unref()
    pump()
    if (idle.includes(member)) member.warm = true
  }

  /** A leased connection still has the timer of its last idle time running. */
  function idleTooLong(member: Member): void {
    if (idle.includes(member)) closeMember(member)
  }

  function closeMember(member: Member | undefined): void {
    if (member === undefined) return
    members.move(member, 'closing')
    void quit(member.connection).then(() => forget(member))
  }

  function forget(member: Member): void {
    member.connection.destroy()
    clearTimeout(member.idleTimer)
    members.remove(member)
    pump()
    for (const other of neighbours()) if (other.starves()) other.look()
  }

  /** Last in, first out: connections beyond the need stay idle, grow old and are closed. */
  function lend(how: 'at-once' | 'waited'): Lease {
    const member = idle.at(-1)
    if (!member) throw failure('upstream.no-idle-connection')
    members.move(member, 'leased')
    return leaseOf(member, governor.recordSend(), how === 'waited')
  }

  function leaseOf(member: Member, recorded: RecordedSend, waited: boolean): Lease {
    const { connection, capabilities, warm } = member
    let ended = false
    let sent = false
    /** False when the lease has ended before. */
    const end = () => {
      if (ended) return false
      ended = true
      if (!sent) recorded.undo()
      return true
    }
    return {
      connection,
      capabilities,
      warm,
      waited,
      waitsForClient(reclaim) {
        if (!ended) member.silent = reclaim && { since: clock.monotonic(), reclaim }
      },
      recordSent() {
        sent = true
        recorded.sentNow()
      },
      release(messages) {
        if (!end()) return
        member.silent = undefined
        members.remove(member)
        member.messages += messages
        member.warm = true
        returnIdle(member)
      },
      discard() {
        if (end()) forget(member)
      },
    }
  }

  function drain(): void {
    nextOpenAt = 0
    for (const controller of opening) controller.abort()
    for (const member of leased) member.last = true
    for (const member of [...idle]) closeMember(member)
  }

  /** Why a ticket was not served in time. */
  function tooLate({ seconds }: Ticket): Failure {
    if (governor.delay() > 0) return tooMany(seconds)
    return leased.size > 0 ? allBusy(seconds) : tooSlow(seconds)
  }

  return {
    async ensureReady() {
      if (closed) throw stopping()
      if (serving() > 0) return
      const ready = queue.untilReady()
      pump()
      await ready
    },
    async acquire(ticket) {
      if (closed) throw stopping()
      // The usual case: nothing waits, and a connection is idle.
      if (idle.length > 0 && !queue.next() && (ticket.retry || governor.delay() === 0)) return lend('at-once')
      const wait = ticket.hurried && !ticket.retry ? governor.delay(queue.ahead(ticket.lane)) : 0
      if (wait > ticket.until - clock.monotonic()) throw tooLong(Math.ceil(wait / 1000))
      const lease = queue.acquire(ticket)
      pump()
      return lease
    },
    drain,
    async close() {
      closed = true
      queue.refuseAll(stopping())
      clearTimeout(turnTimer)
      drain()
      if (total() === 0) return
      // The listeners are closed by now: no client is left to hear the provider's reply.
      const patience = setTimeout(() => [...leased].forEach(forget), leasedSeconds * 1000)
      await new Promise<void>((done) => closers.push(done))
      clearTimeout(patience)
    },
    state: () => ({ open: members.open(), inUse: leased.size, waiting: queue.waiting() }),
    held: total,
    starves,
    yieldOne,
    look: pump,
    busy: () => leased.size + opening.size + queue.wanted() > 0,
  }
}

function reasonOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined
}
