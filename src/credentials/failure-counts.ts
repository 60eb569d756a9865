import { LRUCache } from 'lru-cache'
import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Limits } from '../config/config.ts'

// By its place: the package as a whole loads limiters for a dozen databases, at every start.

/** How often something went wrong, for each key, within a window that begins with a key's first failure. */
export interface FailureCounter {
  /** Counts one more. Resolves with how many there are now. */
  add(key: string): Promise<number>
  /** Resolves with how many there are. */
  count(key: string): Promise<number>
}

/** Many times what one window of honest failures needs; a few megabytes. */
const keysAtOnce = 20_000

/**
 * The counting is RateLimiterMemory's, which keeps every key that it is given: whoever can invent names or has many
 * addresses would fill the memory, so the keys that were counted longest ago are forgotten.
 *
 * It reads the wall clock and also ends each window by a timer of its own (which keeps no process alive). When the
 * wall clock jumps ahead, counts begin anew, once; when it jumps back, the timers still end every window in time.
 */
export function createFailureCounter(
  limit: number,
  windowSeconds: number,
  capacity = keysAtOnce,
): FailureCounter {
  let counting: Counting | undefined

  return {
    async add(key) {
      counting ??= begin(limit, windowSeconds, capacity)
      const { limiter, recent } = counting
      // Setting a key anew would dispose of it.
      if (recent.get(key) === undefined) recent.set(key, true)
      return (await limiter.penalty(key)).consumedPoints
    },
    async count(key) {
      return (await counting?.limiter.get(key))?.consumedPoints ?? 0
    },
  }
}

interface Counting {
  limiter: RateLimiterMemory
  recent: LRUCache<string, true>
}

/** With the first failure: until then there is nothing to count, and room for that many keys is half a megabyte. */
function begin(points: number, duration: number, max: number): Counting {
  const limiter = new RateLimiterMemory({ keyPrefix: '', points, duration })
  return { limiter, recent: new LRUCache({ max, dispose: (_, key) => void limiter.delete(key) }) }
}

/** The sources that have no more guesses, each for a fixed time. */
interface BlockedSources {
  add(source: string): void
  has(source: string): boolean
  /** 0 for one that is not turned away. */
  remainingSeconds(source: string): number
}

/** Whoever has more addresses than this is not stopped by counting them; the limits for names and in all do that. */
const sourcesAtOnce = 20_000

/** By the clock that never jumps: nobody is turned away for longer because somebody set the time. */
export function createBlockedSources(seconds: number, clock: Clock): BlockedSources {
  const deadlines = new LRUCache<string, number>({ max: sourcesAtOnce })

  function remainingSeconds(source: string): number {
    return Math.max(0, ((deadlines.get(source) ?? 0) - clock.monotonic()) / 1000)
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
 * Counts API keys, links and the like that were wrong, apart from passwords: nobody guesses 256 bits, so these counts only tell of a script
 * with an old key, or of somebody who tries; anybody can make anybody's browser ask for links that do not exist.
 * @throws Failure `limit-reached` for a source that has none left
 */
export function createSecretCount({ limits, clock, write }: SecretCountDeps) {
  const { guessWindowSeconds, guessesPerSource } = limits
  const bySource = createFailureCounter(guessesPerSource, guessWindowSeconds)
  const blocked = createBlockedSources(guessWindowSeconds, clock)
  const knownWrong = new LRUCache<string, true>({ max: wrongOnesRemembered })

  /** @param thisOne stands for the source and the secret */
  return (source: string, thisOne: string): void => {
    if (blocked.has(source)) throw tooManySecrets(Math.ceil(blocked.remainingSeconds(source)))
    if (knownWrong.get(thisOne)) return
    knownWrong.set(thisOne, true)
    void count(source)
  }

  async function count(source: string): Promise<void> {
    const fromSource = await bySource.add(source)
    if (fromSource < guessesPerSource || blocked.has(source)) return
    blocked.add(source)
    write.source(source, fromSource, guessWindowSeconds)
  }
}

function tooManySecrets(retryAfterSeconds: number): Failure {
  return new Failure('limit-reached', 'Too many wrong keys or links came from this address', {
    fix: `Try again with the right one in ${retryAfterSeconds} seconds.`,
    retryAfterSeconds,
  })
}

/** What is written about guessing: lines to build alerts and bans on, none of them more than once in a window. */
interface GuessLog {
  /** A source is turned away from now on. */
  source(source: string, failures: number, forSeconds: number): void
  /** Many wrong passwords for one name, whether or not there is such a login. Names: as they may be shown. */
  name(name: string, source: string, failures: number): void
  /** Many from everywhere. `source`: of the last one. */
  spray(source: string, failures: number): void
  /** The same wrong secret over and over: a device that nobody told of the new one. */
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
