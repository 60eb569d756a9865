import { chmod, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Log, silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { openStore } from '../../src/store/store.ts'
import { newDataDir, stillClock } from './fixture.ts'
import { changeDatabase } from './raw-database.ts'

const key = new Secret('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8')

/** A data directory with a database as the first release made it, for `openFirstRelease`. */
export async function firstRelease(): Promise<string> {
  const dataDir = await newDataDir()
  await mkdir(dataDir, { mode: 0o700 })
  await changeDatabase(dataDir, await readFile(join(import.meta.dirname, 'first-schema.sql'), 'utf8'))
  await chmod(join(dataDir, 'postern.sqlite'), 0o600)
  return dataDir
}

export async function openFirstRelease(dataDir: string, log: Log = silentLog) {
  const opened = await openStore({ dataDir, key, clock: stillClock(), log })
  onTestFinished(() => opened.store.close())
  return opened
}
