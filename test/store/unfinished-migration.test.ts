import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { Failure } from '../../src/base/failure.ts'
import { newestSchema } from '../../src/store/migrations.ts'
import { mountSmallDisk, noSmallDisk } from '../support/small-disk.ts'
import { firstRelease, openFirstRelease } from './first-release.ts'
import { changeDatabase, readDatabase } from './raw-database.ts'

const built = join(import.meta.dirname, '../../dist')
const kills = 12

/** Gives how long it took, in milliseconds, and whether it was done before the kill. */
async function open(dataDir: string, killAfter?: number): Promise<{ took: number; isDone: boolean }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'killed-migration.mjs'), built, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  let [begunAt, doneAt] = [0, 0]
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (begunAt === 0) {
      begunAt = performance.now()
      if (killAfter !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfter)
    }
    if (said.includes('done')) doneAt ||= performance.now()
  })
  await once(child, 'close')
  return { took: doneAt - begunAt, isDone: said.includes('done') }
}

async function schemaOf(dataDir: string): Promise<number> {
  // A kill may leave a journal that is to be rolled back, which whoever only reads may not do. The next start would.
  await changeDatabase(dataDir, 'select count(*) from sqlite_schema')
  const [row] = await readDatabase(dataDir, 'select max(version) as version from schema_versions')
  return Number(row?.version)
}

it.skipIf(!existsSync(join(built, 'store/store.js')))(
  `a migration that is killed is there whole or not at all, ${kills} times at random moments (needs the build)`,
  async () => {
    const { took, isDone } = await open(await firstRelease())
    expect(isDone).toBe(true)
    let dataDir = await firstRelease()
    const old = await schemaOf(dataDir)
    let killedBefore = 0
    for (let kill = 0; kill < kills; kill += 1) {
      // Over the whole time that it takes, the first of them at its very begin.
      const { isDone } = await open(dataDir, ((kill + Math.random()) / kills) * took)
      const schema = await schemaOf(dataDir)
      expect([old, newestSchema]).toContain(schema)
      if (schema === old) {
        killedBefore += 1
        expect(isDone).toBe(false)
      } else if (kill + 1 < kills) dataDir = await firstRelease()
    }
    expect(killedBefore).toBeGreaterThan(0)
    const { store } = await openFirstRelease(dataDir)
    expect(await schemaOf(dataDir)).toBe(newestSchema)
    expect((await store.mailboxes.list()).map(({ address }) => address)).toEqual([
      'cron@example.com',
      'Printer@example.com',
    ])
    const grant = await store.grants.ofMailbox('cron@example.com')
    expect(grant.state === 'active' && grant.refreshToken?.reveal()).toBe('refresh-of-the-first-schema')
    expect((await readdir(dataDir)).filter((name) => name.includes('.copy-'))).toEqual([])
  },
)

it.skipIf(noSmallDisk !== undefined)(
  `a disk without room for the copy before a migration: the start says so, and changes nothing${noSmallDisk ? ` (skipped: ${noSmallDisk})` : ''}`,
  async () => {
    const disk = mountSmallDisk(4_000_000)
    onTestFinished(() => disk.close())
    const made = await firstRelease()
    await changeDatabase(
      made,
      'create table filler (octets blob); insert into filler values (zeroblob(1800000))',
    )
    const dataDir = join(disk.path, 'data')
    await mkdir(dataDir, { mode: 0o700 })
    const database = join(dataDir, 'postern.sqlite')
    await copyFile(join(made, 'postern.sqlite'), database)
    const before = await readFile(database)
    const refused = await openFirstRelease(dataDir).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Failure)
    expect(refused).toMatchObject({ id: 'database.no-room-for-copy', code: 'store-unavailable' })
    expect((refused as Failure).message).toContain(dataDir)
    expect((await readFile(database)).equals(before)).toBe(true)
    expect((await readdir(dataDir)).filter((name) => /copy|schema/.test(name))).toEqual([])
    expect((await stat(database)).mode & 0o777).toBe(0o600)
  },
)
