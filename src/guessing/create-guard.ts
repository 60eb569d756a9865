import { LRUCache } from 'lru-cache'
import { addressKey } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import type { Limits } from '../config/config.ts'
import { createFailureCounter } from './failure-counter.ts'
import type { Attempt, Guard } from './guard.ts'
import { createGuessLog } from './guess-log.ts'
import { createProcessMark } from './process-mark.ts'
import { createTurnedAway } from './turned-away.ts'
import { createWaitingRoom } from './waiting-room.ts'

export interface GuardNeeds {
  limits: Pick<
    Limits,
    'guessWindowSeconds' | 'guessesPerSource' | 'guessesPerName' | 'guessesInAll' | 'guessDelaySeconds'
  >
  /** As `SignIns.shownName`. */
  shownName(userName: string): string
  clock: Clock
  log: Log
}

/** How many attempts wait for their turn at most, and as many again for their refusal. */
const waitingAtOnce = 1_000
const wrongOnesRemembered = 20_000
const shareBeforeLook = 0.75
const everywhere = 'everywhere'

/**
 * Counts what was wrong, and makes whoever guesses wait. A right password clears no counter: somebody who has one login could
 * use it to guess another's without end.
 */
export function createGuard({ limits, shownName, clock, log }: GuardNeeds): Guard & { close(): void } {
  const { guessWindowSeconds, guessesPerSource, guessesPerName, guessesInAll } = limits
  const delay = limits.guessDelaySeconds * 1000
  const mark = createProcessMark()
  const write = createGuessLog(log, shownName)
  const counter = (limit: number) => createFailureCounter(limit, guessWindowSeconds)
  const bySource = counter(guessesPerSource)
  const byName = counter(guessesPerName)
  /** One name from one source. */
  const byPair = counter(guessesPerName)
  const inAll = counter(guessesInAll)
  const repeats = counter(guessesPerSource)
  const turnedAway = createTurnedAway(guessWindowSeconds, clock)
  const knownWrong = new LRUCache<string, true>({ max: wrongOnesRemembered })
  const begun = new WeakMap<Attempt, number>()

  const beforeLook = createWaitingRoom(waitingAtOnce)
  // Apart, so that a flood of those who are refused anyway takes nobody else's place.
  const beforeRefusal = createWaitingRoom(waitingAtOnce)
  // Of these there are no more than connections, and nobody else may take their places either.
  const ofKnown = createWaitingRoom(Number.POSITIVE_INFINITY)

  return {
    async admit(attempt) {
      begun.set(attempt, clock.monotonic())
      if (attempt.known) {
        if (!(await byPair.isFull(pairOf(attempt)))) return
        // Where others hear after the delay that they are turned away, the work of looking has to fit in before that.
        await ofKnown.wait(turnedAway.has(attempt.source) ? delay * shareBeforeLook : delay)
        return
      }
      if (!turnedAway.has(attempt.source)) {
        if (!(await isSlowed(attempt))) return
        if (!(await beforeLook.wait(delay))) throw tooManyAtOnce(limits.guessDelaySeconds)
        // Meanwhile others may have failed from the same source.
        if (!turnedAway.has(attempt.source)) return
      } else {
        await beforeRefusal.wait(delay)
      }
      throw tooMany(attempt.source)
    },

    async failed(attempt, secret) {
      const isTurnedAway = turnedAway.has(attempt.source)
      const isTooOften = secret !== undefined && (await countWrong(attempt, secret, isTurnedAway))
      if (!isTurnedAway && !isTooOften) return
      // At the time when those hear it whose password is not even looked at.
      const beginning = begun.get(attempt) ?? clock.monotonic()
      await beforeRefusal.wait(beginning + delay - clock.monotonic())
      if (isTurnedAway) throw tooMany(attempt.source)
    },

    refused(source, secret) {
      if (turnedAway.has(source)) throw tooMany(source)
      void (isNew(source, '', secret) ? countForSource(source) : countRepeat(source, ''))
    },

    close() {
      for (const room of [beforeLook, beforeRefusal, ofKnown]) room.close()
    },
  }

  /** Whether unknown attempts for this name wait, right or wrong. */
  async function isSlowed({ name }: Attempt): Promise<boolean> {
    return (await byName.isFull(nameKey(name))) || (await inAll.isFull(everywhere))
  }

  function isNew(source: string, name: string, secret: Secret): boolean {
    const thisOne = mark(source, name, secret.reveal())
    if (knownWrong.get(thisOne)) return false
    knownWrong.set(thisOne, true)
    return true
  }

  /** Whether it is an old one that comes so often that the work of refusing it has to be slowed down. */
  async function countWrong(attempt: Attempt, secret: Secret, isTurnedAway: boolean): Promise<boolean> {
    const { source, name } = attempt
    if (!isNew(source, name, secret)) return await countRepeat(source, name)
    await countGuess(attempt, isTurnedAway)
    return false
  }

  async function countGuess(attempt: Attempt, isTurnedAway: boolean): Promise<void> {
    const { source, name } = attempt
    if (!isTurnedAway) await countForSource(source)
    else await countInAll(source)
    await byPair.add(pairOf(attempt))
    const forName = await byName.add(nameKey(name))
    if (forName === guessesPerName) write.name(name, source, forName)
  }

  async function countForSource(source: string): Promise<void> {
    const fromSource = await bySource.add(source)
    if (fromSource >= guessesPerSource && !turnedAway.has(source)) {
      // For as long as its count lasts, or longer: when it may try again, it has as many guesses as anybody.
      turnedAway.add(source)
      write.source(source, fromSource, guessWindowSeconds)
    }
    await countInAll(source)
  }

  async function countInAll(source: string): Promise<void> {
    const all = await inAll.add(everywhere)
    if (all === guessesInAll) write.spray(source, all)
  }

  async function countRepeat(source: string, name: string): Promise<boolean> {
    const again = await repeats.add(source)
    if (again === guessesPerSource) write.repeated(source, name, again)
    return again > guessesPerSource
  }

  // Names come in any length.
  function nameKey(name: string): string {
    return mark(addressKey(name))
  }

  function pairOf({ source, name }: Attempt): string {
    return mark(source, addressKey(name))
  }

  function tooMany(source: string): Failure {
    const retryAfterSeconds = Math.max(1, Math.ceil(turnedAway.remainingSeconds(source)))
    return new Failure('limit-reached', 'Too many wrong passwords, keys or links came from this address', {
      fix: `Try again with the right one in ${retryAfterSeconds} seconds.`,
      retryAfterSeconds,
    })
  }
}

function tooManyAtOnce(retryAfterSeconds: number): Failure {
  return new Failure('limit-reached', 'Too many sign-ins are waiting at once', {
    fix: 'Try again in a minute.',
    retryAfterSeconds,
  })
}
