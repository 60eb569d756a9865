import { createLanes } from '../base/lanes.ts'

/** Runs a task in its turn among those of the same lane. */
export type Turnstile = <T>(lane: string, task: () => Promise<T>) => Promise<T>

/** Lets at most `limit` tasks run at once. The others wait in lanes, which take turns. */
export function createTurnstile(limit: number): Turnstile {
  const waiting = createLanes<() => void>()
  let running = 0

  async function enter(lane: string): Promise<void> {
    if (running < limit) {
      running += 1
      return
    }
    // The one who leaves hands its place on, so `running` stays as it is.
    await new Promise<void>((resolve) => waiting.push(lane, resolve))
  }

  function leave(): void {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }

  return async (lane, task) => {
    await enter(lane)
    try {
      return await task()
    } finally {
      leave()
    }
  }
}
