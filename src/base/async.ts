import { clientGone } from './failure.ts'

/**
 * Tells that a client has gone, so that nothing waits or works for it any more. This is the part of
 * AbortSignal that is needed for that, and an AbortSignal can be given in its place. A real one
 * takes 10 µs and a kilobyte to make, and each message would need three.
 */
export interface Gone {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** The controller of a `Gone`, for the part that sees the client go. */
export class GoneController implements Gone {
  #aborted = false
  #listeners: Set<() => void> | undefined

  get aborted(): boolean {
    return this.#aborted
  }

  /** The client has gone. Further calls do nothing. */
  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    for (const listener of this.#listeners ?? []) listener()
    this.#listeners = undefined
  }

  addEventListener(_: 'abort', listener: () => void): void {
    if (this.#aborted) return
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener)
  }
}

/**
 * Made once, when first needed. A failure is not kept: the next call tries again.
 */
export function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
}

/** A task that runs again and again, never twice at a time. */
interface PeriodicTask {
  /** The first run comes after one interval. */
  start(): void
  /** Resolves when a run in progress has ended; none begins after that. */
  close(): Promise<void>
}

/** Does not keep the process alive. @param run must not reject */
export function createPeriodicTask(everySeconds: number, run: () => Promise<void>): PeriodicTask {
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  let closed = false

  function later(): void {
    if (closed) return
    timer = setTimeout(() => {
      running = run().then(later)
    }, everySeconds * 1000)
    timer.unref()
  }

  return {
    start: later,
    async close() {
      closed = true
      clearTimeout(timer)
      await running
    },
  }
}

/**
 * A queue in lanes. Within a lane the items keep their order, and the lanes take turns, so that a
 * long lane does not hold up the others.
 */
interface FairQueue<T> {
  push(lane: string, item: T): void
  /** The item whose turn it is. */
  first(): T | undefined
  /** Takes that item out; its lane stands last from now on. */
  shift(): T | undefined
  /** Takes one item out, wherever it stands in its lane. */
  remove(lane: string, item: T): void
  /** Takes all items out. */
  clear(): T[]
  size(): number
  sizeOf(lane: string): number
  /** How many items have their turn before one that comes to this lane now. */
  ahead(lane: string): number
}

export function createFairQueue<T>(): FairQueue<T> {
  return new Lanes<T>()
}

class Lanes<T> implements FairQueue<T> {
  // A Map keeps the order in which its keys came: the lane whose turn it is stands first. There are
  // no empty lanes in it.
  readonly #lanes = new Map<string, T[]>()
  #size = 0

  push(name: string, item: T): void {
    this.#size += 1
    const lane = this.#lanes.get(name)
    if (lane) lane.push(item)
    else this.#lanes.set(name, [item])
  }

  first(): T | undefined {
    const [lane] = this.#lanes.values()
    return lane?.[0]
  }

  shift(): T | undefined {
    const [entry] = this.#lanes
    if (entry === undefined) return undefined
    const [name, lane] = entry
    this.#size -= 1
    this.#lanes.delete(name)
    const item = lane.shift()
    if (lane.length > 0) this.#lanes.set(name, lane)
    return item
  }

  remove(name: string, item: T): void {
    const lane = this.#lanes.get(name) ?? []
    const at = lane.indexOf(item)
    if (at === -1) return
    this.#size -= 1
    lane.splice(at, 1)
    if (lane.length === 0) this.#lanes.delete(name)
  }

  clear(): T[] {
    const all = [...this.#lanes.values()].flat()
    this.#lanes.clear()
    this.#size = 0
    return all
  }

  size(): number {
    return this.#size
  }

  sizeOf(name: string): number {
    return this.#lanes.get(name)?.length ?? 0
  }

  ahead(name: string): number {
    const own = this.#lanes.get(name)?.length ?? 0
    let ahead = own
    let isBefore = true
    for (const [other, { length }] of this.#lanes) {
      if (other === name) isBefore = false
      // As many turns as its own lane has by then: one more where that one stands behind.
      else ahead += Math.min(length, own + (isBefore ? 1 : 0))
    }
    return ahead
  }
}

/** Whose task it is, and which tasks have their turn before it. */
export interface Ticket {
  /** The tasks of one lane run in their order, and the lanes take turns. */
  lane: string
  /** Runs before every task that is not `known`. */
  known: boolean
  /** A client that has gone leaves the queue. */
  gone?: Gone | undefined
}

/**
 * Runs a task in its turn.
 * @throws the limiter's `tooMany` at once when too many wait; Failure `invalid` when the client
 * goes
 */
type ConcurrencyLimiter = <T>(ticket: Ticket, task: () => Promise<T>) => Promise<T>

export interface ConcurrencyLimits {
  /** How many tasks run at once. */
  running: number
  waitingInLane: number
  /** In all lanes together; the known and the others each have so many. */
  waiting: number
}

type Waiting = () => void

/**
 * Lets so many tasks run at once. The others wait in lanes, so many at most.
 * @param tooMany makes the error for one more
 */
export function createConcurrencyLimiter(
  limits: ConcurrencyLimits,
  tooMany: () => Error,
): ConcurrencyLimiter {
  const [known, unknown] = [createFairQueue<Waiting>(), createFairQueue<Waiting>()]
  let running = 0

  async function enter(ticket: Ticket): Promise<void> {
    if (ticket.gone?.aborted) throw clientGone()
    if (running < limits.running) {
      running += 1
      return
    }
    const lanes = ticket.known ? known : unknown
    if (lanes.size() >= limits.waiting || lanes.sizeOf(ticket.lane) >= limits.waitingInLane) throw tooMany()
    // A task that ends hands its slot on, so `running` stays as it is.
    await new Promise<void>((resolve, reject) => {
      const { lane, gone } = ticket
      const start = () => {
        gone?.removeEventListener('abort', leaveLine)
        resolve()
      }
      const leaveLine = () => {
        lanes.remove(lane, start)
        reject(clientGone())
      }
      gone?.addEventListener('abort', leaveLine)
      lanes.push(lane, start)
    })
  }

  function leave(): void {
    const next = known.shift() ?? unknown.shift()
    if (next) next()
    else running -= 1
  }

  return async (ticket, task) => {
    await enter(ticket)
    try {
      return await task()
    } finally {
      leave()
    }
  }
}
