import { X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { command } from '../../examples/demo/mailbox.js'
import { type Postern, startPostern } from '../../examples/demo/postern-process.js'
import { clientId, type Entra, objectId, startEntra, tenant } from '../providers/entra-stand-in.ts'
import { startChromium } from '../support/chromium.ts'
import { type Dovecot, startDovecot } from '../support/dovecot.ts'
import { troubles } from '../support/inspect-page.ts'
import { sendMail } from '../support/mail-session.ts'
import { peer } from '../support/peer.ts'
import { type RecordingSink, startRecordingSink } from '../support/recording-sink.ts'

const address = 'scanner@example.com'
const day = 86_400

/*
 * From an empty data directory to mail without a person, and through the end of the certificate. Entra and Graph are a stand-in that
 * looks at every request; the mail server is Dovecot, which asks it about each token. Postern is the built program, whose clock the test moves.
 */
describe.runIf(peer('chromium', 'dovecot'))('an app whose certificate looks after itself', () => {
  const closing: (() => unknown)[] = []
  const account = { address, user: '', password: '' }
  let entra: Entra
  let sink: RecordingSink
  let dovecot: Dovecot
  let postern: Postern
  let browser: Browser
  let page: Page
  let dataDir: string
  let clockPort: number
  let moved = 0
  let first = ''

  beforeAll(async () => {
    entra = await startEntra({ now: () => Date.now() + moved * 1000 })
    closing.push(entra.close)
    // So short that each look of ten minutes later needs another one.
    Object.assign(entra.options, { tokenSeconds: 400, leapSeconds: 600, mailbox: address })
    sink = await startRecordingSink()
    closing.push(sink.close)
    const authority = {
      issuer: entra.origin,
      endpoints: { introspection: `${entra.origin}/introspect` },
      clients: { mailProvider: { id: 'dovecot', secret: 'of-dovecot' } },
    }
    dovecot = await startDovecot(authority, sink.port, { attribute: 'user' })
    closing.push(dovecot.close)
    const folder = await mkdtemp(join(tmpdir(), 'postern-own-certificate-'))
    closing.push(() => rm(folder, { recursive: true, force: true }))
    dataDir = join(folder, 'data')
    await mkdir(dataDir, { mode: 0o700 })
    await writeFile(join(folder, 'ca.pem'), dovecot.ca)
    clockPort = await freePort()
    postern = await startPostern({
      dataDir,
      smtpPort: await freePort(),
      webPort: await freePort(),
      env: {
        POSTERN_EXTRA_CA_FILE: join(folder, 'ca.pem'),
        NODE_OPTIONS: `--import ${new URL('../support/moved-clock.js', import.meta.url)}`,
        MOVED_CLOCK_PORT: String(clockPort),
      },
    })
    closing.push(() => postern.stop())
    browser = await startChromium()
    closing.push(() => browser.close())
  })
  afterAll(async () => {
    for (const close of closing.reverse()) await close()
  })

  /** A browser of somebody who comes by the link of the command. */
  async function comeBack(): Promise<void> {
    page = await (await browser.newContext()).newPage()
    await page.goto(((await command(postern, 'sign-in')) as { url: string }).url)
    await page.click('main button')
  }

  async function go(path: string): Promise<void> {
    await page.goto(`${postern.url}${path}`)
    expect(await troubles(page)).toEqual([])
  }

  async function press(words: string): Promise<void> {
    await Promise.all([page.waitForNavigation(), page.click(`main button:text-is("${words}")`)])
  }

  async function wait(seconds: number): Promise<void> {
    moved += seconds
    await fetch(`http://127.0.0.1:${clockPort}`, { method: 'POST', body: String(seconds) })
  }

  const send = () => sendMail(postern.smtpPort, account)

  async function certificateEvents(): Promise<string[]> {
    const { entries } = await command(postern, 'journal', '--limit', '500')
    return (entries as { event: string }[])
      .map(({ event }) => event)
      .filter((event) => event.startsWith('certificate.'))
  }

  it('begins with nothing: a registration, a certificate to upload, and a mailbox that nobody signs in to', async () => {
    const words = `registration add ours --preset microsoft --tenant ${tenant} --client-id ${clientId}`
    const endpoints = `--token-endpoint ${entra.origin}/${tenant}/oauth2/v2.0/token --graph-endpoint ${entra.origin}`
    const server = `--smtp ${dovecot.host}:${dovecot.port} --smtp-tls ${dovecot.tls}`
    await command(postern, ...`${words} ${endpoints} ${server}`.split(' '))
    await comeBack()
    await go('/registrations/ours/certificate')
    await page.fill('input[name=objectId]', objectId)
    await press('Make a certificate')
    expect(await page.innerText('main')).toContain('in use')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.click('main a:text-is("Download the certificate")'),
    ])
    const pem = await readFile(await download.path(), 'utf8')
    expect(new X509Certificate(pem).subject).toBe(`CN=postern ${clientId}`)
    entra.upload(pem)
    first = entra.thumbprints()[0] ?? ''
    expect(await page.innerText('main')).toContain(first)

    await go('/mailboxes/new')
    await page.fill('input[name=address]', address)
    await Promise.all([page.waitForNavigation(), page.click('main button[name=appOnly]')])
    const { login, password } = await command(postern, 'login', 'add', address, '--name', 'Scanner')
    Object.assign(account, { user: login.userName, password })
  })

  it('its mail leaves through Dovecot, and a test message turns green', async () => {
    expect((await send()).message).toMatch(/^250 /)
    expect(sink.messages.at(-1)).toMatchObject({ sender: address, recipients: ['somebody@example.com'] })
    await go(`/mailboxes/${address}`)
    await page.fill('input[name=to]', 'you@example.net')
    await press('Send, and show each step')
    await page.waitForSelector('text=It has taken the message')
    expect(sink.messages).toHaveLength(2)
  })

  it('goes on sending while the certificate is replaced, with no failed login', async () => {
    // Not taken everywhere at once, as at Entra.
    entra.options.propagation = 2
    const before = entra.done.filter((what) => what === 'token for mail').length
    const earlier = await certificateEvents()
    await wait(334 * day)
    expect((await send()).message).toMatch(/^250 /)
    // Nothing was done.
    expect(await certificateEvents()).toEqual(earlier)
    await wait(2 * day)
    let steps = 0
    while (!(await certificateEvents()).includes('certificate.removed')) {
      steps += 1
      expect(steps).toBeLessThan(40)
      // One after the other: no connection is being opened when the time leaps.
      for (let sent = 0; sent < 2; sent += 1) {
        const { AUTH, message } = await send()
        expect(`${AUTH} ${message}`).toMatch(/^235 .* 250 /)
      }
      await wait(600)
    }
    // Those of the first one may have been swept meanwhile.
    expect((await certificateEvents()).slice(-4)).toEqual([
      'certificate.made',
      'certificate.registered',
      'certificate.in-use',
      'certificate.removed',
    ])
    expect((await send()).message).toMatch(/^250 /)
    expect(entra.thumbprints()).toHaveLength(1)
    expect(entra.thumbprints()).not.toContain(first)
    expect(entra.done.filter((what) => what === 'addKey' || what === 'removeKey')).toEqual([
      'addKey',
      'removeKey',
    ])
    // The two are of the new one, before it was put in use.
    expect(entra.done.filter((what) => what === 'token refused')).toHaveLength(2)
    expect(entra.done.filter((what) => what === 'token for mail').length).toBeGreaterThan(before + steps / 2)
    for (const outcome of ['refused', 'failed'])
      expect((await command(postern, 'journal', '--outcome', outcome)).entries).toEqual([])
    expect((await dovecot.log()).split('\n').filter((line) => /auth failed|invalid/i.test(line))).toEqual([])
  })

  it('is looked at again a year later: the page shows the new one, Activity says each step', async () => {
    await comeBack()
    await go('/registrations/ours/certificate')
    expect(await page.innerText('main')).toContain(entra.thumbprints()[0])
    expect(await page.innerText('main')).not.toContain(first)
    await go('/journal')
    for (const step of ['made', 'registered at its provider', 'in use'])
      expect(await page.innerText('main')).toContain(`Certificate of an app registration ${step}`)
    expect(await page.innerText('main')).toContain(
      'Old certificate of an app registration removed at its provider',
    )
  })

  it('asks nothing of Entra that is not as Microsoft documents it, and tells no key to anybody', async () => {
    expect(entra.mistakes).toEqual([])
    expect(postern.output()).not.toContain('PRIVATE')
    for (const name of await readdir(dataDir)) {
      const octets = await readFile(join(dataDir, name)).catch(() => Buffer.alloc(0))
      expect(octets.includes('BEGIN PRIVATE KEY'), name).toBe(false)
    }
  })
})
