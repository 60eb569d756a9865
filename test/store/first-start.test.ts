import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { lockDataDir } from '../../src/store/data-dir-lock.ts'
import { ensureOwnerKey, readOwnerKey } from '../../src/store/owner-key.ts'
import { openStore } from '../../src/store/store.ts'
import { contents, failureOf, newDataDir, stillClock } from './fixture.ts'

async function modes(dataDir: string): Promise<Record<string, string>> {
  const names = ['.', ...(await contents(dataDir)).keys()]
  const found = await Promise.all(names.map(async (name) => (await stat(join(dataDir, name))).mode & 0o777))
  return Object.fromEntries(names.map((name, index) => [name, (found[index] ?? 0).toString(8)]))
}

describe('the first start', () => {
  it.each([0o000, 0o022, 0o077])(
    'the first start makes everything for the owner only, under umask %o',
    async (umask) => {
      const dataDir = await newDataDir()
      const before = process.umask(umask)
      try {
        const lock = await lockDataDir(dataDir)
        await ensureOwnerKey(dataDir)
        const { store } = await openStore({ dataDir, clock: stillClock(), log: silentLog })
        expect(await modes(dataDir)).toEqual({
          '.': '700',
          'lock.sqlite': '600',
          'owner.key': '600',
          'postern.key': '600',
          'postern.pid': '600',
          'postern.sqlite': '600',
          'postern.sqlite-shm': '600',
          'postern.sqlite-wal': '600',
          reserve: '600',
        })
        await store.close()
        await lock.release()
      } finally {
        process.umask(before)
      }
    },
  )

  it('the first start makes one key of 256 bits, however many start at once', async () => {
    const dataDir = await newDataDir()
    const keys = await Promise.all(Array.from({ length: 8 }, () => ensureOwnerKey(dataDir)))
    const [key, ...others] = keys.map((one) => one.reveal())
    expect(Buffer.from(key ?? '', 'base64url')).toHaveLength(32)
    expect(new Set(others)).toEqual(new Set([key]))
    expect((await readOwnerKey(dataDir)).reveal()).toBe(key)
    expect([...(await contents(dataDir)).keys()]).toEqual(['owner.key'])
  })

  it('the first start makes no owner key when one is only read', async () => {
    const dataDir = await newDataDir()
    expect((await failureOf(readOwnerKey(dataDir))).message).toContain('There is no owner key')
    await expect(stat(dataDir)).rejects.toThrow('ENOENT')
  })

  it.each(['hex', 'base64', 'base64url'] as const)(
    'the first start takes a given key written as %s',
    async (encoding) => {
      const dataDir = await newDataDir()
      const octets = randomBytes(32)
      const open = (text: string) =>
        openStore({ dataDir, key: new Secret(text), clock: stillClock(), log: silentLog })
      const first = await open(octets.toString(encoding))
      await first.store.close()
      expect([...(await contents(dataDir)).keys()]).not.toContain('postern.key')
      const second = await open(` ${octets.toString('base64')}\n`)
      await second.store.check()
      await second.store.close()
    },
  )

  it('the key gives the same keyed hashes after a restart, different ones for each purpose and each database', async () => {
    const hashes: string[][] = []
    const dataDirs = [await newDataDir(), await newDataDir()]
    for (const dataDir of [...dataDirs, ...dataDirs]) {
      const { store, keyedHash } = await openStore({ dataDir, clock: stillClock(), log: silentLog })
      hashes.push([keyedHash('login', 'x'), keyedHash('api-key', 'x'), keyedHash('consent', 'x')])
      await store.close()
    }
    expect(hashes.slice(2)).toEqual(hashes.slice(0, 2))
    expect(new Set(hashes.flat()).size).toBe(6)
    expect(hashes.flat().every((hash) => /^[\w-]{43}$/.test(hash))).toBe(true)
  })
})
