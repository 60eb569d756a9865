import { join } from 'node:path'
import { loadSqlite } from '../../src/store/sqlite.ts'
import { ask } from '../support/postgres-template.ts'

/** The databases of data directories whose store is on PostgreSQL. */
const urls = new Map<string, string>()

export function keepOnPostgres(dataDir: string, url: string): void {
  urls.set(dataDir, url)
}

/** Does to the database of a data directory what postern would not. */
export async function changeDatabase(dataDir: string, sql: string): Promise<void> {
  const url = urls.get(dataDir)
  if (url !== undefined) {
    await ask(url, sql)
    return
  }
  const { DatabaseSync } = await loadSqlite()
  const database = new DatabaseSync(join(dataDir, 'postern.sqlite'))
  database.exec(sql)
  database.close()
}

/** The rows of a query, as the database holds them. */
export async function readDatabase(dataDir: string, sql: string): Promise<Record<string, unknown>[]> {
  const url = urls.get(dataDir)
  if (url !== undefined) return ask(url, sql)
  const { DatabaseSync } = await loadSqlite()
  const database = new DatabaseSync(join(dataDir, 'postern.sqlite'), { readOnly: true })
  const rows = database.prepare(sql).all() as Record<string, unknown>[]
  database.close()
  return rows.map((row) => ({ ...row }))
}
