import { join } from 'node:path'
import { loadSqlite } from '../../src/store/sqlite.ts'

/** Does to the database of a data directory what postern would not. */
export async function changeDatabase(dataDir: string, sql: string): Promise<void> {
  const { DatabaseSync } = await loadSqlite()
  const database = new DatabaseSync(join(dataDir, 'postern.sqlite'))
  database.exec(sql)
  database.close()
}

/** The rows of a query, as the database holds them. */
export async function readDatabase(dataDir: string, sql: string): Promise<Record<string, unknown>[]> {
  const { DatabaseSync } = await loadSqlite()
  const database = new DatabaseSync(join(dataDir, 'postern.sqlite'), { readOnly: true })
  const rows = database.prepare(sql).all() as Record<string, unknown>[]
  database.close()
  return rows.map((row) => ({ ...row }))
}
