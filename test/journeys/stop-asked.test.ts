import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { startPostern } from '../../examples/demo/postern-process.js'
import { stopRunning } from '../../src/cli/reach-broker.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-stop-asked-'))
})
afterEach(() => rm(folder, { recursive: true }))

it.each([
  ['the socket in its data directory', 'data'],
  ['a port of loopback, as on Windows', join('d'.repeat(120), 'data')],
])('postern is asked to end in good order by %s', async (_, name) => {
  const dataDir = join(folder, name)
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const ports = { smtpPort: await freePort(), webPort: await freePort() }
  const postern = await startPostern({ dataDir, ...ports })
  await stopRunning(dataDir)
  expect(await postern.exited).toBe(0)
  expect(postern.output()).toContain('postern has stopped')
  // None runs: there is nothing to do.
  await stopRunning(dataDir)
})
