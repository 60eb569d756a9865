import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../examples/demo/free-port.js'
import { openServices, startPostern } from '../src/app.ts'
import { silentLog } from '../src/base/log.ts'
import { Secret } from '../src/base/secret.ts'
import type { Config } from '../src/config/config.ts'
import type { SmtpListener } from '../src/net/listen.ts'
import type { CustomProvider } from '../src/providers/settings.ts'
import { createAuthority } from './support/certificates.ts'
import { defaultLimits } from './support/default-limits.ts'
import { ehloReply } from './support/provider-scripts.ts'
import { startRotatingTokenEndpoint } from './support/rotating-token-endpoint.ts'
import { type Script, startScriptedProvider } from './support/scripted-provider.ts'
import { plain, smtpDialogue } from './support/smtp-client.ts'

async function newConfig(over: Partial<Config> = {}): Promise<Config> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-app-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const port = await freePort()
  return {
    dataDir: join(folder, 'data'),
    smtpListen: [listener(0)],
    webListen: [{ host: '127.0.0.1', port }],
    publicUrl: new URL(`http://localhost:${port}`),
    registrations: {},
    customProviders: [],
    providerOverrides: new Map(),
    logLevel: 'silent',
    journalRecipients: 'refused',
    metrics: { listen: [], mailboxes: 0 },
    notify: {},
    pageAccess: { administrators: [], viewers: [] },
    limits: defaultLimits,
    ...over,
  }
}

function listener(port: number): SmtpListener {
  return { host: '127.0.0.1', port, tls: 'none', plainAuth: false, oldTls: false }
}

describe('a start that fails in the middle', () => {
  it('the server that listened already is closed, and the data directory given back', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void taken.close())
    const config = await newConfig()
    const smtpListen = [listener((taken.address() as { port: number }).port)]
    const starting = startPostern({ ...config, smtpListen }, silentLog, '1.2.3')
    await expect(starting).rejects.toMatchObject({ code: 'configuration' })

    const postern = await startPostern(config, silentLog, '1.2.3')
    expect(postern.web).toEqual(config.webListen)
    await postern.stop()
  })
})

describe('a stop', () => {
  it('a stop does not wait for a provider that never answers the message', async () => {
    const authority = await createAuthority()
    const tokens = await startRotatingTokenEndpoint()
    onTestFinished(() => tokens.close())
    const certificate = await authority.issue()
    let arrived = () => {}
    const hanging = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const provider = await startScriptedProvider(
      { tls: 'implicit', certificate },
      silentAfterDot(() => arrived()),
    )
    onTestFinished(() => provider.close())
    const config = await newConfig({
      extraCa: authority.ca,
      customProviders: [entry(tokens.url, provider.port)],
      limits: { ...defaultLimits, shutdownSeconds: 0.2 },
    })
    const password = await addLogin(config, tokens.firstRefreshToken)
    const postern = await startPostern(config, silentLog, '1.2.3')
    const sending = smtpDialogue(postern.smtp[0]?.port ?? 0, [
      'EHLO legacy.example.com',
      `AUTH ${plain('me@example.com', password)}`,
      'MAIL FROM:<me@example.com>',
      'RCPT TO:<you@example.com>',
      'DATA',
      'Subject: hello\r\n\r\nhello\r\n.',
    ]).catch(() => [])
    await hanging
    const before = performance.now()
    await postern.stop()
    expect(performance.now() - before).toBeLessThan(10_000)
    expect(provider.failure()).toBeUndefined()
    await sending
    const again = await openServices(config, silentLog)
    await again.close()
  })
})

function silentAfterDot(arrived: () => void): Script {
  return async (client) => {
    client.say('220 provider.example ready')
    await client.line()
    client.say(...ehloReply(['PIPELINING', '8BITMIME', 'AUTH XOAUTH2']))
    await client.line()
    client.say('235 2.7.0 Accepted')
    await client.linesUntil(/^RCPT/)
    client.say('250 2.1.0 Sender fine', '250 2.1.5 Recipient fine')
    await client.line()
    client.say('354 Go ahead')
    await client.linesUntil(/^\.$/)
    arrived()
    await client.gone()
  }
}

async function addLogin(config: Config, refreshToken: string): Promise<string> {
  const { mailboxes, logins, close } = await openServices(config, silentLog)
  await mailboxes.add({ address: 'me@example.com', provider: 'own', refreshToken: new Secret(refreshToken) })
  const { password } = await logins.add({ mailboxes: ['me@example.com'] })
  await close()
  return password?.reveal() ?? ''
}

function entry(tokenEndpoint: string, port: number): CustomProvider {
  return {
    id: 'own',
    name: 'Our own',
    authorizationEndpoint: tokenEndpoint,
    tokenEndpoint,
    scopes: ['mail'],
    authorizationParameters: {},
    clientId: 'postern',
    clientSecrets: [],
    smtp: { host: 'localhost', port, tls: 'implicit' },
    mechanisms: ['XOAUTH2'],
  }
}
