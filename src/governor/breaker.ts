import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { printable, withoutCase } from '../base/text.ts'
import type { Pause } from './governor.ts'

/**
 * A circuit breaker: after a fault nothing is tried for a while, and then one probe finds out
 * whether the fault is over.
 *
 *     closed ── trip ──> waits ── time is up ──> due ── enter ──> probe under way
 *       ^                  ^                      ^                    │
 *       │                  │                      └── release ─────────┤
 *       │                  └── failed: twice as long ──────────────────┤
 *       └───────────────────────────── succeeded ──────────────────────┘
 *
 * A fault of another kind than the one before gets its own wait: a quota of the day that is over
 * says nothing about how long a rate lasts.
 */
export interface Breaker {
  /** Why nothing may be tried now. A probe under way is a reason, too. */
  blockedBy(): Failure | undefined
  /** Begins a try that is not blocked. Undefined while closed: nothing is to be found out then. */
  enter(): Probe | undefined
  /**
   * A fault of a try that was no probe. Changes nothing while the breaker is open already: the try
   * was under way, and found out the same.
   */
  trip(fault: Fault): void
  /** Forgets everything that was said before. */
  close(): void
  /** How long nothing at all is tried, in milliseconds. */
  remaining(): number
  state(): Tripped | undefined
}

/**
 * The one try that goes first. Ends by one of these calls. After that, or when another probe has
 * begun meanwhile, it is a try like any other.
 */
export interface Probe {
  succeeded(): void
  failed(fault: Fault): void
  /** Ends without an answer: the next try is the probe. */
  release(): void
}

export interface Fault {
  about: Pause['about']
  sender?: string
  login?: string
  source?: string
  seconds: number
  code: 'limit-reached' | 'provider-setup'
  reason: string
  fix: string
}

export interface Tripped extends Fault {
  /** Milliseconds since 1970, for people. */
  since: number
  until: number
}

/** Repetition makes no wait longer than this, in seconds. */
const longestSeconds = 3600
/**
 * A probe that takes longer, in seconds, is no longer waited for: its client may send one octet a
 * minute.
 */
const longestProbeSeconds = 600
/** How soon to ask again while a probe is under way, in seconds. */
const probingSeconds = 10

export function createBreaker(clock: Pick<Clock, 'now' | 'monotonic'>, log: Log): Breaker {
  let tripped: Tripped | undefined
  /** On the monotonic clock. */
  let due = 0
  let seconds = 0
  let current: { probe: Probe; until: number } | undefined

  const remaining = () => (tripped ? Math.max(0, Math.ceil(due - clock.monotonic())) : 0)
  const probing = () => current !== undefined && clock.monotonic() < current.until

  function close(): void {
    if (tripped)
      log.info({ event: 'sending.resumed', about: tripped.about, ...whose(tripped) }, 'sending goes on')
    tripped = undefined
    current = undefined
    seconds = 0
  }

  /**
   * Faults with the same fix are of one kind. The reason holds the provider's code, which may
   * differ from reply to reply.
   */
  const repeats = ({ fix }: Fault) => tripped?.fix === fix

  function wait(fault: Fault, length: number): void {
    const { about, reason, fix } = fault
    // Logged once for each kind: a program that never stops would fill the log.
    if (!repeats(fault))
      log.warn({ event: 'sending.paused', about, ...whose(fault), reason, seconds: length, fix }, paused)
    else log.debug({ about, ...whose(fault), reason, seconds: length }, paused)
    seconds = length
    current = undefined
    due = clock.monotonic() + seconds * 1000
    tripped = { ...fault, since: tripped?.since ?? clock.now(), until: clock.now() + seconds * 1000 }
  }

  /** @param least the shortest wait for a fault that repeats */
  function waitAtLeast(fault: Fault, least: number): void {
    wait(fault, repeats(fault) ? Math.max(fault.seconds, least) : fault.seconds)
  }

  function trip(fault: Fault): void {
    if (remaining() === 0 && !probing()) waitAtLeast(fault, seconds)
  }

  function startProbe(): Probe {
    const isCurrent = () => current?.probe === probe
    const probe: Probe = {
      succeeded() {
        if (isCurrent()) close()
      },
      failed(fault) {
        if (isCurrent()) waitAtLeast(fault, Math.min(longestSeconds, seconds * 2))
        else trip(fault)
      },
      release() {
        if (isCurrent()) current = undefined
      },
    }
    current = { probe, until: clock.monotonic() + longestProbeSeconds * 1000 }
    return probe
  }

  return {
    blockedBy() {
      if (!tripped) return undefined
      if (remaining() > 0) return notNow(tripped, Math.ceil(remaining() / 1000))
      return probing() ? beingTried(tripped) : undefined
    },
    enter: () => (tripped ? startProbe() : undefined),
    trip,
    close,
    remaining,
    state: () => tripped,
  }
}

const paused = 'nothing is sent for a while'

function whose({ sender, login, source }: Fault): Pick<Fault, 'sender' | 'login' | 'source'> {
  return {
    ...(sender !== undefined && { sender }),
    ...(login !== undefined && { login }),
    ...(source !== undefined && { source }),
  }
}

function notNow({ code, reason, fix, until }: Tripped, retryAfterSeconds: number): Failure {
  const when = new Date(until).toISOString()
  return new Failure(code, `${reason}; it is tried again at ${when}`, {
    fix,
    retryAfterSeconds,
    told: reason,
  })
}

function beingTried({ code, reason, fix }: Tripped): Failure {
  const message = `${reason}; another message finds out now whether that is over`
  return new Failure(code, message, { fix, retryAfterSeconds: probingSeconds, told: reason })
}

/**
 * Counts refusals in a row, for each key. The breaker opens after so many within ten minutes
 * without a success between them.
 */
interface ConsecutiveRefusals {
  /** The breaker of a key that was refused lately. */
  breakerOf(key: string): Breaker | undefined
  /**
   * @param probes those of the refused try. If the breaker of this key is among them, its wait is
   * not over.
   */
  refused(key: string, fault: Fault, probes: Probes): void
  /** The key was accepted: earlier refusals do not count. */
  accepted(key: string): void
  /** Nothing was refused lately. */
  isEmpty(): boolean
  states(): Tripped[]
  reset(): void
}

/** The probes of one try, by their breakers. */
export type Probes = Map<Breaker, Probe>

const windowMilliseconds = 600_000
const rememberedKeys = 1000

interface Counted {
  breaker: Breaker
  /** When it was refused last, at most as many times as open the breaker. */
  times: number[]
}

export function createConsecutiveRefusals(most: number, clock: Clock, log: Log): ConsecutiveRefusals {
  const counted = new LRUCache<string, Counted>({ max: rememberedKeys })

  function known(key: string): Counted {
    const found = counted.get(key)
    if (found) return found
    const fresh = { breaker: createBreaker(clock, log), times: [] }
    counted.set(key, fresh)
    return fresh
  }

  return {
    breakerOf: (key) => counted.get(key)?.breaker,
    refused(key, fault, probes) {
      const { breaker, times } = known(key)
      const probe = probes.get(breaker)
      if (probe) return probe.failed(fault)
      const now = clock.monotonic()
      times.push(now)
      if (times.length > most) times.shift()
      const [first = now] = times
      if (times.length === most && now - first <= windowMilliseconds) breaker.trip(fault)
    },
    accepted(key) {
      counted.get(key)?.breaker.close()
      counted.delete(key)
    },
    isEmpty: () => counted.size === 0,
    states: () => [...counted.values()].flatMap(({ breaker }) => breaker.state() ?? []),
    reset() {
      for (const { breaker } of counted.values()) breaker.close()
      counted.clear()
    },
  }
}

/** Where a transaction comes from. */
export interface Origin {
  /** Empty for the null sender. */
  sender: string
  login: string
  /** Absent: postern itself sends. */
  source?: string | undefined
}

export function programFields({ login, source }: Origin): Pick<Fault, 'login' | 'source'> {
  return { login, ...(source !== undefined && { source }) }
}

/** A program is a login at one source. */
export function programOf({ login, source = '' }: Pick<Origin, 'login' | 'source'>): string {
  return `${source}\n${login}`
}

export function programWith(address: string, origin: Origin): string {
  return `${withoutCase(address)}\n${programOf(origin)}`
}

/** For people. */
export function shown(sender: string, limit = 80): string {
  return sender === '' ? 'the empty sender' : printable(sender, limit)
}

export const sendAsAdvice =
  'Have the provider let the account that consented send as this mailbox (Exchange calls that Send As).'
