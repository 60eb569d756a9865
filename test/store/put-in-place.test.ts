import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { putInPlace } from '../../src/store/data-dir.ts'

let folder: string
let draft: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-put-in-place-'))
  draft = join(folder, 'draft')
  path = join(folder, 'file')
  await writeFile(draft, 'new')
  await writeFile(path, 'old')
})
afterEach(() => rm(folder, { recursive: true }))

/** As a system that refuses so often, while somebody has the file open. */
function refusing(times: number, code: string) {
  let left = times
  return async (from: string, to: string) => {
    if (left-- > 0) throw Object.assign(new Error(code), { code })
    await rename(from, to)
  }
}

it.each(['EPERM', 'EACCES', 'EBUSY'])(
  'on Windows it waits until the old file is closed: %s',
  async (code) => {
    await putInPlace(draft, path, { move: refusing(3, code), platform: 'win32' })
    expect(await readFile(path, 'utf8')).toBe('new')
    expect(await readdir(folder)).toEqual(['file'])
  },
)

it('it does not wait for ever', async () => {
  const asked = { move: refusing(Number.POSITIVE_INFINITY, 'EPERM'), patienceMilliseconds: 0 }
  await expect(putInPlace(draft, path, { ...asked, platform: 'win32' })).rejects.toMatchObject({
    code: 'EPERM',
  })
})

it.each([
  ['linux', 'EPERM'],
  ['darwin', 'EBUSY'],
  ['win32', 'ENOSPC'],
] as const)('what does not pass is told at once: %s, %s', async (platform, code) => {
  const refused = putInPlace(draft, path, { move: refusing(1, code), platform })
  await expect(refused).rejects.toMatchObject({ code })
})
