import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { setRotatingStage } from '../support/rotating-stage.ts'
import { mountSmallDisk, noSmallDisk, type SmallDisk } from '../support/small-disk.ts'
import { signIn } from '../support/smtp-client.ts'

const megabyte = 1024 * 1024

let disk: SmallDisk
let runtimeDir: string
let stage: Awaited<ReturnType<typeof setRotatingStage>> | undefined

async function setStage(env: Record<string, string> = {}) {
  stage = await setRotatingStage({ on: disk.path, env })
  return stage
}

function events(output: string): Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
}

describe.skipIf(noSmallDisk !== undefined)(
  `a full disk${noSmallDisk ? ` (skipped: ${noSmallDisk})` : ''}`,
  () => {
    beforeEach(async () => {
      disk = mountSmallDisk(6 * megabyte)
      runtimeDir = await mkdtemp(join(tmpdir(), 'postern-run-'))
      await mkdir(runtimeDir, { recursive: true })
    })
    afterEach(async () => {
      await stage?.close()
      disk.close()
      await rm(runtimeDir, { recursive: true })
    })

    it('a rotation is stored in the room that is kept for it, nothing else is, and all is well when there is room again', async () => {
      const { endpoint, login, smtpPort, webPort, start, run } = await setStage()
      const postern = await start()
      const ready = async () => (await fetch(`http://localhost:${webPort}/readyz`)).status
      expect(await ready()).toBe(200)
      await disk.fill()

      expect(await signIn(smtpPort, login)).toMatch(/^235/)
      expect(endpoint.rotations()).toBe(1)
      await eventually('not ready', async () => (await ready()) === 503)
      const added = await run(['login', 'add', 'me@example.com'])
      expect({ code: added.code, said: JSON.parse(added.stderr).error.failure }).toEqual({
        code: 75,
        said: 'database.disk-full',
      })
      expect(events(postern.output()).map(({ event }) => event)).toContain('disk.reserve-given-up')

      await disk.clear()
      await eventually('ready', async () => (await ready()) === 200)
      await postern.kill()
      await start()
      expect(await signIn(smtpPort, login)).toMatch(/^235/)
      expect({ rotations: endpoint.rotations(), reused: endpoint.reused() }).toEqual({
        rotations: 2,
        reused: false,
      })
    })

    it('a rotation that cannot be stored is not used, and is taken to the runtime directory at the end and up at the next start', async () => {
      const { endpoint, login, smtpPort, start, dataDir } = await setStage({ RUNTIME_DIRECTORY: runtimeDir })
      const postern = await start()
      await rm(join(dataDir, 'reserve'))
      await disk.fill()
      expect(await signIn(smtpPort, login)).toMatch(/^4/)
      expect(endpoint.rotations()).toBe(1)
      expect(await postern.stop()).toBe(0)
      expect(events(postern.output())).toContainEqual(
        expect.objectContaining({ event: 'grant.rotation-kept-elsewhere', mailboxes: ['me@example.com'] }),
      )

      await disk.clear()
      const next = await start()
      expect(await signIn(smtpPort, login)).toMatch(/^235/)
      expect({ rotations: endpoint.rotations(), reused: endpoint.reused() }).toEqual({
        rotations: 2,
        reused: false,
      })
      expect(events(next.output()).map(({ event }) => event)).toContain('grant.rotation-taken-up')
      expect(await next.stop()).toBe(0)
    })

    it('a stop that loses a consent names its mailbox in an error and ends with 74', async () => {
      const { login, smtpPort, start, dataDir } = await setStage()
      const postern = await start()
      await rm(join(dataDir, 'reserve'))
      await disk.fill()
      expect(await signIn(smtpPort, login)).toMatch(/^4/)
      expect(await postern.stop()).toBe(74)
      expect(events(postern.output())).toContainEqual(
        expect.objectContaining({
          level: 'error',
          event: 'grant.rotation-lost',
          mailboxes: ['me@example.com'],
          msg: expect.stringContaining('me@example.com'),
        }),
      )
    })
  },
)
