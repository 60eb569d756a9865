import type { Transaction } from 'kysely'
import { withoutCase } from '../base/text.ts'
import type { Database } from './database.ts'
import { sql } from './kysely.ts'
import { type AliveProcesses, leaseMilliseconds, now } from './shared-changes.ts'
import type { Tables } from './tables.ts'
import { createRecipientCounting } from './unmarked-stores.ts'

/*
 * What several processes on one database have to know of each other before they send: how much of
 * what a provider allows an account each of them has claimed, and what nothing is sent for at the
 * moment. Loaded where the database is shared.
 */

/** The recipients of an hour, by its first millisecond. */
export interface HourlyCount {
  hour: number
  recipients: number
}

export type BudgetKind = 'connections' | 'messages' | 'recipients'

/** What one process has of one budget. */
export interface Claim {
  kind: BudgetKind
  amount: number
  /** More than `amount`: it waits for others to give up what they do not use. */
  wanted: number
  /**
   * When it began to have something, or to want something while it had nothing. By the clock of the
   * database, as all times here.
   */
  since: number
}

export interface ClaimOfOther extends Claim {
  process: string
  /** How long ago it could have been gone, in milliseconds: below 0 while it counts as alive. */
  goneFor: number
}

/** The claims on one account, while nobody else changes them. */
export interface SeenClaims {
  now: number
  /** How many processes are alive. */
  processes: number
  own: readonly Claim[]
  others: readonly ClaimOfOther[]
  /** Of the name that signs in, all processes together. */
  hours: readonly HourlyCount[]
}

export interface RevisedClaims {
  /** As they are from now on: those that change. */
  claims: readonly Claim[]
  /** Claims of processes that are gone, which nobody has any more. */
  lapsed: readonly Pick<ClaimOfOther, 'kind' | 'process'>[]
  /** The other processes have to know. */
  tell: boolean
}

/** Whose budgets they are. */
export interface BudgetedAccount {
  /** Provider and name that signs in. */
  key: string
  /** The name alone: recipients are counted by it. */
  name: string
}

export interface BudgetStore {
  /** The id of this process. */
  readonly process: string
  /**
   * Changes what this process has of an account's budgets. `revise` is called while no other process
   * changes them.
   * @param countedSince recipients of these hours are read
   * @throws Failure `store-unavailable`; nothing is known then of what was changed
   */
  revise(
    account: BudgetedAccount,
    countedSince: number,
    revise: (seen: SeenClaims) => RevisedClaims,
  ): Promise<void>
  /**
   * Counts recipients that were sent to, and takes them off the claim of this process at once.
   * @throws Failure `store-unavailable`
   */
  countRecipients(account: BudgetedAccount, hour: number, recipients: number): Promise<void>
  /** This process uses the account no more. Without an account: it uses none. */
  drop(account?: BudgetedAccount): Promise<void>
  /** The accounts of which another process wants more than it has. */
  short(): Promise<readonly string[]>
  /** @param hear is given the account that another process has changed something of */
  follow(hear: (account: string) => void): void
}

export function createBudgetStore(
  database: Database,
  processes: Pick<AliveProcesses, 'id' | 'hear'>,
): BudgetStore {
  const { id } = processes
  const counting = createRecipientCounting()

  return {
    process: id,

    revise: ({ key, name }, countedSince, revise) =>
      database.read((tables) =>
        tables.transaction().execute(async (changing) => {
          const seen = await seenClaims(changing, key, id)
          const hours = await hoursSince(changing, name, countedSince)
          const { claims, lapsed, tell } = revise({ ...seen, hours })
          if (claims.length > 0) await putClaims(changing, key, id, claims)
          for (const { kind, process } of lapsed) await dropClaim(changing, key, kind, process)
          if (tell) await sql`select pg_notify('postern_budgets', ${`${id} ${key}`})`.execute(changing)
        }),
      ),

    countRecipients: ({ key, name }, hour, recipients) =>
      database.change(async (changing) => {
        await lock(changing, key, id)
        await counting(changing, name, hour, recipients)
        await changing
          .updateTable('budget_claims')
          .set((by) => ({
            amount: by.fn<number>('greatest', [by('amount', '-', recipients), by.lit(0)]),
            wanted: by.fn<number>('greatest', [by('wanted', '-', recipients), by.lit(0)]),
          }))
          .where('account', '=', key)
          .where('kind', '=', 'recipients')
          .where('process', '=', id)
          .execute()
      }),

    drop: (account) =>
      database.read(async (tables) => {
        const all = tables.deleteFrom('budget_claims').where('process', '=', id)
        await (account ? all.where('account', '=', account.key) : all).execute()
      }),

    async short() {
      const found = await database.read((tables) =>
        tables
          .selectFrom('budget_claims')
          .select('account')
          .distinct()
          .whereRef('wanted', '>', 'amount')
          .where('process', '<>', id)
          .execute(),
      )
      return found.map(({ account }) => account)
    },

    follow(hear) {
      processes.hear('postern_budgets', (said) => {
        const [by] = said.split(' ', 1)
        if (by !== id) hear(said.slice(id.length + 1))
      })
    },
  }
}

/** Of the locks that belong to accounts. "budg" in ASCII. */
const accountLocks = 0x62756467

/** Who claims something is alive, even if it could not say so lately. */
async function lock(
  changing: Transaction<Tables>,
  account: string,
  id: string,
): Promise<{ now: number; processes: number }> {
  // The times are older than what is read afterwards: nobody counts as gone too early by that.
  const { rows } = await sql<{ now: number; processes: number }>`
    with alive as (update processes set alive_until = ${now} + ${leaseMilliseconds}
      where id = ${id} and alive_until < ${now} + ${leaseMilliseconds / 3})
    select pg_advisory_xact_lock(${accountLocks}, hashtext(${account})), ${now} as now,
      (select count(*) from processes where alive_until > ${now}) as processes`.execute(changing)
  return rows[0] ?? { now: 0, processes: 1 }
}

async function seenClaims(changing: Transaction<Tables>, account: string, id: string) {
  const { now, processes } = await lock(changing, account, id)
  const rows = await changing
    .selectFrom('budget_claims')
    .leftJoin('processes', 'processes.id', 'budget_claims.process')
    .select(['kind', 'process', 'amount', 'wanted', 'since', 'alive_until'])
    .where('account', '=', account)
    .execute()
  const claims = rows.map(({ kind, alive_until, ...claim }) => ({
    ...claim,
    kind: kind as BudgetKind,
    goneFor: now - (alive_until ?? 0),
  }))
  return {
    now,
    processes,
    own: claims.filter(({ process }) => process === id),
    others: claims.filter(({ process }) => process !== id),
  }
}

function hoursSince(changing: Transaction<Tables>, name: string, since: number): Promise<HourlyCount[]> {
  return changing
    .selectFrom('recipient_counts')
    .select(['hour', 'recipients'])
    .where('mailbox_key', '=', withoutCase(name))
    .where('hour', '>=', since)
    .orderBy('hour')
    .execute()
}

async function putClaims(
  changing: Transaction<Tables>,
  account: string,
  process: string,
  claims: readonly Claim[],
): Promise<void> {
  await changing
    .insertInto('budget_claims')
    .values(claims.map((claim) => ({ account, process, ...claim })))
    .onConflict((on) =>
      on.columns(['account', 'kind', 'process']).doUpdateSet((by) => ({
        amount: by.ref('excluded.amount'),
        wanted: by.ref('excluded.wanted'),
        since: by.ref('excluded.since'),
      })),
    )
    .execute()
}

async function dropClaim(
  changing: Transaction<Tables>,
  account: string,
  kind: BudgetKind,
  process: string,
): Promise<void> {
  await changing
    .deleteFrom('budget_claims')
    .where('account', '=', account)
    .where('kind', '=', kind)
    .where('process', '=', process)
    .execute()
}
