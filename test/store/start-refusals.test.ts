import { createHash, randomBytes } from 'node:crypto'
import { chmod, copyFile, cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { ensureOwnerKey } from '../../src/store/owner-key.ts'
import { openStore } from '../../src/store/store.ts'
import { contents, failureOf, newDataDir, newGrant, openFixture, stillClock } from './fixture.ts'
import { changeDatabase } from './raw-database.ts'

const open = (dataDir: string, key?: Secret) =>
  openStore({ dataDir, clock: stillClock(), log: silentLog, ...(key && { key }) })

/** A data directory in use, as a clean stop leaves it, or as a killed process does (with a -wal file). */
async function usedDataDir(state: 'stopped' | 'killed'): Promise<string> {
  const { store, dataDir } = await openFixture()
  await ensureOwnerKey(dataDir)
  await store.grants.adopt(newGrant())
  if (state === 'stopped') {
    await store.close()
    return dataDir
  }
  const killed = await newDataDir()
  await cp(dataDir, killed, { recursive: true })
  for (const name of [
    'postern.key',
    'owner.key',
    'postern.sqlite',
    'postern.sqlite-wal',
    'postern.sqlite-shm',
  ]) {
    await chmod(join(killed, name), 0o600)
  }
  await chmod(killed, 0o700)
  return killed
}

/**
 * What must not change, as a digest of each file. The -shm file is an index of the -wal file, and belongs to whoever
 * reads it.
 */
async function kept(dataDir: string): Promise<Record<string, string>> {
  const files = [...(await contents(dataDir))].filter(([name]) => name !== 'postern.sqlite-shm')
  return Object.fromEntries(
    files.map(([name, octets]) => [name, createHash('sha256').update(octets).digest('hex')]),
  )
}

interface Refusal {
  title: string
  spoil: (dataDir: string) => Promise<unknown>
  message: RegExp
  fix: RegExp
  key?: Secret
}

const newKey = () => randomBytes(32).toString('base64url')

const refusals: Refusal[] = [
  {
    title: 'a given key that does not fit',
    spoil: async () => {},
    key: new Secret(newKey()),
    message: /^The key does not fit this database$/,
    fix: /POSTERN_KEY/,
  },
  {
    title: 'a key file that does not fit',
    spoil: (dataDir) => writeFile(join(dataDir, 'postern.key'), newKey()),
    message: /^The key does not fit this database$/,
    fix: /key file/,
  },
  {
    title: 'a key file that is gone',
    spoil: (dataDir) => rm(join(dataDir, 'postern.key')),
    message: /postern\.key is missing, and the database needs it$/,
    fix: /Put the key file back/,
  },
  ...['', 'short', `${newKey()}\nnonsense`].map((text) => ({
    title: `a key file that holds ${text.length} characters of something else`,
    spoil: (dataDir: string) => writeFile(join(dataDir, 'postern.key'), text),
    message: /postern\.key is damaged/,
    fix: /Put the file back/,
  })),
  {
    title: 'a newer schema',
    spoil: (dataDir) => changeDatabase(dataDir, 'insert into schema_versions values (999, 0)'),
    message: /written by a newer postern \(schema 999, this one knows \d+\)$/,
    fix: /Run that version/,
  },
  {
    title: 'a database without its hash root',
    spoil: (dataDir) => changeDatabase(dataDir, 'delete from secrets'),
    message: /^The key does not fit this database$/,
    fix: /key/,
  },
  {
    title: "a database of some other program's",
    spoil: (dataDir) => changeDatabase(dataDir, 'drop table schema_versions'),
    message: /is not one of postern's$/,
    fix: /Move that file away/,
  },
]

const tooOpen = [
  ['.', 0o750, 'data directory', 'chmod 700'],
  ['.', 0o701, 'data directory', 'chmod 700'],
  ['postern.key', 0o640, 'key file', 'chmod 600'],
  ['owner.key', 0o604, 'owner key', 'chmod 600'],
] as const

describe('the start', () => {
  for (const state of ['stopped', 'killed'] as const) {
    it.each(refusals)(`the start refuses $title and changes nothing (${state} before)`, async (refusal) => {
      const dataDir = await usedDataDir(state)
      await refusal.spoil(dataDir)
      const before = await kept(dataDir)
      const failure = await failureOf(open(dataDir, refusal.key))
      expect(failure.code).toBe('configuration')
      expect(failure.message).toMatch(refusal.message)
      expect(failure.fix).toMatch(refusal.fix)
      expect(await kept(dataDir)).toEqual(before)
    })
  }

  it.each(tooOpen)(
    'the start refuses %s with mode %o, and tells the command that helps',
    async (name, mode, what, fix) => {
      const dataDir = await usedDataDir('killed')
      const path = join(dataDir, name)
      await chmod(path, mode)
      const before = await kept(dataDir)
      for (const start of [open, ensureOwnerKey]) {
        const failure = await failureOf(start(dataDir))
        expect(failure.code).toBe('configuration')
        expect(failure.message).toContain(`Other users can reach the ${what} ${path}`)
        expect(failure.fix).toBe(`Run: ${fix} '${path}'`)
      }
      expect(await kept(dataDir)).toEqual(before)
      await chmod(path, name === '.' ? 0o700 : 0o600)
      await (await open(dataDir)).store.close()
    },
  )

  it.each([0o755, 0o1777, 0o775 | 0o2000])(
    'the start explains a volume of mode %o that cannot be 0700, and what it says to do works',
    async (mode) => {
      const volume = await newDataDir()
      // As a file system's own root has it; an empty one would be taken, and made 0700.
      await mkdir(join(volume, 'lost+found'), { recursive: true, mode: 0o700 })
      await chmod(volume, mode)
      const { fix = '' } = await failureOf(open(volume))
      expect(fix).toContain(`Run: chmod 700 '${volume}'; where that cannot be`)
      const [, below] = /to the folder '([^']+)' below it/.exec(fix) ?? []
      // Where others could put another folder in its place, none is named.
      if (mode === 0o2775) return expect(fix).toContain('a directory on another disk')
      expect(below).toBe(join(volume, 'postern'))
      await (await open(below ?? '')).store.close()
    },
  )

  it('what a volume gives to its group at each mount is taken back, of what is ours', async () => {
    const dataDir = await usedDataDir('stopped')
    const tls = join(dataDir, 'tls')
    await mkdir(tls)
    await writeFile(join(tls, 'server-key.pem'), 'key')
    // As the kubelet does it for fsGroup: g+rwX, and the bit that hands the group on.
    const mount = async () => {
      for (const path of [dataDir, tls]) await chmod(path, 0o2770)
      for (const name of await readdir(dataDir)) if (name !== 'tls') await chmod(join(dataDir, name), 0o660)
      await chmod(join(tls, 'server-key.pem'), 0o660)
    }
    await mount()
    await (await open(dataDir)).store.close()
    for (const path of [dataDir, tls]) expect((await stat(path)).mode & 0o777).toBe(0o700)
    for (const path of [
      join(dataDir, 'postern.key'),
      join(dataDir, 'postern.sqlite'),
      join(tls, 'server-key.pem'),
    ])
      expect((await stat(path)).mode & 0o777).toBe(0o600)

    // A file that somebody has opened to a group by hand is a mistake, as before.
    await chmod(join(dataDir, 'postern.key'), 0o640)
    const failure = await failureOf(open(dataDir))
    expect(failure.message).toContain(`its owner the user ${process.geteuid?.()}`)
  })

  it.each([
    ['garbage', (octets: Buffer) => Buffer.from('garbage '.repeat(octets.length / 8))],
    ['a damaged page', (octets: Buffer) => Buffer.from(octets).fill(0xff, 4096 + 8, 4096 + 400)],
    ['half a file', (octets: Buffer) => octets.subarray(0, octets.length / 2)],
  ])('the start refuses a database that is %s', async (_, spoil) => {
    const dataDir = await usedDataDir('stopped')
    const path = join(dataDir, 'postern.sqlite')
    await writeFile(path, spoil((await contents(dataDir)).get('postern.sqlite') ?? Buffer.alloc(0)))
    const before = await kept(dataDir)
    const failure = await failureOf(open(dataDir))
    expect(failure.code).toBe('configuration')
    expect(failure.message).toBe(`The database ${path} is damaged`)
    expect(failure.fix).toMatch(/backup/)
    expect(await kept(dataDir)).toEqual(before)
  })

  it.each([
    '',
    'secret',
    'A'.repeat(42),
    'A'.repeat(45),
    `${'A'.repeat(42)}B`,
    '0'.repeat(63),
    'é'.repeat(43),
  ])('the start refuses the key %j without repeating it, and makes nothing', async (text) => {
    const dataDir = await newDataDir()
    const failure = await failureOf(open(dataDir, new Secret(text)))
    expect(failure).toMatchObject({ code: 'configuration', message: 'POSTERN_KEY is not a key' })
    expect((await contents(dataDir)).size).toBe(0)
  })

  it('the start refuses a data directory that is a file', async () => {
    const dataDir = await newDataDir()
    await writeFile(dataDir, '')
    expect((await failureOf(open(dataDir))).message).toBe(`The data directory ${dataDir} is not a directory`)
    expect((await failureOf(open(join(dataDir, 'below')))).code).toBe('configuration')
  })

  it('the start goes on after a kill with what was committed, once the mistake is mended', async () => {
    const dataDir = await usedDataDir('killed')
    const key = join(dataDir, 'postern.key')
    const aside = join(dataDir, `${basename(key)}.aside`)
    await copyFile(key, aside)
    await writeFile(key, newKey())
    await failureOf(open(dataDir))
    await copyFile(aside, key)
    const { store } = await open(dataDir)
    expect((await store.grants.ofMailbox('printer@example.com')).state).toBe('active')
    await store.close()
  })
})
