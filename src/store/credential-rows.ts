import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'

type CredentialTable = 'logins' | 'api_keys'

/** Marks a credential revoked. False when there is none, or it is revoked already. */
export async function revoke(
  tables: Kysely<Tables>,
  table: CredentialTable,
  id: string,
  revokedAt: number,
): Promise<boolean> {
  const [marked] = await tables
    .updateTable(table)
    .set({ revoked_at: revokedAt })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .execute()
  return marked?.numUpdatedRows === 1n
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
