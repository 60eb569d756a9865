import { createHmac } from 'node:crypto'
import request from 'supertest'
import { expect } from 'vitest'
import type { Log } from '../../src/base/log.ts'
import { createLoginThrottle } from '../../src/credentials/create-login-throttle.ts'
import { createPagePasswords } from '../../src/credentials/page-passwords.ts'
import { createJournal } from '../../src/journal/create-journal.ts'
import type { Metrics } from '../../src/metrics/metrics.ts'
import type { PageRole } from '../../src/model/page-access.ts'
import type { Endpoint } from '../../src/net/endpoint.ts'
import type { SmtpListener } from '../../src/net/listen.ts'
import { suggestProvider } from '../../src/providers/catalogue.ts'
import type { OpenedStore } from '../../src/store/store.ts'
import { createPassingMemory } from '../../src/store/unmarked-stores.ts'
import { createTraces } from '../../src/traces/traces.ts'
import { apiRoutes } from '../../src/web/api/api.ts'
import type { ApiRoute } from '../../src/web/api/api-route.ts'
import { createReadiness } from '../../src/web/readiness.ts'
import { createSignInLinks } from '../../src/web/sign-in-links.ts'
import { createWebApp } from '../../src/web/web-app.ts'
import { createWebServer } from '../../src/web/web-server.ts'
import { defaultLimits } from '../support/default-limits.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createTestApprovals } from '../support/test-approvals.ts'
import { undocumented } from './documented.ts'
import {
  memoryApiKeys,
  memoryCatalogue,
  memoryLogins,
  memoryMailboxes,
  memoryRegistrations,
  memoryTokens,
  scriptedBackup,
  scriptedChecks,
  scriptedConsent,
  scriptedDoctor,
  scriptedKeyring,
  scriptedNetworkAccess,
  scriptedNotices,
  scriptedOwnCertificates,
  scriptedPageSignIns,
  scriptedRehearse,
  scriptedSubmit,
  scriptedTestMessage,
} from './memory-services.ts'

export const keys = {
  admin: 'owner-key-0123456789abcdef',
  read: 'read-key-0123456789abcdef',
  token: 'token-key-0123456789abcdef',
  otherToken: 'other-token-key-0123456789',
  send: 'send-key-0123456789abcdef',
}

export const link = 'link-1.c2VjcmV0LW9mLXRoZS1saW5r'

/** A web server on services in memory. Nothing listens unless a test starts it; supertest asks the app itself. */
export function testServer({
  publicUrl = 'http://localhost:8587' as string,
  pagesUrl = publicUrl as string,
  listen = [{ host: '127.0.0.1', port: 8587 }] as Endpoint[],
  registered = true,
  ready = async () => {},
  serving = () => true as boolean,
  trustedProxies = [] as string[],
  limits = {} as Partial<typeof defaultLimits>,
  organisation = undefined as string | undefined,
  opened = undefined as OpenedStore | undefined,
  /** Processes that take no change up. */
  unconfirmed = [] as string[],
  smtp = [{ host: '127.0.0.1', port: 2587, tls: 'none', plainAuth: false, oldTls: false }] as SmtpListener[],
} = {}) {
  const lines: string[] = []
  const time = { now: Date.parse('2026-03-01T00:00:00Z'), monotonic: 5_000 }
  const clock = { now: () => time.now, monotonic: () => time.monotonic }
  const store = opened?.store ?? createMemoryStore()
  const journal = createJournal({
    store: store.journal,
    clock,
    log: logInto(lines),
    days: 90,
    recipients: 'refused',
  })
  const { log } = journal
  const throttle = createLoginThrottle({
    limits: { ...defaultLimits, ...limits },
    loggableName: (name) => name,
    clock,
    log,
  })
  const { pageAccess } = store
  const passing = opened?.passing ?? createPassingMemory(clock)
  const keyedHash =
    opened?.keyedHash ??
    ((purpose: string, value: string) => createHmac('sha256', purpose).update(value).digest('base64url'))
  const registrationChecks = scriptedChecks()
  const services = {
    mailboxes: memoryMailboxes(),
    logins: memoryLogins(),
    apiKeys: memoryApiKeys({
      [keys.admin]: ['admin'],
      [keys.read]: ['read'],
      [keys.token]: ['token:me@example.com'],
      [keys.otherToken]: ['token:you@example.com'],
      [keys.send]: ['send:me@example.com'],
    }),
    consent: scriptedConsent(link),
    pageSignIns: scriptedPageSignIns(),
    notices: scriptedNotices(),
    tokens: memoryTokens(),
    journal: journal.reader,
    setLogLevel: () => {},
    traces: createTraces({ clock, log }),
    catalogue: memoryCatalogue(registered),
    registrations: memoryRegistrations(clock, log, registrationChecks),
    ownCertificates: scriptedOwnCertificates(),
    registrationChecks,
    doctor: scriptedDoctor(),
    smtp: () => smtp,
    suggestProvider: (address: string) => suggestProvider(address, async () => []),
    networkAccess: scriptedNetworkAccess(),
    makeBackup: scriptedBackup,
    keyring: scriptedKeyring,
    throttle,
    sendTestMessage: scriptedTestMessage(),
    programUse: async () => ({}),
    submit: scriptedSubmit(),
    approvals: createTestApprovals({
      held: store.heldMessages,
      publicUrl: new URL(publicUrl),
      keyedHash,
      clock,
      log,
    }),
    rehearse: scriptedRehearse(),
    sentKeys: store.sentKeys,
    pageAccess,
    pagePasswords: createPagePasswords({
      ...{ store: { pageAccess }, throttle, keyedHash, clock, log },
      scryptCost: 1024,
    }),
    keyedHash,
    passing,
    confirmations: { during: <T>(work: () => T): T => work(), missing: () => unconfirmed },
  }
  const readiness = createReadiness({ serving, check: ready, clock, log })
  const metrics: Metrics = {
    read: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'up 1\n' }),
    async begin() {},
  }
  services.mailboxes.all.push({ address: 'me@example.com', provider: 'example', state: 'absent' })
  const server = createWebServer({
    listen,
    publicUrl: new URL(publicUrl),
    pagesUrl: new URL(pagesUrl),
    trustedProxies,
    services,
    readiness,
    metrics,
    limits: { ...defaultLimits, ...limits },
    clock,
    log,
    version: '0.1.0',
    organisation,
  })
  const host = new URL(publicUrl).host

  return {
    server,
    /** The routers themselves, which the server loads with the first request. */
    webApp: createWebApp({
      publicUrl: new URL(publicUrl),
      pagesUrl: new URL(pagesUrl),
      ports: () => listen.map(({ port }) => port),
      isProxy: () => false,
      signInLinks: createSignInLinks({ publicUrl: new URL(publicUrl), passing, clock }),
      services,
      markAuthenticated: () => {},
      readiness,
      metrics,
      clock,
      log,
      version: '0.1.0',
    }),
    services,
    readiness,
    time,
    /** What the services would log. */
    log,
    /** Every log line as it would be written. */
    lines,
    get: (path: string) => request(server.app).get(path).set('Host', host),
    /** As a browser does that is redirected. */
    follow: (response: { headers: Record<string, unknown>; status: number }, cookie = '') =>
      request(server.app).get(String(response.headers.location)).set({ Host: host, Cookie: cookie }),
    /** As a form on one of our own pages is sent by a browser. */
    post: (path: string, form: Record<string, string> = {}) =>
      request(server.app)
        .post(path)
        .type('form')
        .send(form)
        .set('Host', host)
        .set('Origin', new URL(publicUrl).origin),
    /** Fails where the answer is not as the OpenAPI document has it. */
    api: (method: 'get' | 'post' | 'patch' | 'delete' | 'put', path: string, key?: string) => {
      const asked = request(server.app)[method](`/api/v1${path}`).set('Host', host)
      // JSON lines are no text to supertest by themselves.
      if (/(tests|diagnosis|rotations)$/.test(path)) asked.buffer(true)
      asked.expect((response) => {
        expect(undocumented(method, path, response), `${method} ${path}`).toEqual([])
      })
      return key === undefined ? asked : asked.set('Authorization', `Bearer ${key}`)
    },
  }
}

/** Those of the API, to be looked at and not to be asked. */
export function everyRoute(): ApiRoute[] {
  const { services, readiness, log } = testServer()
  const signInLinks = {
    create: async () => ({ url: '', role: 'viewer' as const, expiresAt: '' }),
    roleOf: async () => undefined,
    redeem: async () => undefined,
    endAll: async () => {},
  }
  const tokens = { handOut: () => Promise.reject() }
  const withConsentLink = async (error: unknown) => error
  return apiRoutes({
    ...{ services, redirectUri: '', signInLinks, readiness, log, version: '', tokens },
    withConsentLink,
  })
}

export type TestServer = ReturnType<typeof testServer>

/** Signs a browser in as a person would. Gives its cookie and the token of its forms. */
export async function signIn(
  test: TestServer,
  role: PageRole = 'administrator',
): Promise<{ cookie: string; csrf: string }> {
  const made = await test.api('post', '/sign-in-links', keys.admin).send({ role })
  const response = await test.post(new URL(made.body.url).pathname)
  const cookie = cookiesOf(response)[0]?.split(';')[0] ?? ''
  const page = await test.get('/').set('Cookie', cookie)
  return { cookie, csrf: /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '' }
}

/** What a form of a signed-in browser leads to: the page of its redirect, or the answer itself. */
export async function submit(
  test: Pick<TestServer, 'post' | 'get'>,
  path: string,
  form: Record<string, string>,
  headers: { Cookie: string; 'Accept-Language'?: string },
) {
  const answer = await test.post(path, form).set(headers)
  return answer.status === 303 ? test.get(String(answer.headers.location)).set(headers) : answer
}

export function cookiesOf(response: { headers: Record<string, unknown> }): string[] {
  const header = response.headers['set-cookie']
  return Array.isArray(header) ? header : []
}

function logInto(lines: string[]): Log {
  const note = (fields: object, message: string) => {
    lines.push(`${message} ${JSON.stringify(fields)}`)
  }
  const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log }
  return log
}
