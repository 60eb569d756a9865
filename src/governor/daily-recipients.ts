import type { Address } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { RecipientCountStore } from '../store/ports.ts'

/**
 * The recipients of one mailbox over the last 24 hours, by the hour; the oldest hour counts as a whole. Stored within a second, so a
 * restart changes nothing, and a kill forgets a second's worth at most.
 */
export interface DailyRecipients {
  /** Takes so many from what is left. @throws Failure `limit-reached`; nothing is taken then */
  take(recipients: number): void
  /** Of `taken`, `sent` were sent to; the rest is given back. */
  commit(taken: number, sent: number): void
  total(): number
  /** When there is room again, in milliseconds since 1970; undefined while there is some. */
  roomAt(): number | undefined
  /** Resolves when all is stored, as far as the store takes it. */
  close(): Promise<void>
}

interface DailyRecipientsDeps {
  mailbox: Address
  counts: RecipientCountStore
  /** The provider's limit for any 24 hours. */
  limit(): number | undefined
  clock: Pick<Clock, 'now'>
  log: Log
}

const hourMilliseconds = 3_600_000
const dayMilliseconds = 24 * hourMilliseconds
/** When only what is under way fills the day: it ends soon, and some of it is given back. */
const underWaySeconds = 60

/** @throws Failure `store-unavailable` */
export async function openDailyRecipients(deps: DailyRecipientsDeps): Promise<DailyRecipients> {
  const { mailbox, counts, limit, clock, log } = deps
  const hours = new Map<number, number>()
  for (const { hour, recipients } of await counts.since(mailbox, oldest())) hours.set(hour, recipients)
  const writer = createCountWriter({ add: (hour, recipients) => counts.add(mailbox, hour, recipients), log })
  let reserved = 0

  /** The first hour of which a part lies within the last 24. */
  function oldest(): number {
    return hourOf(clock.now() - dayMilliseconds)
  }

  /** Forgets what does not count; what seems to be of tomorrow was counted by a clock that went wrong, and would else stay until it comes. */
  function total(): number {
    const first = oldest()
    const last = clock.now() + dayMilliseconds
    let sum = 0
    for (const [hour, recipients] of hours) {
      if (hour < first || hour > last) hours.delete(hour)
      else sum += recipients
    }
    return sum
  }

  /** When so many hours have rolled out that there is room for so many recipients. */
  function secondsUntilRoom(most: number): number {
    if (most < 0) return dayMilliseconds / 1000
    let left = total()
    if (left <= most) return underWaySeconds
    let leaves = clock.now()
    for (const [hour, recipients] of [...hours].sort(([one], [other]) => one - other)) {
      leaves = hour + hourMilliseconds + dayMilliseconds
      left -= recipients
      if (left <= most) break
    }
    return Math.max(1, Math.ceil((leaves - clock.now()) / 1000))
  }

  return {
    take(recipients) {
      const most = limit()
      const used = total()
      if (most !== undefined && used + reserved + recipients > most) {
        const seconds = secondsUntilRoom(most - recipients)
        throw usedUp(mailbox, { used, reserved, recipients, most }, seconds)
      }
      reserved += recipients
    },
    commit(taken, sent) {
      reserved -= taken
      if (sent === 0) return
      const hour = hourOf(clock.now())
      hours.set(hour, (hours.get(hour) ?? 0) + sent)
      writer.add(hour, sent)
    },
    total,
    roomAt() {
      const most = limit()
      if (most === undefined || total() < most) return undefined
      return clock.now() + secondsUntilRoom(most - 1) * 1000
    },
    close: () => writer.close(),
  }
}

function hourOf(time: number): number {
  return Math.floor(time / hourMilliseconds) * hourMilliseconds
}

function usedUp(
  mailbox: Address,
  { used, reserved, recipients, most }: { used: number; reserved: number; recipients: number; most: number },
  retryAfterSeconds: number,
): Failure {
  const underWay = reserved > 0 ? ` and ${reserved} under way` : ''
  return new Failure(
    'limit-reached',
    `${mailbox} has had ${used} recipients in 24 hours${underWay}, its provider allows ${most}, and a message to ${recipients} more was to leave`,
    {
      retryAfterSeconds,
      fix: 'Wait until the day has rolled on, spread the mail over more mailboxes, or raise recipientsPerDay in POSTERN_PROVIDERS_FILE if your contract allows more.',
    },
  )
}

/** Stores counts by the hour, many at a time: a write costs the disk an acknowledgement. */
export interface CountWriter {
  add(hour: number, count: number): void
  /** Resolves when all is stored, as far as the store takes it. */
  close(): Promise<void>
}

interface CountWriterDeps {
  add(hour: number, count: number): Promise<void>
  log: Log
}

const writeMilliseconds = 1000
/** After a write that failed. Nobody waits for it, and each failure is a line in the log. */
const againMilliseconds = 60_000

export function createCountWriter({ add, log }: CountWriterDeps): CountWriter {
  const unwritten = new Map<number, number>()
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()
  let closed = false

  function keep(hour: number, count: number): void {
    unwritten.set(hour, (unwritten.get(hour) ?? 0) + count)
  }

  function writeAfter(milliseconds: number): void {
    timer ??= setTimeout(write, milliseconds).unref()
  }

  function write(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    writing = writing.then(writeAll)
    return writing
  }

  async function writeAll(): Promise<void> {
    const batch = [...unwritten]
    unwritten.clear()
    let failure: unknown
    for (const [hour, count] of batch) {
      try {
        await add(hour, count)
      } catch (error) {
        keep(hour, count)
        failure = error
      }
    }
    if (failure === undefined) return
    // What is only counted never holds up a message.
    log.warn({ err: failure }, 'the recipients of the day could not be stored')
    if (!closed) writeAfter(againMilliseconds)
  }

  return {
    add(hour, count) {
      keep(hour, count)
      writeAfter(writeMilliseconds)
    },
    close() {
      closed = true
      return write()
    },
  }
}
