import type { Clock } from '../base/clock.ts'
import type { Failure } from '../base/failure.ts'

/** After a failure that only a person can repair: the same answer for a while, without asking the provider again. */
export interface Circuit {
  /** What to answer at once, while it is open. */
  failure(): Failure | undefined
  open(failure: Failure): void
  reset(): void
}

/** A printer that tries every second would otherwise get the mailbox throttled. In seconds. */
export const circuitSeconds = 60

export function createCircuit(clock: Pick<Clock, 'monotonic'>): Circuit {
  let opened: { failure: Failure; until: number } | undefined
  return {
    failure: () => (opened && clock.monotonic() < opened.until ? opened.failure : undefined),
    open(failure) {
      opened = { failure, until: clock.monotonic() + circuitSeconds * 1000 }
    },
    reset() {
      opened = undefined
    },
  }
}
