import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import { Failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import type { Sealer } from './sealer.ts'
import type { Tables } from './tables.ts'

const name = 'hash-root'
const place = { table: 'secrets', column: 'value', row: name }

/** A new hash root (256 bits), sealed: the first value of a new database. */
export function sealHashRoot(sealer: Sealer): Promise<string> {
  return sealer.seal(place, new Secret(randomBytes(32).toString('base64url')))
}

export async function putHashRoot(tables: Kysely<Tables>, sealed: string): Promise<void> {
  await tables.insertInto('secrets').values({ name, value: sealed }).execute()
}

/** Undefined when the database has none. */
export async function sealedHashRoot(tables: Kysely<Tables>): Promise<string | undefined> {
  const row = await tables.selectFrom('secrets').select('value').where('name', '=', name).executeTakeFirst()
  return row?.value
}

/**
 * Opens the hash root. It also is the canary: a key that does not open it does not fit the database.
 * @throws Failure `configuration`
 */
export async function openHashRoot(sealer: Sealer, sealed: string | undefined): Promise<Secret> {
  try {
    return await sealer.open(place, sealed ?? '')
  } catch (cause) {
    throw new Failure('configuration', 'The key does not fit this database', {
      cause,
      fix: 'Use the key file or POSTERN_KEY that this database was made with. To begin anew, move both away.',
    })
  }
}
