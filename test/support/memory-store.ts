import { inject, onTestFinished } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { dataFiles } from '../../src/store/data-dir.ts'
import type { Database } from '../../src/store/database.ts'
import { newHashRoot, openHashRoot, sealHashRoot } from '../../src/store/hash-root.ts'
import { beginChain, createJournalChain } from '../../src/store/journal-store.ts'
import { openKeyRing } from '../../src/store/key-ring.ts'
import { migrate } from '../../src/store/migrations.ts'
import type { Store } from '../../src/store/ports.ts'
import { openPostgresDatabase } from '../../src/store/postgres-database.ts'
import { createRowMarks } from '../../src/store/row-marks.ts'
import { createSealer } from '../../src/store/sealer.ts'
import { loadSqlite } from '../../src/store/sqlite.ts'
import { createMarkableDatabase } from '../../src/store/sqlite-database.ts'
import { createStore } from '../../src/store/store.ts'
import { sqliteWords } from '../../src/store/tables.ts'
import { createManualClock } from './manual-clock.ts'
import { newPostgresDatabase } from './postgres-databases.ts'
import { templateKey } from './postgres-template.ts'

const { DatabaseSync } = await loadSqlite()
const sealer = createSealer(await openKeyRing(dataFiles('/nowhere'), templateKey))
const rootOnPostgres = inject('sealedRoot')
const root =
  rootOnPostgres === undefined ? newHashRoot() : await openHashRoot(sealer, rootOnPostgres, 'chained journal')
const sealedRoot = await sealHashRoot(sealer, root)
const marks = createRowMarks(root, silentLog)
const chain = createJournalChain(root)
const schema = await newestSchema()

/**
 * The real store over a database of its own: of SQLite in memory, or of the PostgreSQL server where that is tested. Each method
 * gives the event loop a turn first, as one that waits for a disk may, so that races are possible.
 * @param clock the store's; without one it is the time at which the manual clocks of the tests begin
 */
export function createMemoryStore(clock: Clock = createManualClock()): Store {
  if (rootOnPostgres !== undefined) return createStore(postgresDatabase(), sealer, chain, clock)
  const { store } = openMemoryDatabase(clock)
  return Object.fromEntries(Object.entries(store).map(([name, port]) => [name, inTurns(port)])) as never
}

/** Is made when it is asked for the first time, and ends with the test. */
function postgresDatabase(): Database {
  let opened: Promise<Database> | undefined
  async function open(): Promise<Database> {
    const database = await openPostgresDatabase({ url: new Secret(await newPostgresDatabase()) })
    onTestFinished(() => database.close())
    return database.marked(marks)
  }
  const ready = () => (opened ??= open())
  return {
    read: async (query) => (await ready()).read(query),
    change: async (...given) => (await ready()).change(...given),
    changeAtLast: async (work) => (await ready()).changeAtLast(work),
    checkWritable: async () => (await ready()).checkWritable(),
    close: async () => {},
  }
}

/** That of SQLite without turns, with its tables, and with how often they were asked. */
export function openMemoryDatabase(clock: Clock = createManualClock()) {
  const connection = new DatabaseSync(':memory:', { enableForeignKeyConstraints: true })
  connection.exec(schema)
  const marked = createMarkableDatabase(connection).marked(marks)
  const questions = { asked: 0 }
  const database: Database = {
    ...marked,
    read(query) {
      questions.asked += 1
      return marked.read(query)
    },
  }
  return { store: createStore(database, sealer, chain, clock), database, questions }
}

/** What makes the newest schema in an empty database. Running all migrations would take most of the time of a short test. */
async function newestSchema(): Promise<string> {
  const connection = new DatabaseSync(':memory:')
  await migrate(createMarkableDatabase(connection), sqliteWords, 0, marks, (tables) =>
    beginChain(tables, chain),
  )
  const made = connection.prepare('select sql from sqlite_schema where sql is not null').all()
  const ends = connection.prepare('select mark from journal_chain').get() as { mark: string }
  return [
    ...made.map(({ sql }) => sql),
    `insert into secrets values ('hash-root', '${sealedRoot}')`,
    `insert into journal_chain values (1, 0, '', 0, '', null, '${ends.mark}')`,
  ].join(';')
}

function inTurns(port: object): unknown {
  if (typeof port === 'function') return inTurn(port as Method)
  return Object.fromEntries(Object.entries(port).map(([name, method]) => [name, inTurn(method)]))
}

type Method = (...given: unknown[]) => Promise<unknown>

function inTurn(method: Method): Method {
  return async (...given) => {
    await new Promise((resolve) => setImmediate(resolve))
    return method(...given)
  }
}
