import type { Kysely } from 'kysely'
import type { Database } from './database.ts'
import { sql } from './kysely.ts'
import { markMigrated, trustedRows } from './mark-migrated.ts'
import { bindRights } from './migrations/bind-rights.ts'
import { createFirstTables } from './migrations/first-tables.ts'
import { addHeardOffers } from './migrations/heard-offers.ts'
import { addJournal } from './migrations/journal.ts'
import { addMarks } from './migrations/mark-rows.ts'
import { addMending } from './migrations/mending.ts'
import { addNamesThatSignIn } from './migrations/names-that-sign-in.ts'
import { addRecipientCounts } from './migrations/recipient-counts.ts'
import { noteRefusals } from './migrations/refused-grants.ts'
import { addSignInTables } from './migrations/sign-in-tables.ts'
import { addUserNameKeys } from './migrations/user-name-keys.ts'
import { addWaysToGrants } from './migrations/ways-to-grants.ts'
import { addWebSignIns } from './migrations/web-sign-ins.ts'
import type { RowMarks } from './row-marks.ts'
import type { SchemaWords } from './schema-words.ts'
import type { Tables } from './tables.ts'

type Migration = (tables: Kysely<Tables>, words: SchemaWords, now: number) => Promise<void>

// Only ever appended to: a database remembers how many of these it has seen.
const migrations: readonly Migration[] = [
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
]

export const newestSchema = migrations.length

/** From this one on each row that gives a right has a mark. */
export const markedSchema = migrations.indexOf(addMarks) + 1

/**
 * Brings the database to the newest schema, all steps and `then` (given the schema that was found; not where it is the newest) in one transaction.
 * Gives the schema that was found: 0 for a new database.
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
    if (found === newestSchema) return found
    const trusted = found >= markedSchema ? await trustedRows(tables, marks) : undefined
    for (const [index, migration] of migrations.entries()) {
      if (index < found) continue
      await migration(tables, words, now)
      await versions
        .insertInto('schema_versions')
        .values({ version: index + 1, applied_at: now })
        .execute()
    }
    // Never again of rows that had no mark: whoever can write in the database would only have to take theirs away.
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
