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
