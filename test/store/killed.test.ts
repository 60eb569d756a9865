import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { newGrant, openFixture } from './fixture.ts'

const built = join(import.meta.dirname, '../../dist')
const isBuilt = existsSync(join(built, 'store/store.js'))
const kills = 20

describe('a process killed between commits', () => {
  it.skipIf(!isBuilt)(
    `a killed process has kept every change that it acknowledged, ${kills} times (needs the build)`,
    async () => {
      const { store, reopen, dataDir } = await openFixture()
      await store.grants.adopt(newGrant())
      await store.close()

      let acknowledged = 1
      for (let kill = 0; kill < kills; kill++) {
        acknowledged = await writeUntilKilled(dataDir, acknowledged + 1 + (kill % 5))
        const opened = await reopen()
        const grant = await opened.store.grants.ofMailbox('printer@example.com')
        if (grant.state !== 'active') throw new Error(`the grant is ${grant.state}`)
        // One more may be on disk: committed, and killed before it could say so.
        expect([acknowledged, acknowledged + 1]).toContain(grant.version)
        expect(grant.refreshToken?.reveal()).toBe(`token-${grant.version}`)
        acknowledged = grant.version
        await opened.store.close()
      }
    },
  )
})

it.skipIf(!isBuilt)(
  `a process that is killed while it replaces the key leaves a store that opens, ${kills} times (needs the build)`,
  async () => {
    const { store, reopen, dataDir } = await openFixture()
    await store.grants.adopt(newGrant())
    await store.grants.adopt(newGrant({ mailbox: 'cron@example.com' }))
    await store.close()
    for (let kill = 0; kill < kills; kill++) {
      await rotateUntilKilled(dataDir, 1 + Math.floor(Math.random() * 20))
      const opened = await reopen()
      for (const mailbox of ['printer@example.com', 'cron@example.com'] as const) {
        const grant = await opened.store.grants.ofMailbox(mailbox)
        expect(grant.state === 'active' && grant.refreshToken?.reveal()).toBe('refresh-1')
      }
      const keyring = await opened.keyring(silentLog)
      await keyring.resume()
      expect(await keyring.list()).toMatchObject([{ writes: true, held: true, values: 3 }])
      await opened.store.close()
    }
  },
)

async function rotateUntilKilled(dataDir: string, steps: number): Promise<void> {
  const rotation = spawn(
    process.execPath,
    [join(import.meta.dirname, 'killed-rotation.mjs'), built, dataDir],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let said = ''
  rotation.stdout.on('data', (chunk) => {
    said += String(chunk)
    if (said.split('\n').length > steps) rotation.kill('SIGKILL')
  })
  await once(rotation, 'close')
  expect(said).not.toBe('')
}

/** Gives the last version that the writer acknowledged before the kill, which comes at `version` or soon after. */
async function writeUntilKilled(dataDir: string, version: number): Promise<number> {
  const writer = spawn(process.execPath, [join(import.meta.dirname, 'killed-writer.mjs'), built, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  writer.stdout.on('data', (chunk) => {
    said += String(chunk)
    if (last(said) >= version) writer.kill('SIGKILL')
  })
  await once(writer, 'close')
  expect(last(said)).toBeGreaterThanOrEqual(version)
  return last(said)
}

/** The last whole line: a half-written one was not acknowledged. */
function last(said: string): number {
  return Number(said.split('\n').at(-2) ?? 0)
}
