import { onTestFinished, vi } from 'vitest'
import { countingSuspends } from '../../src/base/clock.ts'
import { Failure } from '../../src/base/failure.ts'
import { Secret } from '../../src/base/secret.ts'
import { printable } from '../../src/base/text.ts'
import { createLoginThrottle, type LoginThrottleDeps } from '../../src/credentials/create-login-throttle.ts'
import { type LoginAttempt, smtpPolicy } from '../../src/credentials/login-throttle.ts'
import { createRecordingLog } from '../support/recording-log.ts'

export const limits = {
  guessWindowSeconds: 900,
  guessesPerSource: 20,
  guessesPerName: 10,
  guessesInAll: 300,
  guessDelaySeconds: 3,
}

export interface Answer {
  /** `admitted`, `wrong` (looked at and refused), or what was thrown. */
  outcome: string
  /** From the beginning of the attempt. */
  seconds: number
  retryAfterSeconds?: number
}

/** `harmless`: nothing that could have been right. */
type Guess = Partial<Omit<LoginAttempt, 'secret'>> & {
  secret?: string
  harmless?: boolean
  gone?: AbortSignal
}

/** A throttle whose hours pass in a moment: the clocks of the system are moved, and the timers with them. */
export function setThrottleStage(over: Partial<LoginThrottleDeps['limits']> = {}) {
  vi.useFakeTimers()
  const log = createRecordingLog()
  const throttle = createLoginThrottle({
    limits: { ...limits, ...over },
    loggableName: printable,
    // One that began with these times: the one of the process takes the jump to them for a suspend of a fraction more.
    clock: countingSuspends({ now: () => Date.now(), monotonic: () => performance.now() }),
    log,
  })
  onTestFinished(() => {
    throttle.close()
    vi.useRealTimers()
  })
  let secrets = 0
  /** What was looked at. */
  const looks: string[] = []

  /** One attempt as a server makes it. `right`: whether the secret is. Takes no time but what the throttle takes. */
  async function attempt(guess: Guess & { right: boolean }): Promise<Answer> {
    const { right, secret = `wrong-${++secrets}`, harmless, gone, ...rest } = guess
    const byDefault = {
      source: '192.0.2.1',
      name: 'printer',
      known: false,
      against: 'kept',
      policy: smtpPolicy,
    }
    const asked = { ...byDefault, ...rest, secret: new Secret(secret) }
    const began = performance.now()
    const since = () => Math.round(performance.now() - began) / 1000
    try {
      const look = async () => {
        looks.push(asked.secret.reveal())
        return right ? 'right' : harmless ? 'harmless' : 'wrong'
      }
      const isRight = await throttle.attempt(asked, look, gone)
      return { outcome: isRight ? 'admitted' : 'wrong', seconds: since() }
    } catch (error) {
      return { ...described(error), seconds: since() }
    }
  }

  return {
    throttle,
    log,
    looks,
    /** Without letting time pass. */
    begin: (guess: Guess & { right: boolean }) => attempt(guess),
    right: (guess: Guess = {}) => settled(attempt({ ...guess, right: true })),
    wrong: (guess: Guess = {}) => settled(attempt({ ...guess, right: false })),
    async wrongTimes(times: number, guess: Guess | ((index: number) => Guess) = {}): Promise<Answer[]> {
      const answers: Answer[] = []
      for (let index = 0; index < times; index++) {
        const one = typeof guess === 'function' ? guess(index) : guess
        answers.push(await settled(attempt({ ...one, right: false })))
      }
      return answers
    },
    /** A wrong API key or link. */
    async refused(source: string, secret = `wrong-${++secrets}`): Promise<string> {
      const outcome = described(() => throttle.refused(source, new Secret(secret))).outcome
      await settled(Promise.resolve())
      return outcome
    },
    events: () => log.lines.map(({ level, fields }) => `${level} ${'event' in fields ? fields.event : ''}`),
  }
}

export function seconds(count: number): Promise<unknown> {
  return vi.advanceTimersByTimeAsync(count * 1000)
}

/** Lets time pass until it has settled. */
async function settled<T>(promise: Promise<T>): Promise<T> {
  let done = false
  const finished = promise.finally(() => {
    done = true
  })
  for (let step = 0; !done; step++) await vi.advanceTimersByTimeAsync(step < 10 ? 0 : 100)
  return finished
}

function described(thrown: unknown): Omit<Answer, 'seconds'> {
  if (typeof thrown === 'function') {
    try {
      thrown()
      return { outcome: 'wrong' }
    } catch (error) {
      return described(error)
    }
  }
  if (!(thrown instanceof Failure)) throw thrown
  const { code, retryAfterSeconds } = thrown
  return { outcome: code, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) }
}
