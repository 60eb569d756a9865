import { randomBytes } from 'node:crypto'
import { rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite'
import type { SqliteDatabase, SqliteStatement, Transaction } from 'kysely'
import { Failure, failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { createPrivateFile } from './data-dir.ts'
import type { Database, MarkableDatabase } from './database.ts'
import { Kysely, SqliteDialect, sql } from './kysely.ts'
import { loadSqlite, type Refusals, storeFailure } from './sqlite.ts'
import { markRows, showTrustedRows } from './sqlite-trusted-rows.ts'
import type { Tables } from './tables.ts'

/**
 * Opens the SQLite file, made with mode 0600 if there is none. SQLite gives its -wal and -shm files
 * the same mode.
 * @throws Failure `configuration`, `store-unavailable`
 */
export async function openSqliteDatabase(path: string, reserve?: Reserve): Promise<MarkableDatabase> {
  await createPrivateFile(path, 'file.database', '')
  const { DatabaseSync } = await loadSqlite()
  try {
    const connection = new DatabaseSync(path, {
      timeout: busyMilliseconds,
      enableForeignKeyConstraints: true,
    })
    // FULL: a commit is on disk before it is acknowledged. In WAL mode, NORMAL would lose the last
    // ones with the power. fullfsync: macOS has the disk write its own cache only when asked for that; elsewhere it means nothing.
    connection.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1',
    )
    return createMarkableDatabase(connection, reserve)
  } catch (error) {
    throw storeFailure(error)
  }
}

const busyMilliseconds = 2000

/** A connection to SQLite as the database behind the ports. */
export function createMarkableDatabase(
  connection: DatabaseSyncInstance,
  reserve?: Reserve,
): MarkableDatabase {
  const tables = tablesOf(connection)
  const database = createDatabase(connection, tables, reserve)
  async function close(): Promise<void> {
    fold(connection, 'TRUNCATE')
    await database.close()
  }
  return {
    ...database,
    close,
    marked(marks) {
      const columns = showTrustedRows(connection, marks)
      return { ...createDatabase(connection, tables.withPlugin(markRows(marks, columns)), reserve), close }
    },
  }
}

export function createDatabase(
  connection: DatabaseSyncInstance,
  tables = tablesOf(connection),
  reserve = noReserve,
): Database {
  async function execute<T>(work: (tables: Transaction<Tables>) => Promise<T>, refusals?: Refusals) {
    try {
      requireOpen(connection)
      const done = await tables.transaction().execute(work)
      foldSoon(connection)
      return done
    } catch (error) {
      throw storeFailure(error, refusals)
    }
  }

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
      // What was given up for others is not for this.
      await reserve.takeBack()
      return execute(work, refusals)
    },

    async changeAtLast(work) {
      try {
        return await execute(work)
      } catch (error) {
        if (!(error instanceof Failure && error.id === 'database.disk-full')) throw error
        if (!(await reserve.giveUp())) throw error
        return execute(work)
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

/** Room on the disk that is given up when there is no other, for what must not be lost. */
interface Reserve {
  /** False when there was none. */
  giveUp(): Promise<boolean>
  /**
   * Nothing to do while it is there.
   * @throws Failure `database.disk-full` while the disk has not room for more than that
   */
  takeBack(): Promise<void>
}

const noReserve: Reserve = { giveUp: async () => false, takeBack: async () => {} }

const reservedOctets = 1024 * 1024
/** Whoever wants to change something looks for room again, but not each of them. */
const betweenLooksMilliseconds = 1_000

/**
 * A file of random octets, which no file system stores as less. On a disk that has not even room for it a start goes on without: what is
 * to be stored may fit.
 */
export async function openReserve(path: string, log: Log): Promise<Reserve> {
  let isThere = true
  let lookAgainAt = 0
  let looking: Promise<void> | undefined

  async function make(): Promise<void> {
    try {
      if ((await stat(path).catch(() => undefined))?.size === reservedOctets) return
      const { bavail, bsize } = await statfs(dirname(path))
      if (bavail * bsize < 2 * reservedOctets) throw failure('database.disk-full')
      await rm(path, { force: true })
      await writeFile(path, randomBytes(reservedOctets), { mode: 0o600, flush: true })
    } catch (error) {
      await rm(path, { force: true }).catch(() => {})
      throw error instanceof Failure ? error : failure('database.disk-full', { cause: error })
    }
  }

  async function look(): Promise<void> {
    try {
      await make()
      log.info({ event: 'disk.has-room' }, 'The disk under the database has room again')
      isThere = true
    } finally {
      lookAgainAt = performance.now() + betweenLooksMilliseconds
      looking = undefined
    }
  }

  await make().catch((error: Failure) => {
    log.error(
      { event: 'disk.nearly-full', reason: error.message, fix: error.fix },
      'The disk under the database has no room in reserve',
    )
  })

  return {
    async giveUp() {
      const had = (await stat(path).catch(() => undefined)) !== undefined
      await rm(path, { force: true }).catch(() => {})
      if (had)
        log.error(
          { event: 'disk.reserve-given-up' },
          'The disk under the database is full: what was kept in reserve is left to renewed consents, and nothing else is stored',
        )
      if (had) isThere = false
      return had
    },
    async takeBack() {
      if (isThere) return
      if (!looking && performance.now() < lookAgainAt) throw failure('database.disk-full')
      looking ??= look()
      await looking
    },
  }
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
