import type { Gone } from '../base/async.ts'
import { clientGone, type Failure, failure, stopping } from '../base/failure.ts'
import type { Limits } from '../model/limits.ts'
import type { FailureCounter } from './failure-counts.ts'

interface Turn {
  /** What the attempt is counted for: a user name, or a user name from one source. */
  key: string
  source: string
  /** The delay before its turn once the key is full, in milliseconds. */
  wait: number
  gone?: Gone | undefined
}

interface AttemptQueueDeps {
  /** The failures of each key. */
  counter: Pick<FailureCounter, 'count'>
  /** A key with so many failures (`guessesPerName`) is full. */
  limits: Pick<Limits, 'guessesPerName' | 'guessDelaySeconds'>
  /** How many attempts of one source may wait for a full key. */
  perSource: number
}

/** How many attempts may wait for one key that is not full, and for all keys together. */
const [mostForOne, mostInAll] = [100, 1_000]
/** The longest time that a client waits. */
const longestWaitSeconds = 15

interface Waiting extends Turn {
  resolve(leave: () => void): void
  reject(failure: Failure): void
  onGone(): void
}

/** The state of one key, kept while an attempt waits or runs. */
interface Line {
  key: string
  waiting: Set<Waiting>
  /** How many attempts run. */
  underway: number
  isFull: boolean
  isCalling: boolean
}

/**
 * Attempts at one key (a user name, for example) run in parallel as long as the key has failures
 * left. After that they run one at a time, each after a delay. Only so is a limit of guesses a
 * rate, however many connections and addresses try at once.
 */
export class AttemptQueue {
  readonly #deps: AttemptQueueDeps
  readonly #lines = new Map<string, Line>()
  readonly #pauses = new Set<() => void>()
  #waitingInAll = 0
  #isClosed = false

  constructor(deps: AttemptQueueDeps) {
    this.#deps = deps
  }

  #mostWhenFull(): number {
    return Math.max(1, Math.floor(longestWaitSeconds / this.#deps.limits.guessDelaySeconds))
  }

  /**
   * Resolves when it is the turn of this attempt, with a function that ends the turn. The caller
   * ends it after the failure was counted.
   * @throws Failure `limit-reached` at once when too many wait; `provider-unavailable` when postern
   * stops, `invalid` when the client disconnects
   */
  take(turn: Turn): Promise<() => void> {
    if (this.#isClosed) return Promise.reject(stopping())
    if (turn.gone?.aborted) return Promise.reject(clientGone())
    const line = this.#lineOf(turn.key)
    if (!this.#hasRoom(line, turn.source))
      return Promise.reject(tooManyAtOnce(this.#deps.limits.guessDelaySeconds))
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        ...turn,
        resolve,
        reject,
        onGone: () => this.#refuse(line, waiting, clientGone()),
      }
      turn.gone?.addEventListener('abort', waiting.onGone)
      this.#lines.set(line.key, line)
      line.waiting.add(waiting)
      this.#waitingInAll += 1
      void this.#call(line)
    })
  }

  close(): void {
    this.#isClosed = true
    for (const line of this.#lines.values())
      for (const waiting of line.waiting) this.#refuse(line, waiting, stopping())
    for (const end of this.#pauses) end()
  }

  #lineOf(key: string): Line {
    return this.#lines.get(key) ?? { key, waiting: new Set(), underway: 0, isFull: false, isCalling: false }
  }

  #hasRoom({ waiting, isFull }: Line, source: string): boolean {
    if (this.#waitingInAll >= mostInAll || waiting.size >= (isFull ? this.#mostWhenFull() : mostForOne))
      return false
    return !isFull || [...waiting].filter((other) => other.source === source).length < this.#deps.perSource
  }

  /**
   * Starts waiting attempts in the order of their arrival, as far as the key allows. Runs once at a
   * time for each key.
   */
  async #call(line: Line): Promise<void> {
    if (line.isCalling) return
    line.isCalling = true
    while (line.waiting.size > 0) {
      const failures = this.#deps.counter.count(line.key)
      line.isFull = failures >= this.#deps.limits.guessesPerName
      // An attempt that ends calls this again. Running attempts count as failures, or all would
      // start before the first has failed.
      if (line.underway > 0 && failures + line.underway >= this.#deps.limits.guessesPerName) break
      if (line.isFull) await this.#beforeTurn(line)
      this.#callFirst(line)
    }
    line.isCalling = false
    if (line.waiting.size === 0 && line.underway === 0) this.#lines.delete(line.key)
  }

  async #beforeTurn(line: Line): Promise<void> {
    const { waiting } = line
    const stay = new Map<string, number>()
    let staying = 0
    for (const one of [...waiting]) {
      const ofSource = (stay.get(one.source) ?? 0) + 1
      if (staying >= this.#mostWhenFull() || ofSource > this.#deps.perSource)
        this.#refuse(line, one, tooManyAtOnce(this.#deps.limits.guessDelaySeconds))
      else {
        staying += 1
        stay.set(one.source, ofSource)
      }
    }
    const [first] = waiting
    if (first) await this.#pause(first.wait)
  }

  #callFirst(line: Line): void {
    const [first] = line.waiting
    if (!first) return
    this.#remove(line, first)
    line.underway += 1
    let left = false
    first.resolve(() => {
      if (left) return
      left = true
      line.underway -= 1
      if (line.underway === 0 && line.waiting.size === 0 && !line.isCalling) this.#lines.delete(line.key)
      else void this.#call(line)
    })
  }

  #refuse(line: Line, waiting: Waiting, failure: Failure): void {
    if (!line.waiting.has(waiting)) return
    this.#remove(line, waiting)
    waiting.reject(failure)
  }

  #remove(line: Line, waiting: Waiting): void {
    line.waiting.delete(waiting)
    this.#waitingInAll -= 1
    waiting.gone?.removeEventListener('abort', waiting.onGone)
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#pauses.delete(end)
        resolve()
      }
      const timer = setTimeout(end, milliseconds).unref()
      this.#pauses.add(end)
    })
  }
}

export function tooManyAtOnce(retryAfterSeconds: number): Failure {
  return failure('sign-in.too-many-waiting', { retryAfterSeconds })
}

/** A fixed delay for attempts, with a limit of how many wait in all and of one source. */
export class DelayQueue {
  readonly #limits: { places: number; perSource: number }
  readonly #leave = new Set<() => void>()
  /** Holds only sources that have an attempt waiting. */
  readonly #bySource = new Map<string, number>()
  #isClosed = false

  constructor(limits: { places: number; perSource: number }) {
    this.#limits = limits
  }

  /**
   * Resolves with true after the delay, or with false at once when there is no room.
   * @throws Failure `provider-unavailable` when postern stops meanwhile, `invalid` when the client
   * disconnects
   */
  wait(source: string, milliseconds: number, gone?: Gone): Promise<boolean> {
    if (this.#isClosed) return Promise.reject(stopping())
    if (gone?.aborted) return Promise.reject(clientGone())
    if (
      this.#leave.size >= this.#limits.places ||
      (this.#bySource.get(source) ?? 0) >= this.#limits.perSource
    )
      return Promise.resolve(false)
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer)
        gone?.removeEventListener('abort', end)
        this.#leave.delete(end)
        this.#count(source, -1)
        if (this.#isClosed) reject(stopping())
        else if (gone?.aborted) reject(clientGone())
        else resolve(true)
      }
      const timer = setTimeout(end, Math.max(0, milliseconds)).unref()
      gone?.addEventListener('abort', end)
      this.#leave.add(end)
      this.#count(source, 1)
    })
  }

  /** Ends every delay. */
  close(): void {
    this.#isClosed = true
    for (const end of this.#leave) end()
  }

  #count(source: string, more: 1 | -1): void {
    const left = (this.#bySource.get(source) ?? 0) + more
    if (left === 0) this.#bySource.delete(source)
    else this.#bySource.set(source, left)
  }
}

/** How many attempts of one source may wait for the outcome of an identical attempt. */
const mostOfSource = 100

/**
 * Single flight for identical attempts: one runs at a time, and its outcome (in `knownWrong`, or in
 * the verifiers' cache) spares the others the work.
 */
export class SameAtOnce {
  /** The waiting attempts behind each running one. */
  readonly #underway = new Map<string, Set<() => void>>()
  readonly #waitingOf = new Map<string, number>()

  /**
   * Resolves when it is the turn of this attempt, with a function that ends the turn; resolves with
   * undefined at once when too many attempts of its source wait.
   * @throws Failure `invalid` when the client disconnects
   */
  async take(attempt: string, source: string, gone?: Gone): Promise<(() => void) | undefined> {
    const waiting = this.#underway.get(attempt)
    if (waiting === undefined) {
      this.#underway.set(attempt, new Set())
      return () => this.#end(attempt)
    }
    const others = this.#waitingOf.get(source) ?? 0
    if (others >= mostOfSource) return undefined
    this.#waitingOf.set(source, others + 1)
    try {
      await turnIn(waiting, gone)
    } finally {
      const left = (this.#waitingOf.get(source) ?? 1) - 1
      if (left === 0) this.#waitingOf.delete(source)
      else this.#waitingOf.set(source, left)
    }
    return () => this.#end(attempt)
  }

  #end(attempt: string): void {
    const waiting = this.#underway.get(attempt)
    const [next] = waiting ?? []
    if (next) next()
    else this.#underway.delete(attempt)
  }
}

function turnIn(waiting: Set<() => void>, gone: Gone | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (gone?.aborted) return reject(clientGone())
    const settle = () => {
      waiting.delete(settle)
      gone?.removeEventListener('abort', settle)
      if (gone?.aborted) reject(clientGone())
      else resolve()
    }
    waiting.add(settle)
    gone?.addEventListener('abort', settle)
  })
}
