import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import { prepareDataDir } from '../../src/store/data-dir.ts'
import { loadSqlite, storeFailure } from '../../src/store/sqlite.ts'
import { openSqliteDatabase } from '../../src/store/sqlite-database.ts'
import { failureOf, newDataDir, newGrant, openFixture } from './fixture.ts'

async function openDatabase() {
  const { database: path } = await prepareDataDir(await newDataDir())
  const database = await openSqliteDatabase(path)
  onTestFinished(() => database.close())
  await database.change(async (tables) => {
    await sql`create table notes (text text not null) strict`.execute(tables)
  })
  const insert = (text: string) =>
    database.change(async (tables) => {
      await sql`insert into notes values (${text})`.execute(tables)
    })
  const count = async () => {
    const found = await database.read((tables) =>
      sql<{ n: number }>`select count(*) as n from notes`.execute(tables),
    )
    return found.rows[0]?.n
  }
  return { path, database, insert, count }
}

describe('a failure of the database', () => {
  it('the failure says that the disk is full, rolls back, and the next change works', async () => {
    const { database, insert, count } = await openDatabase()
    await database.read((tables) => sql`pragma max_page_count = 4`.execute(tables))
    const failure = await failureOf(insert('x'.repeat(100_000)))
    expect(failure).toMatchObject({
      code: 'store-unavailable',
      message: 'The disk under the database is full',
    })
    expect(await count()).toBe(0)
    await insert('small')
    expect(await count()).toBe(1)
  })

  it('the failure says that the database is busy when another process is writing', async () => {
    const { path, database, insert, count } = await openDatabase()
    const { DatabaseSync } = await loadSqlite()
    const other = new DatabaseSync(path)
    other.exec('begin immediate')
    const returning = database.change((tables) => sql`delete from notes returning text`.execute(tables))
    for (const refused of [insert('x'), returning]) {
      expect(await failureOf(refused)).toMatchObject({
        code: 'store-unavailable',
        message: 'The database is busy',
      })
    }
    other.exec('rollback')
    other.close()
    await insert('y')
    expect(await count()).toBe(1)
  })

  it('the failure rolls everything back when the work inside throws', async () => {
    const { database, count } = await openDatabase()
    const work = database.change(async (tables) => {
      await sql`insert into notes values ('x')`.execute(tables)
      throw new TypeError('a mistake')
    })
    expect((await failureOf(work)).code).toBe('internal')
    expect(await count()).toBe(0)
  })

  it('the failure is found by a check as long as it lasts', async () => {
    const { database } = await openDatabase()
    await database.checkWritable()
    await database.read((tables) => sql`pragma query_only = 1`.execute(tables))
    expect(await failureOf(database.checkWritable())).toMatchObject({
      code: 'store-unavailable',
      message: 'The database cannot be written: its file or disk is read-only',
      fix: expect.stringContaining('mount it writable'),
    })
    await database.read((tables) => sql`pragma query_only = 0`.execute(tables))
    await database.checkWritable()
  })

  it('the failure cannot hide from a check, which writes to the disk each time', async () => {
    const { path, database } = await openDatabase()
    const { size: before } = await stat(`${path}-wal`)
    await database.checkWritable()
    const { size: once } = await stat(`${path}-wal`)
    await database.checkWritable()
    const { size: twice } = await stat(`${path}-wal`)
    expect([once > before, twice > once]).toEqual([true, true])
  })

  it('the failure says that the store is closed', async () => {
    const { store } = await openFixture()
    await store.close()
    await store.close()
    for (const call of [store.check(), store.mailboxes.list(), store.grants.adopt(newGrant())]) {
      expect(await failureOf(call)).toMatchObject({
        code: 'store-unavailable',
        message: 'The store is closed',
      })
    }
  })

  it.each([
    [10, 'store-unavailable', 'The disk under the database fails'],
    [10 | (3 << 8), 'store-unavailable', 'The disk under the database fails'],
    [11, 'store-unavailable', 'The database is damaged'],
    [8, 'store-unavailable', 'The database cannot be written: its file or disk is read-only'],
    [1, 'store-unavailable', 'The database refused a query'],
    [undefined, 'internal', 'Something went wrong inside postern'],
  ])('a failure with the code %s of SQLite is %s', (errcode, code, message) => {
    const error = Object.assign(new Error('about a secret'), { errcode })
    expect(storeFailure(error)).toMatchObject({ code, message, cause: error })
  })

  it.each([
    ['database is locked', 'The database is busy'],
    ['database or disk is full', 'The disk under the database is full'],
    ['no such table: x', 'The database refused a query'],
  ])('a failure that comes with the text "%s" alone is told the same way', (text, message) => {
    const error = Object.assign(new Error(text), { code: 'ERR_SQLITE_ERROR' })
    expect(storeFailure(error)).toMatchObject({ code: 'store-unavailable', message })
  })

  it('the store commits durably: journal in a -wal file, flushed at every commit, foreign keys kept', async () => {
    const { database, path } = await openDatabase()
    const pragma = async (name: string) => {
      const found = await database.read((tables) => sql.raw<object>(`pragma ${name}`).execute(tables))
      return Object.values(found.rows[0] ?? {})[0]
    }
    const settings = [await pragma('journal_mode'), await pragma('synchronous'), await pragma('foreign_keys')]
    expect(settings).toEqual(['wal', 2, 1])
    // Of macOS, whose fsync stops at the disk's own cache.
    expect([await pragma('fullfsync'), await pragma('checkpoint_fullfsync')]).toEqual([1, 1])
    expect(path.endsWith(join('data', 'postern.sqlite'))).toBe(true)
  })
})
