import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'

const dayMilliseconds = 86_400_000
/** How long it is remembered that a login was used from somewhere. */
const memoryMilliseconds = 30 * dayMilliseconds

/** Notes from where a login was used, once a day, and forgets what is older than 30 days: addresses are personal data, and no table grows for ever. */
export async function noteSource(
  tables: Kysely<Tables>,
  loginId: string,
  source: string,
  at: number,
): Promise<void> {
  if (await knowsSource(tables, loginId, source, at - dayMilliseconds + 1)) return
  // Of a login that was removed meanwhile nothing is noted.
  const login = await tables.selectFrom('logins').select('id').where('id', '=', loginId).executeTakeFirst()
  if (login === undefined) return
  await tables
    .insertInto('login_sources')
    .values({ login_id: loginId, source, last_at: at })
    .onConflict((on) => on.columns(['login_id', 'source']).doUpdateSet({ last_at: at }))
    .execute()
  await tables
    .deleteFrom('login_sources')
    .where('last_at', '<', at - memoryMilliseconds)
    .execute()
}

export async function knowsSource(
  tables: Kysely<Tables>,
  loginId: string,
  source: string,
  since: number,
): Promise<boolean> {
  const found = await tables
    .selectFrom('login_sources')
    .select('login_id')
    .where('login_id', '=', loginId)
    .where('source', '=', source)
    .where('last_at', '>=', since)
    .executeTakeFirst()
  return found !== undefined
}

/** Of every login, the latest first. */
export async function readSources(tables: Kysely<Tables>): Promise<Map<string, string[]>> {
  const found = await tables
    .selectFrom('login_sources')
    .select(['login_id', 'source'])
    .orderBy('last_at', 'desc')
    .orderBy('source')
    .execute()
  const sources = new Map<string, string[]>()
  for (const { login_id, source } of found) sources.set(login_id, [...(sources.get(login_id) ?? []), source])
  return sources
}
