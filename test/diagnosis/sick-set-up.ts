import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { lazy } from '../../src/base/async.ts'
import { type CommandStage, setCommandStage } from '../cli/command-stage.ts'
import { type Authority, type Certificate, createAuthority } from '../support/certificates.ts'
import type { Client } from '../support/scripted-provider.ts'
import { type ScriptedProvider, startScriptedProvider } from '../support/scripted-provider.ts'

export const mailbox = 'billing@example.com'
export const tenant = '11111111-2222-3333-4444-555555555555'
export const app = '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab'

/** They take long to make. */
const authorities = lazy(() => Promise.all([createAuthority(), createAuthority('some other authority')]))

/** What differs from a set-up in which everything is right. */
export interface SetUp {
  /** What the token endpoint answers to a refresh, and how it differs in time. */
  token?: { status?: number; json?: object }
  /** What it answers to the app itself, which shows the client. */
  client?: { status: number; json: object }
  minutesBehind?: number
  claims?: object
  /** What the mail server says, by the command (`AUTH`, `MAIL`, `RCPT`, `message`, `CONNECT`, `STARTTLS`). */
  says?: Record<string, string>
  offers?: readonly string[]
  certificate?: (own: Authority, other: Authority) => Promise<Certificate>
  /** Of the entry in the providers file. */
  entry?: (known: { smtpPort: number; origin: string }) => object
  settings?: Record<string, string>
  /** The metadata that its issuer publishes (OpenID Connect Discovery). Absent: none. */
  metadata?: (origin: string) => { status?: number; body: string }
  /** Nobody consented. */
  withoutGrant?: boolean
}

export interface Patient extends CommandStage {
  provider: ScriptedProvider
  /** The paths and grants that the token endpoint was asked for. */
  asked: string[]
}

/** A postern with one mailbox of Microsoft 365, whose provider is a script: right in everything but what differs. */
export async function setUp(change: SetUp): Promise<Patient> {
  const [own, other] = await authorities()
  const certificate = await (change.certificate ?? ((trusted) => trusted.issue()))(own, other)
  const provider = await startScriptedProvider({ tls: 'starttls', certificate }, (client) =>
    converse(client, change),
  )
  const endpoint = await startEndpoint(change)
  const stage = await setCommandStage({
    POSTERN_GOOGLE_CLIENT_ID: undefined,
    POSTERN_PROVIDERS_FILE: 'providers.json',
    POSTERN_EXTRA_CA_FILE: 'ca.pem',
    POSTERN_UPSTREAM_REPLY_SECONDS: '5',
    ...change.settings,
  })
  const { origin } = endpoint
  const entry = {
    ...{ id: 'ours', preset: 'microsoft', tenant, clientId: app, clientSecret: 'the-secret-of-the-app' },
    tokenEndpoint: `${origin}/token`,
    smtp: { host: '127.0.0.1', port: provider.port, tls: 'starttls' },
    ...change.entry?.({ smtpPort: provider.port, origin }),
  }
  await writeFile(join(stage.folder, 'providers.json'), JSON.stringify({ providers: [entry] }), {
    mode: 0o600,
  })
  await writeFile(join(stage.folder, 'ca.pem'), own.ca)
  const adopted = change.withoutGrant ? [] : ['--refresh-token-file', '-']
  const added = await stage.postern(
    ['mailbox', 'add', mailbox, '--provider', 'ours', ...adopted],
    'refresh-token',
  )
  if (added.code !== 0) throw new Error(added.stderr)
  return {
    ...stage,
    provider,
    asked: endpoint.asked,
    async close() {
      await stage.close()
      await provider.close()
      await endpoint.close()
      if (provider.failure() !== undefined) throw provider.failure()
    },
  }
}

/** Claims of a token that is right in everything. */
const claims = {
  ...{ aud: 'https://outlook.office.com', tid: tenant, appid: app, scp: 'SMTP.Send' },
  ...{ upn: mailbox },
}

async function startEndpoint(change: SetUp) {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const grant = new URLSearchParams(body).get('grant_type') ?? ''
    asked.push(`${request.method} ${request.url} ${grant}`.trim())
    const date = new Date(Date.now() - (change.minutesBehind ?? 0) * 60_000).toUTCString()
    if (request.url?.startsWith('/.well-known/')) {
      const { status = 200, body: text } = change.metadata?.(origin()) ?? { status: 404, body: '{}' }
      return void response.writeHead(status, { 'content-type': 'application/json', date }).end(text)
    }
    const answer = answerTo(grant, change)
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', date })
    response.end(JSON.stringify(answer.json))
  })
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: origin(),
    asked,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function answerTo(grant: string, { client, token, ...change }: SetUp): { status?: number; json?: object } {
  const payload = Buffer.from(JSON.stringify({ ...claims, ...change.claims })).toString('base64url')
  const good = { access_token: `e30.${payload}.s`, token_type: 'Bearer', expires_in: 3600 }
  if (grant === 'client_credentials') return client ?? { json: good }
  if (grant !== 'refresh_token') return { status: 400, json: { error: 'invalid_request' } }
  return token ?? { json: { ...good, scope: 'https://outlook.office.com/SMTP.Send' } }
}

/** A submission server as Exchange is one. */
async function converse(
  client: Client,
  { says = {}, offers = ['AUTH LOGIN XOAUTH2'] }: SetUp,
): Promise<void> {
  client.say(says.CONNECT ?? '220 outlook.example ready')
  for (;;) {
    const line = await client.line()
    const [verb = ''] = line.toUpperCase().split(' ')
    const scripted = says[verb]
    if (scripted !== undefined) client.say(...scripted.split('\n'))
    else if (verb === 'EHLO')
      client.say('250-outlook.example', '250-STARTTLS', ...lastOf(['PIPELINING', ...offers]))
    else if (verb === 'STARTTLS') {
      client.say('220 go ahead')
      await client.startTls()
    } else if (verb === 'AUTH') client.say('235 2.7.0 Authentication successful')
    else if (verb === 'DATA') {
      client.say('354 go ahead')
      await client.linesUntil(/^\.$/)
      client.say(says.message ?? '250 2.0.0 Queued')
    } else if (verb === 'QUIT') {
      client.say('221 2.0.0 goodbye')
      return client.hangUp()
    } else client.say('250 2.1.0 fine')
  }
}

function lastOf(offers: readonly string[]): string[] {
  return offers.map((offer, index) => `250${index === offers.length - 1 ? ' ' : '-'}${offer}`)
}
