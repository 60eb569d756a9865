import type {
  KyselyPlugin,
  OperationNode,
  QueryResult,
  RootOperationNode,
  SelectionNode,
  SelectQueryNode,
  UnknownRow,
} from 'kysely'
import { trustedAmong } from './database.ts'
import {
  AliasNode,
  ColumnNode,
  IdentifierNode,
  ReferenceNode,
  SelectionNode as Selection,
  TableNode,
} from './kysely.ts'
import { type MarkedColumns, MarkingTransformer, markedTable } from './marked-rows.ts'
import {
  isCovered,
  type MarkedTable,
  type MarkReader,
  markColumn,
  markedTables,
  type Row,
  type RowMarks,
} from './row-marks.ts'

/*
 * PostgreSQL cannot ask us about a row before it uses it, and must not have the key of the marks: who
 * administers it may look into every session. So each query brings the marked columns of its tables
 * along, under names of their own, and a row whose marks do not fit is taken out of the answer. What
 * only a database could count (`count(*)`, `exists`) may have seen such rows; no right hangs on that.
 */

/** Sees each row of a marked table that a query changes. */
export type SeeChange = (table: MarkedTable, row: Row, how: 'added' | 'changed' | 'removed') => void

/** Marks what is written, and takes rows that are not trusted out of what is read. */
export function checkRows(marks: RowMarks, columns: Required<MarkedColumns>, see: SeeChange): KyselyPlugin {
  const transformer = new PlainSubqueries(marks, columns, see)
  const readers = new Map(
    Object.keys(markedTables).map((name) => {
      const table = name as MarkedTable
      return [table, marks.reader(table, columns[table])] as const
    }),
  )
  const looks = new WeakMap<object, Look>()
  return {
    transformQuery({ node, queryId }) {
      const written = transformer.transformNode(node) as RootOperationNode
      if (written.kind !== 'SelectQueryNode') return written
      const look = lookAt(written, readers)
      if (look.tables.length > 0) looks.set(queryId, look)
      return look.query
    },
    async transformResult({ result, queryId }) {
      const look = looks.get(queryId)
      return look ? { ...result, rows: trustedOf(result, look) } : result
    },
  }
}

/** Queries within others were looked at, too, when they were made: what they would bring along goes. */
class PlainSubqueries extends MarkingTransformer {
  readonly #see: SeeChange

  constructor(marks: RowMarks, columns: MarkedColumns, see: SeeChange) {
    super(marks, columns)
    this.#see = see
  }

  protected override changes(...change: Parameters<SeeChange>): void {
    this.#see(...change)
  }

  protected override transformSelectQuery(node: SelectQueryNode): SelectQueryNode {
    const { selections, ...query } = super.transformSelectQuery(node)
    return { ...query, ...(selections && { selections: selections.filter((one) => !isBrought(one)) }) }
  }
}

function isBrought({ selection }: SelectionNode): boolean {
  return (
    AliasNode.is(selection) && IdentifierNode.is(selection.alias) && broughtName.test(selection.alias.name)
  )
}

const broughtName = /^marked_\d+(?:_\d+)?$/

/** A query that brings what tells whether its rows can be trusted. */
interface Look {
  query: SelectQueryNode
  isDistinct: boolean
  tables: readonly MarkedPart[]
}

/** A marked table that a query reads. */
interface MarkedPart {
  table: MarkedTable
  /** What the query calls it. */
  name: string
  /** Of an outer join: the row is kept without what comes from here, and from what is joined after it. */
  isOptional: boolean
  /** The columns of the answer that come from here, where it is optional. */
  answers: readonly string[]
  /** The names of what was brought along: the mark, and the columns that it covers. */
  mark: string
  columns: readonly string[]
  reader: MarkReader
}

function lookAt(query: SelectQueryNode, readers: ReadonlyMap<MarkedTable, MarkReader>): Look {
  const isDistinct = query.frontModifiers?.some(({ modifier }) => modifier === 'Distinct') ?? false
  const tables = isAggregate(query) ? [] : partsOf(query, readers)
  const brought = tables.flatMap(({ name, mark, columns, reader }) => [
    selected(name, markColumn, mark),
    ...reader.columns.map((column, index) => selected(name, column, columns[index] ?? '')),
  ])
  const selections = [...(query.selections ?? []), ...brought]
  return { query: brought.length > 0 ? { ...query, selections } : query, isDistinct, tables }
}

function partsOf(
  query: SelectQueryNode,
  readers: ReadonlyMap<MarkedTable, MarkReader>,
): readonly MarkedPart[] {
  const { from, joins = [] } = query
  const read = [
    ...(from?.froms ?? []).map((node) => ({ node, isOptional: false })),
    ...joins.map(({ table, joinType }) => ({ node: table, isOptional: joinType === 'LeftJoin' })),
  ]
  return read.flatMap(({ node, isOptional }, place) => {
    const aliased = AliasNode.is(node) ? node : undefined
    const table = markedTable(aliased ? aliased.node : node)
    const reader = table && readers.get(table)
    if (!reader) return []
    const alias = aliased?.alias
    const name = alias && IdentifierNode.is(alias) ? alias.name : table
    return [
      {
        table,
        name,
        isOptional,
        answers: isOptional ? answersFrom(query, name) : [],
        mark: `marked_${place}`,
        columns: reader.columns.map((_, index) => `marked_${place}_${index}`),
        reader,
      },
    ]
  })
}

function selected(table: string, column: string, name: string): SelectionNode {
  const reference = ReferenceNode.create(ColumnNode.create(column), TableNode.create(table))
  return Selection.create(AliasNode.create(reference, IdentifierNode.create(name)))
}

/** What the columns of a table are called in the answer. */
function answersFrom({ selections = [] }: SelectQueryNode, name: string): string[] {
  return selections.flatMap(({ selection }) => {
    const aliased = AliasNode.is(selection) ? selection : undefined
    const node = aliased ? aliased.node : selection
    if (!ReferenceNode.is(node) || node.table?.table.identifier.name !== name) return []
    if (aliased && IdentifierNode.is(aliased.alias)) return [aliased.alias.name]
    return ColumnNode.is(node.column) ? [node.column.column.name] : []
  })
}

function isAggregate({ selections = [], groupBy }: SelectQueryNode): boolean {
  return groupBy !== undefined || selections.some(({ selection }) => hasAggregate(selection))
}

function hasAggregate(node: OperationNode): boolean {
  return node.kind === 'AggregateFunctionNode' || (AliasNode.is(node) && hasAggregate(node.node))
}

/** The rows that are trusted, without what was brought along. */
function trustedOf({ rows }: QueryResult<UnknownRow>, { tables, isDistinct }: Look): UnknownRow[] {
  const plain = rows.map(withoutMarks)
  const trusted = plain.flatMap((row, place) => trustedPart(row, rows[place] ?? {}, tables))
  return isDistinct ? distinct(trusted) : trustedAmong(trusted, plain)
}

function withoutMarks(row: UnknownRow): UnknownRow {
  const own = Object.entries(row).filter(([name]) => name !== markColumn && !broughtName.test(name))
  return Object.fromEntries(own.map(([name, value]) => [name, readable(value)]))
}

/**
 * What no mark covers is a time, of which nothing depends; but one that JavaScript cannot hold must
 * not be worked with.
 */
function readable(value: unknown): unknown {
  return typeof value === 'number' && !(Number.isSafeInteger(value) && value >= 0) ? null : value
}

function trustedPart(row: UnknownRow, found: UnknownRow, tables: readonly MarkedPart[]): UnknownRow[] {
  for (const [place, part] of tables.entries()) {
    if (isTrusted(found, part)) continue
    if (!part.isOptional) return []
    const lost = tables.slice(place).flatMap(({ answers }) => answers)
    return [{ ...row, ...Object.fromEntries(lost.map((name) => [name, null])) }]
  }
  return [row]
}

function isTrusted(row: UnknownRow, { table, mark, columns, reader }: MarkedPart): boolean {
  const values = columns.map((name) => row[name])
  // Of an outer join that has found nothing.
  const key = markedTables[table][0] ?? ''
  if (values[reader.columns.indexOf(key)] === null) return true
  if (reader.fits(row[mark], values)) return true
  reader.refuse(values)
  return false
}

function distinct(rows: readonly UnknownRow[]): UnknownRow[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()]
}

/** The columns that marks cover, of what `information_schema.columns` says of the tables. */
export function markedColumnsOf(
  found: readonly { table: string; column: string }[],
): Required<MarkedColumns> {
  return Object.fromEntries(
    Object.keys(markedTables).map((table) => [
      table,
      found.flatMap((one) => (one.table === table && isCovered(one.column) ? [one.column] : [])),
    ]),
  ) as unknown as Required<MarkedColumns>
}
