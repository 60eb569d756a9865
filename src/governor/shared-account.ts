import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { BudgetedAccount } from '../store/budget-store.ts'
import type { DailyRecipients } from './daily-recipients.ts'
import { type ConnectionCap, createSlidingWindow, type SlidingWindow, windowOf } from './limits.ts'
import type { BudgetUse, SharedBudgets } from './shared-budgets.ts'
import { SharedRecipients } from './shared-recipients.ts'

interface ShareDeps extends BudgetedAccount {
  /** The provider's limits: recipients in any 24 hours, and messages in a minute. */
  limit(): number | undefined
  messagesPerMinute(): number | undefined
  /** Of all processes together. */
  cap: ConnectionCap
  clock: Clock
  log: Log
}

/** The budgets of one account as far as this process has them. */
export interface SharedAccount {
  connections(): number
  rate: SlidingWindow
  daily: DailyRecipients
  /** Resolves when all counts are stored, and what is not used is given back. */
  close(): Promise<void>
}

/** @throws Failure `store-unavailable` */
export async function openShare(
  shared: SharedBudgets,
  { key, name, limit, messagesPerMinute, cap, clock, log }: ShareDeps,
): Promise<SharedAccount> {
  const daily = new SharedRecipients({ account: name, limit, clock, log })
  let usable = (_: 'connections' | 'messages') => 0
  const perMinute = () => {
    const most = messagesPerMinute()
    return most === undefined ? undefined : Math.min(most, usable('messages'))
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
  usable = (kind) => share.usable(kind)
  return {
    connections: () => Math.min(cap.allowed(), share.usable('connections')),
    rate,
    daily,
    async close() {
      await daily.close()
      await shared.end(share)
    },
  }
}
