import type { Address } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { RecipientCountStore } from '../store/ports.ts'
import { type Breaker, createBreaker } from './breaker.ts'
import { type ConnectionCap, createConnectionCap } from './connection-cap.ts'
import { type DailyRecipients, openDailyRecipients } from './daily-recipients.ts'
import type { GovernedProvider, Governor } from './governor.ts'
import { createPace, type Pace } from './pace.ts'

/**
 * What a provider counts by the name that signs in, and not by what is sent from: its connections, its rate, its recipients of a day, and what it thinks
 * of the account. Shared mailboxes that one person signs in for have one in common.
 */
export interface Account {
  cap: ConnectionCap
  pace: Pace
  breaker: Breaker
  daily: DailyRecipients
  /** As registered now. */
  provider(): GovernedProvider
  follow(provider: () => GovernedProvider): void
  /** Of the mailboxes that this name signs in for, by their `addressKey`. */
  governors: Map<string, Governor>
}

export interface AccountNeeds {
  /** The name that signs in. */
  name: string
  /** Who asked first: for the log. */
  mailbox: Address
  provider(): GovernedProvider
  counts: RecipientCountStore
  clock: Clock
  log: Log
}

/** @throws Failure `store-unavailable` */
export async function openAccount(needs: AccountNeeds): Promise<Account> {
  const { name, mailbox, counts, clock } = needs
  let provider = needs.provider
  const limits = () => provider().limits
  const log = needs.log.child({ mailbox, ...(name !== mailbox && { signsInAs: name }) })
  const limit = () => limits().recipientsPerDay
  const daily = await openDailyRecipients({ mailbox: name, counts, limit, clock, log })
  return {
    cap: createConnectionCap(clock, () => limits().connections),
    pace: createPace(clock, () => limits().messagesPerMinute),
    breaker: createBreaker(clock, log),
    daily,
    provider: () => provider(),
    follow(latest) {
      provider = latest
    },
    governors: new Map(),
  }
}
