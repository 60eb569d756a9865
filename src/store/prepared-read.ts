import type { CompiledQuery, Kysely } from 'kysely'
import type { Database } from './database.ts'
import type { Tables } from './tables.ts'

/**
 * A query for the one row of a key that is asked for again and again. It is built and compiled once: doing that anew takes several
 * times what the database needs to answer.
 * @param build the query with the key that it is given as its only parameter
 */
export function preparedRead<Row>(
  database: Database,
  build: (tables: Kysely<Tables>, key: string) => { compile(): CompiledQuery<Row> },
): (key: string) => Promise<Row | undefined> {
  let compiled: CompiledQuery<Row> | undefined
  return (key) =>
    database.read<Row | undefined>(async (tables) => {
      compiled ??= build(tables, '').compile()
      const { rows } = await tables.executeQuery<Row>({ ...compiled, parameters: [key] })
      return rows[0]
    })
}
