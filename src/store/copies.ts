import { randomBytes } from 'node:crypto'
import { readdir, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { failure } from '../base/failure.ts'
import { createPrivateFile, putInPlace, unfinishedCopy } from './data-dir.ts'
import { loadSqlite, storeFailure } from './sqlite.ts'

/** At once: the SQLite of Node.js 24 takes no -1 for it. */
const allPages = 2 ** 31 - 1

/**
 * A whole, consistent copy of a database beside it, for the owner only, while others go on writing
 * in the database. Gives its path.
 * @throws Failure `store-unavailable` where there is no room for it
 */
export async function copyDatabase(database: string): Promise<string> {
  const path = join(dirname(database), `${unfinishedCopy}${randomBytes(6).toString('hex')}`)
  await requireRoom(database)
  const { DatabaseSync, backup } = await loadSqlite()
  const source = new DatabaseSync(database, { readOnly: true })
  try {
    await createPrivateFile(path, 'file.database', '')
    // All pages in one step: a copy in several begins anew with each change by another connection.
    await backup(source, path, { rate: allPages })
    return path
  } catch (error) {
    await rm(path, { force: true })
    throw storeFailure(error)
  } finally {
    source.close()
  }
}

/** Octets beyond the copy that must stay free. */
const spare = 1_000_000

async function requireRoom(database: string): Promise<void> {
  const sizes = await Promise.all(['', '-wal'].map((suffix) => sizeOf(database + suffix)))
  const needed = sizes.reduce((sum, size) => sum + size, spare)
  const { bavail, bsize } = await statfs(dirname(database))
  if (bavail * bsize >= needed) return
  throw failure('database.no-room-for-copy', { directory: dirname(database), megabytes: megabytes(needed) })
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  return found?.size ?? 0
}

function megabytes(octets: number): number {
  return Math.ceil(octets / 1_000_000)
}

/** So many copies of earlier schemas are kept. */
const keptCopies = 2

/**
 * Keeps the database as it is before it gets a newer schema, and no more than the last two of these
 * copies. Gives its path.
 * @throws Failure `store-unavailable` where there is no room for it
 */
export async function keepEarlierSchema(database: string, schema: number): Promise<string> {
  const path = `${database}.schema-${schema}`
  await putInPlace(await copyDatabase(database), path)
  const folder = dirname(database)
  const schemas = (await readdir(folder))
    .map((name) => /^postern\.sqlite\.schema-(\d+)$/.exec(name)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((a, b) => b - a)
  for (const old of schemas.slice(keptCopies)) await rm(`${database}.schema-${old}`, { force: true })
  return path
}
