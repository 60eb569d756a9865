import type { backup, DatabaseSync } from '@photostructure/sqlite'
import { asFailure, Failure, failure } from '../base/failure.ts'

/*
 * SQLite itself: the library that is loaded, and what its errors mean.
 */

interface SqliteLibrary {
  DatabaseSync: typeof DatabaseSync
  backup: typeof backup
}

/**
 * The SQLite that Node brings, where it is complete enough; else the same API from a package with a
 * built binary.
 */
export async function loadSqlite(): Promise<SqliteLibrary> {
  const builtIn = quietly(() => process.getBuiltinModule('node:sqlite') as SqliteLibrary | undefined)
  return builtIn && isComplete(builtIn) ? builtIn : packaged()
}

async function packaged(): Promise<SqliteLibrary> {
  try {
    return await import('@photostructure/sqlite')
  } catch (error) {
    const { platform, arch, version } = process
    throw failure('database.no-sqlite', { platform: `${platform} ${arch}`, version, cause: error })
  }
}

// Node 22.13 has the module without a flag; only 22.16 tells whether a transaction is open, and
// takes file: addresses.
function isComplete({ DatabaseSync }: SqliteLibrary): boolean {
  const probe = new DatabaseSync(':memory:')
  try {
    return 'isTransaction' in probe
  } finally {
    probe.close()
  }
}

// Node announces its SQLite as experimental on standard error, where scripts look for what postern
// has to say.
function quietly<T>(load: () => T): T {
  const announce = process.emitWarning
  process.emitWarning = () => {}
  try {
    return load()
  } finally {
    process.emitWarning = announce
  }
}

/** What a change may be refused for, in the words of the one who asked for it. */
export interface Refusals {
  /** A unique key is taken. */
  taken?: () => Failure
  /** A row that is referred to does not exist. */
  missing?: () => Failure
}

// Primary result codes of SQLite (https://sqlite.org/rescode.html), as `errcode & 0xff`.
const busy = [5, 6]
const corrupt = [11, 26]
// An extended code: the file ends before what it says of itself.
const shortRead = 522
const failures: Readonly<Record<number, StoreFailure>> = {
  5: 'database.busy',
  6: 'database.busy',
  8: 'database.read-only',
  10: 'database.disk-fails',
  11: 'database.damaged',
  13: 'database.disk-full',
  14: 'database.not-opened',
  26: 'database.damaged',
}

type StoreFailure = `database.${'busy' | 'read-only' | 'disk-fails' | 'damaged' | 'disk-full' | 'not-opened'}`

// Extended codes of the constraint failures that mean something to a caller.
const uniqueConstraints = [1555, 2067]
const foreignKeyConstraint = 787

/** The one place where an error of the database becomes a Failure. A Failure passes unchanged. */
export function storeFailure(error: unknown, refusals: Refusals = {}): Failure {
  const code = error instanceof Failure ? undefined : sqliteCode(error)
  if (code === undefined) return asFailure(error)
  if (uniqueConstraints.includes(code) && refusals.taken) return refusals.taken()
  if (code === foreignKeyConstraint && refusals.missing) return refusals.missing()
  return failure(failures[code & 0xff] ?? 'database.query-refused', { cause: error })
}

export function isBusy(error: unknown): boolean {
  return busy.includes((sqliteCode(error) ?? 0) & 0xff)
}

export function isCorrupt(error: unknown): boolean {
  const code = sqliteCode(error) ?? 0
  return code === shortRead || corrupt.includes(code & 0xff)
}

// sqlite3_errstr() of the primary codes: the package's all() tells the text and no code.
const texts: readonly (readonly [string, number])[] = [
  ['database is locked', 5],
  ['database table is locked', 6],
  ['attempt to write a readonly database', 8],
  ['disk I/O error', 10],
  ['database disk image is malformed', 11],
  ['database or disk is full', 13],
  ['unable to open database file', 14],
  ['file is not a database', 26],
]

function sqliteCode(error: unknown): number | undefined {
  const { errcode, code, message, cause } = (error ?? {}) as Record<string, unknown>
  if (typeof errcode === 'number') return errcode
  if (code === 'ERR_SQLITE_ERROR') return texts.find(([text]) => String(message).startsWith(text))?.[1] ?? 1
  return cause === undefined ? undefined : sqliteCode(cause)
}
