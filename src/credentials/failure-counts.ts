import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { type Failure, failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Limits } from '../model/limits.ts'

/** Counts failures by key, within a window that begins with the first failure of the key. */
export interface FailureCounter {
  /** Counts one failure. Returns the number of failures in the window. */
  add(key: string): number
  /** The number of failures in the window. */
  count(key: string): number
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
    add(key) {
      windows ??= new LRUCache({ max: capacity })
      const { failures, endsAt } = current(key) ?? {
        failures: 0,
        endsAt: clock.monotonic() + windowSeconds * 1000,
      }
      windows.set(key, { failures: failures + 1, endsAt })
      return failures + 1
    },
    count: (key) => current(key)?.failures ?? 0,
  }
}

interface FailureWindow {
  failures: number
  /** By the monotonic clock. */
  endsAt: number
}

/** Sources that have used up their guesses, each blocked for a fixed time. */
export interface BlockedSources {
  add(source: string): void
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
    add: (source) => void deadlines.set(source, clock.monotonic() + seconds * 1000),
    has: (source) => remainingSeconds(source) > 0,
    remainingSeconds,
  }
}

interface SecretCountDeps {
  limits: Pick<Limits, 'guessWindowSeconds' | 'guessesPerSource'>
  clock: Clock
  write: Pick<GuessLog, 'source'>
}

const wrongOnesRemembered = 20_000

/**
 * Counts wrong API keys, links and the like by source, apart from passwords. They cannot be guessed
 * (256 bits), so these counts only tell of a script with an old key, or of an attempt. Any web page
 * can make a browser ask for links that do not exist.
 * @throws Failure `limit-reached` for a source that has none left
 */
export function createSecretCount({ limits, clock, write }: SecretCountDeps) {
  const { guessWindowSeconds } = limits
  const bySource = createFailureCounter(guessWindowSeconds, clock)
  const blocked = createBlockedSources(guessWindowSeconds, clock)
  const knownWrong = new LRUCache<string, true>({ max: wrongOnesRemembered })

  /** @param thisOne stands for the source and the secret */
  return (source: string, thisOne: string): void => {
    if (blocked.has(source)) throw tooManySecrets(Math.ceil(blocked.remainingSeconds(source)))
    if (knownWrong.get(thisOne)) return
    knownWrong.set(thisOne, true)
    count(source)
  }

  function count(source: string): void {
    const fromSource = bySource.add(source)
    if (fromSource < limits.guessesPerSource || blocked.has(source)) return
    blocked.add(source)
    write.source(source, fromSource, guessWindowSeconds)
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
