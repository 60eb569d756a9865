import { chmod, chown, lchown, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownersOfRunning, prepareDataDir, requirePrivateFiles } from '../../src/store/data-dir.ts'
import { ensureOwnerKey } from '../../src/store/owner-key.ts'

const isRoot = process.geteuid?.() === 0
const stranger = 54_321
let folder: string
let dataDir: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-own-'))
  dataDir = join(folder, 'parent', 'data')
})
afterEach(() => rm(folder, { recursive: true }))

const refusal = async () => {
  try {
    await prepareDataDir(dataDir)
  } catch (error) {
    const { code, message, fix } = error as { code: string; message: string; fix: string }
    return code === 'configuration' ? `${message}. ${fix}` : String(error)
  }
  return undefined
}

describe('a data directory', () => {
  it('a directory is refused in a folder that others can write to, and not made there', async () => {
    const parent = join(folder, 'parent')
    await mkdir(parent)
    await chmod(parent, 0o777)
    const told = `The data directory ${dataDir} stands in ${parent}, to which other users can write (its mode is 777). Run: chmod go-w ${parent}.`
    expect(await refusal()).toBe(told)
    expect(await readdir(parent)).toEqual([])
    await mkdir(dataDir, { mode: 0o700 })
    expect(await refusal()).toBe(told)
    await chmod(parent, 0o1777)
    expect(await refusal()).toBeUndefined()
  })

  it('an empty directory of ours is taken, whatever its mode, and one with a file in it is refused', async () => {
    await mkdir(dataDir, { recursive: true })
    for (const mode of [0o755, 0o777, 0o2770]) {
      await chmod(dataDir, mode)
      expect(await refusal()).toBeUndefined()
      expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
    }
    await writeFile(join(dataDir, 'something'), '', { mode: 0o600 })
    await chmod(dataDir, 0o755)
    expect(await refusal()).toContain('its mode is 755')
  })

  it.runIf(isRoot)('an empty directory of somebody else is not taken', async () => {
    await mkdir(dataDir, { recursive: true })
    await chmod(dataDir, 0o755)
    await chown(dataDir, stranger, stranger)
    expect(await refusal()).toContain(dataDir)
    expect((await stat(dataDir)).mode & 0o777).toBe(0o755)
  })

  it('a directory is refused farther down such a folder, and behind a link', async () => {
    await ensureOwnerKey(dataDir)
    await symlink(join(folder, 'parent'), join(folder, 'link'))
    dataDir = join(folder, 'link', 'data')
    expect(await refusal()).toBeUndefined()
    await chmod(join(folder, 'parent'), 0o757)
    expect(await refusal()).toContain(`stands in ${join(folder, 'parent')}, to which other users can write`)
  })

  it.each(['postern.pid', 'something.else'])(
    'a directory is refused with a file that others can change: %s',
    async (name) => {
      await ensureOwnerKey(dataDir)
      const path = join(dataDir, name)
      await writeFile(path, '')
      expect(await refusal()).toBeUndefined()
      await chmod(path, 0o646)
      expect(await refusal()).toBe(
        `The file ${path} can be changed by other users (its mode is 646). Run: chmod go-w ${path}.`,
      )
    },
  )

  it('a directory is refused with a link to a file that others can change', async () => {
    await ensureOwnerKey(dataDir)
    await writeFile(join(folder, 'outside'), '')
    await symlink(join(folder, 'outside'), join(dataDir, 'postern.pid'))
    expect(await refusal()).toBeUndefined()
    await chmod(join(folder, 'outside'), 0o666)
    expect(await refusal()).toContain('can be changed by other users (its mode is 666)')
  })
})

describe.runIf(isRoot)('what belongs to somebody else', () => {
  beforeEach(() => ensureOwnerKey(dataDir))

  it('a path of somebody else is refused as data directory, as a folder above it and as a file in it', async () => {
    const said = (what: string) =>
      `${what} belongs to another user (number ${stranger}). Run: chown 0 ${what.split(' ').at(-1)}; or run postern as that user.`
    await chown(dataDir, stranger, 0)
    expect(await refusal()).toBe(`The data directory ${said(dataDir)}`)
    await chown(dataDir, 0, 0)
    await chown(join(folder, 'parent'), stranger, 0)
    expect(await refusal()).toBe(
      `The data directory ${dataDir} stands in ${join(folder, 'parent')}, which ${said('')
        .trim()
        .replace('chown 0 ', `chown 0 ${join(folder, 'parent')}`)}`,
    )
    await chown(join(folder, 'parent'), 0, 0)
    const key = join(dataDir, 'owner.key')
    await chown(key, stranger, 0)
    expect(await refusal()).toBe(`The file ${said(key)}`)
  })

  it('a path of somebody else is refused as a link in a folder that all may write to', async () => {
    await mkdir(join(folder, 'shared'))
    await chmod(join(folder, 'shared'), 0o1777)
    const link = join(folder, 'shared', 'data')
    await symlink(dataDir, link)
    await lchown(link, stranger, stranger)
    dataDir = link
    expect(await refusal()).toContain('Put it into a folder of your own')
  })

  it('the files of its owner are believed where root asks a postern that runs as that owner', async () => {
    for (const path of [dataDir, join(dataDir, 'owner.key')]) await chown(path, stranger, stranger)
    await expect(requirePrivateFiles(dataDir, await ownersOfRunning(dataDir))).resolves.toBeDefined()
    await chown(join(dataDir, 'owner.key'), stranger + 1, stranger)
    await expect(requirePrivateFiles(dataDir, await ownersOfRunning(dataDir))).rejects.toMatchObject({
      code: 'configuration',
    })
  })
})
