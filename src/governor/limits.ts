import type { Clock } from '../base/clock.ts'
import type { RecordedSend } from './governor.ts'

/** How fast the messages of one mailbox may follow each other. */
export interface SlidingWindow {
  /**
   * How long until the next message may leave, in milliseconds; 0: now.
   * @param ahead how many leave before it
   */
  delay(ahead?: number): number
  /** A message is about to leave. It counts for the rate unless it is undone. */
  recordSend(): RecordedSend
  lastMinute(): number
  /** How many have left in so many milliseconds, which are at most a minute: rounded up to whole seconds. */
  within(milliseconds: number): number
}

/** A class, because each message has one. */
class CountedSend implements RecordedSend {
  at = 0
  /** It has not been undone. */
  counts = false
  readonly #window: Window

  constructor(window: Window) {
    this.#window = window
  }

  sentNow(): void {
    this.#window.take(this)
    this.#window.put(this)
  }

  undo(): void {
    this.#window.take(this)
  }
}

/**
 * A quarter of the minute's allowance in a quarter of the minute: a burst leaves at once, no minute
 * ever holds more than the provider allows, and the first ticket of the queue is served before its
 * client gives up.
 */
const windowMilliseconds = 15_000

/**
 * @param perMinute what may be used now: all of the limit, or what this process has of it
 * @param atMost what it may become, by which a long wait is foreseen
 */
export function createSlidingWindow(
  clock: Pick<Clock, 'monotonic'>,
  perMinute: () => number | undefined,
  atMost: () => number | undefined = perMinute,
): SlidingWindow {
  return new Window(clock, perMinute, atMost)
}

/** How many messages may leave in how many milliseconds, of so many a minute. */
export function windowOf(limit: number): { size: number; milliseconds: number } {
  const size = Math.floor((limit * windowMilliseconds) / 60_000)
  // Below eight messages a minute it is one message, so that none of the allowance is lost.
  return size > 1 ? { size, milliseconds: windowMilliseconds } : { size: 1, milliseconds: 60_000 / limit }
}

/** Other processes have the whole rate, and are asked for some of it. */
const askingMilliseconds = 1000

class Window implements SlidingWindow {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #perMinute: () => number | undefined
  readonly #atMost: () => number | undefined
  /** What a window may hold, the oldest first. */
  readonly #newest: CountedSend[] = []
  readonly #seconds = createSecondCounts()

  constructor(
    clock: Pick<Clock, 'monotonic'>,
    perMinute: () => number | undefined,
    atMost: () => number | undefined,
  ) {
    this.#clock = clock
    this.#perMinute = perMinute
    this.#atMost = atMost
  }

  delay(ahead?: number): number {
    return ahead === undefined ? this.#delay(this.#perMinute(), 0) : this.#delay(this.#atMost(), ahead)
  }

  #delay(limit: number | undefined, ahead: number): number {
    if (limit === undefined) return 0
    if (limit <= 0) return askingMilliseconds
    const { size, milliseconds } = windowOf(limit)
    const now = this.#clock.monotonic()
    // Each message takes the place of the one `size` before it; those that have not come yet
    // leave as soon as they may.
    const index = this.#newest.length + (ahead % size) - size
    const wait = index < 0 ? 0 : Math.max(0, (this.#newest[index]?.at ?? now) + milliseconds - now)
    // Rounded up: a timer that fires early would ask again at once.
    return Math.ceil(wait + Math.floor(ahead / size) * milliseconds)
  }

  recordSend(): RecordedSend {
    const send = new CountedSend(this)
    this.put(send)
    return send
  }

  lastMinute(): number {
    return this.#seconds.sum(this.#clock.monotonic())
  }

  within(milliseconds: number): number {
    return this.#seconds.sum(this.#clock.monotonic(), Math.ceil(milliseconds / 1000))
  }

  /** Counts a message. A second call for the same one replaces the first. */
  put(send: CountedSend): void {
    send.at = this.#clock.monotonic()
    send.counts = true
    this.#seconds.add(send.at, 1)
    const limit = this.#perMinute()
    if (limit === undefined) return
    this.#newest.push(send)
    const { size, milliseconds } = windowOf(limit)
    // The list exceeds the window only as long as a later entry may still be undone.
    const before = send.at - milliseconds
    const gone = this.#newest.findIndex(({ at }) => at > before)
    if (this.#newest.length > size && gone > 0)
      this.#newest.splice(0, Math.min(gone, this.#newest.length - size))
  }

  take(send: CountedSend): void {
    if (!send.counts) return
    send.counts = false
    this.#seconds.add(send.at, -1)
    const index = this.#newest.lastIndexOf(send)
    if (index !== -1) this.#newest.splice(index, 1)
  }
}

/**
 * Counts by the second, for the last sixty, so its size does not depend on the number of messages.
 */
function createSecondCounts() {
  const counts = new Map<number, number>()
  const forget = (now: number) => {
    for (const second of counts.keys()) if (second <= Math.floor(now / 1000) - 60) counts.delete(second)
  }
  return {
    add(now: number, more: 1 | -1) {
      const second = Math.floor(now / 1000)
      const count = counts.get(second)
      if (count === undefined && more < 0) return
      if (count === undefined) forget(now)
      counts.set(second, (count ?? 0) + more)
    },
    sum(now: number, seconds = 60) {
      forget(now)
      const before = Math.floor(now / 1000) - Math.min(60, seconds + 1)
      let sum = 0
      for (const [second, count] of counts) if (seconds === 60 || second > before) sum += count
      return sum
    },
  }
}

/**
 * How many simultaneous connections one mailbox may have: the provider's limit, or fewer for a
 * while after it complained.
 */
export interface ConnectionCap {
  /** At least 1. */
  allowed(): number
  /**
   * Lowers the number to `to` after a complaint.
   * @param seconds for how long at least, when the provider says so
   */
  lower(to: number, seconds?: number): void
  /** The same, after a complaint to another process that has been told to all. */
  adopt(to: number, seconds: number): void
  /** How many the other processes have. */
  elsewhere(): number
  reset(): void
}

/** Other processes have connections of the same name. */
export interface CapSharing {
  elsewhere(): number
  lowered(to: number, seconds: number): void
}

/**
 * After so long without a complaint one more connection is allowed. Repeated complaints make it
 * longer. In seconds.
 */
const firstWait = 30
const longestWait = 900
/** Complaints within this time, in seconds, count as one. */
const sameMoment = 1

export function createConnectionCap(
  clock: Pick<Clock, 'monotonic'>,
  limit: () => number,
  sharing?: CapSharing,
): ConnectionCap {
  let missing = 0
  let wait = firstWait
  let nextAt = 0
  let complainedAt = Number.NEGATIVE_INFINITY

  function recover(): void {
    while (missing > 0 && clock.monotonic() >= nextAt) {
      missing -= 1
      nextAt += wait * 1000
    }
  }

  function allowed(): number {
    recover()
    return Math.max(1, limit() - missing)
  }

  function lower(to: number, seconds: number): number {
    const now = clock.monotonic()
    const next = Math.max(1, Math.min(to, allowed()))
    const sinceLast = now - complainedAt
    if (sinceLast > 2 * wait * 1000) wait = firstWait
    else if (sinceLast > sameMoment * 1000) wait = Math.min(longestWait, wait * 2)
    complainedAt = now
    missing = limit() - next
    nextAt = now + Math.max(wait, seconds) * 1000
    return next
  }

  return {
    allowed,
    lower(to, seconds = 0) {
      const next = lower(to, seconds)
      sharing?.lowered(next, Math.max(wait, seconds))
    },
    adopt: (to, seconds) => void lower(to, seconds),
    elsewhere: () => sharing?.elsewhere() ?? 0,
    reset() {
      missing = 0
      wait = firstWait
      complainedAt = Number.NEGATIVE_INFINITY
    },
  }
}
