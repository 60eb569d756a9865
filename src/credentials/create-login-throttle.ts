import { LRUCache } from 'lru-cache'
import type { Gone } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { type Failure, failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { KeyedHash, Secret } from '../base/secret.ts'
import { userNameKey } from '../base/text.ts'
import type { Limits } from '../model/limits.ts'
import type { Guess, Guesses } from '../store/ports.ts'
import { AttemptQueue, DelayQueue, SameAtOnce, tooManyAtOnce } from './attempt-queues.ts'
import { createEphemeralHmac } from './credential.ts'
import {
  type BlockedSources,
  createBlockedSources,
  createFailureCounter,
  createGuessLog,
  type FailureCounter,
  type GuessLog,
  SecretCount,
} from './failure-counts.ts'
import type { LoginAttempt, LoginThrottle, Look } from './login-throttle.ts'

export interface LoginThrottleDeps {
  limits: Pick<
    Limits,
    'guessWindowSeconds' | 'guessesPerSource' | 'guessesPerName' | 'guessesInAll' | 'guessDelaySeconds'
  >
  /** As `CredentialIndex.loggableName`. */
  loggableName(userName: string): string
  clock: Clock
  log: Log
  /**
   * Where several processes have one store: what the others count is counted here as well. Each lets
   * the attempts of a name that is used up wait by itself, so as many are looked at together as there
   * are processes.
   */
  shared?: { guesses: Guesses; keyedHash: KeyedHash }
}

/**
 * How many attempts may wait while passwords are sprayed; as many again may wait for their refusal.
 */
const waiting = { places: 1_000, perSource: 16 }
const wrongOnesRemembered = 20_000
const shareBeforeLook = 0.75

/**
 * Counts failures and delays attempts by them. An attempt is *known* when its login has signed in
 * from its source before. Failures are counted within a window for the source, for the user name,
 * for the name from this source, and in all. When an attempt arrives:
 *
 * | state                          | unknown attempt               | known attempt                |
 * |--------------------------------|-------------------------------|------------------------------|
 * | nothing is used up             | verified at once              | verified at once             |
 * | the same secret is verified    | waits for that outcome        | waits for that outcome       |
 * | the same secret was wrong      | false, not verified again     | false, not verified again    |
 * | the source is blocked          | `limit-reached`, not verified | verified, within the delay   |
 * | the name is used up            | one at a time, after a delay  | verified at once             |
 * | the name from here is used up  | as the name                   | one at a time, after a delay |
 * | all guesses are used up        | verified after a delay        | verified at once             |
 * | too many wait                  | `limit-reached`               | `limit-reached`              |
 *
 * A right secret is answered with true and counts nothing; it resets no counter either, or the
 * owner of one login could guess the password of another without end. A wrong one is answered with
 * false and counts once; a source that has used up its guesses is blocked for one window. A
 * harmless one is answered with false and counts nothing. To a blocked source, every answer but
 * true is the same refusal after the same delay. A shared source is never blocked.
 */
export function createLoginThrottle(deps: LoginThrottleDeps): LoginThrottle & { close(): void } {
  return new Throttle(deps)
}

/** A password that was looked at, and is not right. */
interface Failed {
  seen: Look
  thisOne: string
  began: number
  gone: Gone | undefined
}

class Throttle implements LoginThrottle {
  readonly #deps: LoginThrottleDeps
  readonly #limits: LoginThrottleDeps['limits']
  readonly #mark = createEphemeralHmac()
  /** Stands for a source or a name: as itself, or as all processes hash it. */
  readonly #keyOf: (value: string) => string
  readonly #write: GuessLog
  readonly #bySource: FailureCounter
  readonly #byName: FailureCounter
  /** Failures of one user name from one source. */
  readonly #byPair: FailureCounter
  readonly #inAll: FailureCounter
  readonly #repeats: FailureCounter
  readonly #blocked: BlockedSources
  readonly #knownWrong = new LRUCache<string, true>({ max: wrongOnesRemembered })
  readonly #secrets: SecretCount
  readonly #sameAtOnce = new SameAtOnce()
  readonly #ofName: AttemptQueue
  readonly #ofPair: AttemptQueue
  readonly #beforeLook = new DelayQueue(waiting)
  // A queue of its own, so that a flood of blocked attempts takes no places of others.
  readonly #beforeRefusal = new DelayQueue(waiting)

  constructor(deps: LoginThrottleDeps) {
    const { limits, clock, log, shared } = deps
    const counter = () => createFailureCounter(limits.guessWindowSeconds, clock)
    this.#deps = deps
    this.#limits = limits
    this.#write = createGuessLog(log)
    this.#bySource = counter()
    this.#byName = counter()
    this.#byPair = counter()
    this.#inAll = counter()
    this.#repeats = counter()
    this.#blocked = createBlockedSources(limits.guessWindowSeconds, clock)
    this.#keyOf = shared ? (value) => shared.keyedHash('guess', value).slice(0, hashLength) : (value) => value
    const onCounted = (source: string) => shared?.guesses.tell({ kind: 'secret', source, ofSource: true })
    this.#secrets = new SecretCount({ limits, clock, write: this.#write, onCounted }, this.#keyOf)
    shared?.guesses.follow(limits.guessWindowSeconds, (...counted) => this.#countOfOthers(...counted))
    // Two for each source, so that one source cannot take all places of a name.
    this.#ofName = new AttemptQueue({ limits, counter: this.#byName, perSource: 2 })
    this.#ofPair = new AttemptQueue({ limits, counter: this.#byPair, perSource: Number.POSITIVE_INFINITY })
  }

  #delay(): number {
    return this.#limits.guessDelaySeconds * 1000
  }

  async attempt(attempt: LoginAttempt, look: () => Promise<Look>, gone?: Gone): Promise<boolean> {
    const began = this.#deps.clock.monotonic()
    if (!attempt.known && this.#isBlocked(attempt)) await this.#refuse(attempt, began, gone)
    const { source, against, secret } = attempt
    const thisOne = this.#mark(source, this.#nameOf(attempt), against, secret.reveal())
    const endSame = await this.#sameAtOnce.take(thisOne, source, gone)
    if (endSame === undefined) throw tooManyAtOnce(this.#limits.guessDelaySeconds)
    try {
      if (this.#knownWrong.get(thisOne)) return await this.#repeated(attempt, began, gone)
      const leave = await this.#waitForTurn(attempt, gone)
      try {
        const seen = await look()
        return seen === 'right' || (await this.#failed(attempt, { seen, thisOne, began, gone }))
      } finally {
        leave()
      }
    } finally {
      endSame()
    }
  }

  refused(source: string, secret: Secret): void {
    this.#secrets.refused(source, this.#mark(source, secret.reveal()))
  }

  close(): void {
    for (const one of [this.#ofName, this.#ofPair, this.#beforeLook, this.#beforeRefusal]) one.close()
  }

  /** Resolves when the password may be verified, with a function that ends the turn. */
  async #waitForTurn(attempt: LoginAttempt, gone: Gone | undefined): Promise<() => void> {
    const { source, known, policy } = attempt
    if (known) {
      // Unknown attempts of a blocked source are refused after the delay. The verification of a
      // known one has to fit in before that, or the time would tell them apart.
      const wait = this.#isBlocked(attempt) ? this.#delay() * shareBeforeLook : this.#delay()
      return await this.#ofPair.take({ key: this.#pairOf(attempt), source, wait, gone })
    }
    const isSprayed = this.#inAll.count(policy.kind) >= this.#limits.guessesInAll
    const waitsAnyway = this.#byName.count(this.#nameOf(attempt)) >= this.#limits.guessesPerName
    if (isSprayed && !waitsAnyway && !(await this.#beforeLook.wait(source, this.#delay(), gone)))
      throw tooManyAtOnce(this.#limits.guessDelaySeconds)
    const leave = await this.#ofName.take({ key: this.#nameOf(attempt), source, wait: this.#delay(), gone })
    if (!this.#isBlocked(attempt)) return leave
    // The source was blocked while this attempt waited.
    leave()
    throw this.#tooMany(source)
  }

  /**
   * Resolves with false. A blocked source gets the same refusal as when its password is not
   * verified at all.
   * @throws Failure `limit-reached`
   */
  async #failed(attempt: LoginAttempt, { seen, thisOne, began, gone }: Failed): Promise<false> {
    const wasBlocked = this.#isBlocked(attempt)
    if (seen === 'wrong') {
      this.#knownWrong.set(thisOne, true)
      this.#countGuess(attempt, wasBlocked)
    }
    return wasBlocked ? await this.#refuse(attempt, began, gone) : false
  }

  /**
   * The password failed a moment ago and is not verified again. Repetitions cost nothing, and are
   * limited all the same.
   */
  async #repeated(attempt: LoginAttempt, began: number, gone: Gone | undefined): Promise<false> {
    const { source, policy } = attempt
    if (this.#isBlocked(attempt)) return await this.#refuse(attempt, began, gone)
    const again = this.#repeats.add(source)
    if (this.#repeats.isNews(source, this.#limits.guessesPerSource))
      this.#write.repeated(source, this.#shown(attempt), again)
    if (again <= this.#limits.guessesPerSource) return false
    if (policy.refusesLate && (await this.#beforeRefusal.wait(source, this.#delay(), gone))) return false
    throw tooManyAtOnce(this.#limits.guessDelaySeconds)
  }

  /** Refuses at the same time after the start of each attempt, whatever happened before. */
  async #refuse(attempt: LoginAttempt, began: number, gone: Gone | undefined): Promise<never> {
    const { source, policy } = attempt
    this.#tellOfSource(source)
    if (policy.refusesLate)
      await this.#beforeRefusal.wait(source, began + this.#delay() - this.#deps.clock.monotonic(), gone)
    throw this.#tooMany(source)
  }

  #isBlocked({ source, policy }: LoginAttempt): boolean {
    return !policy.isShared && this.#blocked.has(this.#keyOf(source))
  }

  #countGuess(attempt: LoginAttempt, wasBlocked: boolean): void {
    const { source, policy } = attempt
    const { kind } = policy
    const { guessesInAll, guessesPerName } = this.#limits
    const guess = {
      ...{ kind, source: this.#keyOf(source), name: this.#nameOf(attempt) },
      ofSource: !wasBlocked && !policy.isShared,
    }
    this.#count(guess)
    this.#deps.shared?.guesses.tell(guess)
    if (guess.ofSource) this.#tellOfSource(source)
    if (this.#inAll.isNews(kind, guessesInAll)) this.#write.spray(source, this.#inAll.count(kind))
    if (this.#byName.isNews(guess.name, guessesPerName))
      this.#write.name(this.#shown(attempt), source, this.#byName.count(guess.name))
  }

  #count({ kind, source, name, ofSource }: Guess & { name: string }, times = 1, ageSeconds = 0): void {
    if (ofSource) this.#countForSource(source, times, ageSeconds)
    this.#inAll.add(kind, times, ageSeconds)
    this.#byPair.add(pairOf(source, name), times, ageSeconds)
    this.#byName.add(name, times, ageSeconds)
  }

  #countOfOthers({ name = '', ...guess }: Guess, times: number, ageSeconds: number): void {
    if (guess.kind === 'secret') this.#secrets.count(guess.source, times, ageSeconds)
    else this.#count({ ...guess, name }, times, ageSeconds)
  }

  #countForSource(key: string, times: number, ageSeconds: number): void {
    const fromSource = this.#bySource.add(key, times, ageSeconds)
    if (fromSource < this.#limits.guessesPerSource || this.#blocked.has(key)) return
    // The block lasts at least as long as the counter's window, so that the source starts anew with
    // all of its guesses.
    this.#blocked.add(key, ageSeconds)
  }

  /** Also of one that was blocked for what others have counted, when it comes here. */
  #tellOfSource(source: string): void {
    const { guessesPerSource, guessWindowSeconds } = this.#limits
    const key = this.#keyOf(source)
    if (this.#bySource.isNews(key, guessesPerSource))
      this.#write.source(source, this.#bySource.count(key), guessWindowSeconds)
  }

  /** The names of the pages' roles are public. */
  #shown({ name, policy }: LoginAttempt): string {
    return policy.kind === 'page' ? name : this.#deps.loggableName(name)
  }

  // Hashed, because user names can have any length.
  #nameOf({ name, policy }: LoginAttempt): string {
    const key = userNameKey(name)
    return this.#deps.shared ? this.#keyOf(JSON.stringify([policy.kind, key])) : this.#mark(policy.kind, key)
  }

  #pairOf(attempt: LoginAttempt): string {
    return pairOf(this.#keyOf(attempt.source), this.#nameOf(attempt))
  }

  #tooMany(source: string): Failure {
    const retryAfterSeconds = Math.max(1, Math.ceil(this.#blocked.remainingSeconds(this.#keyOf(source))))
    return failure('sign-in.too-many-wrong', { seconds: retryAfterSeconds, retryAfterSeconds })
  }
}

/** 132 bits of a keyed hash: enough that no two are the same. */
const hashLength = 22

/** Failures of one name from one source. */
function pairOf(source: string, name: string): string {
  return `${source} ${name}`
}
