import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { JournalEntry, JournalStore } from '../store/ports.ts'

const laterMilliseconds = 1000
/** So many are written without waiting for more. */
const enough = 500
/** A store that is down keeps no more than this waiting. */
const most = 10_000

/** Writes entries soon, many in one transaction, and never holds up what they are about. */
interface EntryWriter {
  add(entry: JournalEntry): void
  /** What waits, now. Never rejects: what could not be written is tried again with the next. */
  flush(): Promise<void>
  /** Writes what waits. */
  close(): Promise<void>
}

export function createEntryWriter(store: Pick<JournalStore, 'add'>, log: Log): EntryWriter {
  let waiting: JournalEntry[] = []
  let dropped = 0
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()
  let failing = false

  function later(): void {
    timer ??= setTimeout(() => void flush(), laterMilliseconds).unref()
  }

  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    writing = writing.then(write)
    return writing
  }

  async function write(): Promise<void> {
    if (waiting.length === 0) return
    const entries = waiting
    waiting = []
    try {
      await store.add(entries)
      if (failing) log.info({ dropped }, 'The journal is written again')
      failing = false
      dropped = 0
    } catch (error) {
      if (!failing) log.error({ err: error }, 'The journal cannot be written: it is tried again')
      failing = true
      waiting = [...entries, ...waiting]
      makeRoom()
      later()
    }
  }

  /** Drops the oldest: recent entries are the ones that people look for. */
  function makeRoom(): void {
    const over = waiting.length - most
    if (over <= 0) return
    waiting = waiting.slice(over)
    dropped += over
  }

  return {
    add(entry) {
      waiting.push(entry)
      if (waiting.length > most) makeRoom()
      if (waiting.length === enough) void flush()
      else later()
    },
    flush,
    close: flush,
  }
}

const day = 86_400_000
const betweenMilliseconds = 3_600_000
/** A long deletion would keep everybody else from the store. */
const atOnce = 2_000

interface Sweeping {
  /** Sweeps if it is time to. */
  look(): void
  close(): Promise<void>
}

/**
 * Forgets what is older than it is kept, once an hour while something happens, a little at a time.
 */
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
