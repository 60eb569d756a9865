/**
 * Tells that a client has gone, so that nothing waits or works for it any more. This is the part of
 * AbortSignal that is needed for that, and an AbortSignal can be given in its place. A real one
 * takes 10 µs and a kilobyte to make, and each message would need three.
 */
export interface Gone {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** The controller of a `Gone`, for the part that sees the client go. */
export class GoneController implements Gone {
  #aborted = false
  #listeners: Set<() => void> | undefined

  get aborted(): boolean {
    return this.#aborted
  }

  /** The client has gone. Further calls do nothing. */
  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    for (const listener of this.#listeners ?? []) listener()
    this.#listeners = undefined
  }

  addEventListener(_: 'abort', listener: () => void): void {
    if (this.#aborted) return
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener)
  }
}

/**
 * Made once, when first needed. A failure is not kept: the next call tries again.
 */
export function lazy<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
}

/** A task that runs again and again, never twice at a time. */
interface PeriodicTask {
  /** The first run comes after one interval. */
  start(): void
  /** Resolves when a run in progress has ended; none begins after that. */
  close(): Promise<void>
}

/** Does not keep the process alive. @param run must not reject */
export function createPeriodicTask(everySeconds: number, run: () => Promise<void>): PeriodicTask {
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
