/** What the databases say differently when tables are made. */
export interface SchemaWords {
  /** The type of milliseconds and counters. */
  integer: 'integer' | 'bigint'
  /** What follows the closing parenthesis of CREATE TABLE. */
  tableOptions: string
}

export const sqliteWords: SchemaWords = { integer: 'integer', tableOptions: 'strict' }
