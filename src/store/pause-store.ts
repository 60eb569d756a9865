import type { Database } from './database.ts'
import { sql } from './kysely.ts'
import { type AliveProcesses, now } from './shared-changes.ts'

/*
 * What one process has found out that nothing is sent for, told to all others on one database. Loaded
 * where the database is shared.
 */

/** What is paused: an account, everything of a registration, signing in, or some of the connections. */
export type PausedKind = 'account' | 'registration' | 'sign-in' | 'connections'

export interface ToldPause {
  about: PausedKind
  subject: string
  /** JSON. Absent: it is over. */
  fault?: string | undefined
  /** How long it lasts from now, in milliseconds. */
  lasts: number
}

export interface HeardPause extends ToldPause {
  /** By the clock of the database. */
  toldAt: number
}

export interface PauseStore {
  /** @throws Failure `store-unavailable` */
  tell(pause: ToldPause): Promise<void>
  /**
   * What other processes have told, of that which is not over for long.
   * @param toldAt or later
   * @throws Failure `store-unavailable`
   */
  told(toldAt: number): Promise<readonly HeardPause[]>
  /** @param hear is called when there may be some */
  follow(hear: () => void): void
}

/** How long it is known that one is over, in milliseconds. */
const keptMilliseconds = 3_600_000

export function createPauseStore(
  database: Database,
  processes: Pick<AliveProcesses, 'id' | 'hear'>,
): PauseStore {
  const { id } = processes

  return {
    tell: ({ about, subject, fault = null, lasts }) =>
      database.read(async (tables) => {
        await sql`with swept as (delete from shared_pauses
            where paused_until < ${now} - ${keptMilliseconds} and (about, subject) <> (${about}, ${subject})),
          told as (select pg_notify('postern_pauses', ${id}))
          insert into shared_pauses (about, subject, fault, paused_until, told_at, told_by)
          select ${about}, ${subject}, ${fault}, ${now} + ${Math.round(lasts)}::bigint, ${now}, ${id} from told
          on conflict (about, subject) do update set fault = excluded.fault,
            paused_until = excluded.paused_until, told_at = excluded.told_at, told_by = excluded.told_by`.execute(
          tables,
        )
      }),

    async told(toldAt) {
      const found = await database.read((tables) =>
        tables
          .selectFrom('shared_pauses')
          .select(['about', 'subject', 'fault', 'told_at', sql<number>`paused_until - ${now}`.as('lasts')])
          .where('told_at', '>=', toldAt)
          .where('told_by', '<>', id)
          .execute(),
      )
      return found.map(({ about, subject, fault, lasts, told_at }) => ({
        about: about as PausedKind,
        subject,
        ...(fault !== null && { fault }),
        lasts,
        toldAt: told_at,
      }))
    },

    follow(hear) {
      processes.hear('postern_pauses', (by) => {
        if (by !== id) hear()
      })
    },
  }
}
