import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DatabaseSyncInstance } from '@photostructure/sqlite'
import type { Kysely } from 'kysely'
import type { Clock } from '../base/clock.ts'
import { Failure, failure, filled } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { KeyedHash, Secret } from '../base/secret.ts'
import type { BudgetStore } from './budget-store.ts'
import { createConsentLinkStore, createPendingConsentStore } from './consent-stores.ts'
import { createApiKeyStore, createLoginStore } from './credential-stores.ts'
import {
  type DataFiles,
  dataFiles,
  exists,
  prepareDataDir,
  replacePrivateFile,
  unfinishedCopy,
} from './data-dir.ts'
import { type Database, inPages, type MarkableDatabase } from './database.ts'
import { type BesideRenewal, createGrantStore } from './grant-store.ts'
import {
  createKeyedHash,
  newHashRoot,
  openHashRoot,
  putHashRoot,
  type RootPlace,
  sealedHashRoot,
  sealHashRoot,
} from './hash-root.ts'
import { beginChain, createJournalChain, createJournalStore, type JournalChain } from './journal-store.ts'
import { type GivenKey, type KeyRing, openKeyRing } from './key-ring.ts'
import type { Keyring } from './keyring.ts'
import { sql } from './kysely.ts'
import { createMailboxStore } from './mailbox-store.ts'
import { chainedSchema, markedSchema, migrate, newestSchema, schemaOf } from './migrations.ts'
import { createPageAccessStore } from './page-access-store.ts'
import type { PauseStore } from './pause-store.ts'
import type {
  Chores,
  Confirmations,
  Guesses,
  KeptRotation,
  PassingStore,
  SharedTokens,
  Store,
} from './ports.ts'
import type { PostgresPlace } from './postgres-database.ts'
import { createRegistrationStore } from './registration-store.ts'
import { createRowMarks, type RowMarks } from './row-marks.ts'
import { createSealer, type Sealer } from './sealer.ts'
import type { ChangesOfOthers } from './shared-changes.ts'
import { isCorrupt, loadSqlite } from './sqlite.ts'
import { createDatabase, openReserve, openSqliteDatabase } from './sqlite-database.ts'
import { type SchemaWords, sqliteWords, type Tables } from './tables.ts'
import {
  createNoticeStore,
  createPassingMemory,
  createRecipientCountStore,
  createSentKeyStore,
  createServerCapabilityStore,
} from './unmarked-stores.ts'

interface StoreDeps {
  /** Absolute. Made on first start. */
  dataDir: string
  /** The sealing key, or what prints it; absent: the key file in the data directory, made on first start. */
  key?: GivenKey
  /** Absent: the SQLite file in the data directory. */
  postgres?: PostgresPlace
  /** A directory that outlives a restart, on another disk: what the store does not take at the end is kept there. */
  runtimeDir?: string
  /** How long one request at a token endpoint may take. */
  tokenRequestSeconds?: number
  /** Which of several processes of this host opens it. */
  worker?: number
  clock: Clock
  log: Log
}

export interface OpenedStore {
  store: Store
  keyedHash: KeyedHash
  passing: PassingStore
  /** Other processes may change the store as well, do a part of the work, and send for the same accounts. */
  others?: ChangesOfOthers & {
    chores: Chores
    guesses: Guesses
    budgets: BudgetStore
    pauses: PauseStore
    tokens: SharedTokens
    confirmations: Confirmations
  }
  /** Which key seals what. Loaded when somebody asks. */
  keyring(log: Log): Promise<Keyring>
  /** More than one key is in the ring: a rotation was begun. */
  rotates: boolean
  /** Absent where there is no runtime directory. @throws Failure */
  keepElsewhere?(rotations: readonly KeptRotation[]): Promise<void>
}

/**
 * Whether the key fits the store, and the store can be read, of a data directory that no postern
 * runs on. Changes nothing.
 * @returns false when there is none yet
 * @throws Failure `configuration`
 */
export async function inspectStore({
  dataDir,
  key,
  postgres,
}: Pick<StoreDeps, 'dataDir' | 'key' | 'postgres'>): Promise<boolean> {
  const files = dataFiles(dataDir)
  if (postgres) return inspectShared(postgres, files, key)
  if (!(await exists(files.database))) {
    await requireFinished(files, dataDir)
    return false
  }
  await inspectDatabase(files.database, createSealer(await openKeyRing(files, key)))
  return true
}

/**
 * Opens the store in the data directory, made on first start. What does not fit (modes, key,
 * schema, a damaged file) is found before anything is changed. The caller holds the lock of the
 * data directory (`lockDataDir`).
 * @throws Failure `configuration`, `store-unavailable`
 */
export async function openStore(deps: StoreDeps): Promise<OpenedStore> {
  const { dataDir, key, postgres, clock, log } = deps
  const files = await prepareDataDir(dataDir)
  if (postgres) return openSharedStore(postgres, files, deps)
  await requireFinished(files, dataDir)
  await removeUnfinishedCopies(dataDir)
  const wasUsed = await looksUsed(files)
  const ring = await openKeyRing(files, key)
  if (key !== undefined && (await exists(files.key)))
    log.warn(
      { event: 'key.file-unused', file: files.key },
      'There is a key file, and it is not used, because the settings give the key: whoever reads the file needs no other',
    )
  const sealer = createSealer(ring)
  const found = await inspectDatabase(files.database, sealer, await isAsLeft(files))
  if (!found && wasUsed) warnOfEmptyStore(dataDir, log)
  if (found && found.schema < newestSchema) {
    const { keepEarlierSchema } = await import('./copies.ts')
    const copy = await keepEarlierSchema(files.database, found.schema)
    log.info(
      { event: 'store.copied', copy, schema: found.schema },
      'the database was copied before it gets a newer schema',
    )
  }
  await rm(files.sound, { force: true })
  const proofs = proofsOf(found?.root ?? newHashRoot(), log)
  const database = await openSqliteDatabase(files.database, await openReserve(files.reserve, log))
  try {
    await makeSchema(database, sqliteWords, sealer, proofs, { clock, log })
    const { store, ...opened } = await openedStore(database, sealer, proofs, deps)
    return {
      ...opened,
      store: {
        ...store,
        async close() {
          await store.close()
          await noteSound(files)
        },
      },
      passing: createPassingMemory(clock),
      ...keyringOf({ database, ring, sealer }),
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

/** Reading all of a large database takes seconds, from a network minutes, in which nothing listens. */
async function isAsLeft(files: DataFiles): Promise<boolean> {
  const noted = await readFile(files.sound, 'utf8').catch(() => undefined)
  return noted !== undefined && noted === (await identityOf(files.database))
}

async function noteSound(files: DataFiles): Promise<void> {
  const identity = await identityOf(files.database)
  // Without it the next start reads the whole database, and that is all.
  if (identity !== undefined) await replacePrivateFile(files.sound, 'file.any', identity).catch(() => {})
}

/** Another one after each change by anybody; undefined where changes are still in the -wal file. */
async function identityOf(database: string): Promise<string | undefined> {
  const changes = await stat(`${database}-wal`).catch(() => undefined)
  if (changes !== undefined && changes.size > 0) return undefined
  const found = await stat(database, { bigint: true }).catch(() => undefined)
  return found && [found.dev, found.ino, found.size, found.mtimeNs].join(' ')
}

function keyringOf(deps: { database: Database; ring: KeyRing; sealer: Sealer }) {
  let made: Keyring | undefined
  return {
    rotates: deps.ring.isOwn && deps.ring.kids.length > 1,
    async keyring(log: Log): Promise<Keyring> {
      const { createKeyring } = await import('./keyring.ts')
      made ??= createKeyring({ ...deps, log })
      return made
    },
  }
}

/** A store that is begun beside it would hide that everything is still to be copied. */
async function requireFinished({ database, unfinished }: DataFiles, dataDir: string): Promise<void> {
  if ((await exists(unfinished)) && !(await exists(database)))
    throw failure('copy.unfinished', { target: dataDir })
}

/** Of backups and of upgrades that were cut off. */
async function removeUnfinishedCopies(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir))
    if (name.startsWith(unfinishedCopy)) await rm(join(dataDir, name), { force: true })
}

/** Whether a postern has run on the data directory, or a file of a database was put there. */
async function looksUsed({ database, ownerKey }: DataFiles): Promise<boolean> {
  return (await exists(ownerKey)) || ((await stat(database).catch(() => undefined))?.size ?? 0) > 0
}

/** A copy of the file alone, without what was in the -wal file beside it, looks like this. */
function warnOfEmptyStore(dataDir: string, log: Log): void {
  const { message, fix } = filled('database.empty-where-used', { directory: dataDir })
  log.error({ event: 'store.empty', fix }, message)
}

/** The hash root, and what tells by it that nothing else has written in the store. */
interface Proofs {
  root: Secret
  marks: RowMarks
  chain: JournalChain
}

function proofsOf(root: Secret, log: Log): Proofs {
  return { root, marks: createRowMarks(root, log), chain: createJournalChain(root) }
}

/** Brings the database to the newest schema. Gives the one that was found. */
async function makeSchema(
  database: Database,
  words: SchemaWords,
  sealer: Sealer,
  { root, marks, chain }: Proofs,
  { clock, log }: Pick<StoreDeps, 'clock' | 'log'>,
): Promise<number> {
  const sealedRoot = await sealHashRoot(sealer, root)
  const found = await migrate(database, words, clock.now(), marks, async (tables, schema) => {
    if (schema >= chainedSchema) return
    await putHashRoot(tables, sealedRoot)
    await beginChain(tables, chain)
  })
  if (found < newestSchema)
    log.info({ event: 'store.upgraded', from: found, to: newestSchema }, 'the database has a new schema')
  return found
}

/**
 * A store that other processes may open and change as well: they may have made it since it was looked
 * at, so its root is read when the schema is there.
 */
async function openSharedStore(
  place: PostgresPlace,
  files: DataFiles,
  deps: StoreDeps,
): Promise<OpenedStore> {
  const { key, tokenRequestSeconds = 10, clock, log } = deps
  // Nothing of it is loaded where SQLite is used.
  const { openPostgresDatabase, postgresWords } = await import('./postgres-database.ts')
  const { SharedChanges } = await import('./shared-changes.ts')
  const { SharedGuesses } = await import('./shared-guesses.ts')
  const { createPassingStore } = await import('./passing-store.ts')
  const { createBudgetStore } = await import('./budget-store.ts')
  const { createPauseStore } = await import('./pause-store.ts')
  const { createSharedTokens } = await import('./shared-tokens.ts')
  const database = await openPostgresDatabase(place)
  try {
    const schema = await schemaOfShared(database)
    const ring = await openKeyRing(files, key, true, schema === 0)
    const sealer = createSealer(ring)
    const ours = proofsOf(schema === 0 ? newHashRoot() : await rootOfShared(database, sealer, schema), log)
    const found = await makeSchema(database, postgresWords, sealer, ours, { clock, log })
    const isMadeByOther = schema === 0 && found > 0
    const proofs = isMadeByOther ? proofsOf(await rootOfShared(database, sealer, newestSchema), log) : ours
    const changes = await SharedChanges.join({ database, clock, log })
    const guesses = new SharedGuesses({ database, others: changes, clock })
    const tokens = createSharedTokens({ database, sealer, others: changes, tokenRequestSeconds, clock, log })
    const { store, ...opened } = await openedStore(database, sealer, proofs, deps, tokens)
    return {
      ...opened,
      store: {
        ...store,
        async close() {
          await guesses.close()
          await changes.close()
          await store.close()
        },
      },
      passing: createPassingStore(database, sealer, clock),
      others: {
        follow: (see) => changes.follow(see),
        followStandstills: (forget) => changes.followStandstills(forget),
        look: () => changes.look(),
        chores: changes,
        guesses,
        budgets: createBudgetStore(database, changes),
        pauses: createPauseStore(database, changes),
        tokens,
        confirmations: changes,
      },
      ...keyringOf({ database, ring, sealer }),
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

/** With what an earlier process could not store. */
async function openedStore(
  database: MarkableDatabase,
  sealer: Sealer,
  { root, marks, chain }: Proofs,
  { runtimeDir, worker, clock, log }: StoreDeps,
  beside?: BesideRenewal,
): Promise<Omit<OpenedStore, 'passing' | 'keyring' | 'rotates'>> {
  const opened = {
    store: createStore(database.marked(marks), sealer, chain, clock, beside),
    keyedHash: createKeyedHash(root),
  }
  if (runtimeDir === undefined) return opened
  const path = join(runtimeDir, worker === undefined ? 'rotations.sealed' : `rotations.${worker}.sealed`)
  // Loaded where there is something to keep or to take up: seldom.
  const rotations = () => import('./kept-rotations.ts')
  for (const kept of worker === undefined || worker === 1 ? await rotationsIn(runtimeDir) : [path])
    if (await exists(kept))
      await (await rotations()).takeUpRotations(kept, { sealer, grants: opened.store.grants, log })
  return { ...opened, keepElsewhere: async (left) => (await rotations()).keepRotations(path, sealer, left) }
}

/** Of all workers: there may be fewer of them now. */
async function rotationsIn(runtimeDir: string): Promise<string[]> {
  const names = await readdir(runtimeDir).catch(() => [])
  return names
    .filter((name) => /^rotations(?:\.\d+)?\.sealed$/.test(name))
    .map((name) => join(runtimeDir, name))
}

async function inspectShared(place: PostgresPlace, files: DataFiles, key?: GivenKey): Promise<boolean> {
  const { openPostgresDatabase } = await import('./postgres-database.ts')
  const database = await openPostgresDatabase(place)
  try {
    const schema = await schemaOfShared(database)
    if (schema === 0) return false
    await rootOfShared(database, createSealer(await openKeyRing(files, key, true)), schema)
    return true
  } finally {
    await database.close()
  }
}

/** Is there as long as a copy into the database is not finished. */
export const unfinishedTable = 'unfinished_copy'

/** 0 where there is nothing yet. */
export async function schemaOfShared(database: Database): Promise<number> {
  const schema = await database.read(async (tables) => {
    const names = await tablesOfShared(tables)
    if (names.length === 0) return 0
    if (names.includes(unfinishedTable))
      throw failure('copy.unfinished', { target: 'the database of POSTERN_DATABASE_URL' })
    if (!names.includes('schema_versions')) throw failure('database.not-of-postern-there')
    return schemaOf(tables)
  })
  if (schema > newestSchema) throw newer('in POSTERN_DATABASE_URL', schema)
  return schema
}

export async function tablesOfShared(tables: Kysely<Tables>): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = current_schema()`.execute(
    tables,
  )
  return rows.map(({ name }) => name)
}

async function rootOfShared(database: Database, sealer: Sealer, schema: number): Promise<Secret> {
  return openHashRoot(sealer, await database.read(sealedHashRoot), placeOfRoot(schema))
}

/** The ports over a database of the newest schema, which only lets marked rows be seen. */
export function createStore(
  database: Database,
  sealer: Sealer,
  chain: JournalChain,
  clock: Clock,
  beside?: BesideRenewal,
): Store {
  return {
    mailboxes: createMailboxStore(database, sealer, clock),
    grants: createGrantStore(database, sealer, clock, beside),
    registrations: createRegistrationStore(database, sealer),
    logins: createLoginStore(database, sealer),
    apiKeys: createApiKeyStore(database),
    consentLinks: createConsentLinkStore(database),
    pendingConsents: createPendingConsentStore(database, sealer),
    recipientCounts: createRecipientCountStore(database),
    notices: createNoticeStore(database),
    pageAccess: createPageAccessStore(database),
    serverCapabilities: createServerCapabilityStore(database),
    journal: createJournalStore(database, chain, clock),
    sentKeys: createSentKeyStore(database, sealer, clock),
    async heldMessages() {
      const { createHeldMessageStore } = await import('./held-messages.ts')
      return createHeldMessageStore(database, sealer, clock)
    },
    async holdsMessages() {
      // The first may be a row that is not trusted, and hides none behind it.
      const found = await inPages(
        (behind: string, most) =>
          database.read((tables) =>
            tables
              .selectFrom('held_messages')
              .select('id')
              .where('id', '>', behind)
              .orderBy('id')
              .limit(most)
              .execute(),
          ),
        ({ id }) => id,
      )
      return found.length > 0
    },
    async check() {
      await openHashRoot(sealer, await database.read(sealedHashRoot))
      await database.checkWritable()
    },
    close: () => database.close(),
  }
}

/**
 * Looks whether the database file can be used with this program and this key, before anything is
 * changed: not even the -wal file is folded into it. Content with a file that does not exist yet.
 * Gives the hash root of one that does, and its schema.
 * @param isAsLeft it is as it was when it was closed in good order: its pages are not looked at, one by one
 * @throws Failure `configuration`
 */
export async function inspectDatabase(
  path: string,
  sealer: Sealer,
  isAsLeft = false,
): Promise<{ root: Secret; schema: number } | undefined> {
  if (!(await exists(path))) return undefined
  let database: Database | undefined
  try {
    const connection = await openUntouched(path)
    database = createDatabase(connection)
    if (!isAsLeft) requireSound(connection, path)
    const schema = await database.read((tables) => inspectSchema(tables, path))
    if (schema === 0) return undefined
    const root = await openHashRoot(sealer, await database.read(sealedHashRoot), placeOfRoot(schema))
    return { root, schema }
  } catch (error) {
    if (isCorrupt(error)) throw damaged(path, error)
    if (error instanceof Failure && error.code === 'configuration') throw error
    throw failure('database.unreadable', { path, cause: error })
  } finally {
    await database?.close()
  }
}

/** Reads a database that no postern has open. Changes nothing. */
export async function readUntouched<T>(path: string, read: (database: Database) => Promise<T>): Promise<T> {
  const database = createDatabase(await openUntouched(path))
  try {
    return await read(database)
  } finally {
    await database.close()
  }
}

function placeOfRoot(schema: number): RootPlace {
  if (schema >= chainedSchema) return 'chained journal'
  return schema >= markedSchema ? 'marked rows' : 'plain'
}

async function openUntouched(path: string): Promise<DatabaseSyncInstance> {
  const { DatabaseSync } = await loadSqlite()
  // Without a -wal file everything is in the database file, and even a reader would leave an empty
  // -wal behind: `immutable` (https://sqlite.org/uri.html) keeps it from making one.
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
  return failure('database.damaged-at-start', { path, cause })
}

function foreign(path: string): Failure {
  return failure('database.not-of-postern', { path })
}

function newer(path: string, schema: number): Failure {
  const schemas = `schema ${schema}, this one knows ${newestSchema}`
  return failure('database.of-newer-postern', { path, schemas })
}
