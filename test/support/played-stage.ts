import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openServices, startPostern } from '../../src/app.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import type { Config } from '../../src/config/config.ts'
import type { DeviceConsentState } from '../../src/consent/consent-service.ts'
import type { JournalEntryStatus, JournalPage } from '../../src/journal/journal.ts'
import type { MailboxStatus } from '../../src/mailboxes/mailboxes.ts'
import type { Family } from '../../src/providers/errors/known-error.ts'
import { createAuthority } from './certificates.ts'
import { eventually } from './eventually.ts'
import { serves } from './hostile-scripts.ts'
import { type Account, type SubmissionAnswers, sendMail } from './mail-session.ts'
import { type Script, type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'
import { configOfStage } from './stage-config.ts'

/** One mailbox at a provider of its own, which says what it is told to. */
export interface Play {
  family: Family
  /** Of its mail server. Absent: it takes every message. */
  script?: Script
  tls?: 'implicit' | 'starttls'
  /** Absent: XOAUTH2. */
  mechanism?: 'XOAUTH2' | 'OAUTHBEARER'
  /** Of its token endpoint. Absent: a good one. */
  answer?: PlayedAnswer
  /** A service account sends for the mailbox, and nobody consents. */
  isServiceAccount?: boolean
}

export interface PlayedAnswer {
  status: number
  body: string
  headers?: Record<string, string>
}

/** What is to be seen of one mailbox, from all sides. */
export interface PlayedStage {
  send(place: number): Promise<SubmissionAnswers>
  status(place: number): Promise<MailboxStatus>
  /** All of it, the newest first. */
  journal(): Promise<JournalEntryStatus[]>
  /** What a person reads on a page of this address, `/mailboxes/…` and the like. */
  page(path: string): Promise<string>
  account(place: number): Account
  /** Begins a consent on another device. How it stands after the first poll, or when it has ended. */
  device(place: number, ends: boolean): Promise<DeviceConsentState>
  /** Begins a consent in a browser, and comes back to postern with this answer. What is shown then, as it is read. */
  consent(place: number, answer: Record<string, string>): Promise<string>
  /** How many requests its token endpoint had. */
  tokenRequests(place: number): number
  /** How many connections its mail server had. */
  connections(place: number): number
  close(): Promise<void>
}

/** One running postern, its pages and its API, for many mailboxes. */
export async function setPlayedStage(plays: readonly Play[]): Promise<PlayedStage> {
  const authority = await createAuthority()
  const certificate = await authority.issue()
  const tokens = await startTokenEndpoints(plays)
  const providers = await Promise.all(
    plays.map(({ script = serves, tls = 'implicit' }) => startScriptedProvider({ tls, certificate }, script)),
  )
  const folder = await mkdtemp(join(tmpdir(), 'postern-played-'))
  const serviceAccountFile = join(folder, 'service-account.json')
  await writeFile(serviceAccountFile, serviceAccount(), { mode: 0o600 })
  const entries = plays.map((play, place) => ({
    ...providerEntry(play, place, providers[place], tokens.origin),
    ...(play.isServiceAccount && { preset: 'google-service-account', serviceAccountFile }),
  }))
  const config = await configOfStage(folder, entries, authority.ca)
  const accounts = await addAccounts(config, plays)
  const postern = await startPostern(config, silentLog, 'test')
  const { origin } = postern.pagesUrl
  const ownerKey = (await readFile(join(config.dataDir, 'owner.key'), 'utf8')).trim()
  const cookie = await signedIn(await postern.signInLink(), origin)
  const account = (place: number): Account => {
    const found = accounts[place]
    if (!found) throw new Error(`There is no mailbox ${place}`)
    return found
  }

  async function ask<T>(path: string, method = 'GET'): Promise<T> {
    const response = await fetch(`${origin}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${ownerKey}` },
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  const page = async (path: string, cookies = cookie) =>
    readableText(await (await fetch(`${origin}${path}`, { headers: { cookie: cookies } })).text())

  async function device(place: number, ends: boolean): Promise<DeviceConsentState> {
    const { id } = await ask<{ id: string }>(`mailboxes/${account(place).address}/device-consents`, 'POST')
    const state = () => ask<DeviceConsentState>(`device-consents/${id}`)
    const polled = () => tokens.requests.filter((one) => one === place).length > 1
    if (ends) await eventually('the end of a consent', async () => (await state()).state !== 'pending')
    else await eventually('a poll', polled)
    return state()
  }

  async function consent(place: number, answer: Record<string, string>): Promise<string> {
    const { url } = await ask<{ url: string }>(`mailboxes/${account(place).address}/consent-links`, 'POST')
    const begun = await fetch(url, { method: 'POST', redirect: 'manual', headers: { origin } })
    const [, state = ''] = /[?&;]state=([\w.-]+)/.exec(await begun.text()) ?? []
    const query = new URLSearchParams({ ...answer, state })
    return page(`/oauth/callback?${query}`, cookiesOf(begun))
  }

  return {
    send: (place) => sendMail(postern.smtp[0]?.port ?? 0, account(place)),
    status: (place) => ask(`mailboxes/${account(place).address}`),
    async journal() {
      const entries: JournalEntryStatus[] = []
      for (let before: string | undefined = ''; before !== undefined; ) {
        const page: JournalPage = await ask(`journal?limit=500${before && `&before=${before}`}`)
        entries.push(...page.entries)
        before = page.next
      }
      return entries
    },
    page: (path) => page(path),
    consent,
    device,
    account,
    tokenRequests: (place) => tokens.requests.filter((one) => one === place).length,
    connections: (place) => providers[place]?.heard.length ?? 0,
    async close() {
      await postern.stop()
      await tokens.close()
      for (const provider of providers) await provider.close()
      await rm(folder, { recursive: true })
      const failed = providers.map((provider) => provider.failure()).find((failure) => failure !== undefined)
      if (failed !== undefined) throw failed
    },
  }
}

/** As it is read, without the markup. */
function readableText(page: string): string {
  return page
    .replace(/<(style|script)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
}

async function signedIn(link: string, origin: string): Promise<string> {
  const response = await fetch(link, { method: 'POST', redirect: 'manual', headers: { origin } })
  await response.body?.cancel()
  return cookiesOf(response)
}

function cookiesOf({ headers }: Response): string {
  return headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ')
}

/** A registration at the preset of the family, or a provider that belongs to none. */
function providerEntry(
  { family, tls = 'implicit', mechanism = 'XOAUTH2' }: Play,
  place: number,
  provider: ScriptedProvider | undefined,
  tokenOrigin: string,
) {
  const endpoint = `${tokenOrigin}/${place}`
  const common = {
    id: `provider-${place}`,
    name: `Provider ${place}`,
    authorizationEndpoint: `${endpoint}/authorize`,
    tokenEndpoint: `${endpoint}/token`,
    deviceAuthorizationEndpoint: `${endpoint}/device`,
    clientId: 'postern',
    smtp: { host: '127.0.0.1', port: provider?.port ?? 0, tls },
    mechanisms: [mechanism],
  }
  if (family === 'microsoft') return { ...common, preset: 'microsoft', tenant: 'common' }
  if (family === 'any' || family === 'postern') return { ...common, scopes: ['mail'] }
  return { ...common, preset: family, clientSecret: 'the-secret-of-the-app' }
}

/** A mailbox with a grant and a login for each provider. */
async function addAccounts(config: Config, plays: readonly Play[]): Promise<Account[]> {
  const services = await openServices(config, silentLog)
  const accounts = []
  for (const [place, { isServiceAccount }] of plays.entries()) {
    const address = `user-${place}@example.com`
    const grant = isServiceAccount
      ? { appOnly: true }
      : { refreshToken: new Secret(`refresh-token-of-${place}`) }
    await services.mailboxes.add({ address, provider: `provider-${place}`, ...grant })
    const { login, password } = await services.logins.add({ mailboxes: [address] })
    accounts.push({ address, user: login.userName, password: password?.reveal() ?? '' })
  }
  await services.close()
  return accounts
}

/** The key file of an account that nobody has. */
function serviceAccount(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return JSON.stringify({
    type: 'service_account',
    client_email: 'postern@project.iam.gserviceaccount.com',
    client_id: '1234',
    private_key_id: 'key-1',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  })
}

/** One token endpoint for each play, at an address of its own. */
async function startTokenEndpoints(plays: readonly Play[]) {
  const requests: number[] = []
  const server = createServer(async (request, response) => {
    for await (const _ of request);
    const place = Number(request.url?.split('/')[1])
    requests.push(place)
    const code = {
      device_code: 'the-device-code',
      user_code: 'ABCD',
      verification_uri: 'https://example.com',
    }
    if (request.url?.endsWith('/device')) {
      response.setHeader('content-type', 'application/json')
      return void response.end(JSON.stringify({ ...code, expires_in: 600, interval: 1 }))
    }
    const good = { access_token: `access-${requests.length}`, token_type: 'Bearer', expires_in: 3600 }
    const { status, body, headers = {} } = plays[place]?.answer ?? { status: 200, body: JSON.stringify(good) }
    const json = { 'content-type': 'application/json', 'cache-control': 'no-store' }
    response.writeHead(status, { ...json, ...headers }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close() {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Does a thing for each, a few at the same time. The results are in their order. */
export async function inTurns<One, Result>(
  all: readonly One[],
  act: (one: One) => Promise<Result>,
  atOnce = 6,
): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const worker = async () => {
    for (let place = next++; place < all.length; place = next++) results[place] = await act(all[place] as One)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}

/** The shortest text that one of our patterns describes: the first choice of each, and nothing that may be left out. */
export function wordsThatMatch(pattern: RegExp): string {
  // Brackets that stand for themselves are no choices.
  let text = pattern.source
    .replace(/^\^|\$$/g, '')
    .replaceAll('\\(', '\u0001')
    .replaceAll('\\)', '\u0002')
  // From the innermost bracket outwards.
  for (let before = ''; before !== text; ) {
    before = text
    text = text.replace(/\((?:\?:)?([^()|]*)[^()]*\)(\?)?/, (_, first: string, optional?: string) =>
      optional === undefined ? first : '',
    )
  }
  const [first = ''] = text.split('|')
  return first
    .replace(/\[(.)[^\]]*\]/g, '$1')
    .replace(/\\d/g, '1')
    .replace(/(?<!\\).\?/g, '')
    .replace(/\\(.)/g, '$1')
    .replaceAll('\u0001', '(')
    .replaceAll('\u0002', ')')
}
