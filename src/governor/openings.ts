import type { Clock } from '../base/clock.ts'
import { type Failure, type FailureCode, withRetryAfter } from '../base/failure.ts'
import type { ConnectionCap } from './connection-cap.ts'
import type { Openings, Pause } from './governor.ts'

/** How long after failures in a row none is tried, in seconds; the first that passes by itself costs nothing. */
const waits: Partial<Record<FailureCode, (failures: number) => number>> = {
  'provider-setup': (failures) => Math.min(900, 60 * 2 ** (failures - 1)),
  'provider-unavailable': (failures) => (failures === 1 ? 0 : Math.min(30, 2 ** (failures - 2))),
}

export type MailboxOpenings = Openings & {
  reset(): void
  pause(): Pause | undefined
}

interface Trouble {
  failure: Failure
  /** How many of this kind in a row. */
  failures: number
  /** On the monotonic clock. */
  due: number
  /** For people. */
  pause: Pick<Pause, 'since' | 'until'>
}

/**
 * The breaker of sign-ins at the provider. Failures that have nothing to do with the provider's door (no consent, no store) do not count:
 * what they wait for may come any second.
 */
export function createOpenings(clock: Clock, cap: ConnectionCap): MailboxOpenings {
  let trouble: Trouble | undefined

  const remaining = () => Math.max(0, (trouble?.due ?? 0) - clock.monotonic())

  function reset(): void {
    trouble = undefined
  }

  /** Those that were under way together fail together: that counts once. Another kind of trouble is a new one. */
  function failuresWith({ code }: Failure): number {
    if (trouble?.failure.code !== code) return 1
    return remaining() > 0 ? trouble.failures : trouble.failures + 1
  }

  return {
    obstacle: () =>
      trouble && remaining() > 0 ? withRetryAfter(trouble.failure, Math.ceil(remaining() / 1000)) : undefined,
    probing: () => trouble !== undefined,
    succeeded: reset,
    failed(failure, serving) {
      const wait = waits[failure.code]
      if (!wait) return
      if (serving > 0) return cap.lower(serving, failure.retryAfterSeconds)
      const failures = failuresWith(failure)
      const own = Math.max(wait(failures), failure.retryAfterSeconds ?? 0) * 1000
      const milliseconds = Math.max(own, remaining())
      const now = clock.now()
      trouble = {
        failure,
        failures,
        due: clock.monotonic() + milliseconds,
        pause: { since: trouble?.pause.since ?? now, until: now + Math.round(milliseconds) },
      }
    },
    reset,
    pause() {
      // A first failure that passes by itself makes nobody wait.
      if (!trouble || trouble.pause.until === trouble.pause.since) return undefined
      const { message: reason, fix } = trouble.failure
      return { about: 'sign-in', ...trouble.pause, reason, ...(fix !== undefined && { fix }) }
    },
  }
}
