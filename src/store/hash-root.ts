import { createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import { failure } from '../base/failure.ts'
import { type HashPurpose, type KeyedHash, Secret } from '../base/secret.ts'
import type { Sealer } from './sealer.ts'
import type { Tables } from './tables.ts'

const rootName = 'hash-root'
/**
 * Which protection the database has: marked rows, and after that a journal that is a chain. For each
 * the root is sealed for another place: a database that was made to look older, so that its rows are
 * marked or chained anew, does not open.
 */
export type RootPlace = 'plain' | 'marked rows' | 'chained journal'

const rootSealContext = (place: RootPlace) => ({
  table: 'secrets',
  column: 'value',
  row: place === 'plain' ? rootName : `${rootName} of ${place === 'marked rows' ? place : `a ${place}`}`,
})

/** Where it is sealed for in the newest schema. */
export const hashRootPlace = rootSealContext('chained journal')

/** A new hash root: 256 bits. */
export function newHashRoot(): Secret {
  return new Secret(randomBytes(32).toString('base64url'))
}

export function sealHashRoot(sealer: Sealer, root: Secret): Promise<string> {
  return sealer.seal(hashRootPlace, root)
}

export async function putHashRoot(tables: Kysely<Tables>, sealed: string): Promise<void> {
  await tables.deleteFrom('secrets').where('name', '=', rootName).execute()
  await tables.insertInto('secrets').values({ name: rootName, value: sealed }).execute()
}

/** Undefined when the database has none. */
export async function sealedHashRoot(tables: Kysely<Tables>): Promise<string | undefined> {
  const row = await tables
    .selectFrom('secrets')
    .select('value')
    .where('name', '=', rootName)
    .executeTakeFirst()
  return row?.value
}

/**
 * Opens the hash root. It also is the canary: a key that does not open it does not fit the
 * database.
 * @throws Failure `configuration`
 */
export async function openHashRoot(
  sealer: Sealer,
  sealed: string | undefined,
  place: RootPlace = 'chained journal',
): Promise<Secret> {
  try {
    return await sealer.open(rootSealContext(place), sealed ?? '')
  } catch (cause) {
    throw failure('key.of-other-database', { cause })
  }
}

/**
 * Keyed hashes under keys derived (HKDF, RFC 5869) from the hash root: 256 random bits that the
 * database keeps sealed. A root of its own, rather than the sealing key itself: replacing the
 * sealing key then leaves every login valid.
 */
export function createKeyedHash(root: Secret): KeyedHash {
  const derive = (purpose: HashPurpose) => deriveKey(root, `postern hash key: ${purpose}`)
  const keys: Record<HashPurpose, KeyObject> = {
    login: derive('login'),
    'api-key': derive('api-key'),
    consent: derive('consent'),
    'page-session': derive('page-session'),
    'page-form': derive('page-form'),
    'page-sign-in': derive('page-sign-in'),
    'page-browser': derive('page-browser'),
    'page-password': derive('page-password'),
    guess: derive('guess'),
    'idempotency-key': derive('idempotency-key'),
    'idempotency-request': derive('idempotency-request'),
    'approval-link': derive('approval-link'),
  }
  return (purpose, value) => createHmac('sha256', keys[purpose]).update(value).digest('base64url')
}

/** A key of its own for each use of the hash root. */
export function deriveKey(root: Secret, use: string): KeyObject {
  const octets = Buffer.from(root.reveal(), 'base64url')
  return createSecretKey(Buffer.from(hkdfSync('sha256', octets, '', use, 32)))
}
