import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { openStore } from '../../src/store/store.ts'
import { holdOne } from '../store/fixture.ts'
import { type CommandStage, setCommandStage } from './command-stage.ts'

let stage: CommandStage
let file: string
let data: string

beforeEach(async () => {
  stage = await setCommandStage()
  await stage.makeStore()
  file = join(stage.folder, 'postern.tar')
  data = join(stage.folder, 'data')
})
afterEach(() => stage.close())

async function addMailbox(address: string): Promise<void> {
  const added = await stage.postern(['mailbox', 'add', address, '--provider', 'google'])
  expect(added.stderr).toBe('')
}

async function addressesThere(): Promise<string[]> {
  const { stdout } = await stage.postern(['mailbox', 'list', '--json'])
  return (JSON.parse(stdout) as { mailboxes: { address: string }[] }).mailboxes.map(({ address }) => address)
}

async function failureOf(...words: string[]): Promise<string> {
  const { code, stderr } = await stage.postern([...words, '--json'])
  expect(code).not.toBe(0)
  return (JSON.parse(stderr) as { error: { failure: string } }).error.failure
}

/** A new data directory, with the key of the one before. */
async function loseAllButTheKey(): Promise<void> {
  const key = await readFile(join(data, 'postern.key'))
  await rm(data, { recursive: true })
  await mkdir(data, { mode: 0o700 })
  await writeFile(join(data, 'postern.key'), key, { mode: 0o600 })
}

it.each(['running', 'at rest'])('a backup of a store %s restores to what it was', async (state) => {
  if (state === 'running') await stage.serve()
  await addMailbox('me@example.com')
  const made = await stage.postern(['backup', file, '--json'])
  expect(made.stderr).toBe('')
  const manifest = JSON.parse(made.stdout)
  expect(manifest).toMatchObject({ file, version: '1.2.3', keyIds: [expect.stringMatching(/^[\w-]{16}$/)] })
  expect(manifest.keep[0]).toContain('postern.key')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await readdir(data)).filter((name) => name.includes('.copy-'))).toEqual([])
  expect((await readFile(file)).includes(await readFile(join(data, 'postern.key')))).toBe(false)
  expect(membersOf(await readFile(file))).toEqual(['manifest.json', 'postern.sqlite'])
  await stage.stop()

  await loseAllButTheKey()
  const restored = await stage.postern(['restore', file, '--json'])
  expect(restored.stderr).toBe('')
  expect(JSON.parse(restored.stdout)).toMatchObject({ dataDir: data, mailboxes: [] })
  expect(await addressesThere()).toEqual(['me@example.com'])
  // The store that was restored could not note it itself: the next to open it did, once.
  for (const _ of [1, 2]) {
    await stage.serve()
    const { stdout: journal } = await stage.postern(['journal', '--json'])
    const noted = JSON.parse(journal).entries.filter(
      ({ event }: { event: string }) => event === 'backup.restored',
    )
    expect(noted).toMatchObject([{ by: 'command', details: { madeAt: manifest.madeAt, version: '1.2.3' } }])
    await stage.stop()
  }
})

it('what waited for a person when the backup was made cannot be sent once more', async () => {
  const opened = await openStore({ dataDir: data, clock: systemClock, log: silentLog })
  const at = { createdAt: Date.now(), endsAt: Date.now() + 86_400_000 }
  const { message: waiting } = await holdOne(opened.store, at)
  const { message: refused, held } = await holdOne(opened.store, at)
  await held.end(refused.id, 'refused', 'somebody')
  await opened.store.close()
  await stage.postern(['backup', file])
  await stage.postern(['restore', file, '--replace'])
  await stage.serve()
  const { stdout } = await stage.postern(['approvals', 'list', '--json'])
  const states = (JSON.parse(stdout).messages as { id: string; state: string }[]).map(
    ({ id, state }) => [id, state] as const,
  )
  expect(new Map(states)).toEqual(
    new Map([
      [waiting.id, 'unknown'],
      [refused.id, 'refused'],
    ]),
  )
})

it('a backup to standard output is the archive alone', async () => {
  await addMailbox('me@example.com')
  const { stdout, stderr } = await stage.postern(['backup', '-'])
  expect(stderr).toBe('')
  expect(stdout.startsWith('manifest.json\0')).toBe(true)
})

it('a backup takes the place of nothing', async () => {
  await writeFile(file, 'mine')
  expect(await failureOf('backup', file)).toBe('backup.file-there')
  expect(await readFile(file, 'utf8')).toBe('mine')
})

it('a store that is there stays, unless it is told to be moved aside', async () => {
  await addMailbox('me@example.com')
  await stage.postern(['backup', file])
  await addMailbox('later@example.com')
  expect(await failureOf('restore', file)).toBe('backup.store-there')
  const { stdout } = await stage.postern(['restore', file, '--replace', '--json'])
  expect(await addressesThere()).toEqual(['me@example.com'])
  const { movedTo } = JSON.parse(stdout) as { movedTo: string }
  await copyFile(movedTo, join(data, 'postern.sqlite'))
  expect(await addressesThere()).toHaveLength(2)
})

it('nothing is restored under a running postern', async () => {
  await stage.postern(['backup', file])
  await stage.serve()
  expect(await failureOf('restore', file, '--replace')).toBe('data.in-use')
})

it('a damaged backup, one of another key and anything else change nothing', async () => {
  await addMailbox('me@example.com')
  await stage.postern(['backup', file])
  const whole = await readFile(file)
  await loseAllButTheKey()
  const left = async () => (await readdir(data)).filter((name) => name.startsWith('postern.sqlite'))

  const edited = Buffer.from(whole)
  edited[edited.length - 5000] = (edited[edited.length - 5000] ?? 0) ^ 1
  await writeFile(file, edited)
  expect(await failureOf('restore', file)).toBe('backup.damaged')
  await writeFile(file, whole)
  await truncate(file, whole.length - 8192)
  expect(await failureOf('restore', file)).toBe('backup.damaged')
  await writeFile(file, 'no backup')
  expect(await failureOf('restore', file)).toBe('backup.not-one')
  await writeFile(file, whole)
  await writeFile(join(data, 'postern.key'), 'A'.repeat(43))
  expect(await failureOf('restore', file)).toBe('backup.of-other-key')
  await rm(join(data, 'postern.key'))
  expect(await failureOf('restore', file)).toBe('backup.key-missing')
  expect(await left()).toEqual([])
})

it('a database that sqlite3 made for everybody is for its owner again, in a directory that others cannot enter', async () => {
  const database = join(data, 'postern.sqlite')
  await chmod(database, 0o644)
  expect(await addressesThere()).toEqual([])
  expect((await stat(database)).mode & 0o777).toBe(0o600)
})

it.each(['running', 'at rest'])(
  'the key of a store %s is replaced, and nothing is sealed with the old one',
  async (state) => {
    if (state === 'running') await stage.serve()
    const keyFile = join(data, 'postern.key')
    const before = await readFile(keyFile, 'utf8')
    const listed = async () => JSON.parse((await stage.postern(['keyring', 'list', '--json'])).stdout).keys
    const [old] = await listed()
    const { code, stdout, stderr } = await stage.postern(['keyring', 'rotate', '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({
      sealed: 1,
      values: 1,
      broken: [],
      removed: [old.kid],
      kept: [],
    })
    expect(await listed()).toEqual([{ kid: JSON.parse(stdout).kid, writes: true, held: true, values: 1 }])
    expect(await readFile(keyFile, 'utf8')).not.toContain(before.trim())
    const { stdout: told } = await stage.postern(['journal', '--json'])
    if (state === 'running') expect(told).toContain('keyring.rotated')
  },
)

/** The names in a tar file, as POSIX says where they stand: a header of 512 octets, then the content, filled up to 512. */
function membersOf(tar: Buffer): string[] {
  const names: string[] = []
  for (let at = 0; tar[at] !== undefined && tar[at] !== 0; ) {
    const field = (from: number, octets: number) =>
      tar.toString('latin1', at + from, at + from + octets).replace(/\0.*$/s, '')
    names.push(field(0, 100))
    at += 512 + Math.ceil(Number.parseInt(field(124, 12), 8) / 512) * 512
  }
  return names
}
