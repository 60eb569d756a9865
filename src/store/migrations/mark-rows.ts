import type { Kysely } from 'kysely'
import { sql } from '../kysely.ts'
import { markColumn, markedTables } from '../row-marks.ts'
import type { SchemaWords } from '../schema-words.ts'
import type { Tables } from '../tables.ts'

/** A place for the mark of each row that gives a right; `markMigrated` fills it. */
export async function addMarks(tables: Kysely<Tables>, _words: SchemaWords): Promise<void> {
  for (const table of Object.keys(markedTables))
    await sql.raw(`alter table ${table} add column ${markColumn} text`).execute(tables)
}
