/** Something that is done again and again, once at a time. */
export interface Repeating {
  /** The first time comes after one interval. */
  start(): void
  /** Resolves when one that is under way has ended; none begins after it. */
  close(): Promise<void>
}

/** Does not keep the process alive. @param run must not reject */
export function createRepeating(everySeconds: number, run: () => Promise<void>): Repeating {
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
