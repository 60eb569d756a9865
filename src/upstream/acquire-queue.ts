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
  const lanes = createFairQueue<Waiting>()
  /** Tickets that have waited already. */
  const retries: Waiting[] = []
  const readiness: { resolve(): void; reject(failure: Failure): void }[] = []

  const count = () => retries.length + lanes.size()

  function giveUp(waiting: Waiting, failure: Failure): void {
    if (waiting.retry) retries.splice(retries.indexOf(waiting), 1)
    else lanes.remove(waiting.lane, waiting)
    settle(waiting)
    waiting.reject(failure)
  }

  function settle({ timer, gone, onGone }: Waiting): void {
    clearTimeout(timer)
    if (onGone) gone?.removeEventListener('abort', onGone)
  }

  return {
    acquire(ticket) {
      if (!ticket.retry && (count() >= most.inAll || lanes.sizeOf(ticket.lane) >= most.inLane))
        return Promise.reject(tooManyWait())
      if (ticket.gone?.aborted) return Promise.reject(clientGone())
      return new Promise((resolve, reject) => {
        const waiting: Waiting = { ...ticket, resolve, reject }
        const late = () => giveUp(waiting, tooLate(ticket))
        waiting.timer = setTimeout(late, Math.max(0, ticket.until - now())).unref()
        waiting.onGone = () => giveUp(waiting, clientGone())
        ticket.gone?.addEventListener('abort', waiting.onGone)
        if (ticket.retry) retries.push(waiting)
        else lanes.push(ticket.lane, waiting)
      })
    },
    untilReady() {
      if (readiness.length >= most.callers) return Promise.reject(tooManyWait())
      return new Promise((resolve, reject) => readiness.push({ resolve, reject }))
    },
    next: () => retries[0] ?? lanes.first(),
    serve(lease) {
      const waiting = retries.shift() ?? lanes.shift()
      if (waiting === undefined) return
      settle(waiting)
      waiting.resolve(lease)
    },
    ready() {
      for (const { resolve } of readiness.splice(0)) resolve()
    },
    refuseAll(failure) {
      for (const { reject } of readiness.splice(0)) reject(failure)
      for (const waiting of [...retries.splice(0), ...lanes.clear()]) {
        settle(waiting)
        waiting.reject(failure)
      }
    },
    wanted: () => Math.max(count(), readiness.length > 0 ? 1 : 0),
    waiting: count,
    ahead: (lane) => retries.length + lanes.ahead(lane),
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
interface Patience {
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
  const { leaseWaitSeconds: longest, shortWaitSeconds: short } = limits
  /** In seconds, by program. */
  const shown = new LRUCache<string, number>({ max: rememberedPrograms })

  function after(known: number, waited: number, how: 'answered' | 'hung-up'): number {
    if (how === 'hung-up') return waited < leastPatience ? known : Math.min(known, waited * shorter)
    return waited < known * nearEnough ? known : Math.min(longest, known * longer)
  }

  return {
    begins({ source, inGroups }, login) {
      const since = clock.monotonic()
      const key = `${inGroups}\n${source}\n${login}`
      const seconds = shown.get(key) ?? (inGroups ? longest : Math.min(short, longest))
      return {
        seconds: short < longest ? seconds : longest,
        ended(how) {
          // Other waits of the same program may have ended meanwhile.
          const known = shown.get(key) ?? seconds
          const now = after(known, (clock.monotonic() - since) / 1000, how)
          if (now !== known) shown.set(key, now)
        },
      }
    },
  }
}
