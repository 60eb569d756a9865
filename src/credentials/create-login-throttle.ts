import { LRUCache } from 'lru-cache'
import type { Gone } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { userNameKey } from '../base/text.ts'
import type { Limits } from '../model/limits.ts'
import { createAttemptQueue, createDelayQueue, createSameAtOnce, tooManyAtOnce } from './attempt-queues.ts'
import { createEphemeralHmac } from './credential.ts'
import {
  createBlockedSources,
  createFailureCounter,
  createGuessLog,
  createSecretCount,
} from './failure-counts.ts'
import type { LoginAttempt, LoginThrottle, Look } from './login-throttle.ts'

export interface LoginThrottleDeps {
  limits: Pick<
    Limits,
    'guessWindowSeconds' | 'guessesPerSource' | 'guessesPerName' | 'guessesInAll' | 'guessDelaySeconds'
  >
  /** As `SignIns.loggableName`. */
  loggableName(userName: string): string
  clock: Clock
  log: Log
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
export function createLoginThrottle({
  limits,
  loggableName,
  clock,
  log,
}: LoginThrottleDeps): LoginThrottle & { close(): void } {
  const { guessWindowSeconds, guessesPerSource, guessesPerName, guessesInAll, guessDelaySeconds } = limits
  const delay = guessDelaySeconds * 1000
  const mark = createEphemeralHmac()
  const write = createGuessLog(log)
  const counter = () => createFailureCounter(guessWindowSeconds, clock)
  const bySource = counter()
  const byName = counter()
  /** Failures of one user name from one source. */
  const byPair = counter()
  const inAll = counter()
  const repeats = counter()
  const blocked = createBlockedSources(guessWindowSeconds, clock)
  const knownWrong = new LRUCache<string, true>({ max: wrongOnesRemembered })
  const sameAtOnce = createSameAtOnce()
  const countSecret = createSecretCount({ limits, clock, write })

  const turns = { limit: guessesPerName, delaySeconds: guessDelaySeconds }
  // Two for each source, so that one source cannot take all places of a name.
  const ofName = createAttemptQueue({ ...turns, counter: byName, perSource: 2 })
  const ofPair = createAttemptQueue({ ...turns, counter: byPair, perSource: Number.POSITIVE_INFINITY })
  const beforeLook = createDelayQueue(waiting)
  // A queue of its own, so that a flood of blocked attempts takes no places of others.
  const beforeRefusal = createDelayQueue(waiting)

  return {
    async attempt(attempt, look, gone) {
      const began = clock.monotonic()
      if (!attempt.known && isBlocked(attempt)) await refuse(attempt, began, gone)
      const thisOne = mark(attempt.source, nameOf(attempt), attempt.against, attempt.secret.reveal())
      const endSame = await sameAtOnce(thisOne, attempt.source, gone)
      if (endSame === undefined) throw tooManyAtOnce(guessDelaySeconds)
      try {
        if (knownWrong.get(thisOne)) return await repeated(attempt, began, gone)
        const leave = await waitForTurn(attempt, gone)
        try {
          const seen = await look()
          return seen === 'right' || (await failed(attempt, { seen, thisOne, began, gone }))
        } finally {
          leave()
        }
      } finally {
        endSame()
      }
    },

    refused: (source, secret) => countSecret(source, mark(source, secret.reveal())),

    close() {
      for (const one of [ofName, ofPair, beforeLook, beforeRefusal]) one.close()
    },
  }

  /** Resolves when the password may be verified, with a function that ends the turn. */
  async function waitForTurn(attempt: LoginAttempt, gone: Gone | undefined): Promise<() => void> {
    const { source, known, policy } = attempt
    if (known) {
      // Unknown attempts of a blocked source are refused after the delay. The verification of a
      // known one has to fit in before that, or the time would tell them apart.
      const wait = isBlocked(attempt) ? delay * shareBeforeLook : delay
      return await ofPair.take({ key: pairOf(attempt), source, wait, gone })
    }
    const isSprayed = inAll.count(policy.kind) >= guessesInAll
    const waitsAnyway = byName.count(nameOf(attempt)) >= guessesPerName
    if (isSprayed && !waitsAnyway && !(await beforeLook.wait(source, delay, gone)))
      throw tooManyAtOnce(guessDelaySeconds)
    const leave = await ofName.take({ key: nameOf(attempt), source, wait: delay, gone })
    if (!isBlocked(attempt)) return leave
    // The source was blocked while this attempt waited.
    leave()
    throw tooMany(source)
  }

  interface Failed {
    seen: Look
    thisOne: string
    began: number
    gone: Gone | undefined
  }

  /**
   * Resolves with false. A blocked source gets the same refusal as when its password is not
   * verified at all.
   * @throws Failure `limit-reached`
   */
  async function failed(attempt: LoginAttempt, { seen, thisOne, began, gone }: Failed): Promise<false> {
    const wasBlocked = isBlocked(attempt)
    if (seen === 'wrong') {
      knownWrong.set(thisOne, true)
      countGuess(attempt, wasBlocked)
    }
    return wasBlocked ? await refuse(attempt, began, gone) : false
  }

  /**
   * The password failed a moment ago and is not verified again. Repetitions cost nothing, and are
   * limited all the same.
   */
  async function repeated(attempt: LoginAttempt, began: number, gone: Gone | undefined): Promise<false> {
    const { source, policy } = attempt
    if (isBlocked(attempt)) return await refuse(attempt, began, gone)
    const again = repeats.add(source)
    if (again === guessesPerSource) write.repeated(source, shown(attempt), again)
    if (again <= guessesPerSource) return false
    if (policy.refusesLate && (await beforeRefusal.wait(source, delay, gone))) return false
    throw tooManyAtOnce(guessDelaySeconds)
  }

  /** Refuses at the same time after the start of each attempt, whatever happened before. */
  async function refuse(attempt: LoginAttempt, began: number, gone: Gone | undefined): Promise<never> {
    const { source, policy } = attempt
    if (policy.refusesLate) await beforeRefusal.wait(source, began + delay - clock.monotonic(), gone)
    throw tooMany(source)
  }

  function isBlocked({ source, policy }: LoginAttempt): boolean {
    return !policy.isShared && blocked.has(source)
  }

  function countGuess(attempt: LoginAttempt, wasBlocked: boolean): void {
    const { source, policy } = attempt
    if (!wasBlocked && !policy.isShared) countForSource(source)
    const all = inAll.add(policy.kind)
    if (all === guessesInAll) write.spray(source, all)
    byPair.add(pairOf(attempt))
    const forName = byName.add(nameOf(attempt))
    if (forName === guessesPerName) write.name(shown(attempt), source, forName)
  }

  function countForSource(source: string): void {
    const fromSource = bySource.add(source)
    if (fromSource < guessesPerSource || blocked.has(source)) return
    // The block lasts at least as long as the counter's window, so that the source starts anew with
    // all of its guesses.
    blocked.add(source)
    write.source(source, fromSource, guessWindowSeconds)
  }

  /** The names of the pages' roles are public. */
  function shown({ name, policy }: LoginAttempt): string {
    return policy.kind === 'page' ? name : loggableName(name)
  }

  // Hashed, because user names can have any length.
  function nameOf({ name, policy }: LoginAttempt): string {
    return mark(policy.kind, userNameKey(name))
  }

  function pairOf({ source, name, policy }: LoginAttempt): string {
    return mark(source, policy.kind, userNameKey(name))
  }

  function tooMany(source: string): Failure {
    const retryAfterSeconds = Math.max(1, Math.ceil(blocked.remainingSeconds(source)))
    return new Failure('limit-reached', 'Too many wrong passwords came from this address', {
      fix: `Try again with the right one in ${retryAfterSeconds} seconds.`,
      retryAfterSeconds,
    })
  }
}
