import { once } from 'node:events'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { BudgetedAccount, BudgetKind, BudgetStore, HourlyCount } from '../store/budget-store.ts'
import { type Division, divided, type Need } from './budget-division.ts'
import type { ConnectionSharing, ConnectionUser } from './governor.ts'
import type { ToldPauses } from './told-pauses.ts'

/*
 * What a provider allows one account, shared by all postern processes on one database. Each process
 * has claimed a part of it there, and uses no more than that, which it knows without asking. It asks
 * for more when it needs more; a process that has what it does not use is notified then, and gives it
 * up. Nobody holds a lock while a provider is spoken to.
 *
 * While the database is away, each process goes on with what it has. One that the others have not
 * heard of for three seconds counts as gone, and they may use its part as well until it is back.
 */

const beatMilliseconds = 1000
/** Who is not heard of for so long counts as gone: see shared-changes.ts. */
const leaseMilliseconds = 3000
/** What changes in so short a time is asked for at once. */
const gatherMilliseconds = 50
/** Accounts that are asked for at a time: others need the database as well. */
const mostAtOnce = 3

interface SharedBudgetsDeps {
  store: BudgetStore
  pauses: ToldPauses
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

/** How one budget of an account is used here. */
export interface BudgetUse {
  /** What all processes together may use. Undefined: there is no limit. */
  limit(counted: readonly HourlyCount[]): number | undefined
  /** What is used, and cannot be given up now. */
  held(): number
  /** What would be used if there were enough. */
  wanted(): number
  /** How long what a process has used goes on counting at the provider after it has gone, in milliseconds. */
  counts(): number
}

/** By the account: provider and name that signs in. */
type UsersOf = (account: string) => readonly ConnectionUser[]

const nobody: readonly ConnectionUser[] = []

export class SharedBudgets implements ConnectionSharing {
  readonly #deps: SharedBudgetsDeps
  readonly #shares = new Map<string, AccountShare>()
  #users: UsersOf = () => nobody
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> | undefined
  #answeredAt: number
  #isAway = false
  #isClosed = false

  constructor(deps: SharedBudgetsDeps) {
    this.#deps = deps
    this.#answeredAt = deps.clock.monotonic()
    deps.store.follow((account) => void this.#shares.get(account)?.ask().catch(ignore))
    this.#beatLater()
  }

  /**
   * Takes a first part of the account's budgets.
   * @param countedSince recipients are counted from then on
   * @throws Failure `store-unavailable`
   */
  async open(
    account: BudgetedAccount,
    uses: ReadonlyMap<BudgetKind, BudgetUse>,
    countedSince: () => number,
  ): Promise<AccountShare> {
    const { store, pauses } = this.#deps
    const share = new AccountShare({
      account,
      uses,
      countedSince,
      store,
      users: () => this.#users(account.key),
    })
    this.#shares.set(account.key, share)
    try {
      await pauses.look()
      await share.ask()
      return share
    } catch (error) {
      this.#shares.delete(account.key)
      throw error
    }
  }

  get pauses(): ToldPauses {
    return this.#deps.pauses
  }

  usedBy(users: UsersOf): void {
    this.#users = users
  }

  users(account: string): readonly ConnectionUser[] {
    return this.#users(account)
  }

  changed(account: string): void {
    this.#shares.get(account)?.changed()
  }

  /** Nothing uses the account here any more. */
  async end(share: AccountShare): Promise<void> {
    const { account } = share
    if (this.#shares.get(account.key) === share) this.#shares.delete(account.key)
    await share.close()
    // What cannot be given back now is when this process has gone.
    await this.#deps.store.drop(account).catch(ignore)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#beating
    await Promise.all([...this.#shares.values()].map((share) => share.close()))
    await this.#deps.pauses.close()
    await this.#deps.store.drop().catch(ignore)
  }

  /** Looks who needs something, where no notification has come, and gives up what is not used. */
  async beat(): Promise<void> {
    const { store, pauses, clock, log } = this.#deps
    try {
      await pauses.look()
      const short = new Set(await store.short())
      const wasAway = clock.monotonic() - this.#answeredAt > leaseMilliseconds
      if (this.#isAway)
        log.info({ event: 'budgets.shared-again' }, 'the budgets of accounts are shared again')
      this.#isAway = false
      this.#answeredAt = clock.monotonic()
      const due = [...this.#shares.values()].filter((one) => one.isDue(wasAway || short.has(one.account.key)))
      const next = due.values()
      const askAll = async () => {
        for (const share of next) await share.ask().catch(ignore)
      }
      await Promise.all(Array.from({ length: mostAtOnce }, askAll))
    } catch (error) {
      if (this.#isAway || clock.monotonic() - this.#answeredAt <= leaseMilliseconds) return
      this.#isAway = true
      log.warn(
        { event: 'budgets.not-shared', err: error },
        'The database does not answer: this process goes on with its part of what providers allow, which the others may use as well',
      )
    }
  }

  #beatLater(): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => {
      this.#beating = this.beat().then(() => this.#beatLater())
    }, beatMilliseconds)
    this.#timer.unref()
  }
}

interface AccountShareDeps {
  account: BudgetedAccount
  uses: ReadonlyMap<BudgetKind, BudgetUse>
  countedSince(): number
  store: BudgetStore
  users(): readonly ConnectionUser[]
}

/** What this process has of one budget. */
interface Part {
  /** May be used. */
  usable: number
  /** Is claimed. */
  amount: number
  /** As the others know it. */
  wanted: number
  even: number
  elsewhere: number
  limit: number | undefined
  /** The most that was wanted since the last beat, and between that and the one before. */
  peak: number
  peakBefore: number
}

/** What this process has of one account's budgets. */
export class AccountShare {
  readonly account: BudgetedAccount
  readonly #deps: AccountShareDeps
  readonly #parts = new Map<BudgetKind, Part>()
  readonly #answered = new EventTarget()
  #asking: Promise<void> | undefined
  #askAgain = false
  #last: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(deps: AccountShareDeps) {
    this.account = deps.account
    this.#deps = deps
    for (const kind of deps.uses.keys()) this.#parts.set(kind, { ...nothing })
  }

  /** How much of it may be used here now. */
  usable(kind: BudgetKind): number {
    return this.#parts.get(kind)?.usable ?? 0
  }

  /** How much of it the other processes have. */
  elsewhere(kind: BudgetKind): number {
    return this.#parts.get(kind)?.elsewhere ?? 0
  }

  /** What is used or wanted here may be another. */
  changed(): void {
    for (const [part, use] of this.#used()) {
      const wanted = use.wanted()
      part.peak = Math.max(part.peak, wanted)
      const wantsMore = wanted > part.usable && Math.min(wanted, part.limit ?? wanted) > part.wanted
      const canGiveUp = part.usable < part.amount && use.held() < part.amount
      if (wantsMore || canGiveUp) this.ask().catch(ignore)
    }
  }

  /** With each beat: whether something is to be asked for or given up. */
  isDue(others: boolean): boolean {
    let isDue = others
    for (const [part, use] of this.#used()) {
      part.peakBefore = part.peak
      part.peak = use.wanted()
      // The limit may be another by now.
      const wanted = wantedLately(part)
      const isShort = wanted > part.amount || part.wanted > part.amount
      const canGiveUp = part.usable < part.amount && use.held() < part.amount
      const isIdle = part.amount > Math.max(part.even, wanted, use.held())
      if (isShort || canGiveUp || isIdle) isDue = true
    }
    return isDue
  }

  /** @throws Failure `store-unavailable`; what there is stays */
  ask(): Promise<void> {
    this.#askAgain = true
    this.#asking ??= this.#askUntilSaid().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  /** Resolves after the next answer, or after so long. */
  async nextAnswer(milliseconds: number): Promise<void> {
    await once(this.#answered, 'answer', { signal: AbortSignal.timeout(milliseconds) }).catch(ignore)
  }

  /** @throws Failure `store-unavailable` */
  countRecipients(hour: number, recipients: number): Promise<void> {
    return this.#oneAtATime(async () => {
      await this.#deps.store.countRecipients(this.account, hour, recipients)
      const part = this.#parts.get('recipients')
      if (part === undefined) return
      for (const had of ['amount', 'usable', 'wanted', 'peak', 'peakBefore'] as const)
        part[had] = Math.max(0, part[had] - recipients)
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#asking?.catch(ignore)
    await this.#last
  }

  async #askUntilSaid(): Promise<void> {
    while (this.#askAgain && !this.#isClosed) {
      this.#askAgain = false
      await this.#oneAtATime(() => this.#revise())
      if (this.#askAgain) await new Promise((resolve) => setTimeout(resolve, gatherMilliseconds))
    }
  }

  /** An answer is believed before the next question is asked. */
  #oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(ignore)
    return done
  }

  async #revise(): Promise<void> {
    const { store, uses, countedSince, users } = this.#deps
    const divisions: Division[] = []
    try {
      await store.revise(this.account, countedSince(), (seen) => {
        for (const [kind, use] of uses) {
          const part = this.#parts.get(kind)
          const limit = use.limit(seen.hours)
          if (part === undefined) continue
          part.limit = limit
          if (limit === undefined) continue
          part.peak = Math.max(part.peak, use.wanted())
          // No more than it had before: what a gone one had, others may have by now.
          const held = Math.min(use.held(), part.amount)
          const need: Need = { kind, limit, held, wanted: wantedLately(part), counts: use.counts() }
          const division = divided(need, seen, store.process)
          divisions.push(division)
          // From now on, as it is unknown when the others can read it.
          part.usable = Math.min(part.usable, division.usable)
        }
        return {
          claims: divisions.flatMap(({ claim, changes }) => (changes ? [claim] : [])),
          lapsed: divisions.flatMap(({ lapsed }) => lapsed),
          tell: divisions.some(({ tell }) => tell),
        }
      })
    } catch (error) {
      // It may have been done all the same.
      for (const { claim } of divisions) this.#takeAtMost(claim)
      throw error
    }
    for (const division of divisions) this.#take(division)
    for (const part of this.#parts.values())
      if (part.limit === undefined) part.usable = Number.POSITIVE_INFINITY
    this.#answered.dispatchEvent(new Event('answer'))
    const pools = users()
    for (const pool of pools) pool.look()
    const serving = pools.reduce((sum, pool) => sum + pool.serving(), 0)
    if (serving > this.usable('connections')) pools.some((pool) => pool.yieldOne())
  }

  #take({ claim, usable, even, elsewhere }: Division): void {
    const { kind, amount, wanted } = claim
    const part = this.#parts.get(kind)
    if (part) Object.assign(part, { amount, wanted, usable, even, elsewhere })
  }

  #takeAtMost({ kind, amount }: Division['claim']): void {
    const part = this.#parts.get(kind)
    if (part === undefined) return
    part.amount = Math.min(part.amount, amount)
    part.usable = Math.min(part.usable, amount)
  }

  /** Those that have a limit. */
  *#used(): Generator<[Part, BudgetUse]> {
    for (const [kind, use] of this.#deps.uses) {
      const part = this.#parts.get(kind)
      if (part?.limit !== undefined) yield [part, use]
    }
  }
}

const nothing: Part = {
  ...{ usable: 0, amount: 0, wanted: 0, even: 0, elsewhere: 0 },
  ...{ limit: undefined, peak: 0, peakBefore: 0 },
}

/** What is idle between two messages is not given away at once. */
function wantedLately({ peak, peakBefore }: Part): number {
  return Math.max(peak, peakBefore)
}

function ignore(): void {}
