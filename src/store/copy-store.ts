import { rm } from 'node:fs/promises'
import { setImmediate as turnOfOthers } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Clock } from '../base/clock.ts'
import { failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import type { JournalVerdict } from '../model/journal.ts'
import {
  createPrivateFile,
  dataFiles,
  exists,
  prepareDataDir,
  putInPlace,
  readPrivateFile,
  requireStore,
  syncDirectory,
} from './data-dir.ts'
import { lockDataDir } from './data-dir-lock.ts'
import type { Database, MarkableDatabase } from './database.ts'
import { openHashRoot, sealedHashRoot } from './hash-root.ts'
import { createJournalChain } from './journal-store.ts'
import { type GivenKey, type KeyRing, openKeyRing } from './key-ring.ts'
import { sql } from './kysely.ts'
import { migrate, newestSchema } from './migrations.ts'
import type { PostgresPlace } from './postgres-database.ts'
import { createRowMarks, isMarked, markColumn, type Row, type RowMarks } from './row-marks.ts'
import { countKeys } from './sealed-values.ts'
import { createSealer } from './sealer.ts'
import { processesOn } from './shared-changes.ts'
import { openSqliteDatabase } from './sqlite-database.ts'
import {
  createStore,
  inspectDatabase,
  readUntouched,
  schemaOfShared,
  tablesOfShared,
  unfinishedTable,
} from './store.ts'
import { type SchemaWords, sqliteWords, type Tables, tableColumns } from './tables.ts'

/** Where a store is, or is to be. */
export interface CopyPlace {
  /** With the SQLite file, and the key file where no key is given. */
  dataDir: string
  key?: GivenKey
  /** In the place of the SQLite file. */
  postgres?: PostgresPlace
  /** For people, without a password. */
  name: string
}

export interface CopiedStore {
  /** Of each table. */
  rows: Readonly<Record<string, number>>
  /** Rows that something else than postern has written or changed: they count as little as before. */
  distrusted: number
  journal: JournalVerdict
  /** The key file that was made beside the copy. */
  keyFile?: string
}

/** How far a copy is. */
export interface CopyStep {
  doing: 'copying' | 'comparing'
  rows: number
  /** Of the whole store. */
  total: number
}

interface CopyDeps {
  from: CopyPlace
  to: CopyPlace
  /** A copy that was not finished may be there: it is emptied first. */
  again: boolean
  told(step: CopyStep): void | Promise<void>
  clock: Clock
  log: Log
}

/**
 * The tables with the columns of their keys, in an order in which what a row refers to is there
 * before it. Null: what running processes tell each other, which is left behind with them.
 */
const copied: { readonly [Table in keyof Tables]: string | null } = {
  secrets: 'name',
  mailboxes: 'address_key',
  registrations: 'id',
  grants: 'id',
  logins: 'id',
  login_mailboxes: 'login_id mailbox_key',
  login_sources: 'login_id source',
  api_keys: 'id',
  consent_links: 'id',
  pending_consents: 'state_hash',
  page_passwords: 'role',
  page_sessions: 'id',
  recipient_counts: 'mailbox_key hour',
  sent_notices: 'notice_key channel',
  mailbox_outcomes: 'mailbox_key',
  heard_offers: 'provider_id',
  send_hours: 'hour',
  journal: 'id',
  journal_chain: 'id',
  sent_keys: 'id',
  held_messages: 'id',
  held_parts: 'message_id place',
  processes: null,
  store_changes: null,
  chores: null,
  guesses: null,
  passing: null,
  budget_claims: null,
  shared_pauses: null,
  refresh_turns: null,
  shared_tokens: null,
}

interface CopiedTable {
  name: keyof Tables
  columns: readonly string[]
  keys: readonly string[]
}

const copiedTables: readonly CopiedTable[] = (Object.keys(copied) as (keyof Tables)[]).flatMap((name) => {
  const columns = tableColumns[name].split(' ')
  return copied[name] === null ? [] : [{ name, columns, keys: copied[name].split(' ') }]
})

/**
 * Copies a store row by row, with everything sealed and marked as it is, and compares each row
 * afterwards. No postern may run on either. The source is only read; until all is compared the copy
 * is known as unfinished, and no postern starts on it.
 * @throws Failure `already-exists`, `configuration`, `store-unavailable`
 */
export async function copyStore(deps: CopyDeps): Promise<CopiedStore> {
  return withSource(deps.from, (source) => copyFrom(source, deps))
}

interface Source {
  database: Database
  root: Secret
  /** @throws Failure `store-unavailable` where somebody uses it */
  requireUnused(): Promise<void>
}

async function withSource<T>(place: CopyPlace, work: (source: Source) => Promise<T>): Promise<T> {
  const { dataDir, key, postgres, name } = place
  if (!postgres) await requireStore(dataDir)
  const files = dataFiles(dataDir)
  if (!postgres) {
    const lock = await lockDataDir(dataDir)
    try {
      const found = await inspectDatabase(files.database, createSealer(await openKeyRing(files, key)))
      if (!found) throw failure('copy.source-empty', { source: name })
      requireNewest(found.schema, name)
      const opened = { root: found.root, requireUnused: async () => {} }
      return await readUntouched(files.database, (database) => work({ ...opened, database }))
    } finally {
      await lock.release()
    }
  }
  const { openPostgresDatabase } = await import('./postgres-database.ts')
  const database = await openPostgresDatabase(postgres)
  async function requireUnused(): Promise<void> {
    const processes = await processesOn(database)
    if (processes.length > 0) throw failure('copy.in-use', { place: name, processes: processes.join(', ') })
  }
  try {
    const schema = await schemaOfShared(database)
    if (schema === 0) throw failure('copy.source-empty', { source: name })
    requireNewest(schema, name)
    await requireUnused()
    const sealer = createSealer(await openKeyRing(files, key, true))
    const root = await openHashRoot(sealer, await database.read(sealedHashRoot))
    return await work({ database, root, requireUnused })
  } finally {
    await database.close()
  }
}

function requireNewest(schema: number, source: string): void {
  if (schema !== newestSchema) throw failure('copy.source-older', { source })
}

async function copyFrom(
  source: Source,
  { from, to, again, told, clock, log }: CopyDeps,
): Promise<CopiedStore> {
  const target = await (to.postgres
    ? openPostgresTarget(to, to.postgres, again)
    : openSqliteTarget(to, again))
  try {
    const keyFile = await giveKey(from, to)
    const ring = await openKeyRing(dataFiles(to.dataDir), to.key, true)
    await requireKeys(source.database, ring, to)
    const marks = createRowMarks(source.root, log)
    const database = await target.begin()
    const makeSchema = () => migrate(database, target.words, clock.now(), marks, async () => {})
    await makeSchema()
    const total = await countRows(source.database)
    const rows = await copyRows(source.database, database, (done) =>
      told({ doing: 'copying', rows: done, total }),
    )
    const distrusted = await compareRows({ source: source.database, target: database, marks, to }, (done) =>
      told({ doing: 'comparing', rows: done, total }),
    )
    // Of the newest schema, it is looked at as at a start.
    await makeSchema()
    const chain = createJournalChain(source.root)
    const store = createStore(database.marked(marks), createSealer(ring), chain, clock)
    await store.check()
    const journal = await store.journal.verify()
    await source.requireUnused()
    await target.finish()
    return { rows, distrusted, journal, ...(keyFile !== undefined && { keyFile }) }
  } finally {
    await target.close()
  }
}

/** Nothing is there yet; or, where that is allowed, what an earlier copy has left. */
interface Target {
  words: SchemaWords
  /** From now on it is known as unfinished. */
  begin(): Promise<MarkableDatabase>
  /** From now on it is a store. */
  finish(): Promise<void>
  close(): Promise<void>
}

async function openSqliteTarget({ dataDir, name }: CopyPlace, again: boolean): Promise<Target> {
  const { database: path, unfinished } = await prepareDataDir(dataDir)
  if (await exists(path)) throw failure('copy.target-not-empty', { target: name })
  if ((await exists(unfinished)) && !again) throw failure('copy.unfinished', { target: name })
  const lock = await lockDataDir(dataDir)
  let database: MarkableDatabase | undefined
  async function close(): Promise<void> {
    await database?.close()
    database = undefined
  }
  return {
    words: sqliteWords,
    async begin() {
      for (const suffix of ['-wal', '-shm', '']) await rm(unfinished + suffix, { force: true })
      database = await openSqliteDatabase(unfinished)
      return database
    },
    async finish() {
      await close()
      await putInPlace(unfinished, path)
      await syncDirectory(dataDir)
    },
    async close() {
      try {
        await close()
      } finally {
        await lock.release()
      }
    },
  }
}

async function openPostgresTarget(
  { name }: CopyPlace,
  postgres: PostgresPlace,
  again: boolean,
): Promise<Target> {
  const { openPostgresDatabase, postgresWords } = await import('./postgres-database.ts')
  const database = await openPostgresDatabase(postgres)
  try {
    const found = await database.read(tablesOfShared)
    const isUnfinished = found.includes(unfinishedTable)
    if (isUnfinished && !again) throw failure('copy.unfinished', { target: name })
    if (found.length > 0 && !isUnfinished) throw failure('copy.target-not-empty', { target: name })
  } catch (error) {
    await database.close()
    throw error
  }
  return {
    words: postgresWords,
    async begin() {
      await database.change(async (tables) => {
        const ours = [...Object.keys(copied), 'schema_versions', unfinishedTable].map((table) =>
          sql.table(table),
        )
        await sql`drop table if exists ${sql.join(ours)}`.execute(tables)
        await sql`create table ${sql.table(unfinishedTable)} (begun_at bigint)`.execute(tables)
      })
      return database
    },
    async finish() {
      await database.change((tables) => sql`drop table ${sql.table(unfinishedTable)}`.execute(tables))
    },
    close: () => database.close(),
  }
}

/** A copy in another directory opens nothing without the key. Gives the file that was made. */
async function giveKey(from: CopyPlace, to: CopyPlace): Promise<string | undefined> {
  if (to.key !== undefined) return undefined
  const { key: path } = await prepareDataDir(to.dataDir)
  const key = await readPrivateFile(dataFiles(from.dataDir).key, 'file.key')
  return key !== undefined && (await createPrivateFile(path, 'file.key', key)) ? path : undefined
}

/** @throws Failure `configuration` where something is sealed with a key that the target does not have */
async function requireKeys(source: Database, ring: KeyRing, to: CopyPlace): Promise<void> {
  const counts = await countKeys(source.read)
  const missing = [...counts.keys()].filter((kid) => kid !== 'unknown' && !ring.reading(kid))
  if (missing.length > 0) throw failure('copy.of-other-key', { target: to.name, ids: missing.join(', ') })
}

const rowsAtOnce = 500

async function countRows(database: Database): Promise<number> {
  let total = 0
  for (const { name } of copiedTables) {
    const { rows } = await database.read((tables) =>
      sql<{ rows: number }>`select count(*) as rows from ${sql.table(name)}`.execute(tables),
    )
    total += Number(rows[0]?.rows)
  }
  return total
}

async function copyRows(
  source: Database,
  target: Database,
  told: (rows: number) => void | Promise<void>,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  let done = 0
  for (const table of copiedTables) {
    counts[table.name] = 0
    for await (const rows of pagesOf(source, table)) {
      await target.change((tables) => untyped(tables).insertInto(table.name).values(rows).execute())
      counts[table.name] = (counts[table.name] ?? 0) + rows.length
      done += rows.length
      await told(done)
    }
  }
  return counts
}

/**
 * Reads both from the beginning to the end, side by side. Gives how many rows have no mark that fits.
 * @throws Failure `store-unavailable` at the first difference
 */
async function compareRows(
  { source, target, marks, to }: { source: Database; target: Database; marks: RowMarks; to: CopyPlace },
  told: (rows: number) => void | Promise<void>,
): Promise<number> {
  let distrusted = 0
  let done = 0
  for (const table of copiedTables) {
    const differs = () => failure('copy.differs', { target: to.name, table: table.name })
    const textOf = (row: Row | undefined) => JSON.stringify(table.columns.map((column) => row?.[column]))
    const fits = trustBy(marks, table)
    const copies = pagesOf(target, table)
    for await (const rows of pagesOf(source, table)) {
      const { value: found = [] } = await copies.next()
      for (const [place, row] of rows.entries()) if (textOf(row) !== textOf(found[place])) throw differs()
      if (found.length > rows.length) throw differs()
      distrusted += found.filter((row) => !fits(row)).length
      done += rows.length
      await told(done)
    }
    if (!(await copies.next()).done) throw differs()
  }
  return distrusted
}

function trustBy(marks: RowMarks, { name, columns: all }: CopiedTable): (row: Row) => boolean {
  if (!isMarked(name)) return () => true
  const { columns, fits } = marks.reader(name, all)
  return (row) =>
    fits(
      row[markColumn],
      columns.map((column) => row[column]),
    )
}

/** All rows in the order of their keys, some at a time. */
async function* pagesOf(
  database: Database,
  { name, columns, keys }: CopiedTable,
): AsyncGenerator<Row[], void> {
  const wanted = sql.join(columns.map((column) => sql.ref(column)))
  const key = sql.join(keys.map((column) => sql.ref(column)))
  let last: Row | undefined
  do {
    const behind = last && sql` where (${key}) > (${sql.join(keys.map((column) => last?.[column]))})`
    const { rows } = await database.read((tables) =>
      sql<Row>`select ${wanted} from ${sql.table(name)}${behind ?? sql``} order by ${key} limit ${rowsAtOnce}`.execute(
        tables,
      ),
    )
    if (rows.length > 0) yield rows
    last = rows.length < rowsAtOnce ? undefined : rows.at(-1)
    await turnOfOthers()
  } while (last)
}

function untyped(tables: Kysely<Tables>) {
  return tables as unknown as Kysely<Record<string, Record<string, unknown>>>
}
