import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openServices, startPostern } from '../../src/app.ts'
import { Secret } from '../../src/base/secret.ts'
import type { Config } from '../../src/config/config.ts'
import type { Limits } from '../../src/model/limits.ts'
import { type Authority, type Certificate, createAuthority } from './certificates.ts'
import { serves } from './hostile-scripts.ts'
import { type Account, type Submission, type SubmissionAnswers, sendMail } from './mail-session.ts'
import { createRecordingLog } from './recording-log.ts'
import { type Script, type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'
import { configOfStage } from './stage-config.ts'

/** A provider that somebody has a mailbox at. */
export interface HostileProvider {
  script: Script
  /** Absent: implicit. */
  tls?: 'starttls' | 'implicit'
  /** Absent: a good one. */
  certificate?: Certificate
}

export interface HostileStage {
  /** Sends a message by the mailbox at the provider of this place in the list. */
  send(place: number, submission?: Submission): Promise<SubmissionAnswers>
  /** The same by a mailbox at a provider that does everything right. */
  sendElsewhere(): Promise<SubmissionAnswers>
  /** Of the SMTP server. */
  port: number
  /** The mailbox at the provider of this place, and a login for it. */
  account(place: number): Account
  providers: readonly ScriptedProvider[]
  /** The access token of each mailbox, in the order of the providers. */
  tokens: readonly string[]
  /** What the log says about the mailbox at this place. */
  logged(place: number): string
  close(): Promise<void>
}

const goodProvider: HostileProvider = { script: serves }

/**
 * One postern for several mailboxes, each at a provider of its own that does what its script says, and one at a good provider.
 * `known`: whom it trusts.
 */
export async function setHostileStage(
  hostile: readonly HostileProvider[],
  limits: Partial<Limits> = {},
  known?: Authority,
): Promise<HostileStage> {
  const authority = known ?? (await createAuthority())
  const good = await authority.issue()
  const all = [...hostile, goodProvider]
  const providers = await Promise.all(
    all.map(({ script, tls = 'implicit', certificate = good }) =>
      startScriptedProvider({ tls, certificate }, script),
    ),
  )
  const tokenEndpoint = await startTokenEndpoint()
  const folder = await mkdtemp(join(tmpdir(), 'postern-hostile-'))
  const entries = all.map(({ tls = 'implicit' }, place) =>
    providerEntry(place, tls, providers[place], tokenEndpoint.url),
  )
  const more = { POSTERN_PUBLIC_URL: 'http://localhost:8587' }
  const read = await configOfStage(folder, entries, authority.ca, more)
  const config = { ...read, limits: { ...read.limits, ...limits } }
  const log = createRecordingLog()
  const accounts = await addAccounts(config, log, all.length)
  const postern = await startPostern(config, log, 'test')
  const port = postern.smtp[0]?.port ?? 0
  const account = (place: number): Account => {
    const found = accounts[place]
    if (!found) throw new Error(`There is no mailbox ${place}`)
    return found
  }

  return {
    send: (place, submission) => sendMail(port, account(place), submission),
    sendElsewhere: () => sendMail(port, account(hostile.length)),
    port,
    account,
    providers,
    tokens: all.map((_, place) => accessToken(refreshToken(place))),
    logged: (place) =>
      log.lines
        .map((line) => JSON.stringify(line))
        .filter((line) => line.includes(account(place).address))
        .join('\n'),
    async close() {
      await postern.stop()
      await tokenEndpoint.close()
      for (const provider of providers) await provider.close()
      await rm(folder, { recursive: true })
      const failed = providers.map((provider) => provider.failure()).find((failure) => failure !== undefined)
      if (failed !== undefined) throw failed
    },
  }
}

function providerEntry(
  place: number,
  tls: 'starttls' | 'implicit',
  provider: ScriptedProvider | undefined,
  tokenUrl: string,
) {
  return {
    id: `provider-${place}`,
    name: `Provider ${place}`,
    authorizationEndpoint: tokenUrl,
    tokenEndpoint: tokenUrl,
    scopes: ['mail'],
    clientId: 'postern',
    smtp: { host: '127.0.0.1', port: provider?.port ?? 0, tls },
    mechanisms: ['XOAUTH2'],
    limits: { messagesPerConnection: 1 },
  }
}

/** A mailbox with a grant and a login for each provider. */
async function addAccounts(config: Config, log: ReturnType<typeof createRecordingLog>, count: number) {
  const services = await openServices(config, log)
  const accounts = []
  for (let place = 0; place < count; place += 1) {
    const address = `user-${place}-@example.com`
    await services.mailboxes.add({
      address,
      provider: `provider-${place}`,
      refreshToken: new Secret(refreshToken(place)),
    })
    const { login, password } = await services.logins.add({ mailboxes: [address] })
    accounts.push({ address, user: login.userName, password: password?.reveal() ?? '' })
  }
  await services.close()
  return accounts
}

const refreshToken = (place: number) => `refresh-of-${place}-`
const accessToken = (refresh: string) => `access-by-${refresh}`

async function startTokenEndpoint() {
  const server = createServer(async (request, response) => {
    let form = ''
    for await (const chunk of request) form += chunk
    const refresh = new URLSearchParams(form).get('refresh_token') ?? ''
    response.setHeader('content-type', 'application/json').setHeader('cache-control', 'no-store')
    const answer = { access_token: accessToken(refresh), token_type: 'Bearer', expires_in: 3600 }
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    close() {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
