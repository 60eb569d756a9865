import type { Clock } from '../base/clock.ts'
import { type Failure, type FailureCode, withRetryAfter, wordsBehind } from '../base/failure.ts'
import type { ConnectionCap } from './connection-cap.ts'
import type { OpeningStage, Openings, Pause } from './governor.ts'

const longestSeconds = 900

/** How long after failures in a row none is tried, in seconds; the first that passes by itself costs nothing. */
const waits: Partial<Record<FailureCode, readonly number[]>> = {
  'provider-setup': [5, 15, 60, 300, longestSeconds],
  'provider-unavailable': [0, 1, 2, 4, 8],
}

/** However long a wait is: so long after the last try, in seconds, whoever wants to send may look whether the provider is back. */
const lookSeconds = 8
/** A sign-in that is refused for longer than this, in seconds, is no machine's trouble but of the set-up: whoever repairs that may have it tried at once. */
const signInLooksSeconds = 600
/** Of all mailboxes of a provider one looks at a time, in seconds. */
const betweenLooksSeconds = 1

export type MailboxOpenings = Openings & {
  reset(): void
  pause(): Pause | undefined
}

interface Trouble {
  failure: Failure
  stage: OpeningStage
  /** How many of this kind in a row. */
  failures: number
  /** All three on the monotonic clock: since the first, until the next is tried, and until when the provider itself wants to be left alone. */
  since: number
  due: number
  quietUntil: number
  /** When somebody may look. */
  lookAt: number
  /** For people. */
  pause: Pick<Pause, 'since' | 'until'>
}

/** What the mailboxes of one provider share. */
export interface Looks {
  isFree(): boolean
  begun(): void
}

export function createLooks(clock: Pick<Clock, 'monotonic'>): Looks {
  let next = 0
  return {
    isFree: () => clock.monotonic() >= next,
    begun() {
      next = clock.monotonic() + betweenLooksSeconds * 1000
    },
  }
}

/**
 * The breaker of sign-ins at the provider. Failures that have nothing to do with the provider's door (no consent, no store) do not count:
 * what they wait for may come any second.
 *
 * A wait answers most of those who come at once. So that service is back soon after the provider is, one of them looks every few seconds, by an opening like any other;
 * if that fails it changes nothing. The provider's own word for how long to leave it alone is kept.
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

  const remaining = () => Math.max(0, (trouble?.due ?? 0) - clock.monotonic())

  function reset(): void {
    trouble = undefined
    ended = undefined
    looking = false
  }

  function lately(before: Trouble | undefined): Trouble | undefined {
    return before && clock.monotonic() - before.due < longestSeconds * 1000 ? before : undefined
  }

  function mayLook({ stage, since, quietUntil, lookAt }: Trouble): boolean {
    const now = clock.monotonic()
    if (now < quietUntil || now < lookAt || !looks().isFree()) return false
    return stage === 'connection' || now - since < signInLooksSeconds * 1000
  }

  /** Those that were under way together fail together: that counts once. Another kind of trouble is a new one. */
  function failuresWith({ code }: Failure): number {
    if (trouble?.failure.code !== code) return 1
    return remaining() > 0 ? trouble.failures : trouble.failures + 1
  }

  return {
    obstacle() {
      if (!trouble || remaining() === 0 || looking || mayLook(trouble)) return undefined
      return withRetryAfter(trouble.failure, Math.ceil(remaining() / 1000))
    },
    probing: () => trouble !== undefined,
    refused: () => trouble?.failure.code === 'provider-setup',
    begun() {
      if (!trouble || remaining() === 0) return
      looking = true
      looks().begun()
    },
    succeeded() {
      if (trouble) ended = trouble
      trouble = undefined
      looking = false
    },
    failed(failure, serving, stage = 'connection') {
      const steps = waits[failure.code]
      looking = false
      if (trouble) trouble.lookAt = clock.monotonic() + lookSeconds * 1000
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
      trouble = {
        failure,
        stage,
        failures,
        since: trouble?.since ?? monotonic,
        due: monotonic + milliseconds,
        quietUntil: Math.max(trouble?.quietUntil ?? 0, monotonic + told * 1000),
        lookAt: monotonic + lookSeconds * 1000,
        pause: { since: trouble?.pause.since ?? now, until: now + Math.round(milliseconds) },
      }
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
