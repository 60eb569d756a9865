import { LRUCache } from 'lru-cache'
import { createFairQueue, type Gone } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { clientGone, type Failure, failure } from '../base/failure.ts'
import type { Limits } from '../model/limits.ts'
import type { Lease } from './lease.ts'

/**
 * Tickets that wait for a connection, and callers that only want to know that there is one. Tickets
 * of one login stand in one lane, and the lanes take turns: a thousand messages of one program do
 * not hold up the one message of another.
 */
export interface AcquireQueue {
  /**
   * Waits for a connection until `until`, or until the client has gone.
   * @throws Failure `limit-reached` at once when too many wait
   */
  acquire(ticket: Ticket): Promise<Lease>
  /**
   * Resolves when any connection exists.
   * @throws Failure likewise
   */
  untilReady(): Promise<void>
  /** The ticket whose turn it is. */
  next(): Ticket | undefined
  /** Gives the connection to the ticket whose turn it is. */
  serve(lease: Lease): void
  ready(): void
  refuseAll(failure: Failure): void
  /** How many connections it would take to serve everything at once. */
  wanted(): number
  /** How many tickets wait. */
  waiting(): number
  /** How many tickets are served before a new one in this lane. */
  ahead(lane: string): number
}

export interface Ticket {
  lane: string
  /**
   * The connection that this ticket was given had died unnoticed. It has waited already, so it goes
   * first.
   */
  retry: boolean
  /**
   * How long the ticket waits, in seconds, and until when, in milliseconds of the monotonic clock.
   */
  seconds: number
  until: number
  /** The client may not wait for that long: when a longer wait is foreseen, it is told at once. */
  hurried?: boolean
  /** Aborted when the client has gone. */
  gone?: Gone | undefined
}

interface Waiting extends Ticket {
  resolve(lease: Lease): void
  reject(failure: Failure): void
  timer?: NodeJS.Timeout
  onGone?: () => void
}

/**
 * Far more than a provider serves before clients give up. The number of connections is no bound:
 * more may be allowed.
 */
const most = { inLane: 1_000, inAll: 5_000, callers: 5_000 }

/** @param tooLate makes the failure of a ticket that has waited too long */
export function createAcquireQueue(now: () => number, tooLate: (ticket: Ticket) => Failure): AcquireQueue {
  return new TicketQueue(now, tooLate)
}

class TicketQueue implements AcquireQueue {
  readonly #now: () => number
  readonly #tooLate: (ticket: Ticket) => Failure
  readonly #lanes = createFairQueue<Waiting>()
  /** Tickets that have waited already. */
  readonly #retries: Waiting[] = []
  readonly #readiness: { resolve(): void; reject(failure: Failure): void }[] = []

  constructor(now: () => number, tooLate: (ticket: Ticket) => Failure) {
    this.#now = now
    this.#tooLate = tooLate
  }

  acquire(ticket: Ticket): Promise<Lease> {
    if (!ticket.retry && (this.waiting() >= most.inAll || this.#lanes.sizeOf(ticket.lane) >= most.inLane))
      return Promise.reject(tooManyWait())
    if (ticket.gone?.aborted) return Promise.reject(clientGone())
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { ...ticket, resolve, reject }
      const late = () => this.#giveUp(waiting, this.#tooLate(ticket))
      waiting.timer = setTimeout(late, Math.max(0, ticket.until - this.#now())).unref()
      waiting.onGone = () => this.#giveUp(waiting, clientGone())
      ticket.gone?.addEventListener('abort', waiting.onGone)
      if (ticket.retry) this.#retries.push(waiting)
      else this.#lanes.push(ticket.lane, waiting)
    })
  }

  untilReady(): Promise<void> {
    if (this.#readiness.length >= most.callers) return Promise.reject(tooManyWait())
    return new Promise((resolve, reject) => this.#readiness.push({ resolve, reject }))
  }

  next(): Ticket | undefined {
    return this.#retries[0] ?? this.#lanes.first()
  }

  serve(lease: Lease): void {
    const waiting = this.#retries.shift() ?? this.#lanes.shift()
    if (waiting === undefined) return
    this.#settle(waiting)
    waiting.resolve(lease)
  }

  ready(): void {
    for (const { resolve } of this.#readiness.splice(0)) resolve()
  }

  refuseAll(failure: Failure): void {
    for (const { reject } of this.#readiness.splice(0)) reject(failure)
    for (const waiting of [...this.#retries.splice(0), ...this.#lanes.clear()]) {
      this.#settle(waiting)
      waiting.reject(failure)
    }
  }

  wanted(): number {
    return Math.max(this.waiting(), this.#readiness.length > 0 ? 1 : 0)
  }

  waiting(): number {
    return this.#retries.length + this.#lanes.size()
  }

  ahead(lane: string): number {
    return this.#retries.length + this.#lanes.ahead(lane)
  }

  #giveUp(waiting: Waiting, failure: Failure): void {
    if (waiting.retry) this.#retries.splice(this.#retries.indexOf(waiting), 1)
    else this.#lanes.remove(waiting.lane, waiting)
    this.#settle(waiting)
    waiting.reject(failure)
  }

  #settle({ timer, gone, onGone }: Waiting): void {
    clearTimeout(timer)
    if (onGone) gone?.removeEventListener('abort', onGone)
  }
}

export function closedAtOnce(): Failure {
  return failure('upstream.closed-after-sign-in')
}

export function allBusy(seconds: number): Failure {
  return failure('sending.connections-in-use', { seconds })
}

export function tooMany(seconds: number): Failure {
  return failure('sending.rate-reached', { seconds })
}

export function tooSlow(seconds: number): Failure {
  return failure('upstream.no-connection-in-time', { seconds })
}

/**
 * The wait is foreseen, so the client has not waited yet.
 * @param wait at least, in seconds
 */
export function tooLong(wait: number): Failure {
  return failure('sending.wait-too-long', { seconds: wait, retryAfterSeconds: wait })
}

function tooManyWait(): Failure {
  return failure('sending.queue-full')
}

/**
 * How long clients wait for a reply before they hang up. Appliances wait for 5 to 10 seconds, and
 * later answers reach no client; mail servers wait for minutes. What a program has shown is
 * remembered: it may wait somewhat longer after each wait that it sat out, and less than that after
 * it hung up.
 */
export interface Patience {
  /** A client's command arrives, and may have to wait. */
  begins(waiter: Waiter, login: string): Wait
}

export interface Waiter {
  source: string
  /** The client pipelines its commands (RFC 2920): mail servers do, and hardly anything else. */
  inGroups: boolean
}

export interface Wait {
  /** The longest wait. */
  seconds: number
  /** The wait is over: the client was answered, or it hung up. */
  ended(how: 'answered' | 'hung-up'): void
}

const rememberedPrograms = 1000
/** A client that hangs up sooner, in seconds, has another reason. */
const leastPatience = 2
/**
 * A client that was answered this close to its known patience, and was still there, may wait
 * longer.
 */
const [nearEnough, longer, shorter] = [0.75, 1.5, 0.8]

type PatienceLimits = Pick<Limits, 'leaseWaitSeconds' | 'shortWaitSeconds'>

export function createPatience(limits: PatienceLimits, clock: Pick<Clock, 'monotonic'>): Patience {
  return new KnownPatience(limits, clock)
}

class KnownPatience implements Patience {
  readonly #limits: PatienceLimits
  readonly #clock: Pick<Clock, 'monotonic'>
  /** In seconds, by program. */
  readonly #shown = new LRUCache<string, number>({ max: rememberedPrograms })

  constructor(limits: PatienceLimits, clock: Pick<Clock, 'monotonic'>) {
    this.#limits = limits
    this.#clock = clock
  }

  begins({ source, inGroups }: Waiter, login: string): Wait {
    const since = this.#clock.monotonic()
    const key = `${inGroups}\n${source}\n${login}`
    const { leaseWaitSeconds: longest, shortWaitSeconds: short } = this.#limits
    const seconds = this.#shown.get(key) ?? (inGroups ? longest : Math.min(short, longest))
    return {
      seconds: short < longest ? seconds : longest,
      ended: (how) => {
        // Other waits of the same program may have ended meanwhile.
        const known = this.#shown.get(key) ?? seconds
        const now = this.#after(known, (this.#clock.monotonic() - since) / 1000, how)
        if (now !== known) this.#shown.set(key, now)
      },
    }
  }

  #after(known: number, waited: number, how: 'answered' | 'hung-up'): number {
    if (how === 'hung-up') return waited < leastPatience ? known : Math.min(known, waited * shorter)
    return waited < known * nearEnough ? known : Math.min(this.#limits.leaseWaitSeconds, known * longer)
  }
}
