import { constants } from 'node:fs'
import { access, readFile, rm } from 'node:fs/promises'
import type { DatabaseSyncInstance } from '@photostructure/sqlite'
import { type Failure, failure } from '../base/failure.ts'
import { createPrivateFile, type DataFiles, prepareDataDir, unusable } from './data-dir.ts'
import { isBusy, loadSqlite } from './sqlite.ts'

// An unreferenced connection is collected as garbage, and its lock with it: a caller that
// forgets what lockDataDir gave it must still hold the lock.
const heldLocks = new Set<DatabaseSyncInstance>()

export interface DataDirLock {
  release(): Promise<void>
}

/**
 * Keeps every other postern off this data directory until it is released or the process ends,
 * however it ends: the lock is the operating system's, on an empty SQLite file held in an exclusive
 * transaction, so it cannot go stale. (No other code of this process may open that file: closing it
 * would drop the lock, as POSIX record locks do.)
 * @throws Failure `configuration` when another process holds it
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const files = await prepareDataDir(dataDir)
  await createPrivateFile(files.lock, 'file.lock', '')
  const { DatabaseSync } = await loadSqlite()
  let held: DatabaseSyncInstance | undefined
  try {
    // SQLite does not say why it cannot open a file.
    await access(files.lock, constants.R_OK | constants.W_OK)
    held = new DatabaseSync(files.lock, { timeout: 0 })
    takeExclusively(held)
    await notePid(files)
  } catch (error) {
    held?.close()
    throw isBusy(error) ? await alreadyRunning(dataDir, files) : unusable(error, 'file.lock', files.lock)
  }
  const lock = held
  heldLocks.add(lock)
  return {
    async release() {
      if (!heldLocks.delete(lock)) return
      // On a disk that takes nothing it stays: the next start makes it anew.
      await rm(files.pid, { force: true }).catch(() => {})
      lock.close()
    },
  }
}

function takeExclusively(database: DatabaseSyncInstance): void {
  // Nothing is ever written: a journal file would only be left behind by a killed process.
  database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
}

async function notePid(files: DataFiles): Promise<void> {
  await rm(files.pid, { force: true })
  await createPrivateFile(files.pid, 'file.process', `${process.pid}\n`)
}

async function alreadyRunning(dataDir: string, files: DataFiles): Promise<Failure> {
  const noted = await readFile(files.pid, 'utf8').catch(() => '')
  const holder = /^\d+$/.test(noted.trim()) ? ` (process ${noted.trim()})` : ''
  return failure('data.in-use', { holder, directory: dataDir })
}
