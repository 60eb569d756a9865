import type { Kysely } from 'kysely'
import { changeRow } from './change-row.ts'
import type { Tables } from './tables.ts'

type CredentialTable = 'logins' | 'api_keys'

/** Marks a credential revoked; one that something else than postern has written goes altogether. False when there is none, or it is revoked already. */
export async function revoke(
  tables: Kysely<Tables>,
  table: CredentialTable,
  id: string,
  revokedAt: number,
): Promise<boolean> {
  const revoked = await changeRow(tables, table, { id }, ({ revoked_at }) =>
    revoked_at === null ? { revoked_at: revokedAt } : undefined,
  )
  if (revoked) return true
  const known = tables.selectFrom(table).select('id').where('id', '=', id)
  const [gone] = await tables
    .deleteFrom(table)
    .where('id', '=', id)
    .where((by) => by.not(by.exists(known)))
    .execute()
  return gone?.numDeletedRows === 1n
}

/**
 * Notes that a credential was used. To the minute: an application that signs in a hundred times a second would
 * otherwise wait for the disk a hundred times, to learn nothing that people read.
 */
export async function noteUse(
  tables: Kysely<Tables>,
  table: CredentialTable,
  id: string,
  at: number,
): Promise<void> {
  await tables
    .updateTable(table)
    .set({ last_used_at: at })
    .where('id', '=', id)
    .where((by) => by.or([by('last_used_at', 'is', null), by('last_used_at', '<=', at - 60_000)]))
    .execute()
}
