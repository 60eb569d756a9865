import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { type Postern, startPostern } from '../../examples/demo/postern-process.js'
import { eventually } from '../support/eventually.ts'
import { type MadeCertificate, makeCertificate } from '../support/made-certificate.ts'
import { meetWithTls } from '../support/tls-client.ts'

let folder: string
let made: MadeCertificate
let postern: Postern
let port: number

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-renewed-'))
  made = await makeCertificate(folder)
  port = await freePort()
  postern = await startPostern({
    dataDir: join(folder, 'data'),
    smtpPort: port,
    webPort: await freePort(),
    env: { POSTERN_TLS_CERT_FILE: made.certFile, POSTERN_TLS_KEY_FILE: made.keyFile },
  })
})
afterAll(async () => {
  await postern?.stop()
  await rm(folder, { recursive: true })
})

async function serialShown(): Promise<string | undefined> {
  const ca = await readFile(made.caFile)
  return (await meetWithTls({ host: '127.0.0.1', port }, { ca })).serialNumber
}

async function heard(words: string): Promise<void> {
  await eventually(words, () => postern.output().includes(words))
}

it('a new certificate is served without a restart, while the authority stays; a broken one is not, and SIGHUP says so', async () => {
  const first = await serialShown()
  expect(first).toBeDefined()
  await makeCertificate(folder)
  process.kill(postern.pid, 'SIGHUP')
  await heard('a new certificate is in use')
  const second = await serialShown()
  expect(second).toBeDefined()
  expect(second).not.toBe(first)

  await copyFile(made.certFile, `${made.certFile}.good`)
  await writeFile(made.certFile, 'half of it')
  process.kill(postern.pid, 'SIGHUP')
  await heard('"event":"settings.refused"')
  expect(postern.output()).toContain('POSTERN_TLS_CERT_FILE')
  expect(await serialShown()).toBe(second)

  await copyFile(`${made.certFile}.good`, made.certFile)
  process.kill(postern.pid, 'SIGHUP')
  await eventually('the good one', () => postern.output().split('a new certificate is in use').length === 3)
  expect(await serialShown()).toBe(second)
  expect(await postern.stop()).toBe(0)
  expect(postern.output()).not.toContain('PRIVATE KEY')
})
