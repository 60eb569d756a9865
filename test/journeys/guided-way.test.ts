import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { mailScope } from '../../examples/demo/authorization-server.js'
import { command } from '../../examples/demo/mailbox.js'
import { type Postern, startPostern } from '../../examples/demo/postern-process.js'
import { sendWithPassword } from '../../examples/demo/send-with-password.js'
import { type Stage, setStageWith } from '../../examples/demo/stage.js'
import { agreeAs } from '../support/agree.ts'
import { startChromium } from '../support/chromium.ts'
import { startDovecot } from '../support/dovecot.ts'
import { troubles } from '../support/inspect-page.ts'
import { peer } from '../support/peer.ts'
import { type RecordingSink, startRecordingSink } from '../support/recording-sink.ts'

const address = 'me@example.com'
const password = 'umbrella lantern mosaic vertigo'

/** The demo's sign-in pages are not ours. */
const isOfProvider = (trouble: string) => trouble.startsWith('/interaction/')

/** From the sign-in link to the green test message, at postern's pages. */
const [mostClicks, mostFields] = [20, 8]

describe.runIf(peer('chromium', 'dovecot'))(
  'an administrator with Chromium, from an empty data directory',
  () => {
    let sink: RecordingSink
    let stage: Omit<Stage, 'mailProvider'> & { mailProvider: { host: string; port: number } }
    let browser: Browser
    let postern: Postern
    let dataDir: string
    beforeAll(async () => {
      sink = await startRecordingSink()
      stage = await setStageWith((authority) => startDovecot(authority, sink.port))
      // Its settings name a provider: the one that is set up here has none.
      await stage.postern.stop()
      browser = await startChromium()
    })
    afterEach(async () => {
      await postern?.stop()
      await rm(dataDir, { recursive: true, force: true })
    })
    afterAll(async () => {
      await browser?.close()
      await stage?.close()
      await sink?.close()
    })

    /** Nothing is set but addresses; where it listens is as the pages have it. */
    async function start(): Promise<void> {
      const { smtpPort, webPort } = stage.process
      dataDir = join(stage.folder, 'empty')
      await mkdir(dataDir, { mode: 0o700 })
      const listen = `POSTERN_SMTP_LISTEN=127.0.0.1:${smtpPort}\n`
      await writeFile(join(dataDir, 'settings.env'), listen, { mode: 0o600 })
      const env: Record<string, string | undefined> = {
        POSTERN_SMTP_LISTEN: undefined,
        POSTERN_EXTRA_CA_FILE: join(stage.folder, 'ca.pem'),
      }
      postern = await startPostern({ dataDir, smtpPort, webPort, env: env as Record<string, string> })
    }

    async function open({ locale, script, width }: Way) {
      const viewport = { width, height: 720 }
      const context = await browser.newContext({ javaScriptEnabled: script, locale, viewport })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (entry) => {
        if (entry.type() === 'error' && !/status of 40[0-9]/.test(entry.text())) complaints.push(entry.text())
      })
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('request', (request) => {
        const { hostname } = new URL(request.url())
        if (!['localhost', '127.0.0.1'].includes(hostname)) complaints.push(`left for ${hostname}`)
      })
      const counted = { clicks: 0, fields: 0 }
      return {
        ...{ page, complaints, counted },
        async click(selector: string) {
          counted.clicks += 1
          await page.locator(selector).first().click()
          await page.waitForLoadState()
          if (script) complaints.push(...(await troubles(page)).filter((one) => !isOfProvider(one)))
        },
        async fill(selector: string, text: string) {
          counted.fields += 1
          await page.locator(selector).first().fill(text)
        },
      }
    }

    async function fillRegistration({
      fill,
      click,
    }: Pick<Awaited<ReturnType<typeof open>>, 'fill' | 'click'>): Promise<void> {
      const { id, secret } = stage.authority.clients.postern
      await fill('input[name=issuer]', stage.authority.issuer)
      await fill('input[name=server]', `${stage.mailProvider.host}:${stage.mailProvider.port}`)
      await fill('input[name=clientId]', id)
      await fill('input[name=clientSecret]', secret)
      await fill('input[name=scopes]', `openid email offline_access ${mailScope}`)
      await click('main form:has(input[name=issuer]) button')
    }

    /** As whoever has never been here goes: from each page to the one that it names next. */
    async function goAllTheWay(way: Way) {
      const { page, click, fill, complaints, counted } = await open(way)
      const main = () => page.innerText('main')
      const link = (await command(postern, 'sign-in')) as { url: string }
      await page.goto(link.url)
      await click('main button')
      await fill('form:has(input[name=role][value=administrator]) input[name=password]', password)
      await fill('form:has(input[name=role][value=administrator]) input[name=again]', password)
      await click('form:has(input[name=role][value=administrator]) button')

      // Provider: one of its own, from the list of the others.
      await click('ol.checklist a.button')
      await click('details#others > summary')
      await click('main a[href$="/providers/own"]')
      await fillRegistration({ fill, click })
      expect(await page.locator('ol.checklist > .bad').count(), await main()).toBe(0)
      expect(await page.locator('ol.checklist > .good').count()).toBeGreaterThan(2)

      // Mailbox: the consent begins with the button that adds it.
      await click('main .actions a.button:not(.quiet)')
      await fill('input[name=address]', address)
      await click('button[name=next][value=sign-in]')
      await page.waitForURL(`${stage.authority.issuer}/**`)
      await agreeAs(page, address, postern.url)
      counted.clicks += 2
      await page.waitForURL(`**/mailboxes/${encodeURIComponent(address)}`)
      expect(await page.locator('main .badge.good').count()).toBeGreaterThan(0)

      // Device: its settings are for where it is.
      await click('main a.button[href*="/logins/new"]')
      await page.selectOption('select[name=place]', 'here')
      counted.clicks += 1
      await click('main form:has(select[name=place]) button')
      const login = {
        address,
        user: await page.locator('dl.settings code').nth(2).innerText(),
        password: await page.locator('dl.settings code').nth(3).innerText(),
      }
      expect(await page.locator('dl.settings code.large').allInnerTexts()).toEqual([
        '127.0.0.1',
        String(stage.process.smtpPort),
      ])

      // Test: to the mailbox itself, as the login.
      await click('#test button')
      await page.waitForLoadState('networkidle')
      const steps = page.locator('ol.checklist > li')
      expect(await page.locator('ol.checklist > .bad').count(), await main()).toBe(0)
      expect(await page.locator('ol.checklist > .good').count()).toBe(await steps.count())
      expect(sink.messages.at(-1)).toMatchObject({ sender: address, recipients: [address] })
      return { page, complaints, counted, login, main, click }
    }

    interface Way {
      locale: 'en' | 'ja'
      script: boolean
      width: 320 | 1280
    }
    const ways: Way[] = [
      { locale: 'en', script: true, width: 1280 },
      { locale: 'ja', script: false, width: 320 },
      { locale: 'en', script: false, width: 1280 },
      { locale: 'ja', script: true, width: 320 },
    ]

    it.each(ways)(
      'the set-up leads to a delivered message: $locale, script $script, $width pixels',
      async (way) => {
        await start()
        const { page, complaints, counted, login } = await goAllTheWay(way)
        expect(counted.clicks).toBeLessThanOrEqual(mostClicks)
        expect(counted.fields).toBeLessThanOrEqual(mostFields)
        await page.goto(`${postern.url}/`)
        expect(await page.locator('main ol.checklist').count()).toBe(0)
        const message = { from: address, to: 'you@example.net', subject: 'From the printer', text: 'Hello' }
        await sendWithPassword(stage.process.smtpPort, login, message)
        expect(sink.messages.at(-1)).toMatchObject({ sender: address, recipients: ['you@example.net'] })
        if (way.locale === 'ja')
          expect(await page.innerText('main')).not.toMatch(/[a-z]{3,} [a-z]{3,} [a-z]{3,} [a-z]{3,}/)
        expect(complaints).toEqual([])
      },
      120_000,
    )

    it('it can be left at any step, and the first page has the next one', async () => {
      await start()
      const way = { locale: 'en', script: true, width: 1280 } as const
      const { page, click, fill } = await open(way)
      await page.goto(((await command(postern, 'sign-in')) as { url: string }).url)
      await click('main button')
      await page.goto(`${postern.url}/`)
      expect(await page.innerText('main')).toContain('step 1 of 5')
      await click('ol.checklist a.button')
      await fill('form:has(input[name=role][value=administrator]) input[name=password]', password)
      await fill('form:has(input[name=role][value=administrator]) input[name=again]', password)
      await click('form:has(input[name=role][value=administrator]) button')
      expect(await page.innerText('main')).toContain('step 2 of 5')
      // Another browser, by the password.
      const other = await open(way)
      await other.page.goto(`${postern.url}/sign-in`)
      await other.fill('input[name=password]', password)
      await other.click('main form:has(input[name=password]) button')
      expect(await other.page.innerText('main')).toContain('step 2 of 5')
    })

    it('each step leads to the next, also for whoever has left it and comes back to the first page', async () => {
      await start()
      const { page, click, fill, complaints } = await open({ locale: 'en', script: false, width: 1280 })
      await page.goto(((await command(postern, 'sign-in')) as { url: string }).url)
      await click('main button')
      await fill('form:has(input[name=role][value=administrator]) input[name=password]', password)
      await fill('form:has(input[name=role][value=administrator]) input[name=again]', password)
      await click('form:has(input[name=role][value=administrator]) button')
      /** What was begun is left; the first page has the step, and its button leads there. */
      async function comeBack(step: number) {
        await page.goto(`${postern.url}/`)
        expect(await page.innerText('main')).toContain(`step ${step} of 5`)
        expect(await page.locator('ol.checklist > .good').count()).toBe(step - 1)
        await click('ol.checklist a.button')
      }

      await comeBack(2)
      await comeBack(2)
      await page.goto(`${postern.url}/providers/own`)
      await fillRegistration({ fill, click })
      await comeBack(3)
      await fill('input[name=address]', address)
      await click('button[name=next][value=""]')
      // It is there, and nobody has signed in for it.
      await comeBack(3)
      await click('form[action$="/consent"] button')
      // A page that is left while it leads on would interrupt the next one.
      await page.waitForURL(`${stage.authority.issuer}/**`)
      await comeBack(3)
      await click('form[action$="/consent"] button')
      await page.waitForURL(`${stage.authority.issuer}/**`)
      await agreeAs(page, address, postern.url)
      await comeBack(4)
      await comeBack(4)
      await page.selectOption('select[name=place]', 'here')
      await click('main form:has(select[name=place]) button')
      expect(await page.innerText('#first-sign-in')).toContain('Waiting for its first sign-in…')
      // Nothing changes by itself without a script: a link looks again.
      expect(await page.innerText('#first-sign-in')).not.toContain('by itself')
      await click('#first-sign-in a')
      expect(await page.innerText('dl.settings')).toContain('127.0.0.1')
      await comeBack(5)
      await click('#test button')
      await page.waitForLoadState('networkidle')
      expect(await page.locator('ol.checklist > .bad').count(), await page.innerText('main')).toBe(0)
      await page.goto(`${postern.url}/`)
      expect(await page.innerText('main')).not.toContain('of 5')
      expect(complaints).toEqual([])
    })

    it('a device on another machine is let in from the page of its login', async () => {
      await start()
      const { page, click, login, complaints } = await goAllTheWay({
        locale: 'en',
        script: true,
        width: 1280,
      })
      await page.goto(`${postern.url}/logins`)
      await click('main tbody a')
      expect(await page.innerText('#first-sign-in')).toContain('Waiting for its first sign-in')
      const message = { from: address, to: 'you@example.net', subject: 'First', text: 'Hello' }
      await sendWithPassword(stage.process.smtpPort, login, message)
      await page.waitForSelector('#first-sign-in:has-text("It works")')
      await page.selectOption('select[name=place]', 'elsewhere')
      await click('#settings form.search button')
      expect(await page.innerText('#settings')).toContain('a certificate')
      await click('#settings .warning button')
      expect(await page.innerText('main')).toContain('Other machines can hand in mail now.')
      expect(await page.innerText('dl.settings')).toContain('STARTTLS')
      // The one file that the device has to trust.
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.click('#settings a[href$="/network-access/ca.pem"]'),
      ])
      const ca = await readFile(await download.path(), 'utf8')
      expect(ca).toBe(await readFile(join(dataDir, 'tls', 'ca.pem'), 'utf8'))
      expect((await postern.cli('config')).stdout).toMatch(
        new RegExp(`POSTERN_SMTP_LISTEN +0\\.0\\.0\\.0:${stage.process.smtpPort} +pages`),
      )
      await sendWithPassword(stage.process.smtpPort, login, { ...message, subject: 'Still here' })
      expect(sink.messages.at(-1)?.raw.toString()).toContain('Subject: Still here')
      expect(complaints).toEqual([])
    })
  },
)
