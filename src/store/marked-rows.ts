import type { DatabaseSyncInstance } from '@photostructure/sqlite'
import type {
  DeleteQueryNode,
  InsertQueryNode,
  KyselyPlugin,
  OperationNode,
  SelectQueryNode,
  UpdateQueryNode,
} from 'kysely'
import { Failure } from '../base/failure.ts'
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
  markColumn,
  markedTables,
  type Row,
  type RowMarks,
} from './row-marks.ts'

const viewOf = (table: MarkedTable) => `trusted_${table}`

/**
 * Makes a view of each marked table that has only the rows whose mark fits. They belong to this connection and are not in the file, where others could
 * change them.
 */
export function showTrustedRows(connection: DatabaseSyncInstance, marks: RowMarks): MarkedColumns {
  connection.exec('PRAGMA temp_store = MEMORY')
  const known: Partial<Record<MarkedTable, readonly string[]>> = {}
  for (const table of Object.keys(markedTables).filter(isMarked)) {
    const found = connection.prepare(`pragma main.table_info(${table})`).all() as { name: string }[]
    const columns = found.map(({ name }) => name).filter((name) => name !== markColumn)
    const { columns: covered, fits } = marks.reader(table, columns)
    const isTrusted = (mark: unknown, ...values: unknown[]) => (fits(mark, values) ? 1 : 0)
    connection.function(`fits_${table}`, { varargs: true, directOnly: true }, isTrusted)
    known[table] = covered
    const values = covered.map((column) => `cast(${column} as text)`)
    connection.exec(
      `create temp view ${viewOf(table)} as select ${columns.map(readable).join(', ')} from main.${table}
        where fits_${table}(${markColumn}, ${values.join(', ')})`,
    )
  }
  return known
}

/** What no mark covers is a time, of which nothing depends; but one that JavaScript cannot hold would fail the query for all rows. */
function readable(column: string): string {
  if (isCovered(column)) return column
  return `case when ${column} between 0 and ${Number.MAX_SAFE_INTEGER} then ${column} end as ${column}`
}

/** What the mark of each table covers. */
export type MarkedColumns = { readonly [Table in MarkedTable]?: readonly string[] }

/**
 * Every query reads the views in place of the tables, and every row that is written is marked. So no query has to think of that, and a change to a
 * row that is not trusted cannot make it so: an update has to give the whole row, which it can only have read (`changeRow`).
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
  return new Failure('internal', `A row of ${table} is to be written without all of its values`)
}

/** Another one: what a change gives back comes from the table itself. */
function notTrusted(table: MarkedTable): Failure {
  return new Failure('internal', `A row of ${table} is to be read by a change to it, and not before`)
}
