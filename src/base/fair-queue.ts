import type { Gone } from './async.ts'
import { clientGone } from './failure.ts'

/**
 * Those who wait, in lanes: each lane in the order in which they came, and the lanes take turns, so that a long one holds up nobody in
 * another.
 */
interface Lanes<T> {
  push(lane: string, item: T): void
  /** Whose turn it is. */
  first(): T | undefined
  /** Takes that one out; its lane stands last from now on. */
  shift(): T | undefined
  /** One who gives up waits in no lane any more. */
  remove(lane: string, item: T): void
  /** Takes everybody out. */
  clear(): T[]
  size(): number
  sizeOf(lane: string): number
  /** How many have their turn before one who comes to this lane now. */
  ahead(lane: string): number
}

export function createLanes<T>(): Lanes<T> {
  // A Map keeps the order in which its keys came: the lane whose turn it is stands first. Only lanes where somebody waits are in it.
  const lanes = new Map<string, T[]>()
  let size = 0

  return {
    push(name, item) {
      size += 1
      const lane = lanes.get(name)
      if (lane) lane.push(item)
      else lanes.set(name, [item])
    },
    first() {
      const [lane] = lanes.values()
      return lane?.[0]
    },
    shift() {
      const [entry] = lanes
      if (entry === undefined) return undefined
      const [name, lane] = entry
      size -= 1
      lanes.delete(name)
      const item = lane.shift()
      if (lane.length > 0) lanes.set(name, lane)
      return item
    },
    remove(name, item) {
      const lane = lanes.get(name) ?? []
      const place = lane.indexOf(item)
      if (place === -1) return
      size -= 1
      lane.splice(place, 1)
      if (lane.length === 0) lanes.delete(name)
    },
    clear() {
      const all = [...lanes.values()].flat()
      lanes.clear()
      size = 0
      return all
    },
    size: () => size,
    sizeOf: (name) => lanes.get(name)?.length ?? 0,
    ahead(name) {
      const own = lanes.get(name)?.length ?? 0
      let ahead = own
      let isBefore = true
      for (const [other, { length }] of lanes) {
        if (other === name) isBefore = false
        // As many turns as its own lane has by then: one more where that one stands behind.
        else ahead += Math.min(length, own + (isBefore ? 1 : 0))
      }
      return ahead
    },
  }
}

/** Whose task it is, and how it stands with the others. */
export interface Place {
  /** Those of one lane come in their order, and the lanes take turns. */
  lane: string
  /** Comes before all who are not, whatever waits. */
  known: boolean
  /** Whoever has gone waits no more. */
  gone?: Gone | undefined
}

/** Runs a task in its turn. @throws what its maker gave for that, at once, when too many wait; Failure `invalid` when the client goes */
type Turnstile = <T>(place: Place, task: () => Promise<T>) => Promise<T>

export interface TurnstileLimits {
  /** How many tasks run at once. */
  running: number
  waitingInLane: number
  /** In all lanes together, of the known and again of all others. */
  waiting: number
}

type Waiting = () => void

/** Lets so many tasks run at once. The others wait in lanes, so many at most. @param tooMany what one more hears */
export function createTurnstile(limits: TurnstileLimits, tooMany: () => Error): Turnstile {
  const [known, unknown] = [createLanes<Waiting>(), createLanes<Waiting>()]
  let running = 0

  async function enter(place: Place): Promise<void> {
    if (place.gone?.aborted) throw clientGone()
    if (running < limits.running) {
      running += 1
      return
    }
    const lanes = place.known ? known : unknown
    if (lanes.size() >= limits.waiting || lanes.sizeOf(place.lane) >= limits.waitingInLane) throw tooMany()
    // The one who leaves hands its place on, so `running` stays as it is.
    await new Promise<void>((resolve, reject) => {
      const { lane, gone } = place
      const come = () => {
        gone?.removeEventListener('abort', leaveLine)
        resolve()
      }
      const leaveLine = () => {
        lanes.remove(lane, come)
        reject(clientGone())
      }
      gone?.addEventListener('abort', leaveLine)
      lanes.push(lane, come)
    })
  }

  function leave(): void {
    const next = known.shift() ?? unknown.shift()
    if (next) next()
    else running -= 1
  }

  return async (place, task) => {
    await enter(place)
    try {
      return await task()
    } finally {
      leave()
    }
  }
}
