import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { command } from '../../examples/demo/mailbox.js'
import { type Postern, startPostern } from '../../examples/demo/postern-process.js'
import { clientId, type Entra, startEntra, tenant } from '../providers/entra-stand-in.ts'
import { type Authority, createAuthority } from '../support/certificates.ts'
import { startChromium } from '../support/chromium.ts'
import { clientCertificate } from '../support/client-certificate.ts'
import { startConnectProxy } from '../support/connect-proxy.ts'
import { troubles } from '../support/inspect-page.ts'
import { peer } from '../support/peer.ts'

const secret = 'Qk~8Q~the.value.that.Entra.shows.once'
const address = 'scanner@example.com'
const email = 'postern@project.iam.gserviceaccount.com'

/** Google's token endpoint for one service account, on loopback. It looks at every request, and keeps what is wrong with one. */
async function startGoogle(key: KeyObject) {
  const mistakes: string[] = []
  /** For whom it gave a token. */
  const subjects: string[] = []

  async function look(path: string, type: string | undefined, form: URLSearchParams): Promise<void> {
    if (path !== 'POST /token') throw new Error('another path')
    if (type !== 'application/x-www-form-urlencoded') throw new Error('another content type')
    const { assertion = '', ...others } = Object.fromEntries(form)
    expect(others).toEqual({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' })
    expect(decodeProtectedHeader(assertion)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-1' })
    const { payload } = await jwtVerify(assertion, createPublicKey(key), { maxTokenAge: 60 })
    const { iat = 0, exp = 0, sub = '', ...claims } = payload
    expect(claims).toEqual({
      iss: email,
      aud: 'https://oauth2.googleapis.com/token',
      scope: 'https://mail.google.com/',
    })
    if (exp - iat > 3600) throw new Error('an assertion for more than an hour')
    subjects.push(sub)
  }

  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const path = `${request.method} ${request.url}`
    try {
      await look(path, request.headers['content-type'], new URLSearchParams(body))
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ access_token: 'of-google', token_type: 'Bearer', expires_in: 3599 }))
    } catch (error) {
      mistakes.push(`${path}: ${error}`)
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}')
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    mistakes,
    subjects,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Servers of providers by their own names, with TLS: the port of each on loopback stands behind its name. */
async function startFront(authority: Authority, ports: Readonly<Record<string, number>>) {
  const sockets = new Set<Socket>()
  const server = createTlsServer(await authority.issue({ names: Object.keys(ports) }), (client) => {
    const behind = connect(ports[String(client.servername)] ?? 0, '127.0.0.1')
    for (const socket of [client, behind]) {
      sockets.add(socket)
      socket.on('error', () => client.destroy())
      socket.on('close', () => sockets.delete(socket))
    }
    behind.pipe(client).pipe(behind)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/*
 * An administrator registers apps of Microsoft and Google on the pages, and has them checked. Postern is the built program, and asks the
 * providers by their own names: an HTTP proxy, which the form names, leads to stand-ins that look at every request.
 */
describe.runIf(peer('chromium'))('an administrator who saves and checks a registration', () => {
  const closing: (() => unknown)[] = []
  const account = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  let entra: Entra
  let google: Awaited<ReturnType<typeof startGoogle>>
  let proxy: Awaited<ReturnType<typeof startConnectProxy>>
  let browser: Browser
  let folder: string
  let postern: Postern
  let dataDir: string
  let page: Page
  let complaints: string[]

  beforeAll(async () => {
    entra = await startEntra({ now: Date.now })
    Object.assign(entra.options, { secret, knownAs: 'https://login.microsoftonline.com' })
    google = await startGoogle(account)
    const authority = await createAuthority()
    const names = {
      'login.microsoftonline.com': Number(new URL(entra.origin).port),
      'oauth2.googleapis.com': google.port,
    }
    const front = await startFront(authority, names)
    proxy = await startConnectProxy({
      refuses: (target) => !Object.keys(names).some((name) => target === `${name}:443`),
      leadsTo: () => front.address,
    })
    browser = await startChromium()
    folder = await mkdtemp(join(tmpdir(), 'postern-save-and-check-'))
    await writeFile(join(folder, 'ca.pem'), authority.ca)
    closing.push(entra.close, google.close, front.close, proxy.close, () => browser.close())
  })
  afterAll(async () => {
    for (const close of closing.reverse()) await close()
    await rm(folder, { recursive: true, force: true })
  })

  beforeEach(async () => {
    dataDir = await mkdtemp(join(folder, 'data-'))
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    const ports = { smtpPort: await freePort(), webPort: await freePort() }
    const env = { POSTERN_EXTRA_CA_FILE: join(folder, 'ca.pem') }
    postern = await startPostern({ dataDir, ...ports, env })
    entra.done.length = 0
  })
  afterEach(() => postern?.stop())

  async function signIn({ locale, script, width }: Way): Promise<void> {
    const viewport = { width, height: 720 }
    page = await (await browser.newContext({ javaScriptEnabled: script, locale, viewport })).newPage()
    complaints = []
    page.on('console', (entry) => {
      if (entry.type() === 'error' && !/status of 40[0-9]/.test(entry.text())) complaints.push(entry.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(((await command(postern, 'sign-in')) as { url: string }).url)
    await page.click('main button')
  }

  /** Gives the name of the field that has the focus then. */
  async function press(selector: string): Promise<string | undefined> {
    await page.locator(selector).first().click()
    await page.waitForLoadState('networkidle')
    const focused = await page.evaluate<string | undefined>('document.activeElement?.name')
    complaints.push(...(await troubles(page)))
    return focused
  }

  /** The form of a new registration, by the proxy. */
  async function fill(path: string, fields: Record<string, string>): Promise<void> {
    await page.goto(`${postern.url}${path}`)
    const closed = page.locator('form[action$="/registrations"] details:not([open]) > summary')
    while ((await closed.count()) > 0) await closed.first().click()
    for (const [name, text] of Object.entries({ ...fields, proxy: proxy.origin }))
      await page.fill(`[name=${name}]`, text)
  }

  const save = () => press('form[action$="/registrations"] button')

  /** How each point of the check came out. */
  async function outcomes(): Promise<string[]> {
    const points = page.locator('ol.checklist > li')
    return points.evaluateAll((items) => items.map(({ className }) => className))
  }

  interface Way {
    locale: 'en' | 'ja'
    script: boolean
    width: 320 | 1280
  }
  const ways: Way[] = [
    { locale: 'en', script: true, width: 1280 },
    { locale: 'ja', script: true, width: 320 },
  ]

  it.each(ways)(
    'Microsoft takes a client secret, after a wrong one was told: $locale, $width pixels',
    async (way) => {
      await signIn(way)
      const fields = { clientId, tenant, clientSecret: 'of-somebody-else' }
      await fill('/providers/microsoft?way=app-only', fields)
      await save()
      expect(await outcomes()).toEqual(['good', 'good', 'good', 'bad'])
      expect(await page.innerText('main')).toContain('AADSTS7000215')
      expect(entra.done).toEqual(['secret refused'])

      await press('main a[href$="/registrations/microsoft"]')
      await press('details:has([name=clientSecret]) > summary')
      await page.fill('#next-clientSecret-field', secret)
      await press('form:has(#next-clientSecret-field) button')
      expect(await outcomes()).toEqual(['good', 'good', 'good', 'good'])
      // The first one is refused, and the next one is tried.
      expect(entra.done.slice(1)).toEqual(['secret refused', 'token for mail'])
      expect(await page.locator('main a.button[href$="/account"]').count()).toBe(1)
      if (way.locale === 'ja')
        expect(await page.innerText('main')).not.toMatch(/[a-z]{3,} [a-z]{3,} [a-z]{3,} [a-z]{3,}/)
    },
    60_000,
  )

  it.each(ways)(
    'Microsoft takes an own certificate, after its key did not fit: $locale, $width pixels',
    async (way) => {
      await signIn(way)
      const [pair, other] = await Promise.all([clientCertificate('rsa'), clientCertificate('rsa')])
      entra.upload(pair.pem)
      const fields = { clientId, tenant, certificate: pair.pem }
      const path = '/providers/microsoft?way=app-only'
      await fill(path, { ...fields, certificateKey: other.keyPem })
      expect(await save()).toBe('certificateKey')
      expect(await page.title()).toMatch(/^(Error|エラー): /)
      expect(await page.inputValue('[name=certificate]')).toBe(pair.pem)
      expect(await page.inputValue('[name=certificateKey]')).toBe('')
      expect(await page.inputValue('[name=clientId]')).toBe(clientId)
      expect(entra.done).toEqual([])

      await page.fill('[name=certificateKey]', pair.keyPem)
      await save()
      expect(await outcomes()).toEqual(['good', 'good', 'good', 'good', 'good'])
      expect(await page.innerText('main')).toContain('2031-01-01')
      expect(entra.done).toEqual(['token for mail'])
      await press('main a[href$="/registrations/microsoft"]')
      expect(await page.innerText('main')).toContain('CN=postern')
    },
    60_000,
  )

  it.each(ways)(
    'Google gives a token to a service account: $locale, $width pixels',
    async (way) => {
      await signIn(way)
      const file = {
        type: 'service_account',
        client_email: email,
        client_id: '112233445566778899000',
        private_key_id: 'key-1',
        private_key: account.export({ format: 'pem', type: 'pkcs8' }).toString(),
      }
      await fill('/providers/google-service-account', { serviceAccount: JSON.stringify({ installed: {} }) })
      expect(await save()).toBe('serviceAccount')
      await page.fill('[name=serviceAccount]', JSON.stringify(file))
      await save()
      // Only a mailbox shows whether Google takes it.
      expect(await outcomes()).toEqual(['good', 'off'])

      await page.goto(`${postern.url}/mailboxes/new`)
      await page.fill('[name=address]', address)
      await press('button[name=appOnly]')
      await page.fill('#test [name=to]', 'you@example.net')
      const before = google.subjects.length
      await press('#test button')
      // The way to the mail server is closed here.
      expect((await outcomes()).slice(0, 1)).toEqual(['good'])
      expect(google.subjects.slice(before)).toEqual([address])
    },
    60_000,
  )

  afterEach(async () => {
    expect(complaints).toEqual([])
    expect(entra.mistakes).toEqual([])
    expect(google.mistakes).toEqual([])
    for (const hidden of ['PRIVATE KEY', secret]) {
      expect(postern.output()).not.toContain(hidden)
      for (const name of await readdir(dataDir)) {
        const octets = await readFile(join(dataDir, name)).catch(() => Buffer.alloc(0))
        expect(octets.includes(hidden), name).toBe(false)
      }
    }
  })
})
