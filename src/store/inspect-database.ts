import { pathToFileURL } from 'node:url'
import type { DatabaseSyncInstance } from '@photostructure/sqlite'
import type { Kysely } from 'kysely'
import { Failure } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'
import { exists } from './data-dir.ts'
import type { Database } from './database.ts'
import { openHashRoot, sealedHashRoot } from './hash-root.ts'
import { sql } from './kysely.ts'
import { markedSchema, newestSchema, schemaOf } from './migrations.ts'
import type { Sealer } from './sealer.ts'
import { createDatabase } from './sqlite-database.ts'
import { loadSqlite } from './sqlite-library.ts'
import { isCorrupt } from './store-failures.ts'
import type { Tables } from './tables.ts'

/**
 * Looks whether the database file can be used with this program and this key, before anything is changed: not even
 * the -wal file is folded into it. Content with a file that does not exist yet.
 * Gives the hash root of one that does.
 * @throws Failure `configuration`
 */
export async function inspectDatabase(path: string, sealer: Sealer): Promise<Secret | undefined> {
  if (!(await exists(path))) return undefined
  let database: Database | undefined
  try {
    const connection = await openUntouched(path)
    database = createDatabase(connection)
    requireSound(connection, path)
    const schema = await database.read((tables) => inspectSchema(tables, path))
    if (schema === 0) return undefined
    const marked = schema >= markedSchema
    return await openHashRoot(sealer, await database.read(sealedHashRoot), { marked })
  } catch (error) {
    if (isCorrupt(error)) throw damaged(path, error)
    if (error instanceof Failure && error.code === 'configuration') throw error
    throw new Failure('configuration', `The database ${path} cannot be read`, {
      cause: error,
      fix: 'Let the user that runs postern own that file and its directory, and let nothing else use it.',
    })
  } finally {
    await database?.close()
  }
}

async function openUntouched(path: string): Promise<DatabaseSyncInstance> {
  const { DatabaseSync } = await loadSqlite()
  // Without a -wal file everything is in the database file, and even a reader would leave an empty -wal behind:
  // `immutable` (https://sqlite.org/uri.html) keeps it from making one.
  const address = pathToFileURL(path)
  if (!(await exists(`${path}-wal`))) address.searchParams.set('immutable', '1')
  return new DatabaseSync(address.href, { readOnly: true })
}

function requireSound(connection: DatabaseSyncInstance, path: string): void {
  const found = connection.prepare('pragma quick_check').get() as { quick_check?: string } | undefined
  if (found?.quick_check !== 'ok') throw damaged(path)
}

async function inspectSchema(tables: Kysely<Tables>, path: string): Promise<number> {
  const known = await sql<{ name: string }>`select name from sqlite_schema where type = 'table'`.execute(
    tables,
  )
  if (known.rows.length === 0) return 0
  if (!known.rows.some(({ name }) => name === 'schema_versions')) throw foreign(path)
  const schema = await schemaOf(tables)
  if (schema > newestSchema) throw newer(path, schema)
  return schema
}

function damaged(path: string, cause?: unknown): Failure {
  return new Failure('configuration', `The database ${path} is damaged`, {
    cause,
    fix: `Put it back from a backup, or move it away and try: sqlite3 MOVED .recover | sqlite3 ${path}`,
  })
}

function foreign(path: string): Failure {
  return new Failure('configuration', `The database ${path} is not one of postern's`, {
    fix: 'Move that file away, or name another directory in POSTERN_DATA_DIR.',
  })
}

function newer(path: string, schema: number): Failure {
  const schemas = `schema ${schema}, this one knows ${newestSchema}`
  return new Failure('configuration', `The database ${path} was written by a newer postern (${schemas})`, {
    fix: 'Run that version or a later one; or put back the backup that was made before the upgrade.',
  })
}
