import type { Notifier } from './notifier.ts'

/** Looks soon after the start and then again and again; one look at a time. */
export function createLookOut(notifier: Pick<Notifier, 'look'>, everySeconds: number) {
  let timer: NodeJS.Timeout | undefined
  let looking = Promise.resolve()
  let closed = false

  function later(): void {
    if (closed) return
    timer = setTimeout(() => {
      looking = notifier.look().then(later)
    }, everySeconds * 1000)
    timer.unref()
  }

  return {
    start: later,
    /** Resolves when a look under way has ended. */
    async close() {
      closed = true
      clearTimeout(timer)
      await looking
    },
  }
}
