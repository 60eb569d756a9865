import type { Kysely } from 'kysely'
import { type MarkedTable, markColumn, markedTables, type Row, type RowMarks } from './row-marks.ts'
import type { Tables } from './tables.ts'

/** The rows that are trusted, by their keys. */
export type Trusted = ReadonlyMap<string, ReadonlySet<string>>

/** Those whose mark fits, before a migration changes the columns that it covers. */
export async function trustedRows(tables: Kysely<Tables>, marks: RowMarks): Promise<Trusted> {
  const trusted = new Map<string, Set<string>>()
  for (const table of tableNames) {
    const rows = await rowsOf(tables, table)
    const { columns, fits } = marks.reader(table, Object.keys(rows[0] ?? {}))
    const valuesOf = (row: Row) => columns.map((column) => row[column])
    const fitting = rows.filter((row) => fits(row[markColumn], valuesOf(row)))
    trusted.set(table, new Set(fitting.map((row) => keyOf(table, row))))
  }
  return trusted
}

/** Marks rows as they are after a migration. Without `trusted`, all: of a database from before there were marks, which nobody can judge any more. */
export async function markMigrated(
  tables: Kysely<Tables>,
  marks: RowMarks,
  trusted?: Trusted,
): Promise<void> {
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

function rowsOf(tables: Kysely<Tables>, table: MarkedTable): Promise<Row[]> {
  return untyped(tables).selectFrom(table).selectAll().execute()
}

function keyOf(table: MarkedTable, row: Row): string {
  return JSON.stringify(markedTables[table].map((column) => row[column]))
}

function untyped(tables: Kysely<Tables>) {
  return tables as unknown as Kysely<Record<string, Record<string, unknown>>>
}
