import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { BudgetedAccount } from '../store/budget-store.ts'
import type { DailyRecipients } from './daily-recipients.ts'
import {
  type ConnectionCap,
  createConnectionCap,
  createSlidingWindow,
  type SlidingWindow,
  windowOf,
} from './limits.ts'
import type { BudgetUse, SharedBudgets } from './shared-budgets.ts'
import { SharedRecipients } from './shared-recipients.ts'

interface ShareDeps extends BudgetedAccount {
  /** The provider's limits: recipients in any 24 hours, simultaneous connections, and messages in a minute. */
  limit(): number | undefined
  connections(): number
  messagesPerMinute(): number | undefined
  clock: Clock
  log: Log
}

/** The budgets of one account as far as this process has them. */
export interface SharedAccount {
  /** Of all processes together. */
  cap: ConnectionCap
  connections(): number
  rate: SlidingWindow
  daily: DailyRecipients
  /** Resolves when all counts are stored, and what is not used is given back. */
  close(): Promise<void>
}

/** @throws Failure `store-unavailable` */
export async function openShare(
  shared: SharedBudgets,
  { key, name, limit, connections: allowed, messagesPerMinute, clock, log }: ShareDeps,
): Promise<SharedAccount> {
  const daily = new SharedRecipients({ account: name, limit, clock, log })
  const told = shared.pauses.numbers('connections', key)
  const cap = createConnectionCap(clock, allowed, {
    elsewhere: () => share.elsewhere('connections'),
    lowered(to, seconds) {
      told.opened(to, seconds, 1)
      share.ask().catch(() => {})
    },
  })
  const perMinute = () => {
    const most = messagesPerMinute()
    return most === undefined ? undefined : Math.min(most, share.usable('messages'))
  }
  const rate = createSlidingWindow(clock, perMinute, messagesPerMinute)
  const users = () => shared.users(key)
  const sum = (count: (user: ReturnType<typeof users>[number]) => number) =>
    users().reduce((all, user) => all + count(user), 0)

  const connections: BudgetUse = {
    limit: () => cap.allowed(),
    held: () => sum((user) => user.held()),
    wanted: () => sum((user) => user.needed()),
    counts: () => 0,
  }
  const messages: BudgetUse = {
    limit: messagesPerMinute,
    held: () => shareOf(rate.within(windowOf(messagesPerMinute() ?? 1).milliseconds)),
    wanted() {
      const asked =
        rate.within(windowOf(messagesPerMinute() ?? 1).milliseconds) + sum((user) => user.waiting())
      // One more, so that the next message need not wait.
      return asked === 0 ? 0 : shareOf(asked + 1)
    },
    counts: () => windowOf(messagesPerMinute() ?? 1).milliseconds,
  }
  /** How much of the limit it takes that so many messages leave in its window. */
  function shareOf(sent: number): number {
    const most = messagesPerMinute() ?? 0
    return Math.min(most, Math.ceil((sent * most) / windowOf(most).size))
  }

  const uses = new Map([
    ['connections' as const, connections],
    ['messages' as const, messages],
    ['recipients' as const, daily],
  ])
  const share = await shared.open({ key, name }, uses, () => daily.countedSince())
  daily.takeFrom(share)
  told.goesTo({
    adopt(lowered) {
      if (lowered) cap.adopt(lowered.fault, lowered.milliseconds / 1000)
      share.ask().catch(() => {})
    },
  })
  return {
    cap,
    connections: () => Math.min(cap.allowed(), share.usable('connections')),
    rate,
    daily,
    async close() {
      told.end()
      await daily.close()
      await shared.end(share)
    },
  }
}
