import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
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
