/**
 * Whether somebody has gone for whom others wait or work: of an AbortSignal the part that is needed for that, and one serves as well. A real one
 * takes 10 µs and a kilobyte to make, and each message would need three.
 */
export interface Gone {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** The other end of it, for whoever sees them go. */
export class Leaving implements Gone {
  #aborted = false
  #listeners: Set<() => void> | undefined

  get aborted(): boolean {
    return this.#aborted
  }

  /** They have gone; once and for all. */
  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    const listeners = this.#listeners
    this.#listeners = undefined
    for (const listener of listeners ?? []) listener()
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
 * Made once, when first needed. What fails is not kept: the next who needs it tries again.
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

/** Something that is done again and again, once at a time. */
interface Repeating {
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
