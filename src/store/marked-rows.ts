import type { DeleteQueryNode, InsertQueryNode, Kysely, OperationNode, UpdateQueryNode } from 'kysely'
import { type Failure, failure } from '../base/failure.ts'
import {
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  ColumnUpdateNode,
  OperationNodeTransformer,
  OperatorNode,
  PrimitiveValueListNode,
  ReferenceNode,
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
import type { Tables } from './tables.ts'

/** What the mark of each table covers. */
export type MarkedColumns = { readonly [Table in MarkedTable]?: readonly string[] }

/**
 * Every row that is written is marked. So no query has to think of that, and a change to a row that
 * is not trusted cannot make it so: an update has to give the whole row, which it can only have read
 * (`changeRow`).
 */
export class MarkingTransformer extends OperationNodeTransformer {
  readonly #marks: RowMarks
  readonly #columns: MarkedColumns

  constructor(marks: RowMarks, columns: MarkedColumns) {
    super()
    this.#marks = marks
    this.#columns = columns
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
      this.changes(table, whole, 'added')
      return PrimitiveValueListNode.create([...given, this.#markOf(table, whole)])
    })
    return { ...query, columns: [...columns, ColumnNode.create(markColumn)], values: ValuesNode.create(rows) }
  }

  protected override transformDeleteQuery(node: DeleteQueryNode): DeleteQueryNode {
    const query = super.transformDeleteQuery(node)
    const table = markedTable(query.from.froms[0])
    if (!table) return query
    if (query.returning) throw notTrusted(table)
    this.changes(table, keyIn(query.where?.where), 'removed')
    return query
  }

  /**
   * Told of each row of these tables that a query adds, changes or removes: a removed one by the
   * values that it is chosen by, as far as they are plain.
   */
  protected changes(_table: MarkedTable, _row: Row, _how: 'added' | 'changed' | 'removed'): void {}

  protected override transformUpdateQuery(node: UpdateQueryNode): UpdateQueryNode {
    const query = super.transformUpdateQuery(node)
    const table = markedTable(query.table)
    if (!table) return query
    if (query.returning) throw notTrusted(table)
    const { updates = [] } = query
    const changes = updates.map(({ column, value }) => [nameOf(column), value] as const)
    if (!changes.some(([name]) => isCovered(name))) return query
    const whole: Row = Object.fromEntries(changes.map(([name, value]) => [name, literalOf(value, table)]))
    this.changes(table, whole, 'changed')
    const mark = ValueNode.create(this.#markOf(table, whole))
    return { ...query, updates: [...updates, ColumnUpdateNode.create(ColumnNode.create(markColumn), mark)] }
  }

  #markOf(table: MarkedTable, whole: Row): string {
    if (this.#columns[table]?.some((column) => whole[column] === undefined)) throw notWhole(table)
    return this.#marks.of(table, whole)
  }
}

export function markedTable(node: OperationNode | undefined): MarkedTable | undefined {
  if (!node || !TableNode.is(node)) return undefined
  const { name } = node.table.identifier
  return isMarked(name) ? name : undefined
}

/** The columns that have to be equal to a value. */
function keyIn(node: OperationNode | undefined): Row {
  if (!node) return {}
  if (AndNode.is(node)) return { ...keyIn(node.left), ...keyIn(node.right) }
  if (!BinaryOperationNode.is(node)) return {}
  const { leftOperand, operator, rightOperand } = node
  if (!ReferenceNode.is(leftOperand) || !OperatorNode.is(operator) || !ValueNode.is(rightOperand)) return {}
  return operator.operator === '=' ? { [nameOf(leftOperand.column)]: rightOperand.value } : {}
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
