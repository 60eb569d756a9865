import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { type Postern, startPostern } from '../../examples/demo/postern-process.js'
import { eventually } from '../support/eventually.ts'
import { signIn } from '../support/smtp-client.ts'

let folder: string
let postern: Postern
let smtpPort: number

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-log-level-'))
  smtpPort = await freePort()
  postern = await startPostern({
    dataDir: join(folder, 'data'),
    smtpPort,
    webPort: await freePort(),
    env: { POSTERN_LOG_LEVEL: 'error' },
  })
})
afterAll(async () => {
  await postern?.stop()
  await rm(folder, { recursive: true })
})

function refusals(): number {
  return postern.output().split('"sign-in refused"').length - 1
}

it('the level of the log is changed while postern runs, and back', async () => {
  const wrong = { user: 'nobody', password: 'a-wrong-password' }
  expect(await signIn(smtpPort, wrong)).toMatch(/^535 /)
  expect((await postern.cli('log-level', 'info')).stdout).toContain('lines from "info" on')
  expect(await signIn(smtpPort, wrong)).toMatch(/^535 /)
  await eventually('the second refusal is logged', () => refusals() > 0)
  await postern.cli('log-level', 'silent')
  expect(await signIn(smtpPort, wrong)).toMatch(/^535 /)
  await postern.cli('log-level', 'debug')
  expect(await signIn(smtpPort, wrong)).toMatch(/^535 /)
  await eventually('the fourth refusal is logged', () => refusals() > 1)
  expect(refusals()).toBe(2)
  expect(postern.output()).toContain('"event":"log-level.set"')
})
