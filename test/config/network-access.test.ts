import { X509Certificate } from 'node:crypto'
import { appendFile, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { diskFiles } from '../../src/config/files.ts'
import { createNetworkAccess } from '../../src/config/network-access.ts'
import { readConfig } from '../../src/config/read-config.ts'
import type { SmtpListener } from '../../src/net/listen.ts'
import { createRecordingLog } from '../support/recording-log.ts'

const plain = { port: 2587, tls: 'none', plainAuth: false, oldTls: false } as const
const loopback: SmtpListener[] = [
  { ...plain, host: '127.0.0.1' },
  { ...plain, host: '::1' },
]
let dataDir: string

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'postern access-'))
})
afterEach(() => rm(dataDir, { recursive: true }))

const read = (environment: Record<string, string> = {}) =>
  readConfig({ POSTERN_DATA_DIR: dataDir, ...environment }, diskFiles(dataDir))

/** As a postern would that listens at loopback. */
function access(environment: Record<string, string> = {}, refusal?: Error) {
  let listening: readonly SmtpListener[] = loopback
  const log = createRecordingLog()
  const made = createNetworkAccess({
    dataDir,
    settingsNow: () => read(environment),
    listening: () => listening,
    async listenAt(listeners) {
      if (refusal) throw refusal
      listening = listeners
    },
    clock: { now: Date.now },
    log,
  })
  return { made, log, listening: () => listening }
}

describe('access from other machines', () => {
  it('what is missing is made, listened at, and there again after a start', async () => {
    const { made, log, listening } = access()
    expect(await made.status()).toMatchObject({ missing: ['certificate', 'key', 'listener'] })
    await made.open({ name: 'administrator', source: '127.0.0.1' })
    expect(listening().map(({ host, port, tls }) => `${host} ${port} ${tls}`)).toEqual([
      '0.0.0.0 2587 starttls',
      '::1 2587 none',
    ])
    expect((await made.status()).missing).toEqual([])
    expect(log.lines.at(-1)?.fields).toMatchObject({ event: 'listener.opened', by: 'administrator' })
    const again = await read()
    if ('mistakes' in again) throw new Error(again.mistakes.join('\n'))
    expect(again.sources).toMatchObject({ smtpListen: 'pages', tlsCertFile: 'pages', tlsKeyFile: 'pages' })
    expect(again.config.smtpListen).toMatchObject([{ host: '0.0.0.0', tls: 'starttls' }, { host: '::1' }])
    expect(again.config.certificate?.certFile).toBe(join(dataDir, 'tls', 'server.pem'))
  })

  it('the authority of what was made is told, and nothing of its key', async () => {
    const { made } = access()
    expect(await made.authority()).toBeUndefined()
    await made.open({ name: 'administrator' })
    const folder = join(dataDir, 'tls')
    // Whoever appended the key to the file does not have it told.
    await appendFile(join(folder, 'ca.pem'), await readFile(join(folder, 'ca-key.pem')))
    const { pem, der, endsAt } = (await made.authority()) ?? {}
    expect(pem).toMatch(/^-----BEGIN CERTIFICATE-----[\w+/=\n]+-----END CERTIFICATE-----\n$/)
    const server = new X509Certificate(await readFile(join(folder, 'server.pem')))
    const authority = new X509Certificate(der ?? '')
    expect(new X509Certificate(pem ?? '').fingerprint256).toBe(authority.fingerprint256)
    expect(server.verify(authority.publicKey)).toBe(true)
    expect(authority.ca).toBe(true)
    expect(endsAt).toBe(new Date(authority.validTo).toISOString())
    await rename(join(folder, 'server.pem'), join(folder, 'ca.pem'))
    expect(await made.authority()).toBeUndefined()
  })

  it('settings of .env or the environment are not overridden: the lines to add are named', async () => {
    const { made, listening } = access({ POSTERN_SMTP_LISTEN: '127.0.0.1:2587' })
    const { lines = [] } = await made.status()
    expect(lines.map((line) => line.split('=')[0])).toEqual([
      'POSTERN_TLS_CERT_FILE',
      'POSTERN_TLS_KEY_FILE',
      'POSTERN_SMTP_LISTEN',
    ])
    await expect(made.open({ name: 'administrator' })).rejects.toThrow('POSTERN_SMTP_LISTEN says where')
    expect(listening()).toBe(loopback)
  })

  it('what cannot be listened at is not kept', async () => {
    const { made } = access({}, new Error('in use'))
    await expect(made.open({ name: 'administrator' })).rejects.toThrow('in use')
    await expect(readFile(join(dataDir, 'settings.env'))).rejects.toThrow('ENOENT')
    expect((await made.status()).missing).toContain('listener')
  })
})
