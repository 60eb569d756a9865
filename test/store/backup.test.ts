import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate as turnOfOthers } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { type Log, silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { makeBackup, restoreBackup } from '../../src/store/backup.ts'
import { newestSchema } from '../../src/store/migrations.ts'
import { openStore } from '../../src/store/store.ts'
import { firstRelease, openFirstRelease } from './first-release.ts'
import { failureOf, newDataDir, newGrant, openFixture, stillClock } from './fixture.ts'
import { changeDatabase, readDatabase } from './raw-database.ts'

const clock = stillClock()

async function backUp(dataDir: string): Promise<string> {
  const { octets } = await makeBackup({ dataDir, version: '1.2.3', clock })
  const path = join(dirname(dataDir), 'backup.tar')
  await writeFile(path, octets)
  return path
}

it('a backup is of one moment, while others go on writing', async () => {
  const { store, dataDir } = await openFixture()
  let stop = false
  let counted = 0
  const writing = (async () => {
    while (!stop) {
      await turnOfOthers()
      counted += 1
      await store.mailboxes.add({ address: `m${counted}@example.com`, providerId: 'google', createdAt: 1 })
    }
  })()
  const from = await backUp(dataDir)
  const atLeast = counted
  stop = true
  await writing
  const restoredDir = await newDataDir()
  await mkdir(restoredDir, { mode: 0o700 })
  await copyFile(join(dataDir, 'postern.key'), join(restoredDir, 'postern.key'))
  await restoreBackup({ from, dataDir: restoredDir, replace: false, clock })
  const rows = await readDatabase(restoredDir, 'select address from mailboxes')
  expect(rows.length).toBeGreaterThanOrEqual(2)
  expect(rows.length).toBeLessThanOrEqual(atLeast + 3)
  expect(await readDatabase(restoredDir, 'pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
})

it('a restore names the mailboxes whose refresh tokens have changed since', async () => {
  const { store, dataDir } = await openFixture()
  const first = await store.grants.adopt(newGrant())
  await store.grants.adopt(newGrant({ mailbox: 'cron@example.com' }))
  const from = await backUp(dataDir)
  const renewed = { refreshToken: new Secret('refresh-2'), scopes: first.scopes, renewedAt: 2 }
  await store.grants.renewed(first.id, first.version, renewed)
  await store.close()
  const replaced = await restoreBackup({ from, dataDir, replace: true, clock })
  expect(replaced.mailboxes).toEqual(['printer@example.com'])
  expect((await readdir(dataDir)).filter((name) => name.includes('before-restore'))).not.toEqual([])

  const elsewhere = await newDataDir()
  await mkdir(elsewhere, { mode: 0o700 })
  await copyFile(join(dataDir, 'postern.key'), join(elsewhere, 'postern.key'))
  const anew = await restoreBackup({ from, dataDir: elsewhere, replace: false, clock })
  expect(anew.mailboxes).toEqual(['cron@example.com', 'printer@example.com'])
})

it('a database is copied before it gets a newer schema, and the last two copies are kept', async () => {
  const dataDir = await firstRelease()
  for (const schema of [3, 7])
    await writeFile(join(dataDir, `postern.sqlite.schema-${schema}`), '', { mode: 0o600 })
  await openFirstRelease(dataDir)
  const copies = async () => (await readdir(dataDir)).filter((name) => name.includes('.schema-')).sort()
  expect(await copies()).toEqual(['postern.sqlite.schema-3', 'postern.sqlite.schema-7'])

  const later = await firstRelease()
  await openFirstRelease(later)
  const copy = join(later, 'postern.sqlite.schema-1')
  expect((await stat(copy)).mode & 0o777).toBe(0o600)
  const back = await newDataDir()
  await mkdir(back, { mode: 0o700 })
  await copyFile(copy, join(back, 'postern.sqlite'))
  expect(await readDatabase(back, 'select max(version) as schema from schema_versions')).toEqual([
    { schema: 1 },
  ])
  expect(newestSchema).toBeGreaterThan(1)
})

it('a restore of a newer schema is refused', async () => {
  const { store, dataDir } = await openFixture()
  await changeDatabase(dataDir, `insert into schema_versions values (${newestSchema + 1}, 1)`)
  const from = await backUp(dataDir)
  await store.close()
  const failed = await failureOf(restoreBackup({ from, dataDir, replace: true, clock }))
  expect(failed.id).toBe('database.of-newer-postern')
})

function recordingLog() {
  const events: unknown[] = []
  const log: Log = {
    ...silentLog,
    error: (fields: object) => events.push((fields as { event?: string }).event),
    child: () => log,
  }
  return { log, events }
}

it('a copy of the database file alone, from before its changes were in it, is told loudly', async () => {
  const { dataDir } = await openFixture()
  const copied = await newDataDir()
  await mkdir(copied, { mode: 0o700 })
  // Nothing has been folded into the file yet: that is done ten seconds after a change.
  for (const name of ['postern.sqlite', 'postern.key'])
    await writeFile(join(copied, name), await readFile(join(dataDir, name)), { mode: 0o600 })
  const { log, events } = recordingLog()
  const { store } = await openStore({ dataDir: copied, clock, log })
  onTestFinished(() => store.close())
  expect(events).toEqual(['store.empty'])
})

it('a first start says nothing of that', async () => {
  const { log, events } = recordingLog()
  const { store } = await openStore({ dataDir: await newDataDir(), clock, log })
  onTestFinished(() => store.close())
  expect(events).toEqual([])
})
