import { LRUCache } from 'lru-cache'
import { type Address, addressKey } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { type Failure, withRetryAfter } from '../base/failure.ts'
import type { Pause } from '../governor/governor.ts'
import { createBackOff, growthOfRegistrations } from './back-off.ts'

/**
 * The way to the token endpoint for all mailboxes of one registration. When the provider refuses the registration itself, each of them
 * would find that out by a bad request of its own, again and again, and providers punish loops. So:
 *
 *     closed ── refused ──> open ── time is up ──> half-open: one goes first
 *       ^                    ^                        │
 *       │                    └── refused ─────────────┤
 *       └──────────────────────────────── it worked ──┘
 *
 * Whoever is refused while others are served has a trouble of its own: an organisation that has locked this registration out looks the
 * same from here, and must not lock out the rest. A provider that asks for a pause (RFC 6585, section 4) gets it in the same way.
 */
interface RegistrationBreaker {
  /** Leave for one request, if it has no obstacle. Waits for the first one of all, so that a crowd at the start does not find out at once. */
  acquire(mailbox: Address): Promise<RefreshPermit>
  /** The provider has served this registration elsewhere. */
  worked(mailbox: Address): void
  /** The mailbox has another grant: what was said of it before does not count. */
  forget(mailbox: Address): void
  /** Somebody has changed something: the next one goes first, at once. Not where the provider has asked for a pause. */
  hurry(): void
  /** For people; also when its time is up: then a try is due, or under way. */
  pause(): Omit<Pause, 'about'> | undefined
}

/** One request to the token endpoint. */
export interface RefreshPermit {
  /** Why there must be none now, with what is left of the wait. */
  blockedBy?: Failure
  worked(): void
  /** The answer was about the registration. True: all of its mailboxes wait now; false: it is this mailbox's own trouble. */
  refused(failure: Failure): boolean
  /** It is over: said once, at last. If nothing else was said, nobody knows more of the registration than before. */
  end(): void
}

/** Mailboxes, of which a domain has any number. */
const remembered = 10_000

/** The one wait that there is. */
const wait = 'registration'

function createRegistrationBreaker(clock: Clock, random: () => number): RegistrationBreaker {
  const waits = createBackOff(clock, random, growthOfRegistrations)
  /** What everybody hears; absent while closed. */
  let failure: Failure | undefined
  /** Refused since it opened. */
  const refused = new LRUCache<string, true>({ max: remembered })
  /** Refused while others were served. */
  const alone = new LRUCache<string, true>({ max: remembered })
  /** Who goes first, while it is not known whether the registration works. */
  let first: Promise<void> | undefined
  /** It has worked in this process. */
  let hasWorked = false
  /** How often it has closed. */
  let closings = 0
  /** Whether others than the refused have asked since the wait began. */
  let othersAsk = false
  /** Until when the first try is theirs then, in milliseconds of the monotonic clock. */
  let othersUntil = 0

  function blockedBy(key: string): Failure | undefined {
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

  function close(key: string): void {
    closings += 1
    failure = undefined
    waits.clear(wait)
    for (const one of refused.keys()) alone.set(one, true)
    refused.clear()
    alone.delete(key)
  }

  /** @param asked whether it left when the breaker was open already */
  function worked(key: string, asked: boolean): void {
    hasWorked = true
    // One that came through is no answer to the wish to be left alone.
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

  function permitFor(key: string): RefreshPermit {
    const isProbe = failure !== undefined
    const closingsBefore = closings
    const end = !first && (isProbe || !hasWorked) ? goFirst() : () => {}
    return {
      worked: () => worked(key, isProbe),
      refused(news) {
        const setup = news.code === 'provider-setup'
        if (setup && (alone.has(key) || closings !== closingsBefore)) return false
        if (setup) refused.set(key, true)
        // Those that left together are refused together: that counts once.
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
  /** What `of` would say of its pause, for somebody who only looks: none is made for that. */
  pauseOf(providerId: string): Omit<Pause, 'about'> | undefined
  /** Of those that wait now, by the provider's id. */
  pauses(): readonly { provider: string; pause: Omit<Pause, 'about'> }[]
  /** As `RegistrationBreaker.forget`, whichever registration it was. */
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
