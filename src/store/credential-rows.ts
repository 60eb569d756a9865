import type { Kysely } from 'kysely'
import type { ListedLogin, Verifier } from '../model/login.ts'
import type { PageVerifier } from '../model/page-access.ts'
import { changeRow } from './marked-rows.ts'
import type { Tables } from './tables.ts'

/*
 * What the rows of logins, API keys and page passwords have in common: how they are revoked and
 * noted as used, and how their verifiers are read.
 */

type CredentialTable = 'logins' | 'api_keys'

/**
 * Marks a credential revoked; one that something else than postern has written goes altogether.
 * False when there is none, or it is revoked already.
 */
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
 * Notes that a credential was used. To the minute: an application that signs in a hundred times a
 * second would otherwise wait for the disk a hundred times, to learn nothing that people read.
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

type Scrypt = Extract<Verifier, { kind: 'scrypt' }>

/**
 * Four times what postern itself asks for: more costs memory (128 octets times cost times block
 * size), and time, as chosen by an attacker who can write in the database.
 */
const most = { cost: 2 ** 17, blockSize: 16, parallelization: 4, text: 128 }

/**
 * How a password is recognised, as a row tells it. Undefined for what postern would not have
 * written: nothing is worked out by that.
 */
export function readVerifier(text: string): ListedLogin['verifier'] | undefined {
  const found = parsed(text)
  switch (found?.kind) {
    case 'none':
      return { kind: 'none' }
    case 'sealed':
      return { kind: 'sealed', generated: found.generated === true }
    case 'keyed':
      return isText(found.hash) ? { kind: 'keyed', hash: found.hash } : undefined
    default:
      return scryptOf(found)
  }
}

/** The same where nothing but a password for the pages can be. */
export function readPageVerifier(text: string): PageVerifier | undefined {
  const found = parsed(text)
  const verifier = scryptOf(found)
  return verifier && typeof found?.hint === 'number' ? { ...verifier, hint: found.hint } : verifier
}

type Found = Readonly<Record<string, unknown>>

function scryptOf(found: Found | undefined): Scrypt | undefined {
  if (found?.kind !== 'scrypt') return undefined
  const { salt, hash, cost, blockSize, parallelization } = found
  if (!isText(salt) || !isText(hash)) return undefined
  if (!isCount(cost, most.cost) || !isCount(blockSize, most.blockSize)) return undefined
  if (!isCount(parallelization, most.parallelization)) return undefined
  // RFC 7914, section 2: N is a power of two, and larger than one.
  if (cost < 2 || (cost & (cost - 1)) !== 0) return undefined
  return { kind: 'scrypt', salt, hash, cost, blockSize, parallelization }
}

function parsed(text: string): Found | undefined {
  try {
    const found: unknown = JSON.parse(text)
    return typeof found === 'object' && found !== null ? (found as Found) : undefined
  } catch {
    return undefined
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= most.text
}

function isCount(value: unknown, highest: number): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= highest
}
