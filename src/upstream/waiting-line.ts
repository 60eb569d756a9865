import type { Failure } from '../base/failure.ts'
import type { Lease } from './lease.ts'

/**
 * Those who wait for a connection, and those who only want to know that there is one. Everybody stands in a lane with the others
 * of the same login, and the lanes take turns: a thousand messages of one program do not hold up the one message of another.
 */
export interface WaitingLine {
  /** Takes a place until `until`, then gives up. */
  lease(place: Place): Promise<Lease>
  /** Waits until any connection is there. */
  proof(): Promise<void>
  /** Whose turn it is. */
  next(): Place | undefined
  /** Gives it to the one whose turn it is. */
  serve(lease: Lease): void
  proven(): void
  refuseAll(failure: Failure): void
  /** How many connections it would take to serve everybody at once. */
  wanted(): number
  /** How many wait for a lease. */
  waiting(): number
}

export interface Place {
  lane: string
  /** The connection that it was given had died unseen: it has waited already, and goes first. */
  again: boolean
  /** Until when it waits, in milliseconds of the monotonic clock. */
  until: number
}

interface Waiting extends Place {
  resolve(lease: Lease): void
  reject(failure: Failure): void
  timer?: NodeJS.Timeout
}

/** @param tooLate what to say to those who have waited too long */
export function createWaitingLine(now: () => number, tooLate: () => Failure): WaitingLine {
  // A Map keeps the order in which its keys came: the lane whose turn it is stands first. Only lanes where somebody waits are in it.
  const lanes = new Map<string, Waiting[]>()
  const again: Waiting[] = []
  const proofs: { resolve(): void; reject(failure: Failure): void }[] = []
  let count = 0

  function laneOf(place: Place): Waiting[] {
    if (place.again) return again
    let lane = lanes.get(place.lane)
    if (lane === undefined) {
      lane = []
      lanes.set(place.lane, lane)
    }
    return lane
  }

  function leave(waiting: Waiting): void {
    clearTimeout(waiting.timer)
    const lane = laneOf(waiting)
    lane.splice(lane.indexOf(waiting), 1)
    count -= 1
    if (lane.length === 0 && lane !== again) lanes.delete(waiting.lane)
  }

  function first(): Waiting | undefined {
    if (again.length > 0) return again[0]
    const [lane] = lanes.values()
    return lane?.[0]
  }

  /** Its lane stands last from now on. */
  function passTurn({ lane: name }: Waiting): void {
    const lane = lanes.get(name)
    if (lane === undefined) return
    lanes.delete(name)
    lanes.set(name, lane)
  }

  return {
    lease(place) {
      return new Promise((resolve, reject) => {
        const waiting: Waiting = { ...place, resolve, reject }
        const giveUp = () => {
          leave(waiting)
          reject(tooLate())
        }
        waiting.timer = setTimeout(giveUp, Math.max(0, place.until - now())).unref()
        laneOf(waiting).push(waiting)
        count += 1
      })
    },
    proof() {
      return new Promise((resolve, reject) => proofs.push({ resolve, reject }))
    },
    next: first,
    serve(lease) {
      const waiting = first()
      if (waiting === undefined) return
      leave(waiting)
      if (!waiting.again) passTurn(waiting)
      waiting.resolve(lease)
    },
    proven() {
      for (const { resolve } of proofs.splice(0)) resolve()
    },
    refuseAll(failure) {
      for (const { reject } of proofs.splice(0)) reject(failure)
      for (const waiting of [...again, ...[...lanes.values()].flat()]) {
        leave(waiting)
        waiting.reject(failure)
      }
    },
    wanted: () => Math.max(count, proofs.length > 0 ? 1 : 0),
    waiting: () => count,
  }
}
