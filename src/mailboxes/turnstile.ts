/** Runs a task in its turn among those of the same lane. */
export type Turnstile = <T>(lane: string, task: () => Promise<T>) => Promise<T>

/**
 * Lets at most `limit` tasks run at once. The others wait in lanes, each in the order in which they came; the lanes take turns, so that
 * a long one holds up nobody in another.
 */
export function createTurnstile(limit: number): Turnstile {
  // A Map keeps the order in which its keys came: the lane whose turn it is stands first. Only lanes where somebody waits are in it.
  const lanes = new Map<string, (() => void)[]>()
  let running = 0

  async function enter(lane: string): Promise<void> {
    if (running < limit) {
      running += 1
      return
    }
    // The one who leaves hands its place on, so `running` stays as it is.
    await new Promise<void>((resolve) => {
      const waiting = lanes.get(lane)
      if (waiting) waiting.push(resolve)
      else lanes.set(lane, [resolve])
    })
  }

  function leave(): void {
    const [first] = lanes
    if (first === undefined) {
      running -= 1
      return
    }
    const [lane, waiting] = first
    lanes.delete(lane)
    const next = waiting.shift()
    if (waiting.length > 0) lanes.set(lane, waiting)
    next?.()
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
