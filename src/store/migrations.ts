import type { Kysely } from 'kysely'
import { failure } from '../base/failure.ts'
import type { Database } from './database.ts'
import { sql } from './kysely.ts'
import {
  addJournal,
  addMarks,
  addRecipientCounts,
  addSignInTables,
  addWaysToGrants,
  addWebSignIns,
  bindRights,
} from './migrations/before-marks.ts'
import { createFirstTables } from './migrations/first-release.ts'
import {
  addHeardOffers,
  addMending,
  addNamesThatSignIn,
  addRecipientsToJournal,
  addRegistrations,
  addSendingLimits,
  addUserNameKeys,
  chainJournal,
  completeEarlyStores,
  divideWork,
  findRefusedRecipients,
  holdMessages,
  keepOutcomes,
  keepSentKeys,
  noteRefusals,
  shareBudgets,
  shareStore,
  shareTokens,
} from './migrations/since-marks.ts'
import { type MarkedTable, markColumn, markedTables, type Row, type RowMarks } from './row-marks.ts'
import { indexNames, type SchemaWords, type Tables, tableColumns } from './tables.ts'

type Migration = (tables: Kysely<Tables>, words: SchemaWords, now: number) => Promise<void>

// Only ever appended to: a database remembers how many of these it has seen. What each does is
// frozen by test/store/frozen-migrations.json. While hosts are upgraded one after the other, those
// that are not yet go on with the new schema: so a migration only adds, and what it adds to a marked
// table stays empty until the version after it, because a row with more in it than a process knows is
// no row of ours to that process. What takes rights away may be filled at once, where somebody asks
// for it: a process that does not know of a limit refuses whoever has one.
export const migrations: readonly Migration[] = [
  createFirstTables,
  addSignInTables,
  addRecipientCounts,
  addWaysToGrants,
  addWebSignIns,
  addJournal,
  bindRights,
  addMarks,
  addNamesThatSignIn,
  addUserNameKeys,
  noteRefusals,
  addHeardOffers,
  addMending,
  chainJournal,
  addRecipientsToJournal,
  keepOutcomes,
  addRegistrations,
  findRefusedRecipients,
  completeEarlyStores,
  shareStore,
  divideWork,
  shareBudgets,
  shareTokens,
  keepSentKeys,
  addSendingLimits,
  holdMessages,
]

export const newestSchema = migrations.length

/** From this one on each row that gives a right has a mark. */
export const markedSchema = migrations.indexOf(addMarks) + 1

/** From this one on the entries of the journal are a chain. */
export const chainedSchema = migrations.indexOf(chainJournal) + 1

/**
 * Brings the database to the newest schema, all steps and `then` (given the schema that was found;
 * not where it is the newest) in one transaction. Gives the schema that was found: 0 for a new
 * database.
 */
export function migrate(
  database: Database,
  words: SchemaWords,
  now: number,
  marks: RowMarks,
  then: (tables: Kysely<Tables>, found: number) => Promise<void>,
): Promise<number> {
  return database.change(async (tables) => {
    const versions = tables.withTables<{ schema_versions: { version: number; applied_at: number } }>()
    await tables.schema
      .createTable('schema_versions')
      .ifNotExists()
      .addColumn('version', words.integer, (column) => column.primaryKey().notNull())
      .addColumn('applied_at', words.integer, (column) => column.notNull())
      .modifyEnd(sql.raw(words.tableOptions))
      .execute()
    const found = await schemaOf(tables)
    if (found === newestSchema) {
      await requireWhole(tables, words)
      return found
    }
    const trusted = found >= markedSchema ? await trustedRows(tables, found, marks) : undefined
    for (const [index, migration] of migrations.entries()) {
      if (index < found) continue
      await migration(tables, words, now)
      await versions
        .insertInto('schema_versions')
        .values({ version: index + 1, applied_at: now })
        .execute()
    }
    await words.afterwards?.(tables)
    await requireWhole(tables, words)
    // Rows that have lost their mark get none: an attacker who can write in the database would only
    // have to take it away.
    await markMigrated(tables, marks, trusted)
    await then(tables, found)
    return found
  })
}

/** The schema that a database is at, from its table of versions. */
export async function schemaOf(tables: Kysely<Tables>): Promise<number> {
  const row = await tables
    .withTables<{ schema_versions: { version: number } }>()
    .selectFrom('schema_versions')
    .select((by) => by.fn.max('version').as('newest'))
    .executeTakeFirst()
  return row?.newest ?? 0
}

/**
 * Looks whether everything is there that the newest schema has: queries that need what is missing
 * would fail one day, far from the cause.
 * @throws Failure `configuration`
 */
async function requireWhole(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  const { rows } = await sql.raw<{ name: string }>(words.namesOfSchema).execute(tables)
  const found = new Set(rows.map(({ name }) => name))
  const columns = Object.entries(tableColumns).flatMap(([table, names]) =>
    names.split(' ').map((column) => `${table}.${column}`),
  )
  const missing = [...columns, ...indexNames.split(' ')].filter((name) => !found.has(name))
  if (missing.length > 0) throw failure('database.schema-incomplete', { missing: missing.join(', ') })
}

/** The rows that are trusted, by their keys. */
type Trusted = ReadonlyMap<string, ReadonlySet<string>>

/** Those whose mark fits, before a migration changes the columns that it covers. */
async function trustedRows(tables: Kysely<Tables>, schema: number, marks: RowMarks): Promise<Trusted> {
  const trusted = new Map<string, Set<string>>()
  for (const table of tableNames) {
    if (schema < (firstSchemas[table] ?? 0)) continue
    const rows = await rowsOf(tables, table)
    const { columns, fits } = marks.reader(table, Object.keys(rows[0] ?? {}))
    const valuesOf = (row: Row) => columns.map((column) => row[column])
    const fitting = rows.filter((row) => fits(row[markColumn], valuesOf(row)))
    trusted.set(table, new Set(fitting.map((row) => keyOf(table, row))))
  }
  return trusted
}

/**
 * Marks rows as they are after a migration. Without `trusted`, all: of a database from before there
 * were marks, whose rows cannot be judged any more.
 */
async function markMigrated(tables: Kysely<Tables>, marks: RowMarks, trusted?: Trusted): Promise<void> {
  for (const table of tableNames) {
    for (const row of await rowsOf(tables, table)) {
      if (trusted && !trusted.get(table)?.has(keyOf(table, row))) continue
      let update = untyped(tables)
        .updateTable(table)
        .set({ [markColumn]: marks.of(table, row) })
      for (const column of markedTables[table]) update = update.where(column, '=', row[column])
      await update.execute()
    }
  }
}

const tableNames = Object.keys(markedTables) as MarkedTable[]

/** Of the tables that came after the marks, from which schema on there is one. */
const firstSchemas: { readonly [Table in MarkedTable]?: number } = {
  registrations: migrations.indexOf(addRegistrations) + 1,
  held_messages: migrations.indexOf(holdMessages) + 1,
}

function rowsOf(tables: Kysely<Tables>, table: MarkedTable): Promise<Row[]> {
  return untyped(tables).selectFrom(table).selectAll().execute()
}

function keyOf(table: MarkedTable, row: Row): string {
  return JSON.stringify(markedTables[table].map((column) => row[column]))
}

function untyped(tables: Kysely<Tables>) {
  return tables as unknown as Kysely<Record<string, Record<string, unknown>>>
}
