import type { Clock } from '../base/clock.ts'
import { type Failure, type FailureCode, withRetryAfter, wordsBehind } from '../base/failure.ts'
import type { ConnectBreaker, Pause } from './governor.ts'
import { createLooks, type RepeatedFault } from './looks.ts'

const longestSeconds = 900

/**
 * How long no connection is opened after so many failures in a row, in seconds. The first passing
 * failure costs nothing.
 */
const waits: Partial<Record<FailureCode, readonly number[]>> = {
  'provider-setup': [5, 15, 60, 300, longestSeconds],
  'provider-unavailable': [0, 1, 2, 4, 8],
}

export type MailboxConnectBreaker = ConnectBreaker & {
  reset(): void
  pause(): Pause | undefined
}

interface Fault extends RepeatedFault {
  failure: Failure
  /** The failure is a refusal, or an earlier one in this row was. */
  refused: boolean
  /** How many failures of this kind in a row. */
  failures: number
  /** When the next attempt may be made, on the monotonic clock. */
  due: number
  /** For people. */
  pause: Pick<Pause, 'since' | 'until'>
}

/**
 * The breaker of sign-ins at the provider. Failures that are not the provider's (no consent, no
 * store) do not count: their cause may end at any second.
 *
 * During a wait, a mailbox looks now and then whether the provider is back (`Looks`), by an
 * ordinary attempt; a look that fails changes nothing. When the provider itself says how long to
 * stay away, nothing is tried before.
 */
export function createConnectBreaker(
  clock: Clock,
  cap: ConnectionCap,
  looks = () => createLooks(clock),
): MailboxConnectBreaker {
  let fault: Fault | undefined
  /** The fault that the last success ended. */
  let ended: Fault | undefined
  let looking = false
  /** When the last attempt began, on the monotonic clock. */
  let began = 0
  let othersServed = false

  const remaining = () => Math.max(0, (fault?.due ?? 0) - clock.monotonic())

  function reset(): void {
    fault = undefined
    ended = undefined
    looking = false
  }

  function lately(before: Fault | undefined): Fault | undefined {
    return before && clock.monotonic() - before.due < longestSeconds * 1000 ? before : undefined
  }

  /**
   * Concurrent attempts that fail together count as one failure. A failure of another kind begins a
   * new row.
   */
  function failuresWith({ code }: Failure): number {
    if (fault?.failure.code !== code) return 1
    return remaining() > 0 ? fault.failures : fault.failures + 1
  }

  return {
    blockedBy() {
      if (!fault || remaining() === 0 || looking || looks().allowed(fault)) return undefined
      return withRetryAfter(fault.failure, Math.ceil(remaining() / 1000))
    },
    probing: () => fault !== undefined,
    refused: () => fault?.failure.code === 'provider-setup',
    begun() {
      began = clock.monotonic()
      othersServed = fault !== undefined && looks().servedSince(fault.since)
      if (!fault || remaining() === 0) return
      looking = true
      looks().begun(fault)
    },
    succeeded() {
      looks().served(fault?.refused ?? false)
      if (fault) ended = fault
      fault = undefined
      looking = false
    },
    failed(failure, serving, stage = 'connection') {
      const steps = waits[failure.code]
      looking = false
      if (fault) fault.ended = clock.monotonic()
      if (!steps || stage === 'token') return
      // The provider took no mail after the sign-in, so that sign-in was no success.
      if (stage === 'mail') fault ??= lately(ended)
      if (serving > 0) return cap.lower(serving, failure.retryAfterSeconds)
      const failures = failuresWith(failure)
      // A failed look does not begin the wait anew.
      const own = remaining() > 0 ? 0 : (steps[Math.min(failures, steps.length) - 1] ?? 0)
      const told = failure.retryAfterSeconds ?? 0
      const milliseconds = Math.max(Math.max(own, told) * 1000, remaining())
      const [now, monotonic] = [clock.now(), clock.monotonic()]
      const isRefusal = failure.code === 'provider-setup'
      const alone = stage !== 'connection' && othersServed
      fault = {
        failure,
        refused: isRefusal || (fault?.refused ?? false),
        failures,
        since: fault?.since ?? monotonic,
        // The sign-in itself succeeded.
        began: stage === 'mail' ? monotonic : began,
        ended: monotonic,
        due: monotonic + milliseconds,
        quietUntil: Math.max(fault?.quietUntil ?? 0, monotonic + told * 1000),
        alone,
        wasAlone: alone || (fault?.wasAlone ?? false),
        pause: { since: fault?.pause.since ?? now, until: now + Math.round(milliseconds) },
      }
      if (isRefusal) looks().refused(fault)
    },
    reset,
    pause() {
      // A first passing failure makes nothing wait.
      if (!fault || fault.pause.until === fault.pause.since) return undefined
      const { message: reason, fix } = fault.failure
      const said = wordsBehind(fault.failure)
      return {
        about: 'sign-in',
        ...fault.pause,
        reason,
        ...(said && { said }),
        ...(fix !== undefined && { fix }),
      }
    },
  }
}

/**
 * How many simultaneous connections one mailbox may have: the provider's limit, or fewer for a
 * while after it complained.
 */
export interface ConnectionCap {
  /** At least 1. */
  allowed(): number
  /**
   * Lowers the number to `to` after a complaint.
   * @param seconds for how long at least, when the provider says so
   */
  lower(to: number, seconds?: number): void
  reset(): void
}

/**
 * After so long without a complaint one more connection is allowed. Repeated complaints make it
 * longer. In seconds.
 */
const firstWait = 30
const longestWait = 900
/** Complaints within this time, in seconds, count as one. */
const sameMoment = 1

export function createConnectionCap(clock: Pick<Clock, 'monotonic'>, limit: () => number): ConnectionCap {
  let missing = 0
  let wait = firstWait
  let nextAt = 0
  let complainedAt = Number.NEGATIVE_INFINITY

  function recover(): void {
    while (missing > 0 && clock.monotonic() >= nextAt) {
      missing -= 1
      nextAt += wait * 1000
    }
  }

  function allowed(): number {
    recover()
    return Math.max(1, limit() - missing)
  }

  return {
    allowed,
    lower(to, seconds = 0) {
      const now = clock.monotonic()
      const next = Math.max(1, Math.min(to, allowed()))
      const sinceLast = now - complainedAt
      if (sinceLast > 2 * wait * 1000) wait = firstWait
      else if (sinceLast > sameMoment * 1000) wait = Math.min(longestWait, wait * 2)
      complainedAt = now
      missing = limit() - next
      nextAt = now + Math.max(wait, seconds) * 1000
    },
    reset() {
      missing = 0
      wait = firstWait
      complainedAt = Number.NEGATIVE_INFINITY
    },
  }
}
