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
  settle(taken: number, sent: number): void
  total(): number
  /** Resolves when all is stored, as far as the store takes it. */
  close(): Promise<void>
}

export interface DailyRecipientsNeeds {
  mailbox: Address
  counts: RecipientCountStore
  /** The provider's limit for any 24 hours. */
  limit(): number | undefined
  clock: Clock
  log: Log
}

const hourMilliseconds = 3_600_000
const dayMilliseconds = 24 * hourMilliseconds
/** A write costs the disk an acknowledgement: many counts share one. */
const writeMilliseconds = 1000

/** @throws Failure `store-unavailable` */
export async function openDailyRecipients(needs: DailyRecipientsNeeds): Promise<DailyRecipients> {
  const { mailbox, counts, limit, clock, log } = needs
  const hours = new Map<number, number>()
  for (const { hour, recipients } of await counts.since(mailbox, oldest())) hours.set(hour, recipients)
  const unwritten = new Map<number, number>()
  let reserved = 0
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  /** The first hour of which a part lies within the last 24. */
  function oldest(): number {
    return hourOf(clock.now() - dayMilliseconds)
  }

  function total(): number {
    const first = oldest()
    let sum = 0
    for (const [hour, recipients] of hours) {
      if (hour < first) hours.delete(hour)
      else sum += recipients
    }
    return sum
  }

  function add(recipients: number): void {
    const hour = hourOf(clock.now())
    hours.set(hour, (hours.get(hour) ?? 0) + recipients)
    unwritten.set(hour, (unwritten.get(hour) ?? 0) + recipients)
    writeSoon()
  }

  function writeSoon(): void {
    timer ??= setTimeout(write, writeMilliseconds).unref()
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
    for (const [hour, recipients] of batch) {
      try {
        await counts.add(mailbox, hour, recipients)
      } catch (err) {
        // Goes with the next write; what is only counted never holds up a message.
        unwritten.set(hour, (unwritten.get(hour) ?? 0) + recipients)
        log.warn({ mailbox, err }, 'the recipients of the day could not be stored')
      }
    }
  }

  /** When the oldest hour that counts rolls out. */
  function secondsToNextHour(): number {
    const first = Math.min(...hours.keys())
    return Math.max(1, Math.ceil((first + hourMilliseconds + dayMilliseconds - clock.now()) / 1000))
  }

  return {
    take(recipients) {
      const most = limit()
      const used = total()
      if (most !== undefined && used + reserved + recipients > most)
        throw usedUp(mailbox, { used, reserved, recipients, most }, hours.size > 0 ? secondsToNextHour() : 60)
      reserved += recipients
    },
    settle(taken, sent) {
      reserved -= taken
      if (sent > 0) add(sent)
    },
    total,
    async close() {
      await write()
    },
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
    `${mailbox} has had ${used} recipients in 24 hours${underWay}, its provider allows ${most}, and ${recipients} more were asked for`,
    {
      retryAfterSeconds,
      fix: 'Wait until the day has rolled on, spread the mail over more mailboxes, or raise recipientsPerDay in POSTERN_PROVIDERS_FILE if your contract allows more.',
    },
  )
}
