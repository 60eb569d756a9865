import { decodeProtectedHeader } from 'jose/decode/protected_header'
import type { Kysely } from 'kysely'
import type { Database } from './database.ts'
import { hashRootPlace } from './hash-root.ts'
import { sql } from './kysely.ts'
import type { SealContext } from './sealer.ts'
import type { Tables } from './tables.ts'

/** A column that holds sealed values, as the stores write it. */
export interface SealedColumn {
  table: keyof Tables & string
  column: string
  /** The columns that tell one row from another. */
  keys: readonly string[]
  /** Where the value of a row is sealed for. */
  place(row: Record<string, unknown>): SealContext
}

const byKey = (table: keyof Tables & string, column: string, ...keys: string[]): SealedColumn => ({
  table,
  column,
  keys,
  place: (row) => ({ table, column, row: rowId({ keys }, row) }),
})

/** As it is told, and sealed for in most tables. */
export function rowId({ keys }: Pick<SealedColumn, 'keys'>, row: Record<string, unknown>): string {
  return keys.map((key) => String(row[key])).join(' ')
}

/** The same in a query. */
export function rowIdIn({ keys }: Pick<SealedColumn, 'keys'>) {
  return sql.join(
    keys.map((key) => sql.ref(key)),
    sql` || ' ' || `,
  )
}

/** All of them, in schemas from the chained journal on. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: 'secrets', column: 'value', keys: ['name'], place: () => hashRootPlace },
  byKey('grants', 'refresh_token', 'id'),
  {
    table: 'registrations',
    column: 'content',
    keys: ['id'],
    place: ({ id, revision }) => ({ table: 'registrations', column: 'content', row: `${id} ${revision}` }),
  },
  byKey('logins', 'sealed_password', 'id'),
  byKey('pending_consents', 'code_verifier', 'state_hash'),
  byKey('pending_consents', 'nonce', 'state_hash'),
  byKey('refresh_turns', 'failure', 'mailbox_key'),
  byKey('sent_keys', 'answer', 'id'),
  byKey('held_messages', 'content', 'id'),
  byKey('held_messages', 'outcome', 'id'),
  byKey('held_parts', 'content', 'message_id', 'place'),
  {
    table: 'shared_tokens',
    column: 'token',
    keys: ['mailbox_key'],
    place: ({ mailbox_key, grant_id, version }) => ({
      ...{ table: 'shared_tokens', column: 'token' },
      row: `${mailbox_key} ${grant_id} ${version}`,
    }),
  },
  byKey('passing', 'value', 'kind', 'key'),
]

/** The name of the key that a value was sealed with; undefined for what is not sealed. */
export function kidOf(sealed: unknown): string | undefined {
  try {
    return decodeProtectedHeader(String(sealed)).kid
  } catch {
    return undefined
  }
}

const rowsAtOnce = 200

export function totalOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}

/** The sealed values of a column, some rows at a time, behind each other by their key. */
export async function sealedRows(
  tables: Kysely<Tables>,
  one: SealedColumn,
  behind: string,
  most = rowsAtOnce,
): Promise<Record<string, unknown>[]> {
  const { table, column } = one
  const id = rowIdIn(one)
  const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)}
    where ${sql.ref(column)} is not null and ${id} > ${behind}
    order by ${id} limit ${most}`.execute(tables)
  return rows
}

/**
 * How many values each key has sealed.
 * @param columns those that the schema has
 */
export async function countKeys(
  read: Database['read'],
  columns: readonly SealedColumn[] = sealedColumns,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const one of columns) {
    let behind = ''
    for (;;) {
      const rows = await read((tables) => sealedRows(tables, one, behind))
      for (const row of rows) {
        const kid = kidOf(row[one.column]) ?? 'unknown'
        counts.set(kid, (counts.get(kid) ?? 0) + 1)
      }
      if (rows.length < rowsAtOnce) break
      behind = rowId(one, rows.at(-1) ?? {})
    }
  }
  return counts
}
