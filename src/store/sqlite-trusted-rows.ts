import type { DatabaseSyncInstance } from '@photostructure/sqlite'
import type { KyselyPlugin, OperationNode, SelectQueryNode } from 'kysely'
import { AliasNode, IdentifierNode, TableNode } from './kysely.ts'
import { type MarkedColumns, MarkingTransformer, markedTable } from './marked-rows.ts'
import {
  isCovered,
  isMarked,
  type MarkedTable,
  type MarkReader,
  markColumn,
  markedTables,
  type RowMarks,
} from './row-marks.ts'

const viewOf = (table: MarkedTable) => `trusted_${table}`

/**
 * Makes a view of each marked table that has only the rows whose mark fits. They belong to this
 * connection and are not in the file, where others could change them.
 */
export function showTrustedRows(connection: DatabaseSyncInstance, marks: RowMarks): MarkedColumns {
  connection.exec('PRAGMA temp_store = MEMORY')
  const known: Partial<Record<MarkedTable, readonly string[]>> = {}
  for (const table of Object.keys(markedTables).filter(isMarked)) {
    const found = connection.prepare(`pragma main.table_info(${table})`).all() as { name: string }[]
    const columns = found.map(({ name }) => name).filter((name) => name !== markColumn)
    const reader = marks.reader(table, columns)
    const values = reader.columns.map((column) => `cast(${column} as text)`)
    const check = createRefusalCheck(connection, table, values, reader)
    const isTrusted = (mark: unknown, ...found: unknown[]) => {
      if (reader.fits(mark, found)) return 1
      check(found)
      return 0
    }
    connection.function(`fits_${table}`, { varargs: true, directOnly: true }, isTrusted)
    known[table] = reader.columns
    connection.exec(
      `create temp view ${viewOf(table)} as select ${columns.map(readable).join(', ')} from main.${table}
        where fits_${table}(${markColumn}, ${values.join(', ')})`,
    )
  }
  return known
}

/** Rows that are looked at once more at a time: a table of forged ones must not fill the memory. */
const mostChecked = 1000

/**
 * Says of a row that it is refused, after it was read by itself. What the view is given is no
 * proof: where a query asks for `state = 'lapsed'`, SQLite puts that word in the place of the
 * column everywhere, and shows the view a row that was never written.
 */
function createRefusalCheck(
  connection: DatabaseSyncInstance,
  table: MarkedTable,
  values: readonly string[],
  reader: MarkReader,
): (found: readonly unknown[]) => void {
  const keys = markedTables[table]
  const places = keys.map((key) => reader.columns.indexOf(key))
  const waiting = new Map<string, string[]>()

  function look(): void {
    const rows = [...waiting.values()]
    waiting.clear()
    // It may have been closed since.
    if (!connection.isOpen) return
    const byKey = connection.prepare(
      `select ${markColumn} as found, ${values.map((value, place) => `${value} as v${place}`).join(', ')}
        from main.${table} where ${keys.map((key) => `${key} = ?`).join(' and ')}`,
    )
    for (const row of rows) {
      const whole = byKey.get(...row) as Record<string, unknown> | undefined
      const own = reader.columns.map((_, place) => whole?.[`v${place}`])
      if (whole && !reader.fits(whole.found, own)) reader.refuse(own)
    }
  }

  return (found) => {
    const key = places.map((place) => String(found[place]))
    if (waiting.size >= mostChecked) return
    if (waiting.size === 0) queueMicrotask(look)
    waiting.set(JSON.stringify(key), key)
  }
}

/**
 * What no mark covers is a time, of which nothing depends; but one that JavaScript cannot hold
 * would fail the query for all rows.
 */
function readable(column: string): string {
  if (isCovered(column)) return column
  return `case when ${column} between 0 and ${Number.MAX_SAFE_INTEGER} then ${column} end as ${column}`
}

/** Every query reads the views in place of the tables, and every row that is written is marked. */
export function markRows(marks: RowMarks, columns: MarkedColumns): KyselyPlugin {
  const transformer = new TrustingTransformer(marks, columns)
  return {
    transformQuery: ({ node }) => transformer.transformNode(node),
    transformResult: async ({ result }) => result,
  }
}

class TrustingTransformer extends MarkingTransformer {
  protected override transformSelectQuery(node: SelectQueryNode): SelectQueryNode {
    const query = super.transformSelectQuery(node)
    return {
      ...query,
      ...(query.from && { from: { ...query.from, froms: query.from.froms.map(trusted) } }),
      ...(query.joins && { joins: query.joins.map((join) => ({ ...join, table: trusted(join.table) })) }),
    }
  }
}

/** The view under the name of the table, or under the one that the query gives it. */
function trusted(node: OperationNode): OperationNode {
  if (AliasNode.is(node)) {
    const table = markedTable(node.node)
    return table ? AliasNode.create(TableNode.create(viewOf(table)), node.alias) : node
  }
  const table = markedTable(node)
  return table ? AliasNode.create(TableNode.create(viewOf(table)), IdentifierNode.create(table)) : node
}
