import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { type Failure, failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Limits } from '../model/limits.ts'

/** Counts failures by key, within a window that begins with the first failure of the key. */
export interface FailureCounter {
  /**
   * Counts one failure, or several of some time ago. Returns the number of failures in the window.
   */
  add(key: string, times?: number, ageSeconds?: number): number
  /** The number of failures in the window. */
  count(key: string): number
  /** Whether that is as many as this, or more: true once in a window, for whoever tells people. */
  isNews(key: string, limit: number): boolean
}

/** Many times what honest failures need in one window; a few megabytes. */
const keysAtOnce = 20_000

/**
 * Fixed windows. Whoever can invent names or has many addresses would fill the memory, so the keys
 * that were counted longest ago are forgotten. Uses the monotonic clock, so that setting the time
 * neither ends a window nor prolongs it.
 */
export function createFailureCounter(
  windowSeconds: number,
  clock: Pick<Clock, 'monotonic'>,
  capacity = keysAtOnce,
): FailureCounter {
  // Created with the first failure, because room for that many keys costs half a megabyte.
  let windows: LRUCache<string, FailureWindow> | undefined

  /** A look does not make the key one that was counted lately. */
  function current(key: string): FailureWindow | undefined {
    const window = windows?.peek(key)
    return window && clock.monotonic() < window.endsAt ? window : undefined
  }

  return {
    add(key, times = 1, ageSeconds = 0) {
      windows ??= new LRUCache({ max: capacity })
      const window = current(key) ?? {
        failures: 0,
        endsAt: clock.monotonic() + (windowSeconds - ageSeconds) * 1000,
        isTold: false,
      }
      window.failures += times
      windows.set(key, window)
      return window.failures
    },
    count: (key) => current(key)?.failures ?? 0,
    isNews(key, limit) {
      const window = current(key)
      if (!window || window.isTold || window.failures < limit) return false
      window.isTold = true
      return true
    },
  }
}

interface FailureWindow {
  failures: number
  /** By the monotonic clock. */
  endsAt: number
  isTold: boolean
}

/** Sources that have used up their guesses, each blocked for a fixed time. */
export interface BlockedSources {
  add(source: string, ageSeconds?: number): void
  has(source: string): boolean
  /** 0 for a source that is not blocked. */
  remainingSeconds(source: string): number
}

/**
 * An attacker with more addresses than this is stopped by the limits of names and of all attempts
 * instead.
 */
const sourcesAtOnce = 20_000

/** Uses the monotonic clock, so that setting the time prolongs no block. */
export function createBlockedSources(seconds: number, clock: Clock): BlockedSources {
  const deadlines = new LRUCache<string, number>({ max: sourcesAtOnce })

  function remainingSeconds(source: string): number {
    // In whole milliseconds: the rest is noise of the clock, and who rounds up makes a second of it.
    return Math.max(0, Math.round((deadlines.get(source) ?? 0) - clock.monotonic())) / 1000
  }

  return {
    add: (source, ageSeconds = 0) =>
      void deadlines.set(source, clock.monotonic() + (seconds - ageSeconds) * 1000),
    has: (source) => remainingSeconds(source) > 0,
    remainingSeconds,
  }
}

interface SecretCountDeps {
  limits: Pick<Limits, 'guessWindowSeconds' | 'guessesPerSource'>
  clock: Clock
  write: Pick<GuessLog, 'source'>
  /** One was counted. */
  onCounted?(source: string): void
}

const wrongOnesRemembered = 20_000

/**
 * Counts wrong API keys, links and the like by source, apart from passwords. They cannot be guessed
 * (256 bits), so these counts only tell of a script with an old key, or of an attempt. Any web page
 * can make a browser ask for links that do not exist. `keyOf`: what stands for a source.
 */
export class SecretCount {
  readonly #deps: SecretCountDeps
  readonly #keyOf: (source: string) => string
  readonly #bySource: FailureCounter
  readonly #blocked: BlockedSources
  readonly #knownWrong = new LRUCache<string, true>({ max: wrongOnesRemembered })

  constructor(deps: SecretCountDeps, keyOf: (source: string) => string) {
    const { limits, clock } = deps
    this.#deps = deps
    this.#keyOf = keyOf
    this.#bySource = createFailureCounter(limits.guessWindowSeconds, clock)
    this.#blocked = createBlockedSources(limits.guessWindowSeconds, clock)
  }

  /**
   * @param thisOne stands for the source and the secret
   * @throws Failure `limit-reached` for a source that has none left
   */
  refused(source: string, thisOne: string): void {
    const key = this.#keyOf(source)
    if (this.#blocked.has(key)) {
      this.#tell(source, key)
      throw tooManySecrets(Math.ceil(this.#blocked.remainingSeconds(key)))
    }
    if (this.#knownWrong.get(thisOne)) return
    this.#knownWrong.set(thisOne, true)
    this.count(key)
    this.#deps.onCounted?.(key)
    this.#tell(source, key)
  }

  count(key: string, times = 1, ageSeconds = 0): void {
    const fromSource = this.#bySource.add(key, times, ageSeconds)
    if (fromSource >= this.#deps.limits.guessesPerSource && !this.#blocked.has(key))
      this.#blocked.add(key, ageSeconds)
  }

  #tell(source: string, key: string): void {
    const { limits, write } = this.#deps
    if (this.#bySource.isNews(key, limits.guessesPerSource))
      write.source(source, this.#bySource.count(key), limits.guessWindowSeconds)
  }
}

function tooManySecrets(retryAfterSeconds: number): Failure {
  return failure('sign-in.too-many-wrong-keys', { seconds: retryAfterSeconds, retryAfterSeconds })
}

/**
 * Log lines about guessing, to build alerts and bans on. None is written more than once in a
 * window.
 */
export interface GuessLog {
  /** A source was blocked. */
  source(source: string, failures: number, forSeconds: number): void
  /**
   * A user name has used up its guesses, whether or not there is such a login. `name`: loggable.
   */
  name(name: string, source: string, failures: number): void
  /** Passwords are sprayed from many sources. `source`: that of the last attempt. */
  spray(source: string, failures: number): void
  /**
   * The same wrong secret comes again and again, usually from a device that still has an old one.
   */
  repeated(source: string, name: string, failures: number): void
}

export function createGuessLog(log: Log): GuessLog {
  return {
    source(source, failures, forSeconds) {
      const fields = { event: 'guessing.source', source, failures, forSeconds }
      log.warn(fields, 'A source guesses passwords, keys or links: it is turned away')
    },
    name(name, source, failures) {
      const fields = { event: 'guessing.name', name, source, failures }
      log.warn(fields, 'Somebody guesses the password of a user name: sources that it is not known from wait')
    },
    spray(source, failures) {
      const fields = { event: 'guessing.spray', source, failures }
      log.error(fields, 'Passwords are guessed from everywhere: sources that a login is not known from wait')
    },
    repeated(source, name, failures) {
      const fields = { event: 'guessing.repeated', source, name, failures }
      log.warn(fields, 'The same wrong secret comes again and again: a device or script has an old one')
    },
  }
}
