import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { HourlyCount } from '../store/budget-store.ts'
import {
  type CountedWindow,
  type CountWriter,
  createCountWriter,
  type DailyRecipients,
  RecipientHours,
  type TakeLater,
  type UsedUp,
  usedUpOf,
} from './daily-recipients.ts'
import type { AccountShare, BudgetUse } from './shared-budgets.ts'

interface SharedRecipientsDeps {
  /** The name that signs in. */
  account: string
  /** The limit for any 24 hours, or for the window. */
  limit(): number | undefined
  /** Absent: a day. */
  window?: CountedWindow
  /** Absent: in the words for a mailbox. */
  usedUp?: UsedUp
  clock: Clock
  log: Log
}

/** How long a message waits for what other processes give up, and how often it asks, in milliseconds. */
const [patience, between] = [2500, 500]

/**
 * The recipients of one account over the last 24 hours, counted by all processes on one database
 * together. Each has claimed some of what is left of the day, and takes its messages' recipients
 * from that; those that were sent to are taken off the claim with the count that they are stored in.
 */
export class SharedRecipients implements DailyRecipients, BudgetUse {
  readonly #deps: SharedRecipientsDeps
  /** As the store has them. */
  readonly #hours: RecipientHours
  readonly #writer: CountWriter
  #share: AccountShare | undefined
  #reserved = 0
  /** Sent to, and not stored yet. */
  #unstored = 0
  /** Of messages that wait. */
  #waiting = 0

  constructor(deps: SharedRecipientsDeps) {
    this.#deps = deps
    this.#hours = new RecipientHours(deps.clock, deps.window)
    this.#writer = createCountWriter({
      add: (hour, recipients) => this.#store(hour, recipients),
      log: deps.log,
    })
  }

  /** From now on recipients are taken from it. */
  takeFrom(share: AccountShare): void {
    this.#share = share
  }

  countedSince(): number {
    return this.#hours.oldest()
  }

  limit(counted: readonly HourlyCount[]): number | undefined {
    this.#hours.put(counted)
    const most = this.#deps.limit()
    return most === undefined ? undefined : Math.max(0, most - this.#hours.total())
  }

  held(): number {
    return this.#reserved + this.#unstored
  }

  wanted(): number {
    return this.held() + this.#waiting
  }

  counts(): number {
    return 0
  }

  take(recipients: number): TakeLater | undefined {
    if (!this.#hasRoom(recipients)) return () => this.#takeLater(recipients)
    this.#reserved += recipients
    return undefined
  }

  commit(taken: number, sent: number): void {
    this.#reserved -= taken
    if (sent === 0) return
    this.#unstored += sent
    this.#writer.add(this.#hours.now(), sent)
  }

  total(): number {
    return this.#hours.total() + this.#unstored
  }

  roomAt(): number | undefined {
    return this.#hours.roomAt(this.#deps.limit())
  }

  close(): Promise<void> {
    return this.#writer.close()
  }

  #hasRoom(recipients: number): boolean {
    if (this.#deps.limit() === undefined) return true
    return this.held() + recipients <= (this.#share?.usable('recipients') ?? 0)
  }

  /** Other processes may have what is missing here, and not need it. */
  async #takeLater(recipients: number): Promise<void> {
    const share = this.#share
    this.#waiting += recipients
    try {
      for (let waited = 0; share !== undefined && waited < patience; waited += between) {
        await share.ask()
        if (this.#hasRoom(recipients)) {
          this.#reserved += recipients
          return
        }
        if (!this.#isElsewhere(recipients, share)) break
        await share.nextAnswer(between)
      }
    } catch (error) {
      this.#deps.log.debug({ cause: error }, 'other processes could not be asked for recipients of the day')
    } finally {
      this.#waiting -= recipients
    }
    throw this.#usedUp(recipients)
  }

  #isElsewhere(recipients: number, share: AccountShare): boolean {
    const most = this.#deps.limit() ?? 0
    return share.elsewhere('recipients') > 0 && this.total() + this.#reserved + recipients <= most
  }

  #usedUp(recipients: number) {
    const most = this.#deps.limit() ?? 0
    const used = this.total()
    const reserved = this.#reserved + (this.#share?.elsewhere('recipients') ?? 0)
    const seconds = this.#hours.secondsUntilRoom(most - recipients)
    const { account, usedUp = usedUpOf(account) } = this.#deps
    return usedUp({ used, reserved, recipients, most }, seconds)
  }

  async #store(hour: number, recipients: number): Promise<void> {
    await this.#share?.countRecipients(hour, recipients)
    this.#hours.add(hour, recipients)
    this.#unstored -= recipients
  }
}
