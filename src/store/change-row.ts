import type { Kysely } from 'kysely'
import { type MarkedTable, markedTables, type Row } from './row-marks.ts'
import type { Tables } from './tables.ts'

/**
 * Changes one row of a table whose rows are marked: reads it, and writes the whole of it. Gives it as it is then; undefined when there is none, or it is none
 * of ours, or `change` wants nothing of it.
 */
export async function changeRow<Table extends MarkedTable>(
  tables: Kysely<Tables>,
  table: Table,
  key: Partial<Tables[Table]>,
  change: (row: Tables[Table]) => Partial<Tables[Table]> | undefined,
): Promise<Tables[Table] | undefined> {
  // What kysely cannot follow is that each of these tables has its own columns.
  const untyped = tables as unknown as Kysely<Record<string, Record<string, unknown>>>
  let chosen = untyped.selectFrom(table as string).selectAll()
  for (const [column, value] of Object.entries(key)) chosen = chosen.where(column, '=', value)
  const row = (await chosen.executeTakeFirst()) as unknown as Tables[Table] | undefined
  const changes = row && change(row)
  if (!changes) return undefined
  const changed: Row = { ...row, ...changes }
  let update = untyped.updateTable(table as string).set(changed)
  for (const column of markedTables[table]) update = update.where(column, '=', changed[column])
  await update.execute()
  return changed as unknown as Tables[Table]
}
