import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import { Failure } from '../base/failure.ts'
import { Secret } from '../base/secret.ts'
import type { Sealer } from './sealer.ts'
import type { Tables } from './tables.ts'

const name = 'hash-root'
/** In a database whose rows are marked it is sealed for another place: one that was made to look older, so that its rows are marked anew, does not open. */
const placeOf = ({ marked }: RootPlace) => ({
  table: 'secrets',
  column: 'value',
  row: marked ? `${name} of marked rows` : name,
})

export interface RootPlace {
  marked: boolean
}

/** A new hash root: 256 bits. */
export function newHashRoot(): Secret {
  return new Secret(randomBytes(32).toString('base64url'))
}

export function sealHashRoot(sealer: Sealer, root: Secret): Promise<string> {
  return sealer.seal(placeOf({ marked: true }), root)
}

export async function putHashRoot(tables: Kysely<Tables>, sealed: string): Promise<void> {
  await tables.deleteFrom('secrets').where('name', '=', name).execute()
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
export async function openHashRoot(
  sealer: Sealer,
  sealed: string | undefined,
  place: RootPlace = { marked: true },
): Promise<Secret> {
  try {
    return await sealer.open(placeOf(place), sealed ?? '')
  } catch (cause) {
    throw new Failure('configuration', 'The key does not fit this database', {
      cause,
      fix: 'Use the key file or POSTERN_KEY that this database was made with. To begin anew, move both away.',
    })
  }
}
