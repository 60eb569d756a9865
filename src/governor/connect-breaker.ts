import {
  type BreakerPolicy,
  CircuitBreaker,
  type FailureWords,
  failurePolicy,
  Looks,
} from '../base/circuit-breaker.ts'
import type { Clock } from '../base/clock.ts'
import type { Failure, FailureCode } from '../base/failure.ts'
import type { ConnectBreaker, OpeningStage, Pause } from './governor.ts'

const longestSeconds = 900

/**
 * How long no connection is opened after so many failures in a row, in seconds. The first passing
 * failure costs nothing.
 */
const waits: Partial<Record<FailureCode, readonly number[]>> = {
  'provider-setup': [5, 15, 60, 300, longestSeconds],
  'provider-unavailable': [0, 1, 2, 4, 8],
}

const signingIn: BreakerPolicy<Failure, FailureWords> = {
  ...failurePolicy,
  waitsOf: ({ code }) => ({ seconds: waits[code] ?? [] }),
  quietOf: ({ retryAfterSeconds = 0 }) => retryAfterSeconds,
  isRefusal: ({ code }) => code === 'provider-setup',
}

/**
 * The breaker of sign-ins at the provider. Failures that are not the provider's (no consent, no
 * store) do not count: their cause may end at any second.
 *
 * During a wait, a mailbox looks now and then whether the provider is back (`Looks`), by an
 * ordinary attempt; a look that fails changes nothing. When the provider itself says how long to
 * stay away, nothing is tried before.
 */
export class MailboxConnectBreaker implements ConnectBreaker {
  readonly #breaker: CircuitBreaker<Failure, FailureWords>
  readonly #cap: ConnectionCap

  constructor(clock: Clock, cap: ConnectionCap, looks = looksOfItsOwn(clock)) {
    this.#breaker = new CircuitBreaker(signingIn, clock, looks)
    this.#cap = cap
  }

  blockedBy(): Failure | undefined {
    return this.#breaker.blockedBy()
  }

  probing(): boolean {
    return this.#breaker.fault !== undefined
  }

  refused(): boolean {
    return this.#breaker.fault?.code === 'provider-setup'
  }

  begun(): void {
    this.#breaker.enter()
  }

  succeeded(): void {
    this.#breaker.succeeded()
  }

  failed(failure: Failure, serving: number, stage: OpeningStage = 'connection'): void {
    const counts = waits[failure.code] !== undefined && stage !== 'token'
    // The provider took no mail after the sign-in, so that sign-in was no success.
    if (counts && stage === 'mail') this.#breaker.reopen(longestSeconds)
    if (counts && serving === 0) this.#breaker.failed(failure, stage !== 'connection')
    else this.#breaker.release()
    if (counts && serving > 0) this.#cap.lower(serving, failure.retryAfterSeconds)
  }

  reset(): void {
    this.#breaker.close()
  }

  pause(): Pause | undefined {
    const pause = this.#breaker.pause()
    return pause && { about: 'sign-in', ...pause }
  }
}

function looksOfItsOwn(clock: Clock): () => Looks {
  const looks = new Looks(clock)
  return () => looks
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
