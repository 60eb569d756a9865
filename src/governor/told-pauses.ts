import type { AdoptedTrouble, TroubleTold } from '../base/circuit-breaker.ts'
import type { Clock } from '../base/clock.ts'
import { Failure, type FilledFailure, isFailureId } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { HeardPause, PausedKind, PauseStore } from '../store/pause-store.ts'
import type { Fault } from './breakers.ts'

/*
 * What one process has heard from a provider, the others go by as well: they do not ask themselves
 * what will be refused, because some providers punish repetition. They hear of it by a notification,
 * and within a second where that is lost.
 */

/** Whoever goes by what others have found out. */
export interface Adopts<Found> {
  /** Undefined: it is over. */
  adopt(trouble: AdoptedTrouble<Found> | undefined): void
}

interface ToldPausesDeps {
  store: PauseStore
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

/** What was told in the same moment may be stored a little later, in milliseconds. */
const overlap = 5000

interface Known {
  pause: HeardPause
  /** On the monotonic clock. */
  until: number
}

export class ToldPauses {
  readonly #deps: ToldPausesDeps
  readonly #known = new Map<string, Known>()
  readonly #followers = new Map<string, (pause: HeardPause, lasts: number) => void>()
  #heardUntil = 0
  #looking: Promise<void> | undefined
  #telling: Promise<unknown> = Promise.resolve()

  constructor(deps: ToldPausesDeps) {
    this.#deps = deps
    deps.store.follow(() => void this.look().catch(ignore))
  }

  /** Of what a mailbox, an account or a registration sends. */
  faults(about: PausedKind, subject: string): Telling<Fault> {
    return new Telling(this, { about, subject }, faultForms)
  }

  /** Of signing in. */
  failures(about: PausedKind, subject: string): Telling<Failure> {
    return new Telling(this, { about, subject }, failureForms)
  }

  /** Of a number that is lowered for a while. */
  numbers(about: PausedKind, subject: string): Telling<number> {
    return new Telling(this, { about, subject }, numberForms)
  }

  /** What others have told since the last look. @throws Failure `store-unavailable` */
  look(): Promise<void> {
    this.#looking ??= this.#hear().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  tell(about: PausedKind, subject: string, fault: string | undefined, lasts: number): void {
    const { store, log } = this.#deps
    // In the order in which it happened.
    this.#telling = this.#telling
      .then(() => store.tell({ about, subject, fault, lasts }))
      .catch((error: unknown) => log.debug({ cause: error }, 'other processes could not be told of a pause'))
  }

  /** From now on, and of what is known already. */
  follow(key: string, hear: (pause: HeardPause, lasts: number) => void): void {
    this.#followers.set(key, hear)
    const known = this.#known.get(key)
    if (known) hear(known.pause, known.until - this.#deps.clock.monotonic())
  }

  unfollow(key: string, hear: (pause: HeardPause, lasts: number) => void): void {
    if (this.#followers.get(key) === hear) this.#followers.delete(key)
  }

  async close(): Promise<void> {
    await this.#telling
    await this.#looking?.catch(ignore)
  }

  async #hear(): Promise<void> {
    const heard = await this.#deps.store.told(this.#heardUntil - overlap)
    const now = this.#deps.clock.monotonic()
    for (const [key, { until }] of this.#known) if (until < now - overlap) this.#known.delete(key)
    for (const pause of heard) {
      this.#heardUntil = Math.max(this.#heardUntil, pause.toldAt)
      const key = keyOf(pause)
      const isOld = this.#known.get(key)?.pause.toldAt === pause.toldAt
      if (isOld || pause.lasts < -overlap) continue
      this.#known.set(key, { pause, until: now + pause.lasts })
      this.#followers.get(key)?.(pause, pause.lasts)
    }
  }
}

function keyOf({ about, subject }: Pick<HeardPause, 'about' | 'subject'>): string {
  return `${about} ${subject}`
}

/** How something is written for other processes. */
interface Forms<Found> {
  write(found: Found): unknown
  /** Undefined: another version of postern has written it, which knows what this one does not. */
  read(written: unknown): Found | undefined
}

/** What is told of one breaker, and what it hears. */
export class Telling<Found> implements TroubleTold<Found> {
  readonly #pauses: ToldPauses
  readonly #of: Pick<HeardPause, 'about' | 'subject'>
  readonly #forms: Forms<Found>
  #hear: ((pause: HeardPause, lasts: number) => void) | undefined
  /** The others know of trouble. */
  #isTold = false

  constructor(pauses: ToldPauses, of: Pick<HeardPause, 'about' | 'subject'>, forms: Forms<Found>) {
    this.#pauses = pauses
    this.#of = of
    this.#forms = forms
  }

  opened(found: Found, seconds: number, inRow: number): void {
    this.#isTold = true
    const { about, subject } = this.#of
    const fault = JSON.stringify({ inRow, found: this.#forms.write(found) })
    this.#pauses.tell(about, subject, fault, seconds * 1000)
  }

  closed(): void {
    if (!this.#isTold) return
    this.#isTold = false
    const { about, subject } = this.#of
    this.#pauses.tell(about, subject, undefined, 0)
  }

  /** What others find out from now on is found out by this one as well. */
  goesTo(breaker: Adopts<Found>): void {
    this.#hear = ({ fault }, milliseconds) => {
      if (fault === undefined) {
        this.#isTold = false
        breaker.adopt(undefined)
        return
      }
      const { inRow, found } = JSON.parse(fault) as { inRow: number; found: unknown }
      const read = this.#forms.read(found)
      if (read === undefined || milliseconds <= 0) return
      this.#isTold = true
      breaker.adopt({ fault: read, inRow, milliseconds })
    }
    this.#pauses.follow(keyOf(this.#of), this.#hear)
  }

  end(): void {
    if (this.#hear) this.#pauses.unfollow(keyOf(this.#of), this.#hear)
  }
}

/** With its message and fix: what is known of an error may be in them. */
type WrittenFailure = Omit<FilledFailure, 'cause'>

function written(from: FilledFailure | Failure): WrittenFailure {
  const { id, values, code, message, fix, told, said, known, retryAfterSeconds } = from
  return {
    ...{ id, values, code, message, told, said, known, retryAfterSeconds },
    ...(fix !== undefined && { fix }),
  }
}

const failureForms: Forms<Failure> = {
  write: written,
  read(from) {
    const again = from as WrittenFailure
    return isFailureId(again.id) ? new Failure(again) : undefined
  },
}

const faultForms: Forms<Fault> = {
  write: ({ why, ...fault }) => ({ ...fault, why: written(why) }),
  read(from) {
    const fault = from as Fault
    return isFailureId(fault.why.id) ? fault : undefined
  },
}

const numberForms: Forms<number> = {
  write: (number) => number,
  read: (from) => (typeof from === 'number' ? from : undefined),
}

function ignore(): void {}
