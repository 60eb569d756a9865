import type { Clock } from '../base/clock.ts'
import { type Failure, failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { RecipientCountStore } from '../store/ports.ts'

/**
 * The recipients of one mailbox over the last 24 hours, by the hour; the oldest hour counts as a
 * whole. Counts are stored within a second: a restart loses none, and a kill at most one second's.
 */
export interface DailyRecipients {
  /**
   * Reserves so many of what is left of the day.
   * @throws Failure `limit-reached`; nothing is reserved then
   * @returns where other processes may give them up: reserves them as soon as they have, or throws
   * the same
   */
  take(recipients: number): TakeLater | undefined
  /** Ends a reservation of `taken`: `sent` of them were sent to, the rest is given back. */
  commit(taken: number, sent: number): void
  total(): number
  /** When there is room again, in milliseconds since 1970. Undefined while there is room. */
  roomAt(): number | undefined
  /** Resolves when all counts are stored, as far as the store takes them. */
  close(): Promise<void>
}

export type TakeLater = () => Promise<void>

interface DailyRecipientsDeps {
  /** The name that signs in. */
  account: string
  counts: RecipientCountStore
  /** The limit for any 24 hours, or for the window. */
  limit(): number | undefined
  /** Absent: a day. */
  window?: CountedWindow
  /** Absent: in the words for a mailbox. */
  usedUp?: UsedUp
  clock: Pick<Clock, 'now'>
  log: Log
}

/** What is counted together: steps of so many milliseconds, as far back as the span. */
export interface CountedWindow {
  step: number
  span: number
}

export const wholeDay: CountedWindow = { step: 3_600_000, span: 86_400_000 }
const mostHours = 100
/** When reservations alone fill the day: they end soon, and some are given back. */
const underWaySeconds = 60

/** @throws Failure `store-unavailable` */
export async function openDailyRecipients(deps: DailyRecipientsDeps): Promise<DailyRecipients> {
  const { account, counts, limit, clock, log } = deps
  const { window, usedUp = usedUpOf(account) } = deps
  const hours = new RecipientHours(clock, window)
  hours.put(await counts.since(account, hours.oldest()))
  const writer = createCountWriter({ add: (hour, recipients) => counts.add(account, hour, recipients), log })
  let reserved = 0

  return {
    take(recipients) {
      const most = limit()
      const used = hours.total()
      if (most !== undefined && used + reserved + recipients > most) {
        const seconds = hours.secondsUntilRoom(most - recipients)
        throw usedUp({ used, reserved, recipients, most }, seconds)
      }
      reserved += recipients
      return undefined
    },
    commit(taken, sent) {
      reserved -= taken
      if (sent === 0) return
      const hour = hours.now()
      hours.add(hour, sent)
      writer.add(hour, sent)
    },
    total: () => hours.total(),
    roomAt: () => hours.roomAt(limit()),
    close: () => writer.close(),
  }
}

/** The recipients of an account by the hour, or by another step. */
export class RecipientHours {
  readonly #clock: Pick<Clock, 'now'>
  readonly #window: CountedWindow
  readonly #hours = new Map<number, number>()

  constructor(clock: Pick<Clock, 'now'>, window = wholeDay) {
    this.#clock = clock
    this.#window = window
  }

  /** The first hour that overlaps the last 24. */
  oldest(): number {
    return this.#stepOf(this.#clock.now() - this.#window.span)
  }

  now(): number {
    return this.#stepOf(this.#clock.now())
  }

  put(counted: readonly { hour: number; recipients: number }[]): void {
    for (const { hour, recipients } of counted) this.#hours.set(hour, recipients)
  }

  add(hour: number, recipients: number): void {
    this.#hours.set(hour, (this.#hours.get(hour) ?? 0) + recipients)
  }

  /**
   * Hours in the future do not count: a wrong clock has counted them. In the end they are forgotten, as hours
   * are that no longer count.
   */
  total(): number {
    let sum = 0
    for (const [hour, recipients] of this.#hours) {
      if (this.#isOfToday(hour)) sum += recipients
      // Not at once: the clock may be the wrong one now.
      else if (this.#hours.size > mostHours) this.#hours.delete(hour)
    }
    return sum
  }

  /** When enough hours have passed that there is room for `most` recipients. */
  secondsUntilRoom(most: number): number {
    const { step, span } = this.#window
    if (most < 0) return span / 1000
    let left = this.total()
    if (left <= most) return underWaySeconds
    let leaves = this.#clock.now()
    for (const [hour, recipients] of [...this.#hours]
      .filter(([hour]) => this.#isOfToday(hour))
      .sort(([one], [other]) => one - other)) {
      leaves = hour + step + span
      left -= recipients
      if (left <= most) break
    }
    return Math.max(1, Math.ceil((leaves - this.#clock.now()) / 1000))
  }

  /** When there is room again, in milliseconds since 1970. Undefined while there is room. */
  roomAt(most: number | undefined): number | undefined {
    if (most === undefined || this.total() < most) return undefined
    return this.#clock.now() + this.secondsUntilRoom(most - 1) * 1000
  }

  #isOfToday(hour: number): boolean {
    return hour >= this.oldest() && hour <= this.#clock.now() + this.#window.span
  }

  #stepOf(time: number): number {
    return Math.floor(time / this.#window.step) * this.#window.step
  }
}

export type UsedUp = (
  counted: {
    used: number
    /** By messages that are under way, and for other processes. */
    reserved: number
    recipients: number
    most: number
  },
  retryAfterSeconds: number,
) => Failure

/** Of the account of a mailbox. */
export function usedUpOf(account: string): UsedUp {
  return ({ used, reserved, recipients, most }, retryAfterSeconds) => {
    const known = { account, used, recipients, most, retryAfterSeconds }
    return reserved > 0
      ? failure('sending.recipients-under-way', { ...known, reserved })
      : failure('sending.recipients-used-up', known)
  }
}

/** Writes counts by the hour, many at a time: each write waits for the disk. */
export interface CountWriter {
  add(hour: number, count: number): void
  /** Resolves when all counts are stored, as far as the store takes them. */
  close(): Promise<void>
}

interface CountWriterDeps {
  add(hour: number, count: number): Promise<void>
  log: Log
}

const writeMilliseconds = 1000
/**
 * The wait after a write that failed. Nothing waits for the write, and each failure is a line in
 * the log.
 */
const againMilliseconds = 60_000

export function createCountWriter(deps: CountWriterDeps): CountWriter {
  return new StoringWriter(deps)
}

class StoringWriter implements CountWriter {
  readonly #deps: CountWriterDeps
  readonly #unwritten = new Map<number, number>()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(deps: CountWriterDeps) {
    this.#deps = deps
  }

  add(hour: number, count: number): void {
    this.#keep(hour, count)
    this.#writeAfter(writeMilliseconds)
  }

  close(): Promise<void> {
    this.#isClosed = true
    return this.#write()
  }

  #keep(hour: number, count: number): void {
    this.#unwritten.set(hour, (this.#unwritten.get(hour) ?? 0) + count)
  }

  #writeAfter(milliseconds: number): void {
    this.#timer ??= setTimeout(() => this.#write(), milliseconds).unref()
  }

  #write(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#writeAll())
    return this.#writing
  }

  async #writeAll(): Promise<void> {
    const batch = [...this.#unwritten]
    this.#unwritten.clear()
    let failure: unknown
    for (const [hour, count] of batch) {
      try {
        await this.#deps.add(hour, count)
      } catch (error) {
        this.#keep(hour, count)
        failure = error
      }
    }
    if (failure === undefined) return
    // A count never holds up a message.
    this.#deps.log.warn(
      { event: 'recipients.uncounted', err: failure },
      'the recipients of the day could not be stored',
    )
    if (!this.#isClosed) this.#writeAfter(againMilliseconds)
  }
}
