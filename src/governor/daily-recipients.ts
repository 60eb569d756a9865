import type { Address } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { RecipientCountStore } from '../store/ports.ts'
import { createCountWriter } from './count-writer.ts'

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
  /** When there is room again, in milliseconds since 1970; undefined while there is some. */
  roomAt(): number | undefined
  /** Resolves when all is stored, as far as the store takes it. */
  close(): Promise<void>
}

export interface DailyRecipientsNeeds {
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
export async function openDailyRecipients(needs: DailyRecipientsNeeds): Promise<DailyRecipients> {
  const { mailbox, counts, limit, clock, log } = needs
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
    settle(taken, sent) {
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
