import { clientGone } from './failure.ts'
import type { Gone } from './gone.ts'
import { createLanes } from './lanes.ts'

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
export type Turnstile = <T>(place: Place, task: () => Promise<T>) => Promise<T>

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
