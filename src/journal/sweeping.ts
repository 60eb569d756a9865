import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { JournalStore } from '../store/ports.ts'

const day = 86_400_000
const betweenMilliseconds = 3_600_000
/** A long deletion would keep everybody else from the store. */
const atOnce = 2_000

export interface Sweeping {
  /** Sweeps if it is time to. */
  look(): void
  close(): Promise<void>
}

/** Forgets what is older than it is kept, once an hour while something happens, a little at a time. */
export function createSweeping({
  store,
  clock,
  log,
  days,
}: {
  store: Pick<JournalStore, 'sweep'>
  clock: Clock
  log: Log
  days: number
}): Sweeping {
  let last = Number.NEGATIVE_INFINITY
  let running: Promise<void> = Promise.resolve()
  let closed = false

  async function sweep(): Promise<void> {
    const before = clock.now() - days * day
    try {
      while ((await store.sweep(before, atOnce)) === atOnce && !closed) {
        // Let others have the store in between.
        await new Promise((resolve) => setImmediate(resolve))
      }
    } catch (error) {
      log.warn({ err: error }, 'The journal could not be swept')
    }
  }

  return {
    look() {
      if (clock.monotonic() - last < betweenMilliseconds) return
      last = clock.monotonic()
      running = running.then(sweep)
    },
    close() {
      closed = true
      return running
    },
  }
}
