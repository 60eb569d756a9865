import type { Log } from '../base/log.ts'

/** Stores counts by the hour, many at a time: a write costs the disk an acknowledgement. */
export interface CountWriter {
  add(hour: number, count: number): void
  /** Resolves when all is stored, as far as the store takes it. */
  close(): Promise<void>
}

export interface CountWriterNeeds {
  add(hour: number, count: number): Promise<void>
  log: Log
}

const writeMilliseconds = 1000
/** After a write that failed. Nobody waits for it, and each failure is a line in the log. */
const againMilliseconds = 60_000

export function createCountWriter({ add, log }: CountWriterNeeds): CountWriter {
  const unwritten = new Map<number, number>()
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()
  let closed = false

  function keep(hour: number, count: number): void {
    unwritten.set(hour, (unwritten.get(hour) ?? 0) + count)
  }

  function writeAfter(milliseconds: number): void {
    timer ??= setTimeout(write, milliseconds).unref()
  }

  function write(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    writing = writing.then(writeAll)
    return writing
  }

  async function writeAll(): Promise<void> {
    const batch = [...unwritten]
    unwritten.clear()
    let failure: unknown
    for (const [hour, count] of batch) {
      try {
        await add(hour, count)
      } catch (error) {
        keep(hour, count)
        failure = error
      }
    }
    if (failure === undefined) return
    // What is only counted never holds up a message.
    log.warn({ err: failure }, 'the recipients of the day could not be stored')
    if (!closed) writeAfter(againMilliseconds)
  }

  return {
    add(hour, count) {
      keep(hour, count)
      writeAfter(writeMilliseconds)
    },
    close() {
      closed = true
      return write()
    },
  }
}
