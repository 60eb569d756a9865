import type { Clock } from '../base/clock.ts'
import { asFailure, type Failure, failure as failureOf } from '../base/failure.ts'
import type { Log } from '../base/log.ts'

/**
 * Whether postern can do its work, at this moment or a moment ago. Whoever asks from outside is told yes or no, and an administrator the
 * reason.
 */
export type Readiness = () => Promise<
  Answer & {
    /** Which of several processes of this host answers. */
    worker?: number
  }
>

type Answer = { ready: true } | { ready: false; failure: Failure }

interface ReadinessDeps {
  /** False while postern starts or stops. */
  serving(): boolean
  /**
   * Resolves when everything is there that a message needs.
   * @throws Failure
   */
  check(): Promise<void>
  worker?: { number: number }
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

/**
 * How long an answer is believed, in milliseconds. Strangers may ask as often as they like, and each look writes to the disk; an answer that
 * has turned good again is worth more than one that has stayed good.
 */
const believed = { ready: 5_000, notReady: 1_000 }

export function createReadiness({ serving, check, worker, clock, log }: ReadinessDeps): Readiness {
  let known: { answer: Promise<Failure | undefined>; until: number } | undefined
  let wasReady = true

  async function look(): Promise<Failure | undefined> {
    const failure = await check().then(
      () => undefined,
      (error: unknown) => asFailure(error),
    )
    if (wasReady !== (failure === undefined)) tell(failure)
    wasReady = failure === undefined
    if (known) known.until = clock.monotonic() + (wasReady ? believed.ready : believed.notReady)
    return failure
  }

  function tell(failure: Failure | undefined): void {
    if (failure) {
      const { message: reason, fix, cause: err } = failure
      log.error({ event: 'readiness.lost', reason, fix, err }, 'postern cannot work')
    } else log.info({ event: 'readiness.regained' }, 'postern can work again')
  }

  return async () => {
    const who = worker && { worker: worker.number }
    if (!serving()) return { ready: false, failure: failureOf('postern.not-serving'), ...who }
    // While a look is under way, whoever asks gets its answer.
    if (!known || clock.monotonic() >= known.until)
      known = { answer: look(), until: Number.POSITIVE_INFINITY }
    const failure = await known.answer
    return failure ? { ready: false, failure, ...who } : { ready: true, ...who }
  }
}
