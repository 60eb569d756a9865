import type { Kysely, Transaction } from 'kysely'
import type { RowMarks } from './row-marks.ts'
import type { Refusals } from './store-failures.ts'
import type { Tables } from './tables.ts'

/** The database behind the ports, whichever it is. Every error that leaves it is a Failure. */
export interface Database {
  /** One query, which changes nothing. */
  read<T>(query: (tables: Kysely<Tables>) => Promise<T>): Promise<T>
  /** One transaction: on disk when the promise resolves, without effect when it rejects. */
  change<T>(work: (tables: Transaction<Tables>) => Promise<T>, refusals?: Refusals): Promise<T>
  close(): Promise<void>
}

/** One whose rows can be trusted, or not be seen. */
export interface MarkableDatabase extends Database {
  /** The same, through which only rows are seen whose mark fits, and each that is written gets one. */
  marked(marks: RowMarks): Database
}
