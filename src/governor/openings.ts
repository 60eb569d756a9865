import type { Clock } from '../base/clock.ts'
import { Failure, type FailureCode } from '../base/failure.ts'
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

/**
 * The breaker of sign-ins at the provider. Failures that have nothing to do with the provider's door (no consent, no store) do not count:
 * what they wait for may come any second.
 */
export function createOpenings(clock: Clock, cap: ConnectionCap): MailboxOpenings {
  let failures = 0
  let last: { failure: Failure; since: number; until: number } | undefined
  let due = 0

  function reset(): void {
    failures = 0
    last = undefined
  }

  return {
    obstacle() {
      const remaining = due - clock.monotonic()
      return last && remaining > 0 ? laterOf(last.failure, Math.ceil(remaining / 1000)) : undefined
    },
    probing: () => failures > 0,
    succeeded: reset,
    failed(failure, serving) {
      if (serving > 0) return cap.lower(serving)
      const wait = waits[failure.code]
      if (!wait) return
      failures += 1
      const seconds = Math.max(wait(failures), failure.retryAfterSeconds ?? 0)
      due = clock.monotonic() + seconds * 1000
      last = { failure, since: last?.since ?? clock.now(), until: clock.now() + seconds * 1000 }
    },
    reset,
    pause() {
      if (!last || due === 0) return undefined
      const { failure, since, until } = last
      // A first failure that passes by itself makes nobody wait.
      if (until === since) return undefined
      const { message: reason, fix } = failure
      return { about: 'sign-in', since, until, reason, ...(fix !== undefined && { fix }) }
    },
  }
}

function laterOf({ code, message, fix, cause }: Failure, retryAfterSeconds: number): Failure {
  return new Failure(code, message, { cause, retryAfterSeconds, ...(fix !== undefined && { fix }) })
}
