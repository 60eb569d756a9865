import type { Clock } from './clock.ts'
import { byId, type Failure, type Sentence, type SentenceById, withRetryAfter } from './failure.ts'

/** What a breaker knows of its faults. Times in seconds. */
export interface BreakerPolicy<Fault, Words> {
  /** Faults of one kind that follow each other make a row. One of another kind begins a new row. */
  kindOf(fault: Fault): string
  waitsOf(fault: Fault): Waits
  /** For how long the provider wants no further try. */
  quietOf?(fault: Fault): number
  /** The looks of all breakers at the provider are told of a refusal. */
  isRefusal?(fault: Fault): boolean
  /** From 0 to 1. */
  random?(): number
  /** For people. */
  wordsOf(fault: Fault): Words
  /** The answer to a try that comes while the breaker is open. */
  whenOpen(fault: Fault, seconds: number, until: number): Failure
  /**
   * The answer to a try that comes while a probe is under way. Undefined: it is not blocked. Nor is
   * it when a look takes so long that another one would be due.
   */
  whenProbing?(fault: Fault, seconds: number): Failure | undefined
  /**
   * @param repeats the fault before was of the same kind
   * @param inRow how many of its kind have followed each other
   */
  onOpen?(fault: Fault, seconds: number, repeats: boolean, inRow: number): void
  onClose?(fault: Fault): void
}

/** The wait after the first fault of a row, after the second, and so on; the last one repeats. */
export interface Waits {
  seconds: readonly number[]
  /** Which part of a wait is random, so that many breakers do not end theirs in the same instant. */
  spread?: number
}

/** Milliseconds since 1970. `until` is in the past while a probe is due or under way. */
export type Paused<Words> = Words & { since: number; until: number }

export type BreakerState = 'closed' | 'open' | 'half-open' | 'probing' | 'looking'

/**
 * The one try that goes first. It ends by one of these calls. After that, or when another probe has
 * begun meanwhile, it is a try like any other.
 */
export interface Probe<Fault> {
  succeeded(): void
  failed(fault: Fault): void
  /** It has ended without an answer. */
  release(): void
}

/** The trouble of one breaker, as other processes are told of it. */
export interface TroubleTold<Found> {
  /** @param inRow how many of its kind have followed each other */
  opened(found: Found, seconds: number, inRow: number): void
  closed(): void
}

/** Trouble that another process has found out. */
export interface AdoptedTrouble<Found> {
  fault: Found
  inRow: number
  /** What is left of the wait. */
  milliseconds: number
}

/** The faults since the breaker was closed. */
interface Trouble<Fault> extends LookingState {
  /** The last one. */
  fault: Fault
  /** How many of its kind have followed each other. */
  inRow: number
  due: number
  /** One of them was a refusal. */
  refused: boolean
  /** When the first one came, by the wall clock. */
  shownSince: number
}

/**
 * A probe that takes longer, in seconds, is no longer waited for: its client may send one octet a
 * minute.
 */
const longestProbeSeconds = 600

/**
 * A circuit breaker: after a fault nothing is tried for a while, and then one try, the probe, finds
 * out whether the fault is over. Its states:
 *
 * - `closed`: no fault is known.
 * - `open`: nothing is tried before the wait is over.
 * - `half-open`: the wait is over, or a look is due. The next try is the probe.
 * - `probing`: the probe is under way.
 * - `looking`: a probe is under way before the wait is over.
 *
 * For each state, the next one. `first`: with the first wait of a new row. `next`: with the next
 * wait of the row. `again`: with the same wait as before. `rest`: with what is left of the wait.
 * `told`: with what is left of that of another process, where that is longer.
 *
 * | event               | closed      | open       | half-open   | probing     | looking     |
 * |---------------------|-------------|------------|-------------|-------------|-------------|
 * | enter               | closed      | -          | probing     | -           | -           |
 * | trip                | open, first | open, rest | open, again | probing     | looking     |
 * | failed              | open, first | open, rest | open, next  | open, next  | open, rest  |
 * | failed, a new kind  | open, first | open, rest | open, first | open, first | open, rest  |
 * | succeeded           | closed      | closed     | closed      | closed      | closed      |
 * | release             | closed      | open, rest | half-open   | half-open   | open, rest  |
 * | close               | closed      | closed     | closed      | closed      | closed      |
 * | adopt               | open, told  | open, rest | open, told  | looking     | looking     |
 * | adopt its end       | closed      | closed     | closed      | closed      | closed      |
 * | hurry               | closed      | half-open  | half-open   | probing     | probing     |
 * | the wait is over    | closed      | half-open  | half-open   | probing     | probing     |
 * | a look is due       | closed      | half-open  | half-open   | probing     | looking     |
 * | the probe is lost   | closed      | half-open  | half-open   | half-open   | half-open   |
 *
 * `failed` is the answer of the try that was due. `trip` is the fault of any other one: it was under
 * way when the breaker opened and has found out the same, so it makes no wait longer. Nor does a
 * look begin the wait anew. A fault of another kind has waits of its own: a daily quota that is used
 * up says nothing about how long a rate lasts. Where the provider says for how long it wants no
 * further try, no wait is shorter, and there is no look before that.
 *
 * Looks are for waits that are longer than the service may be away after its return: see `Looks`.
 */
export class CircuitBreaker<Fault, Words = Fault> {
  readonly #policy: BreakerPolicy<Fault, Words>
  readonly #clock: Clock
  readonly #looks: () => Looks | undefined
  #trouble: Trouble<Fault> | undefined
  /** What the last success ended. */
  #ended: Trouble<Fault> | undefined
  #probe: { probe: Probe<Fault>; until: number } | undefined
  /** When the last try began. Absent: nobody has said that. */
  #began: number | undefined
  #othersServed = false

  /** @param looks shared by all breakers at one provider. Undefined: there is no look during a wait. */
  constructor(policy: BreakerPolicy<Fault, Words>, clock: Clock, looks: () => Looks | undefined = none) {
    this.#policy = policy
    this.#clock = clock
    this.#looks = looks
  }

  get state(): BreakerState {
    if (!this.#trouble) return 'closed'
    const waits = this.remaining() > 0
    if (this.#probe && this.#clock.monotonic() < this.#probe.until) return waits ? 'looking' : 'probing'
    return waits && !this.#looks()?.allowed(this.#trouble) ? 'open' : 'half-open'
  }

  /** The last fault. Undefined while closed. */
  get fault(): Fault | undefined {
    return this.#trouble?.fault
  }

  /** What is left of the wait, in milliseconds. */
  remaining(): number {
    return this.#trouble ? Math.max(0, Math.ceil(this.#trouble.due - this.#clock.monotonic())) : 0
  }

  /** Why nothing may be tried now. */
  blockedBy(): Failure | undefined {
    if (!this.#trouble) return undefined
    const { fault } = this.#trouble
    const { state } = this
    const seconds = Math.ceil(this.remaining() / 1000)
    if (state === 'open') return this.#policy.whenOpen(fault, seconds, this.#until(this.#trouble))
    if (state === 'half-open' || this.#isLookLong(this.#trouble)) return undefined
    return this.#policy.whenProbing?.(fault, seconds)
  }

  /** Begins a try that is not blocked. Undefined while closed: nothing is to be found out then. */
  enter(): Probe<Fault> | undefined {
    const [trouble, looks] = [this.#trouble, this.#looks()]
    if (!trouble && !looks) return undefined
    const now = this.#clock.monotonic()
    this.#began = now
    this.#othersServed = trouble !== undefined && (looks?.servedSince(trouble.since) ?? false)
    if (!trouble) return undefined
    if (this.remaining() > 0) looks?.begun(trouble)
    const isCurrent = () => this.#probe?.probe === probe
    const probe: Probe<Fault> = {
      succeeded: () => (isCurrent() ? this.succeeded() : undefined),
      failed: (fault) => (isCurrent() ? this.failed(fault) : this.trip(fault)),
      release: () => (isCurrent() ? this.release() : undefined),
    }
    this.#probe = { probe, until: now + longestProbeSeconds * 1000 }
    return probe
  }

  trip(fault: Fault): void {
    const { state } = this
    if (state === 'closed' || (state === 'half-open' && this.remaining() === 0)) this.#open(fault, 0, false)
  }

  /** @param alone the fault may be of this breaker only, and of no other one at the provider */
  failed(fault: Fault, alone = true): void {
    this.#open(fault, this.remaining() > 0 ? 0 : 1, alone && this.#othersServed)
  }

  succeeded(): void {
    this.#looks()?.served(this.#trouble?.refused ?? false)
    const ended = this.#trouble ?? this.#ended
    this.close()
    this.#ended = ended
  }

  /** The try that was due has ended without an answer. */
  release(): void {
    this.#probe = undefined
    if (this.#trouble) this.#trouble.ended = this.#clock.monotonic()
  }

  /** Forgets everything that was said before. */
  close(): void {
    const before = this.#trouble
    this.#trouble = undefined
    this.#ended = undefined
    this.#probe = undefined
    if (before) this.#policy.onClose?.(before.fault)
  }

  /**
   * Goes by what another process has found out, and tells nobody: that has been done. Undefined: its
   * trouble is over.
   */
  adopt(found: AdoptedTrouble<Fault> | undefined): void {
    if (!found) {
      this.#trouble = undefined
      this.#ended = undefined
      return
    }
    const { fault, milliseconds } = found
    const before = this.#trouble
    const now = this.#clock.monotonic()
    const due = Math.max(before?.due ?? now, now + milliseconds)
    const repeats = before !== undefined && this.#policy.kindOf(before.fault) === this.#policy.kindOf(fault)
    const told = now + Math.round((this.#policy.quietOf?.(fault) ?? 0) * 1000)
    this.#trouble = {
      fault,
      inRow: Math.max(found.inRow, repeats ? before.inRow : 1),
      due,
      refused: (this.#policy.isRefusal?.(fault) ?? false) || (before?.refused ?? false),
      shownSince: before?.shownSince ?? this.#clock.now(),
      since: before?.since ?? now,
      began: now,
      ended: now,
      quietUntil: Math.max(before?.quietUntil ?? now, Math.min(due, told)),
      alone: before?.alone ?? false,
      wasAlone: before?.wasAlone ?? false,
    }
  }

  /** The next try may begin at once. */
  hurry(): void {
    if (this.#trouble) this.#trouble.due = this.#clock.monotonic()
  }

  /** The last success was none: what it ended goes on, if that is not too long ago. */
  reopen(longestSeconds: number): void {
    const now = this.#clock.monotonic()
    this.#began = now
    if (this.#ended && now - this.#ended.due < longestSeconds * 1000) this.#trouble ??= this.#ended
  }

  /** For people. Undefined also when the first fault makes nothing wait. */
  pause(): Paused<Words> | undefined {
    const trouble = this.#trouble
    if (!trouble || trouble.due === trouble.since) return undefined
    const { fault, shownSince: since } = trouble
    return { ...this.#policy.wordsOf(fault), since, until: this.#until(trouble) }
  }

  /** Whether another look would be due after the one that is under way. */
  #isLookLong(trouble: Trouble<Fault>): boolean {
    const began = this.#began ?? trouble.began
    return this.#looks()?.allowed({ ...trouble, began }) ?? false
  }

  /** What is left is counted by the monotonic clock, which nobody sets. */
  #until({ due }: Trouble<Fault>): number {
    return this.#clock.now() + Math.round(due - this.#clock.monotonic())
  }

  /** @param more by how much the fault makes its row longer */
  #open(fault: Fault, more: 0 | 1, alone: boolean): void {
    const before = this.#trouble
    const now = this.#clock.monotonic()
    const repeats = before !== undefined && this.#policy.kindOf(before.fault) === this.#policy.kindOf(fault)
    const inRow = repeats ? before.inRow + more : 1
    // As long as looks go on, no fault is a reason to wait for less.
    const isRest = this.remaining() > 0 && (repeats || this.#looks() !== undefined)
    const due = isRest && before ? before.due : now + this.#waitAfter(fault, inRow)
    const told = now + Math.round((this.#policy.quietOf?.(fault) ?? 0) * 1000)
    const quietUntil = Math.max(before?.quietUntil ?? now, told)
    const refused = this.#policy.isRefusal?.(fault) ?? false
    this.#probe = undefined
    this.#trouble = {
      fault,
      inRow,
      due: Math.max(due, quietUntil),
      refused: refused || (before?.refused ?? false),
      shownSince: before?.shownSince ?? this.#clock.now(),
      since: before?.since ?? now,
      began: this.#began ?? now,
      ended: now,
      quietUntil,
      alone,
      wasAlone: alone || (before?.wasAlone ?? false),
    }
    if (refused) this.#looks()?.refused(this.#trouble)
    this.#policy.onOpen?.(fault, Math.round(this.#trouble.due - now) / 1000, repeats, inRow)
  }

  /** In milliseconds. */
  #waitAfter(fault: Fault, inRow: number): number {
    const { seconds, spread = 0 } = this.#policy.waitsOf(fault)
    const wait = seconds[Math.min(inRow, seconds.length) - 1] ?? 0
    return Math.round(wait * (1 - spread + spread * (this.#policy.random?.() ?? 0)) * 1000)
  }
}

const none = () => undefined

export interface FailureWords {
  reason: string
  /** The provider's own words, if any. */
  said?: string
  fix?: string
  /** The same by its id, for other languages. */
  failure?: SentenceById
}

export function wordsOf(from: Sentence & { said?: string | undefined }): FailureWords {
  const { message: reason, fix, said } = from
  return {
    reason,
    ...(said !== undefined && { said }),
    ...(fix !== undefined && { fix }),
    failure: byId(from),
  }
}

/** What is the same for all breakers whose faults are failures. */
export const failurePolicy = {
  kindOf: ({ code }: Failure): string => code,
  wordsOf,
  whenOpen: withRetryAfter,
}

/**
 * However long a wait is: a breaker may look again so long after its last try, in seconds. Less than
 * half of ten, so that no retry rhythm of clients makes it more.
 */
const lookSeconds = 5
/**
 * Of all breakers at a provider, one looks in this time, in seconds. Those that have been refused
 * while others were served take no turn from the others, and one of them looks beside.
 */
const betweenLooksSeconds = 2
/**
 * What alone is refused for longer than this, in seconds, has a fault of its set-up, not of a
 * machine. Once that is repaired, `tryNow` tries it at once.
 */
const aloneSeconds = 600

/** What looks need to know of one breaker. Times on the monotonic clock. */
interface LookingState {
  /** When its first fault came. */
  since: number
  /** When the last try began. */
  began: number
  ended: number
  /** Before this the provider wants no further try. */
  quietUntil: number
  /** It was refused for itself, after others had been served. */
  alone: boolean
  /** It is alone, or has been since its first refusal. */
  wasAlone: boolean
}

const never = Number.NEGATIVE_INFINITY

/**
 * Which of the breakers that wait at a provider may look whether it is back. Most tries during a wait
 * are answered by the wait itself. So that service resumes soon after the provider is back, however
 * long the trouble was, one of them looks every few seconds; and once one is served again, all others
 * may look as well.
 *
 * What was refused after others had been served has a fault of its own. After a while it is left to
 * its waits, because some providers punish repetition.
 */
export class Looks {
  readonly #clock: Pick<Clock, 'monotonic'>
  /** When the next one may look. */
  readonly #next = { shared: 0, own: 0 }
  /**
   * When any was served, and when one that had been refused. Reset to never by a refusal after that,
   * which may be of all.
   */
  #servedAt = never
  #servedAgainAt = never
  /** When that refusal came. */
  #sharedAt = never

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  allowed(one: LookingState): boolean {
    const now = this.#clock.monotonic()
    if (now < Math.max(one.quietUntil, one.ended + lookSeconds * 1000)) return false
    if (this.#servedAgainAt > one.began) return true
    const isAlone = one.alone && one.ended > this.#sharedAt
    if (isAlone && now - one.since >= aloneSeconds * 1000) return false
    return now >= this.#next[turnOf(one)]
  }

  /** A look begins. */
  begun(one: LookingState): void {
    this.#next[turnOf(one)] = this.#clock.monotonic() + betweenLooksSeconds * 1000
  }

  /** Whether any was served since, and none refused together with all others after that. */
  servedSince(time: number): boolean {
    return this.#servedAt > time
  }

  /** @param again it had been refused before */
  served(again: boolean): void {
    this.#servedAt = this.#clock.monotonic()
    if (again) this.#servedAgainAt = this.#servedAt
  }

  refused({ alone, began }: LookingState): void {
    // A success during this try says as much as one before it.
    if (alone || began < this.#servedAt) return
    this.#servedAt = never
    this.#servedAgainAt = never
    this.#sharedAt = this.#clock.monotonic()
  }
}

function turnOf({ wasAlone }: LookingState): 'own' | 'shared' {
  return wasAlone ? 'own' : 'shared'
}

/** Those of each provider, by its id. */
export function createLooksAt(clock: Pick<Clock, 'monotonic'>): (provider: string) => Looks {
  const known = new Map<string, Looks>()
  return (provider) => {
    const looks = known.get(provider) ?? new Looks(clock)
    known.set(provider, looks)
    return looks
  }
}
