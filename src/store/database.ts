import { setImmediate as turnOfOthers } from 'node:timers/promises'
import type { CompiledQuery, Kysely, Transaction } from 'kysely'
import { sql } from './kysely.ts'
import type { RowMarks } from './row-marks.ts'
import type { Refusals } from './sqlite.ts'
import type { Tables } from './tables.ts'

/** The database behind the ports, whichever it is. Every error that leaves it is a Failure. */
export interface Database {
  /** One query, which changes nothing. */
  read<T>(query: (tables: Kysely<Tables>) => Promise<T>): Promise<T>
  /** One transaction: on disk when the promise resolves, without effect when it rejects. */
  change<T>(work: (tables: Transaction<Tables>) => Promise<T>, refusals?: Refusals): Promise<T>
  /** The same for what is lost if it cannot be stored: where the disk is full, there is room left for it. `work` may run twice. */
  changeAtLast<T>(work: (tables: Transaction<Tables>) => Promise<T>): Promise<T>
  /** Writes a page and waits until it is on disk, as a change would. Nothing that anybody reads is changed. */
  checkWritable(): Promise<void>
  close(): Promise<void>
}

/** One whose rows can be trusted, or not be seen. */
export interface MarkableDatabase extends Database {
  /**
   * The same, through which only rows are seen whose mark fits, and each that is written gets one.
   */
  marked(marks: RowMarks): Database
}

/**
 * A query for the one row of a key that is asked for again and again. It is built and compiled
 * once: doing that anew takes several times what the database needs to answer.
 * @param build the query with the key that it is given as its only parameter
 */
export function preparedRead<Row, Key extends string>(
  database: Database,
  build: (tables: Kysely<Tables>, key: Key) => { compile(): CompiledQuery<Row> },
): (key: Key) => Promise<Row | undefined> {
  let compiled: CompiledQuery<Row> | undefined
  return (key) =>
    database.read<Row | undefined>(async (tables) => {
      compiled ??= build(tables, '' as Key).compile()
      const { rows } = await tables.executeQuery<Row>({ ...compiled, parameters: [key] })
      return rows[0]
    })
}

const rowsAtOnce = 100

/** What the database found, of an answer that rows were taken out of: they are not trusted. */
const foundKey = Symbol('found')

interface Found<Row> {
  count: number
  last: Row | undefined
}

/** Rows that are trusted, with what there was before others were taken out. */
export function trustedAmong<Row>(trusted: Row[], found: readonly Row[]): Row[] {
  if (trusted.length === found.length) return trusted
  return Object.defineProperty(trusted, foundKey, { value: { count: found.length, last: found.at(-1) } })
}

function foundIn<Row>(rows: readonly Row[]): Found<Row> {
  return (rows as { [foundKey]?: Found<Row> })[foundKey] ?? { count: rows.length, last: rows.at(-1) }
}

/**
 * All rows of a long list, some at a time: reading thousands in one go would hold up everybody who
 * sends mail. What is added or removed meanwhile may be in it or not.
 * @param read the next rows by their key, behind this one
 */
export async function inPages<Row, Key extends string>(
  read: (behind: Key, most: number) => Promise<Row[]>,
  keyOf: (row: Row) => Key,
  most = rowsAtOnce,
): Promise<Row[]> {
  const all: Row[] = []
  let behind = '' as Key
  for (;;) {
    const rows = await read(behind, most)
    all.push(...rows)
    const found = foundIn(rows)
    if (found.last === undefined || found.count < most) return all
    behind = keyOf(found.last)
    await turnOfOthers()
  }
}

/** The wildcards of LIKE as themselves. */
export function escaped(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}

/** Whatever its case, of ASCII at least. */
export function isLike(column: string, pattern: string) {
  const lower = pattern.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  return sql<boolean>`lower(${sql.ref(column)}) like ${lower} escape '\\'`
}

/** The values that are there: SQL's NULL becomes an absent property. */
export function nullsToAbsent<T extends Record<string, unknown>>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Present<T>
}

type Present<T> = { [Name in keyof T]?: Exclude<T[Name], null> }
