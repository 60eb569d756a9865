import type { Clock } from '../base/clock.ts'
import { type Failure, type FailureCode, withRetryAfter, wordsBehind } from '../base/failure.ts'
import type { ConnectionCap } from './connection-cap.ts'
import type { Openings, Pause } from './governor.ts'
import { createLooks, type LookedAt } from './looks.ts'

const longestSeconds = 900

/** How long after failures in a row none is tried, in seconds; the first that passes by itself costs nothing. */
const waits: Partial<Record<FailureCode, readonly number[]>> = {
  'provider-setup': [5, 15, 60, 300, longestSeconds],
  'provider-unavailable': [0, 1, 2, 4, 8],
}

export type MailboxOpenings = Openings & {
  reset(): void
  pause(): Pause | undefined
}

interface Trouble extends LookedAt {
  failure: Failure
  /** Lately, or before the kind that it is now. */
  refused: boolean
  /** How many of this kind in a row. */
  failures: number
  /** Until the next is tried, on the monotonic clock. */
  due: number
  /** For people. */
  pause: Pick<Pause, 'since' | 'until'>
}

/**
 * The breaker of sign-ins at the provider. Failures that have nothing to do with the provider's door (no consent, no store) do not count:
 * what they wait for may come any second.
 *
 * During a wait somebody looks now and then whether it is over (`Looks`), by an opening like any other; if that fails it changes nothing. The provider's own word
 * for how long to leave it alone is kept.
 */
export function createOpenings(
  clock: Clock,
  cap: ConnectionCap,
  looks = () => createLooks(clock),
): MailboxOpenings {
  let trouble: Trouble | undefined
  /** What the last success ended. */
  let ended: Trouble | undefined
  let looking = false
  /** The last opening, on the monotonic clock. */
  let began = 0
  let othersServed = false

  const remaining = () => Math.max(0, (trouble?.due ?? 0) - clock.monotonic())

  function reset(): void {
    trouble = undefined
    ended = undefined
    looking = false
  }

  function lately(before: Trouble | undefined): Trouble | undefined {
    return before && clock.monotonic() - before.due < longestSeconds * 1000 ? before : undefined
  }

  /** Those that were under way together fail together: that counts once. Another kind of trouble is a new one. */
  function failuresWith({ code }: Failure): number {
    if (trouble?.failure.code !== code) return 1
    return remaining() > 0 ? trouble.failures : trouble.failures + 1
  }

  return {
    obstacle() {
      if (!trouble || remaining() === 0 || looking || looks().allowed(trouble)) return undefined
      return withRetryAfter(trouble.failure, Math.ceil(remaining() / 1000))
    },
    probing: () => trouble !== undefined,
    refused: () => trouble?.failure.code === 'provider-setup',
    begun() {
      began = clock.monotonic()
      othersServed = trouble !== undefined && looks().servedSince(trouble.since)
      if (!trouble || remaining() === 0) return
      looking = true
      looks().begun()
    },
    succeeded() {
      looks().served(trouble?.refused ?? false)
      if (trouble) ended = trouble
      trouble = undefined
      looking = false
    },
    failed(failure, serving, stage = 'connection') {
      const steps = waits[failure.code]
      looking = false
      if (trouble) trouble.ended = clock.monotonic()
      if (!steps || stage === 'token') return
      // The sign-in before it was no success then.
      if (stage === 'mail') trouble ??= lately(ended)
      if (serving > 0) return cap.lower(serving, failure.retryAfterSeconds)
      const failures = failuresWith(failure)
      // One that only looked does not begin the wait anew.
      const own = remaining() > 0 ? 0 : (steps[Math.min(failures, steps.length) - 1] ?? 0)
      const told = failure.retryAfterSeconds ?? 0
      const milliseconds = Math.max(Math.max(own, told) * 1000, remaining())
      const [now, monotonic] = [clock.now(), clock.monotonic()]
      const isRefusal = failure.code === 'provider-setup'
      trouble = {
        failure,
        refused: isRefusal || (trouble?.refused ?? false),
        failures,
        since: trouble?.since ?? monotonic,
        // The sign-in before it was a good one.
        began: stage === 'mail' ? monotonic : began,
        ended: monotonic,
        due: monotonic + milliseconds,
        quietUntil: Math.max(trouble?.quietUntil ?? 0, monotonic + told * 1000),
        alone: stage !== 'connection' && othersServed,
        pause: { since: trouble?.pause.since ?? now, until: now + Math.round(milliseconds) },
      }
      if (isRefusal) looks().refused(trouble)
    },
    reset,
    pause() {
      // A first failure that passes by itself makes nobody wait.
      if (!trouble || trouble.pause.until === trouble.pause.since) return undefined
      const { message: reason, fix } = trouble.failure
      const said = wordsBehind(trouble.failure)
      return {
        about: 'sign-in',
        ...trouble.pause,
        reason,
        ...(said && { said }),
        ...(fix !== undefined && { fix }),
      }
    },
  }
}
