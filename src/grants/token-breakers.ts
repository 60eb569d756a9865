import { LRUCache } from 'lru-cache'
import {
  type BreakerPolicy,
  CircuitBreaker,
  createLooksAt,
  type FailureWords,
  failurePolicy,
  type Looks,
  type Paused,
  type Probe,
  type Waits,
} from '../base/circuit-breaker.ts'
import type { Clock } from '../base/clock.ts'
import { type Failure, withRetryAfter } from '../base/failure.ts'
import { type Address, type AddressKey, addressKey } from '../model/address.ts'
import { NetworkFailure } from '../net/network-failure.ts'

type TokenBreaker = CircuitBreaker<Failure, FailureWords>
type TokenPolicy = BreakerPolicy<Failure, FailureWords>
type Pause = Paused<FailureWords>

/** A passing failure may end at any moment, so no wait is longer than a few seconds. */
const usualWaits = { seconds: [2, 4, 5], spread: 0.5 }
/** One refusal may come from one bad machine of many, as at the mail server; several do not. */
const waitsAfterRefusals = { seconds: [5, 15, 45, 135, 405, 900], spread: 0.5 }
/** One mailbox tries for all of the registration, so it may try often, at a constant rate. */
const waitsOfRegistrations = { seconds: [5] }
/** So many mailboxes in a row without any answer: it is not one connection that was lost. */
const unansweredInRow = 3

/** A request that was never read was not refused, and may be repeated soon. */
function isRefusal(failure: Failure): boolean {
  return failure.code === 'provider-setup' && !(failure instanceof NetworkFailure)
}

/** @param random from 0 to 1, so that many mailboxes do not come back in the same instant */
function policyWith(random: () => number, afterRefusals: Waits): TokenPolicy {
  return {
    ...failurePolicy,
    random,
    waitsOf: (failure) => (isRefusal(failure) ? afterRefusals : usualWaits),
    quietOf: ({ retryAfterSeconds = 0 }) => retryAfterSeconds * (1 + 0.1 * random()),
    isRefusal,
  }
}

/** Mailboxes, whose number has no bound: any address of a domain may be asked for. */
const remembered = 10_000

/**
 * The breakers of single mailboxes. Callers join a request that is under way, so a probe blocks
 * nobody; only while it is a look, the others get the failure of the wait.
 */
export class MailboxBreakers {
  readonly #policy: TokenPolicy
  readonly #clock: Clock
  readonly #looksAt: (provider: string) => Looks
  /** Those that are not closed. The oldest ones are dropped first. */
  readonly #open = new LRUCache<AddressKey, OpenBreaker>({ max: remembered })

  constructor(clock: Clock, random: () => number) {
    this.#policy = {
      ...policyWith(random, waitsAfterRefusals),
      whenProbing: (failure, seconds) => (seconds > 0 ? withRetryAfter(failure, seconds) : undefined),
    }
    this.#clock = clock
    this.#looksAt = createLooksAt(clock)
  }

  /** Absent: the breaker is closed. */
  at(key: AddressKey): TokenBreaker | undefined {
    return this.#open.get(key)?.breaker
  }

  /** @param provider which was asked. Absent: none was. */
  failed(key: AddressKey, failure: Failure, provider: string | undefined): void {
    const isLong = provider !== undefined && isRefusal(failure)
    this.#breakerAt(key, isLong ? this.#looksAt(provider) : undefined, provider).failed(failure)
  }

  succeeded(key: AddressKey, provider: string): void {
    // One that is made for this alone would push another one out that is in the middle of its wait.
    if (this.#open.has(key)) this.#breakerAt(key, this.#looksAt(provider), provider).succeeded()
    else this.#looksAt(provider).served(false)
    this.#open.delete(key)
  }

  forget(key: AddressKey): void {
    this.#open.delete(key)
  }

  /** Forgets the waits after what this provider refused. */
  forgetRefusedBy(provider: string): void {
    for (const [key, { asked, breaker }] of this.#open.entries())
      if (asked === provider && breaker.fault?.code === 'provider-setup') this.#open.delete(key)
  }

  /** For people: their look keeps nothing in memory for longer. */
  pause(key: AddressKey): Pause | undefined {
    return this.#open.peek(key)?.breaker.pause()
  }

  keys(): readonly AddressKey[] {
    return [...this.#open.keys()]
  }

  #breakerAt(key: AddressKey, looks: Looks | undefined, asked: string | undefined): TokenBreaker {
    const open: OpenBreaker = this.#open.get(key) ?? {
      breaker: new CircuitBreaker(this.#policy, this.#clock, () => open.looks),
      looks,
      asked,
    }
    open.looks = looks
    open.asked = asked
    this.#open.set(key, open)
    return open.breaker
  }
}

interface OpenBreaker {
  breaker: TokenBreaker
  /** Those of the provider that was asked last. Undefined where the wait is a short one. */
  looks: Looks | undefined
  /** The provider that was asked last. Undefined: none was. */
  asked: string | undefined
}

/**
 * The breaker of one registration, for the token requests of all its mailboxes. When the provider
 * refuses the registration itself, each mailbox would find that out by a bad request of its own,
 * repeatedly, and providers punish loops. A provider that asks for a pause (RFC 6585, section 4)
 * gets it in the same way. So does an endpoint that cannot be reached: otherwise each client of each
 * mailbox would wait for the time-out of a request of its own.
 *
 * A mailbox that is refused while others are served has a fault of its own: an organisation that
 * has locked this registration out looks the same from here, and must not lock out the rest.
 */
class RegistrationBreaker {
  readonly #breaker: TokenBreaker
  readonly #clock: Clock
  /** Mailboxes that were refused since the breaker opened. */
  readonly #refused = new LRUCache<AddressKey, true>({ max: remembered })
  /** Mailboxes whose requests had no answer, since the last answer to any. */
  readonly #unanswered = new Set<AddressKey>()
  /** Mailboxes that were refused while others were served. */
  readonly #alone = new LRUCache<AddressKey, true>({ max: remembered })
  /** The first request, while it is not known whether the registration works. */
  #first: Promise<void> | undefined
  /** The registration has worked in this process. */
  #hasWorked = false
  /** How often the breaker has been closed. */
  #closings = 0
  /** Whether mailboxes that were not refused have asked since the wait began. */
  #othersAsk = false
  /** Until when those go first then, in milliseconds of the monotonic clock. */
  #othersUntil = 0

  constructor(clock: Clock, random: () => number) {
    const policy = { ...policyWith(random, waitsOfRegistrations), whenProbing: tryAgainAtOnce }
    this.#breaker = new CircuitBreaker(policy, clock)
    this.#clock = clock
  }

  /**
   * Permits one request, unless it is blocked. Waits for the very first request, so that a crowd at
   * the start does not find out at once.
   */
  async acquire(mailbox: Address): Promise<RefreshPermit> {
    const key = addressKey(mailbox)
    if (!this.#breaker.fault && !this.#hasWorked && this.#first) await this.#first
    const blockedBy = this.#blockedBy(key)
    return blockedBy ? { ...blocked, blockedBy } : this.#permitFor(key)
  }

  /** The provider has accepted this registration elsewhere. */
  worked(mailbox: Address): void {
    this.#worked(addressKey(mailbox), false)
  }

  /** The mailbox has another grant: earlier refusals do not count. */
  forget(key: AddressKey): void {
    this.#refused.delete(key)
    this.#alone.delete(key)
  }

  /**
   * Something was changed by a person: the next request is tried at once. Not while the provider
   * has asked for a pause.
   */
  hurry(): void {
    if (this.mustRest()) return
    this.#breaker.hurry()
    this.#othersUntil = 0
  }

  pause(): Pause | undefined {
    return this.#breaker.pause()
  }

  /** The provider has asked for a pause, whichever registration it is. */
  mustRest(): boolean {
    return this.#breaker.fault?.code === 'provider-unavailable' && !this.#isOutOfReach()
  }

  #isOutOfReach(): boolean {
    return this.#breaker.fault instanceof NetworkFailure
  }

  #blockedBy(key: AddressKey): Failure | undefined {
    const { fault } = this.#breaker
    if (!fault) return undefined
    if (!this.#refused.has(key)) this.#othersAsk = true
    const waiting = this.#breaker.blockedBy() ?? (this.#first && tryAgainAtOnce(fault))
    if (waiting) return waiting
    const left = this.#othersAsk && this.#refused.has(key) ? this.#othersUntil - this.#clock.monotonic() : 0
    return left > 0 ? withRetryAfter(fault, Math.ceil(left / 1000)) : undefined
  }

  #permitFor(key: AddressKey): RefreshPermit {
    const probe = this.#breaker.enter()
    const closings = this.#closings
    const release = probe || this.#hasWorked || this.#first ? undefined : this.#goFirst()
    return {
      worked: () => this.#worked(key, probe !== undefined),
      unanswered: (failure) => this.#hadNoAnswer(key, failure, probe),
      answered: () => this.#answered(),
      refused: (failure) => {
        this.#unanswered.clear()
        const isSetup = failure.code === 'provider-setup'
        if (isSetup && (this.#alone.has(key) || closings !== this.#closings)) return false
        if (isSetup) this.#refused.set(key, true)
        // Concurrent requests that are refused together count as one failure.
        if (probe || !this.#breaker.fault) this.#opened(failure, probe)
        return true
      },
      end() {
        probe?.release()
        release?.()
      },
    }
  }

  #goFirst(): () => void {
    let release = () => {}
    this.#first = new Promise<void>((resolve) => {
      release = resolve
    })
    return () => {
      this.#first = undefined
      release()
    }
  }

  #hadNoAnswer(key: AddressKey, failure: NetworkFailure, probe: Probe<Failure> | undefined): boolean {
    if (this.#breaker.fault && !this.#isOutOfReach()) return false
    this.#unanswered.add(key)
    if (probe) probe.failed(failure)
    else if (this.#unanswered.size >= unansweredInRow) this.#breaker.trip(failure)
    return this.#isOutOfReach()
  }

  #answered(): void {
    this.#unanswered.clear()
    if (this.#isOutOfReach()) this.#breaker.close()
  }

  #opened(failure: Failure, probe: Probe<Failure> | undefined): void {
    if (probe) probe.failed(failure)
    else this.#breaker.trip(failure)
    this.#othersAsk = false
    this.#othersUntil = this.#clock.monotonic() + 1.5 * this.#breaker.remaining()
  }

  /** @param asked the request began when the breaker was open already */
  #worked(key: AddressKey, asked: boolean): void {
    this.#hasWorked = true
    this.#unanswered.clear()
    // A provider that asked for a pause wants it, even if one request came through.
    if (!asked && this.mustRest()) return
    this.#closings += 1
    this.#breaker.close()
    for (const one of this.#refused.keys()) this.#alone.set(one, true)
    this.#refused.clear()
    this.#alone.delete(key)
  }
}

function tryAgainAtOnce(failure: Failure): Failure {
  return withRetryAfter(failure, 1)
}

/** The permit of one request to the token endpoint. */
export interface RefreshPermit {
  /** Why there must be no request now, with what is left of the wait. */
  blockedBy?: Failure
  worked(): void
  /**
   * The answer was about the registration. True: all of its mailboxes wait now; false: the fault is
   * this mailbox's own.
   */
  refused(failure: Failure): boolean
  /**
   * The endpoint was not reached, or did not answer. True: so it was with others, and all mailboxes of
   * the registration wait now.
   */
  unanswered(failure: NetworkFailure): boolean
  /** The answer was about this mailbox alone. */
  answered(): void
  /**
   * The request is over. Called once, at the end; if nothing else was called, nothing was learnt of
   * the registration.
   */
  end(): void
}

const blocked: RefreshPermit = {
  worked() {},
  refused: () => false,
  unanswered: () => false,
  answered() {},
  end() {},
}

/** One breaker for each registration, made when it is first asked for. By the provider's id. */
export class RegistrationBreakers {
  readonly #breakers = new Map<string, RegistrationBreaker>()
  readonly #make: () => RegistrationBreaker

  constructor(clock: Clock, random: () => number) {
    this.#make = () => new RegistrationBreaker(clock, random)
  }

  of(provider: string): RegistrationBreaker {
    const breaker = this.#breakers.get(provider) ?? this.#make()
    this.#breakers.set(provider, breaker)
    return breaker
  }

  /** It is another registration from now on: what was learnt of the one before does not count. */
  begunAnew(provider: string): void {
    if (!this.#breakers.get(provider)?.mustRest()) this.#breakers.delete(provider)
  }

  /** For people. No breaker is made for it. */
  pauseOf(provider: string): Pause | undefined {
    return this.#breakers.get(provider)?.pause()
  }

  /** Of the registrations that wait now. */
  pauses(): readonly { provider: string; pause: Pause }[] {
    return [...this.#breakers].flatMap(([provider, breaker]) => {
      const pause = breaker.pause()
      return pause ? [{ provider, pause }] : []
    })
  }

  /** As `RegistrationBreaker.forget`, for every registration. */
  forget(key: AddressKey): void {
    for (const breaker of this.#breakers.values()) breaker.forget(key)
  }
}
