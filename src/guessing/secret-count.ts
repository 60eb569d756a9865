import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Limits } from '../config/config.ts'
import { createFailureCounter } from './failure-counter.ts'
import type { GuessLog } from './guess-log.ts'
import { createTurnedAway } from './turned-away.ts'

export interface SecretCountNeeds {
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
export function createSecretCount({ limits, clock, write }: SecretCountNeeds) {
  const { guessWindowSeconds, guessesPerSource } = limits
  const bySource = createFailureCounter(guessesPerSource, guessWindowSeconds)
  const turnedAway = createTurnedAway(guessWindowSeconds, clock)
  const knownWrong = new LRUCache<string, true>({ max: wrongOnesRemembered })

  /** @param thisOne stands for the source and the secret */
  return (source: string, thisOne: string): void => {
    if (turnedAway.has(source)) throw tooMany(Math.ceil(turnedAway.remainingSeconds(source)))
    if (knownWrong.get(thisOne)) return
    knownWrong.set(thisOne, true)
    void count(source)
  }

  async function count(source: string): Promise<void> {
    const fromSource = await bySource.add(source)
    if (fromSource < guessesPerSource || turnedAway.has(source)) return
    turnedAway.add(source)
    write.source(source, fromSource, guessWindowSeconds)
  }
}

function tooMany(retryAfterSeconds: number): Failure {
  return new Failure('limit-reached', 'Too many wrong keys or links came from this address', {
    fix: `Try again with the right one in ${retryAfterSeconds} seconds.`,
    retryAfterSeconds,
  })
}
