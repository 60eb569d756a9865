import type { DatabaseSync } from '@photostructure/sqlite'
import { asFailure, Failure } from '../base/failure.ts'

/*
 * SQLite itself: the library that is loaded, and what its errors mean.
 */

interface SqliteLibrary {
  DatabaseSync: typeof DatabaseSync
}

/**
 * The SQLite that Node brings, where it is complete enough; else the same API from a package with a
 * built binary.
 */
export async function loadSqlite(): Promise<SqliteLibrary> {
  const builtIn = quietly(() => process.getBuiltinModule('node:sqlite') as SqliteLibrary | undefined)
  return builtIn && isComplete(builtIn) ? builtIn : import('@photostructure/sqlite')
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
const sentences: Record<number, string> = {
  5: 'The database is busy',
  6: 'The database is busy',
  8: 'The database cannot be written: its file or disk is read-only',
  10: 'The disk under the database fails',
  11: 'The database is damaged',
  13: 'The disk under the database is full',
  14: 'The database file cannot be opened',
  26: 'The database is damaged',
}

const fixes: Record<number, string> = {
  8: 'Look in the log of the system why it may only be read (after an error of the disk, for instance), and mount it writable again.',
  10: 'Look in the log of the system: the disk may have to be replaced.',
  13: 'Make room on the disk under POSTERN_DATA_DIR.',
}

// Extended codes of the constraint failures that mean something to a caller.
const uniqueConstraints = [1555, 2067]
const foreignKeyConstraint = 787

/** The one place where an error of the database becomes a Failure. A Failure passes unchanged. */
export function storeFailure(error: unknown, refusals: Refusals = {}): Failure {
  const code = error instanceof Failure ? undefined : sqliteCode(error)
  if (code === undefined) return asFailure(error)
  if (uniqueConstraints.includes(code) && refusals.taken) return refusals.taken()
  if (code === foreignKeyConstraint && refusals.missing) return refusals.missing()
  const [message = 'The database refused a query', fix] = [sentences[code & 0xff], fixes[code & 0xff]]
  return new Failure('store-unavailable', message, { cause: error, ...(fix !== undefined && { fix }) })
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
