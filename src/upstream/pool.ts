import type { Clock } from '../base/clock.ts'
import { asFailure, Failure, stopping } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Limits } from '../config/config.ts'
import type { Governor } from '../governor/governor.ts'
import type { Departure } from '../governor/pace.ts'
import { quit } from './connection.ts'
import { createMembers, type Lease, type Member } from './lease.ts'
import { OpeningFailed, type SignedIn } from './open-signed-in.ts'
import {
  allBusy,
  closedAtOnce,
  createWaitingLine,
  type Place,
  tooLong,
  tooMany,
  tooSlow,
} from './waiting-line.ts'

/** What the pools of mailboxes that one name signs in for know of each other: the provider counts their connections together. */
export interface Neighbour {
  /** Its connections, those that are being opened or ended included. */
  held(): number
  /** Somebody waits, and it has no connection at all. */
  starves(): boolean
  /** Gives up a connection that nobody needs, or one whose client has been silent for too long. True: there will be room. */
  makeRoom(): boolean
  /** Others have made room. */
  look(): void
}

/** The connections of one mailbox: a few, kept warm between transactions, given out fairly. */
export interface Pool extends Neighbour {
  /** Resolves when a signed-in connection is there, opened now if need be: once however many ask. */
  prove(): Promise<void>
  /** The right to one connection for one message, which the governor counts as one that leaves now.
   * @throws Failure `limit-reached` when `until` has come or is known to come too soon, `invalid` when its client has gone, or why no connection could be opened */
  lease(place: Place): Promise<Lease>
  /** What is open now ends after its transaction; a later lease opens anew, even if the last attempt failed. */
  drain(): void
  /** Ends everything; resolves when nothing is open. Whoever waits is refused; a transaction under way has two seconds. */
  close(): Promise<void>
  state(): PoolState
  /** Somebody uses a connection of it, or waits for one, or for the proof that there is one. */
  busy(): boolean
}

export interface PoolState {
  open: number
  inUse: number
  /** Messages that wait for a connection, or for the governor. */
  waiting: number
}

export type PooledGovernor = Pick<Governor, 'connections' | 'delay' | 'departed' | 'openings'>

export interface PoolDependencies {
  /** @throws OpeningFailed */
  open(signal: AbortSignal): Promise<SignedIn>
  governor: PooledGovernor
  /** Those of the same name. */
  neighbours(): readonly Neighbour[]
  /** The provider's, asked anew each time. */
  messagesPerConnection(): number | undefined
  limits: Pick<Limits, 'clientTurnSeconds' | 'upstreamIdleSeconds' | 'upstreamAgeSeconds'>
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

const lookAgainMilliseconds = 1000

/** What a transaction under way is given at the end, in seconds. */
const leasedSeconds = 2

export function createPool(dependencies: PoolDependencies): Pool {
  const { governor, limits, clock, log, neighbours } = dependencies
  const members = createMembers()
  const { idle, leased, serving } = members
  const openings = new Set<AbortController>()
  const line = createWaitingLine(clock.monotonic, tooLate)
  const closers: (() => void)[] = []
  let closed = false
  let turnTimer: NodeJS.Timeout | undefined
  /** After one that failed, on the monotonic clock. */
  let noneBefore = 0

  const total = () => members.total() + openings.size
  const takenByOthers = () => neighbours().reduce((sum, other) => sum + other.held(), 0)
  const starves = () => line.wanted() > 0 && total() === 0

  /** Whatever happened: serves those who wait as far as it goes, and opens as many connections as they need. */
  function pump(): void {
    clearTimeout(turnTimer)
    while (idle.length > 0 && members.open() + openings.size > governor.connections()) retire(idle[0])
    for (let place = line.next(); place && idle.length > 0 && mayLeave(place); place = line.next())
      line.serve(hand('waited'))
    if (serving() > 0) line.proven()
    const failure = governor.openings.obstacle()
    // While one connection serves, nobody is turned away because a second one cannot be had.
    if (failure && serving() + openings.size === 0) line.refuseAll(failure)
    while (openings.size < line.wanted() && mayOpen()) openOne()
    if (line.wanted() > 0 && openings.size === 0) askForRoom()
    if (total() === 0) for (const done of closers.splice(0)) done()
    if (line.next()) turnTimer = setTimeout(pump, nextTurn()).unref()
  }

  /** Of those who have what others wait for. */
  function askForRoom(): void {
    if (line.next()) takeBack()
    const isFull = total() + takenByOthers() >= governor.connections()
    if (isFull && idle.length === 0 && !governor.openings.obstacle())
      neighbours().some((other) => other.makeRoom())
  }

  function makeRoom(): boolean {
    if (members.total() > members.open()) return true
    if (idle.length === 0) return takeBack()
    retire(idle[0])
    return true
  }

  /** It goes to another mailbox of the same name, where somebody waits who has none. */
  function isOwed(): boolean {
    return (
      total() + takenByOthers() >= governor.connections() && neighbours().some((other) => other.starves())
    )
  }

  function mayLeave({ again }: Place): boolean {
    return again || governor.delay() === 0
  }

  /** When the line may move on though nothing happens here: the governor lets the next message leave, or allows a connection again. */
  function nextTurn(): number {
    const delay = governor.delay()
    return delay > 0 ? Math.min(delay, lookAgainMilliseconds) : lookAgainMilliseconds
  }

  /** From the client that has been silent for the longest time, when that is too long for those who wait. */
  function takeBack(): boolean {
    const longest = members.longestSilence()
    const late = clock.monotonic() - limits.clientTurnSeconds * 1000
    if (!longest || longest.since > late) return false
    longest.takeBack()
    return true
  }

  function mayOpen(): boolean {
    if (closed || governor.openings.obstacle()) return false
    if (governor.openings.probing() && openings.size > 0) return false
    // Whoever waits has another one to hope for. Without one, the failure has been its answer.
    if (serving() + openings.size > 0 && clock.monotonic() < noneBefore) return false
    return total() + takenByOthers() < governor.connections()
  }

  function openOne(): void {
    const controller = new AbortController()
    openings.add(controller)
    governor.openings.begun()
    const opened = (signedIn: SignedIn) => {
      // Opening yet another one for those who wait would go on for ever, at the speed of the network.
      if (!signedIn.connection.alive) return failed(closedAtOnce())
      openings.delete(controller)
      if (!controller.signal.aborted) governor.openings.succeeded()
      const member = { ...signedIn, openedAt: clock.monotonic(), messages: 0, warm: false, last: false }
      admit(member, controller.signal.aborted)
    }
    const failed = (error: unknown) => {
      openings.delete(controller)
      if (!controller.signal.aborted) openingFailed(error)
      pump()
    }
    dependencies.open(controller.signal).then(opened, failed)
  }

  function openingFailed(error: unknown): void {
    const failure = error instanceof OpeningFailed ? error.failure : asFailure(error)
    log.warn({ code: failure.code, cause: reasonOf(failure.cause), fix: failure.fix }, failure.message)
    // Some failures take no time at all, and trying again at once would leave none for anything else.
    noneBefore = clock.monotonic() + Math.max(lookAgainMilliseconds, (failure.retryAfterSeconds ?? 0) * 1000)
    // What others hold is served as well; but without one of its own this mailbox has trouble.
    const served = serving() > 0 ? serving() + takenByOthers() : 0
    governor.openings.failed(failure, served, error instanceof OpeningFailed ? error.stage : undefined)
    if (serving() + openings.size === 0) line.refuseAll(failure)
  }

  function admit(member: Member, unwanted: boolean): void {
    member.connection.onLost(() => forget(member))
    if (unwanted) retire(member)
    else rest(member)
  }

  /** Idle from now on, unless somebody waits. */
  function rest(member: Member): void {
    if (!member.connection.alive) forget(member)
    else if (closed || member.last || spent(member) || isOwed()) retire(member)
    else keep(member)
  }

  function spent({ messages, openedAt }: Member): boolean {
    if (messages >= (dependencies.messagesPerConnection() ?? Number.POSITIVE_INFINITY)) return true
    return clock.monotonic() - openedAt >= limits.upstreamAgeSeconds * 1000
  }

  function keep(member: Member): void {
    members.move(member, 'idle')
    // Set anew for each message: a new one each time would cost ten times as much.
    if (member.idleTimer) member.idleTimer.refresh()
    else member.idleTimer = setTimeout(idleTooLong, limits.upstreamIdleSeconds * 1000, member).unref()
    pump()
    if (idle.includes(member)) member.warm = true
  }

  /** One that serves has had its time set before that began. */
  function idleTooLong(member: Member): void {
    if (idle.includes(member)) retire(member)
  }

  function retire(member: Member | undefined): void {
    if (member === undefined) return
    members.move(member, 'leaving')
    void quit(member.connection).then(() => forget(member))
  }

  function forget(member: Member): void {
    member.connection.destroy()
    clearTimeout(member.idleTimer)
    members.remove(member)
    pump()
    for (const other of neighbours()) if (other.starves()) other.look()
  }

  /** The connection that rested last goes out first, so that those beyond the need grow old and end. */
  function hand(how: 'at-once' | 'waited'): Lease {
    const member = idle.at(-1)
    if (!member) throw new Failure('internal', 'There is no idle connection to hand out')
    members.move(member, 'leased')
    return leaseOf(member, governor.departed(), how === 'waited')
  }

  function leaseOf(member: Member, departure: Departure, waited: boolean): Lease {
    const { connection, capabilities, warm } = member
    let ended = false
    let departed = false
    /** False when it has ended before. */
    const end = () => {
      if (ended) return false
      ended = true
      if (!departed) departure.undo()
      return true
    }
    return {
      connection,
      capabilities,
      warm,
      waited,
      waitsForClient(takeBack) {
        if (!ended) member.silent = takeBack && { since: clock.monotonic(), takeBack }
      },
      departs() {
        departed = true
        departure.leaves()
      },
      giveBack(messages) {
        if (!end()) return
        member.silent = undefined
        members.remove(member)
        member.messages += messages
        member.warm = true
        rest(member)
      },
      discard() {
        if (end()) forget(member)
      },
    }
  }

  function drain(): void {
    noneBefore = 0
    for (const controller of openings) controller.abort()
    for (const member of leased) member.last = true
    for (const member of [...idle]) retire(member)
  }

  /** The end of somebody's patience. */
  function tooLate({ seconds }: Place): Failure {
    if (governor.delay() > 0) return tooMany(seconds)
    return leased.size > 0 ? allBusy(seconds) : tooSlow(seconds)
  }

  return {
    async prove() {
      if (closed) throw stopping()
      if (serving() > 0) return
      const proof = line.proof()
      pump()
      await proof
    },
    async lease(place) {
      if (closed) throw stopping()
      // The usual case: nobody waits, a connection rests.
      if (idle.length > 0 && !line.next() && (place.again || governor.delay() === 0)) return hand('at-once')
      const wait = place.hurried && !place.again ? governor.delay(line.ahead(place.lane)) : 0
      if (wait > place.until - clock.monotonic()) throw tooLong(Math.ceil(wait / 1000))
      const lease = line.lease(place)
      pump()
      return lease
    },
    drain,
    async close() {
      closed = true
      line.refuseAll(stopping())
      clearTimeout(turnTimer)
      drain()
      if (total() === 0) return
      // The doors are closed by now: whatever a provider has yet to say, nobody is left to hear it.
      const patience = setTimeout(() => [...leased].forEach(forget), leasedSeconds * 1000)
      await new Promise<void>((done) => closers.push(done))
      clearTimeout(patience)
    },
    state: () => ({ open: members.open(), inUse: leased.size, waiting: line.waiting() }),
    held: total,
    starves,
    makeRoom,
    look: pump,
    busy: () => leased.size + openings.size + line.wanted() > 0,
  }
}

function reasonOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined
}
