import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import {
  type AdoptedTrouble,
  type BreakerPolicy,
  CircuitBreaker,
  type FailureWords,
  failurePolicy,
  type Looks,
  type Paused,
  type Probe,
  type TroubleTold,
  wordsOf,
} from '../base/circuit-breaker.ts'
import type { Clock } from '../base/clock.ts'
import { type Failure, type FailureCode, type FilledFailure, failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { withoutCase } from '../base/text.ts'
import { type Originators, originatorsOf } from '../wire/header-addresses.ts'
import type { ConnectBreaker, OpeningStage, Pause } from './governor.ts'
import type { ConnectionCap } from './limits.ts'

/** Why nothing is sent for a while. */
export interface Fault {
  about: Pause['about']
  sender?: string
  login?: string
  source?: string
  /** The first wait. */
  seconds: number
  why: FilledFailure
}

/** The breaker of what a mailbox, a sender or a program sends. */
export type SendBreaker = CircuitBreaker<Fault, FaultWords>

/** What is shown of a fault. */
type FaultWords = FailureWords & Pick<Fault, 'about' | 'sender' | 'login' | 'source'>

export type Tripped = Paused<FaultWords>

/** The probes of one try, by their breakers. */
export type Probes = Map<SendBreaker, Probe<Fault>>

/** Repetition makes no wait longer than this, in seconds. */
const longestSeconds = 3600

const sending: BreakerPolicy<Fault, FaultWords> = {
  // The message holds the provider's code, which may differ from reply to reply.
  kindOf: ({ why }) => why.fix ?? why.id,
  waitsOf: ({ seconds }) => ({ seconds: doubling(seconds) }),
  wordsOf: ({ about, why, ...fault }) => ({ about, ...whose(fault), ...wordsOf(why) }),
  whenOpen({ why: reason }, retryAfterSeconds, until) {
    const { code } = reason
    const time = new Date(until).toISOString()
    return failure('sending.paused', { reason, time, code, retryAfterSeconds })
  },
  whenProbing: ({ why: reason }) => failure('sending.tried-now', { reason, code: reason.code }),
}

function doubling(first: number): number[] {
  const all = [first]
  for (let next = Math.max(1, first) * 2; (all.at(-1) ?? next) < longestSeconds; next *= 2)
    all.push(Math.min(longestSeconds, next))
  return all
}

/** @param others other processes that go by it */
export function createSendBreaker(clock: Clock, log: Log, others?: TroubleTold<Fault>): SendBreaker {
  const logged: Pick<BreakerPolicy<Fault, FaultWords>, 'onOpen' | 'onClose'> = {
    onOpen(fault, seconds, repeats, inRow) {
      others?.opened(fault, seconds, inRow)
      const { about, why } = fault
      const { id: failure, message: reason, said, fix } = why
      // Logged once for each kind: a program that never stops would fill the log.
      const told = { about, ...whose(fault), failure, reason, ...(said !== undefined && { said }), seconds }
      if (repeats) log.debug(told, paused)
      else log.warn({ event: 'sending.paused', ...told, fix }, paused)
    },
    onClose(fault) {
      others?.closed()
      log.info({ event: 'sending.resumed', about: fault.about, ...whose(fault) }, 'sending goes on')
    },
  }
  return new CircuitBreaker({ ...sending, ...logged }, clock)
}

const paused = 'nothing is sent for a while'

function whose({
  sender,
  login,
  source,
}: Pick<Fault, 'sender' | 'login' | 'source'>): Pick<Fault, 'sender' | 'login' | 'source'> {
  return {
    ...(sender !== undefined && { sender }),
    ...(login !== undefined && { login }),
    ...(source !== undefined && { source }),
  }
}

const longestSignInSeconds = 900

/**
 * How long no connection is opened after so many failures in a row, in seconds. The first passing
 * failure costs nothing.
 */
const waits: Partial<Record<FailureCode, readonly number[]>> = {
  'provider-setup': [5, 15, 60, 300, longestSignInSeconds],
  'provider-unavailable': [0, 1, 2, 4, 8],
}

const signingIn: BreakerPolicy<Failure, FailureWords> = {
  ...failurePolicy,
  waitsOf: ({ code }) => ({ seconds: waits[code] ?? [] }),
  quietOf: ({ retryAfterSeconds = 0 }) => retryAfterSeconds,
  isRefusal: ({ code }) => code === 'provider-setup',
}

/** What passes in seconds everybody finds out soon enough. */
function telling(
  told: TroubleTold<Failure>,
): Pick<BreakerPolicy<Failure, FailureWords>, 'onOpen' | 'onClose'> {
  return {
    onOpen(failure, seconds, _, inRow) {
      const { code, retryAfterSeconds = 0 } = failure
      if (code === 'provider-setup' || retryAfterSeconds > 0) told.opened(failure, seconds, inRow)
    },
    onClose: () => told.closed(),
  }
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

  /**
   * @param looks shared by all mailboxes of the provider
   * @param told where other processes go by it
   */
  constructor(clock: Clock, cap: ConnectionCap, looks?: () => Looks, told?: TroubleTold<Failure>) {
    this.#breaker = new CircuitBreaker(told ? { ...signingIn, ...telling(told) } : signingIn, clock, looks)
    this.#cap = cap
  }

  adopt(trouble: AdoptedTrouble<Failure> | undefined): void {
    this.#breaker.adopt(trouble)
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
    if (counts && stage === 'mail') this.#breaker.reopen(longestSignInSeconds)
    if (counts && serving === 0) this.#breaker.failed(failure, stage !== 'connection')
    else this.#breaker.release()
    if (counts && serving > 0) this.#cap.lower(serving + this.#cap.elsewhere(), failure.retryAfterSeconds)
  }

  reset(): void {
    this.#breaker.close()
  }

  pause(): Pause | undefined {
    const pause = this.#breaker.pause()
    return pause && { about: 'sign-in', ...pause }
  }
}

/**
 * Counts refusals in a row, for each key. The breaker opens after so many within ten minutes
 * without a success between them.
 */
export interface ConsecutiveRefusals {
  /** The breaker of a key that was refused lately. */
  breakerOf(key: string): SendBreaker | undefined
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

const windowMilliseconds = 600_000
const rememberedKeys = 1000

interface Counted {
  breaker: SendBreaker
  /** When it was refused last, at most as many times as open the breaker. */
  times: number[]
}

export function createConsecutiveRefusals(most: number, clock: Clock, log: Log): ConsecutiveRefusals {
  const counted = new LRUCache<string, Counted>({ max: rememberedKeys })

  function known(key: string): Counted {
    const found = counted.get(key)
    if (found) return found
    const fresh = { breaker: createSendBreaker(clock, log), times: [] }
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
    states: () => [...counted.values()].flatMap(({ breaker }) => breaker.pause() ?? []),
    reset() {
      for (const { breaker } of counted.values()) breaker.close()
      counted.clear()
    },
  }
}

/** Where a transaction comes from. */
export class Origin {
  /** Of the envelope; empty for the null sender. */
  readonly sender: string
  readonly login: string
  /** Absent: postern itself sends. */
  readonly source: string | undefined
  /** The form in which the sender is looked up. */
  readonly senderKey: string
  /** A program is a login at one source. */
  readonly program: string
  /** The program, as far as it uses this sender. */
  readonly programWithSender: string

  constructor({ sender, login, source }: Pick<Origin, 'sender' | 'login'> & { source?: string | undefined }) {
    this.sender = sender
    this.login = login
    this.source = source
    this.senderKey = withoutCase(sender)
    this.program = `${source ?? ''}\n${login}`
    this.programWithSender = `${this.senderKey}\n${this.program}`
  }

  /** The program, as far as it uses this address. */
  programWith(address: string): string {
    return `${withoutCase(address)}\n${this.program}`
  }

  /** For people. */
  shownProgram(): Pick<Fault, 'login' | 'source'> {
    return { login: this.login, ...(this.source !== undefined && { source: this.source }) }
  }
}

/**
 * What a message says of its origin. Read only when something was refused, which is nearly never. A
 * class, because an object with a getter would cost each message more.
 */
export class Header {
  readonly #head: Buffer
  #originators: Originators | undefined

  /** @param head the beginning of a message: its header, and some more */
  constructor(head: Buffer) {
    this.#head = head
  }

  get originators(): Originators {
    this.#originators ??= originatorsOf(this.#head)
    return this.#originators
  }

  /**
   * Equal for messages with the same beginning. How much more of a long one has arrived by now is
   * chance.
   */
  fingerprint(): string {
    return createHash('sha256').update(this.#head.subarray(0, comparedOctets)).digest('base64')
  }
}

/** No more than there is of every message that is longer. */
const comparedOctets = 65_536
