import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite'
import type { SqliteDatabase, SqliteStatement } from 'kysely'
import { failure } from '../base/failure.ts'
import { createPrivateFile } from './data-dir.ts'
import type { Database, MarkableDatabase } from './database.ts'
import { Kysely, SqliteDialect, sql } from './kysely.ts'
import { loadSqlite, storeFailure } from './sqlite.ts'
import { markRows, showTrustedRows } from './sqlite-trusted-rows.ts'
import type { Tables } from './tables.ts'

/**
 * Opens the SQLite file, made with mode 0600 if there is none. SQLite gives its -wal and -shm files
 * the same mode.
 * @throws Failure `configuration`, `store-unavailable`
 */
export async function openSqliteDatabase(path: string): Promise<MarkableDatabase> {
  await createPrivateFile(path, 'file.database', '')
  const { DatabaseSync } = await loadSqlite()
  try {
    const connection = new DatabaseSync(path, {
      timeout: busyMilliseconds,
      enableForeignKeyConstraints: true,
    })
    // FULL: a commit is on disk before it is acknowledged. In WAL mode, NORMAL would lose the last
    // ones with the power.
    connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    return createMarkableDatabase(connection)
  } catch (error) {
    throw storeFailure(error)
  }
}

const busyMilliseconds = 2000

/** A connection to SQLite as the database behind the ports. */
export function createMarkableDatabase(connection: DatabaseSyncInstance): MarkableDatabase {
  const tables = tablesOf(connection)
  const database = createDatabase(connection, tables)
  async function close(): Promise<void> {
    fold(connection, 'TRUNCATE')
    await database.close()
  }
  return {
    ...database,
    close,
    marked(marks) {
      const columns = showTrustedRows(connection, marks)
      return { ...createDatabase(connection, tables.withPlugin(markRows(marks, columns))), close }
    },
  }
}

export function createDatabase(connection: DatabaseSyncInstance, tables = tablesOf(connection)): Database {
  const database: Database = {
    async read(query) {
      try {
        requireOpen(connection)
        return await query(tables)
      } catch (error) {
        throw storeFailure(error)
      }
    },

    async change(work, refusals) {
      try {
        requireOpen(connection)
        const done = await tables.transaction().execute(work)
        foldSoon(connection)
        return done
      } catch (error) {
        throw storeFailure(error, refusals)
      }
    },

    async checkWritable() {
      // SQLite keeps this number for its users, of whom there is none here, and writes its page even when it stays the same.
      await database.change((writing) => sql`pragma user_version = 0`.execute(writing))
    },

    async close() {
      await tables.destroy()
      if (connection.isOpen) connection.close()
    },
  }
  return database
}

function tablesOf(connection: DatabaseSyncInstance) {
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapt(connection) }) })
}

// SQLite does this by itself when the last connection closes; but the package closes a connection
// only when its statements are collected as garbage. A database at rest should be one whole file,
// which people can copy.
function fold(connection: DatabaseSyncInstance, how: 'PASSIVE' | 'TRUNCATE'): void {
  try {
    if (connection.isOpen) connection.exec(`PRAGMA wal_checkpoint(${how})`)
  } catch {
    // Nothing is lost: what is committed is in the -wal file, and the next start reads it from
    // there.
  }
}

/** Those that are folded soon. */
const waiting = new WeakSet<DatabaseSyncInstance>()
/**
 * So soon after a change it is in the database file, in milliseconds: a plain copy of that file
 * alone holds what is older. SQLite by itself waits for four megabytes of changes.
 */
const foldMilliseconds = 10_000

function foldSoon(connection: DatabaseSyncInstance): void {
  if (waiting.has(connection)) return
  waiting.add(connection)
  setTimeout(() => {
    waiting.delete(connection)
    if (!connection.isOpen) return
    if (connection.isTransaction) foldSoon(connection)
    else fold(connection, 'PASSIVE')
  }, foldMilliseconds).unref()
}

/** What kysely wants of SQLite, from what the node:sqlite API has. */
function adapt(connection: DatabaseSyncInstance): SqliteDatabase {
  // Statements live until they are collected as garbage; kept by their text, there are never more
  // than the code has.
  const statements = new Map<string, SqliteStatement>()
  const prepared = (sql: string): SqliteStatement => {
    const statement = statements.get(sql) ?? adaptStatement(connection.prepare(sql))
    statements.set(sql, statement)
    return statement
  }

  return {
    close: () => connection.close(),
    prepare(sql) {
      // A transaction that reads first and writes later must hold the write lock from its
      // beginning, or it fails at once when another process wrote in between
      // (https://sqlite.org/isolation.html).
      if (sql === 'begin') return prepared('begin immediate')
      // After a full disk or an input/output error SQLite has rolled back by itself, and a second
      // time is an error that would hide the first.
      if (sql === 'rollback' && !connection.isTransaction) return nothing
      return prepared(sql)
    },
  }
}

function adaptStatement(statement: StatementSyncInstance): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters),
    run: (parameters) => statement.run(...parameters),
    iterate: (parameters) => statement.iterate(...parameters),
  }
}

const nothing: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
}

function requireOpen(connection: DatabaseSyncInstance): void {
  if (!connection.isOpen) throw failure('database.closed')
}
