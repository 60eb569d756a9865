import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { type Failure, withRetryAfter } from '../base/failure.ts'
import type { Pause } from '../governor/governor.ts'
import { type Address, type AddressKey, addressKey } from '../model/address.ts'
import { createBackOff, growthOfRegistrations } from './back-off.ts'

/**
 * The circuit breaker of one registration, for the token requests of all its mailboxes. When the
 * provider refuses the registration itself, each mailbox would find that out by a bad request of
 * its own, repeatedly, and providers punish loops. So:
 *
 *     closed ── refused ──> open ── time is up ──> half-open: one goes first
 *       ^                    ^                        │
 *       │                    └── refused ─────────────┤
 *       └──────────────────────────────── it worked ──┘
 *
 * A mailbox that is refused while others are served has a fault of its own: an organisation that
 * has locked this registration out looks the same from here, and must not lock out the rest. A
 * provider that asks for a pause (RFC 6585, section 4) gets it in the same way.
 */
interface RegistrationBreaker {
  /**
   * Permits one request, unless it is blocked. Waits for the very first request, so that a crowd at
   * the start does not find out at once.
   */
  acquire(mailbox: Address): Promise<RefreshPermit>
  /** The provider has accepted this registration elsewhere. */
  worked(mailbox: Address): void
  /** The mailbox has another grant: earlier refusals do not count. */
  forget(mailbox: Address): void
  /**
   * Something was changed by a person: the next request is tried at once. Not while the provider
   * has asked for a pause.
   */
  hurry(): void
  /**
   * For pages, API and command. Also returned when the wait is over: a try is due then, or under
   * way.
   */
  pause(): Omit<Pause, 'about'> | undefined
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
   * The request is over. Called once, at the end; if nothing else was called, nothing was learnt of
   * the registration.
   */
  end(): void
}

/** Mailboxes: a domain has any number of addresses. */
const remembered = 10_000

/** The only key of `waits`. */
const wait = 'registration'

function createRegistrationBreaker(clock: Clock, random: () => number): RegistrationBreaker {
  const waits = createBackOff<'registration'>(clock, random, growthOfRegistrations)
  /** What all callers get; absent while closed. */
  let failure: Failure | undefined
  /** Mailboxes that were refused since the breaker opened. */
  const refused = new LRUCache<AddressKey, true>({ max: remembered })
  /** Mailboxes that were refused while others were served. */
  const alone = new LRUCache<AddressKey, true>({ max: remembered })
  /** The first request, while it is not known whether the registration works. */
  let first: Promise<void> | undefined
  /** The registration has worked in this process. */
  let hasWorked = false
  /** How often it has closed. */
  let closings = 0
  /** Whether mailboxes that were not refused have asked since the wait began. */
  let othersAsk = false
  /** Until when those go first then, in milliseconds of the monotonic clock. */
  let othersUntil = 0

  function blockedBy(key: AddressKey): Failure | undefined {
    if (!failure) return undefined
    if (!refused.has(key)) othersAsk = true
    const waiting = waits.current(wait)
    if (waiting) return waiting
    if (first) return withRetryAfter(failure, 1)
    const left = othersAsk && refused.has(key) ? othersUntil - clock.monotonic() : 0
    return left > 0 ? withRetryAfter(failure, Math.ceil(left / 1000)) : undefined
  }

  function open(news: Failure): void {
    failure = news
    waits.begin(wait, news)
    othersAsk = false
    othersUntil = clock.monotonic() + 1.5 * waits.remainingMilliseconds(wait)
  }

  function close(key: AddressKey): void {
    closings += 1
    failure = undefined
    waits.clear(wait)
    for (const one of refused.keys()) alone.set(one, true)
    refused.clear()
    alone.delete(key)
  }

  /** @param asked the request began when the breaker was open already */
  function worked(key: AddressKey, asked: boolean): void {
    hasWorked = true
    // A provider that asked for a pause wants it, even if one request came through.
    if (asked || failure?.code !== 'provider-unavailable') close(key)
  }

  function goFirst(): () => void {
    let release = () => {}
    first = new Promise<void>((resolve) => {
      release = resolve
    })
    return () => {
      first = undefined
      release()
    }
  }

  function permitFor(key: AddressKey): RefreshPermit {
    const isProbe = failure !== undefined
    const closingsBefore = closings
    const end = !first && (isProbe || !hasWorked) ? goFirst() : () => {}
    return {
      worked: () => worked(key, isProbe),
      refused(news) {
        const setup = news.code === 'provider-setup'
        if (setup && (alone.has(key) || closings !== closingsBefore)) return false
        if (setup) refused.set(key, true)
        // Concurrent requests that are refused together count as one failure.
        if (isProbe || !failure) open(news)
        return true
      },
      end,
    }
  }

  return {
    async acquire(mailbox) {
      const key = addressKey(mailbox)
      if (!failure && !hasWorked && first) await first
      const found = blockedBy(key)
      return found ? { ...blocked, blockedBy: found } : permitFor(key)
    },
    worked: (mailbox) => worked(addressKey(mailbox), false),
    forget(mailbox) {
      refused.delete(addressKey(mailbox))
      alone.delete(addressKey(mailbox))
    },
    hurry() {
      if (failure?.code === 'provider-unavailable') return
      waits.clear(wait)
      othersUntil = 0
    },
    pause: () => waits.pause(wait),
  }
}

const blocked: RefreshPermit = { worked() {}, refused: () => false, end() {} }

/** One breaker for each registration, made when it is first asked for. */
export interface RegistrationBreakers {
  of(providerId: string): RegistrationBreaker
  /** What `of` would say of its pause, without making a breaker. */
  pauseOf(providerId: string): Omit<Pause, 'about'> | undefined
  /** Of the registrations that wait now, by the provider's id. */
  pauses(): readonly { provider: string; pause: Omit<Pause, 'about'> }[]
  /** As `RegistrationBreaker.forget`, for every registration. */
  forget(mailbox: Address): void
}

export function createRegistrationBreakers(clock: Clock, random: () => number): RegistrationBreakers {
  const breakers = new Map<string, RegistrationBreaker>()

  return {
    of(providerId) {
      const breaker = breakers.get(providerId) ?? createRegistrationBreaker(clock, random)
      breakers.set(providerId, breaker)
      return breaker
    },
    pauseOf: (providerId) => breakers.get(providerId)?.pause(),
    pauses: () =>
      [...breakers].flatMap(([provider, breaker]) => {
        const pause = breaker.pause()
        return pause ? [{ provider, pause }] : []
      }),
    forget(mailbox) {
      for (const breaker of breakers.values()) breaker.forget(mailbox)
    },
  }
}
