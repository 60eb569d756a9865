import { open, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { inspectStore } from '../../src/store/store.ts'
import { openFixture } from './fixture.ts'

/** A page that nothing reads at a start, spoilt in a way that only a look at every page finds. */
async function spoil(path: string): Promise<void> {
  const at = (await stat(path)).size - 4096
  const file = await open(path, 'r+')
  await file.write(Buffer.alloc(400, 0xff), 0, 400, at)
  await file.close()
}

async function closedStore() {
  const { store, dataDir, reopen } = await openFixture()
  await store.close()
  const path = join(dataDir, 'postern.sqlite')
  return { dataDir, path, reopen }
}

it('a database that is as it was when it was closed is not read as a whole: only its file is looked at', async () => {
  const { path, dataDir, reopen } = await closedStore()
  const { atime, mtime } = await stat(path)
  const noted = await readFile(join(dataDir, 'postern.sound'), 'utf8')
  await spoil(path)
  // As nothing but a failing disk changes a file: it looks untouched.
  await utimes(path, atime, mtime)
  const now = await stat(path, { bigint: true })
  await writeFile(join(dataDir, 'postern.sound'), noted.replace(/\d+$/, String(now.mtimeNs)))
  const opened = await reopen()
  await opened.store.close()
  // Whoever wants to know has all of it read.
  await expect(inspectStore({ dataDir })).rejects.toMatchObject({ id: 'database.damaged-at-start' })
})

it('one that something else has touched since is', async () => {
  const { path, reopen } = await closedStore()
  await spoil(path)
  await expect(reopen()).rejects.toMatchObject({ id: 'database.damaged-at-start' })
})

it('nothing says that a database is sound while it is open, so that an unclean end has it read', async () => {
  const { dataDir, reopen } = await closedStore()
  const opened = await reopen()
  await expect(readFile(join(dataDir, 'postern.sound'))).rejects.toMatchObject({ code: 'ENOENT' })
  await opened.store.close()
  expect((await stat(join(dataDir, 'postern.sound'))).mode & 0o777).toBe(0o600)
})
