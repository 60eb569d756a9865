import type { DatabaseSyncInstance } from '@photostructure/sqlite'
import type {
  DeleteQueryNode,
  InsertQueryNode,
  Kysely,
  KyselyPlugin,
  OperationNode,
  SelectQueryNode,
  UpdateQueryNode,
} from 'kysely'
import { type Failure, failure } from '../base/failure.ts'
import {
  AliasNode,
  ColumnNode,
  ColumnUpdateNode,
  IdentifierNode,
  OperationNodeTransformer,
  PrimitiveValueListNode,
  TableNode,
  ValueNode,
  ValuesNode,
} from './kysely.ts'
import {
  isCovered,
  isMarked,
  type MarkedTable,
  type MarkReader,
  markColumn,
  markedTables,
  type Row,
  type RowMarks,
} from './row-marks.ts'
import type { Tables } from './tables.ts'

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

/** What the mark of each table covers. */
type MarkedColumns = { readonly [Table in MarkedTable]?: readonly string[] }

/**
 * Every query reads the views in place of the tables, and every row that is written is marked. So
 * no query has to think of that, and a change to a row that is not trusted cannot make it so: an
 * update has to give the whole row, which it can only have read (`changeRow`).
 */
export function markRows(marks: RowMarks, columns: MarkedColumns): KyselyPlugin {
  const transformer = new MarkingTransformer(marks, columns)
  return {
    transformQuery: ({ node }) => transformer.transformNode(node),
    transformResult: async ({ result }) => result,
  }
}

class MarkingTransformer extends OperationNodeTransformer {
  readonly #marks: RowMarks
  readonly #columns: MarkedColumns

  constructor(marks: RowMarks, columns: MarkedColumns) {
    super()
    this.#marks = marks
    this.#columns = columns
  }

  protected override transformSelectQuery(node: SelectQueryNode): SelectQueryNode {
    const query = super.transformSelectQuery(node)
    return {
      ...query,
      ...(query.from && { from: { ...query.from, froms: query.from.froms.map(trusted) } }),
      ...(query.joins && { joins: query.joins.map((join) => ({ ...join, table: trusted(join.table) })) }),
    }
  }

  protected override transformInsertQuery(node: InsertQueryNode): InsertQueryNode {
    const query = super.transformInsertQuery(node)
    const table = markedTable(query.into)
    if (!table) return query
    const { columns = [], values, onConflict } = query
    if (!values || !ValuesNode.is(values) || onConflict) throw notWhole(table)
    const names = columns.map(({ column }) => column.name)
    const rows = values.values.map((row) => {
      const given = PrimitiveValueListNode.is(row)
        ? row.values
        : row.values.map((one) => literalOf(one, table))
      const whole = Object.fromEntries(names.map((name, place) => [name, given[place]]))
      return PrimitiveValueListNode.create([...given, this.#markOf(table, whole)])
    })
    return { ...query, columns: [...columns, ColumnNode.create(markColumn)], values: ValuesNode.create(rows) }
  }

  protected override transformDeleteQuery(node: DeleteQueryNode): DeleteQueryNode {
    const query = super.transformDeleteQuery(node)
    const table = markedTable(query.from.froms[0])
    if (table && query.returning) throw notTrusted(table)
    return query
  }

  protected override transformUpdateQuery(node: UpdateQueryNode): UpdateQueryNode {
    const query = super.transformUpdateQuery(node)
    const table = markedTable(query.table)
    if (!table) return query
    if (query.returning) throw notTrusted(table)
    const { updates = [] } = query
    const changes = updates.map(({ column, value }) => [nameOf(column), value] as const)
    if (!changes.some(([name]) => isCovered(name))) return query
    const whole: Row = Object.fromEntries(changes.map(([name, value]) => [name, literalOf(value, table)]))
    const mark = ValueNode.create(this.#markOf(table, whole))
    return { ...query, updates: [...updates, ColumnUpdateNode.create(ColumnNode.create(markColumn), mark)] }
  }

  #markOf(table: MarkedTable, whole: Row): string {
    if (this.#columns[table]?.some((column) => whole[column] === undefined)) throw notWhole(table)
    return this.#marks.of(table, whole)
  }
}

function markedTable(node: OperationNode | undefined): MarkedTable | undefined {
  if (!node || !TableNode.is(node)) return undefined
  const { name } = node.table.identifier
  return isMarked(name) ? name : undefined
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

function nameOf(node: OperationNode): string {
  return ColumnNode.is(node) ? node.column.name : ''
}

function literalOf(node: OperationNode, table: MarkedTable): unknown {
  if (ValueNode.is(node)) return node.value
  throw notWhole(table)
}

/** A mistake in a query of ours: what only the database would know cannot be marked. */
function notWhole(table: MarkedTable): Failure {
  return failure('database.row-incomplete', { table })
}

/** Another one: what a change gives back comes from the table itself. */
function notTrusted(table: MarkedTable): Failure {
  return failure('database.row-read-early', { table })
}

/**
 * Changes one row of a table whose rows are marked: reads it, and writes the whole of it. Gives it
 * as it is then; undefined when there is none, or it is none of ours, or `change` wants nothing of
 * it.
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
