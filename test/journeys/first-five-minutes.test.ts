import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { sendWithPassword } from '../../examples/demo/send-with-password.js'
import { type Stage, setStageWith } from '../../examples/demo/stage.js'
import { agreeAs } from '../support/agree.ts'
import { startChromium } from '../support/chromium.ts'
import { startDovecot } from '../support/dovecot.ts'
import { peer } from '../support/peer.ts'
import { type RecordingSink, startRecordingSink } from '../support/recording-sink.ts'

const address = 'me@example.com'
const password = 'umbrella lantern mosaic vertigo'

describe.runIf(peer('chromium', 'dovecot'))('an administrator with Chromium, from the first start', () => {
  let sink: RecordingSink
  let stage: Omit<Stage, 'mailProvider'>
  let browser: Browser
  beforeAll(async () => {
    sink = await startRecordingSink()
    stage = await setStageWith((authority) => startDovecot(authority, sink.port))
    browser = await startChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await stage?.close()
    await sink?.close()
  })

  /** Works without a script, but for the buttons that copy. */
  async function open(javaScriptEnabled = true): Promise<{ page: Page; complaints: string[] }> {
    const context = await browser.newContext({ javaScriptEnabled, viewport: { width: 320, height: 640 } })
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
    return { page, complaints }
  }

  const fitsIn = (page: Page) => page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')

  it('an administrator sets a password, adds and connects a mailbox, makes a login, and everything is green', async () => {
    const { page, complaints } = await open()
    const link = (await command(stage.postern, 'sign-in')) as { url: string }
    await page.goto(link.url)
    await page.click('main button')
    await page.waitForURL('**/account')
    const forms = page.locator('main form', { has: page.locator('input[name=role][value=administrator]') })
    await forms.locator('input[name=password]').fill(password)
    await forms.locator('input[name=again]').fill(password)
    await forms.locator('button').click()
    expect(await page.innerText('main')).toContain('Administrator: the password is set.')

    await page.click('nav >> text=Mailboxes')
    await page.click('text=Add a mailbox')
    await page.fill('input[name=address]', address)
    await page.selectOption('select[name=provider]', 'example')
    await page.click('main button')
    expect(await page.innerText('h1')).toBe(address)
    expect(await fitsIn(page)).toBe(true)

    await page.click('button:text-is("Sign in now")')
    await agreeAs(page, address, stage.postern.url)
    await page.waitForURL('**/mailboxes/**')
    expect(await page.innerText('main')).toContain('postern can now send mail')
    expect(await page.innerText('h1')).toBe(address)

    await page.click('text=Make a login')
    await page.fill('input[name=name]', 'Printer, 2nd floor')
    await page.click('button:text-is("Make the login")')
    const codes = page.locator('main dl code')
    const login = { address, user: await codes.nth(0).innerText(), password: await codes.nth(1).innerText() }
    expect(await page.locator('button.copy').count()).toBeGreaterThan(2)
    expect(await fitsIn(page)).toBe(true)
    const message = { from: address, to: 'you@example.net', subject: 'From the printer', text: 'Hello' }
    await sendWithPassword(stage.process.smtpPort, login, message)
    expect(sink.messages.at(-1)).toMatchObject({ sender: address, recipients: ['you@example.net'] })

    await page.goto(`${stage.postern.url}/mailboxes/${address}`)
    await page.fill('input[name=to]', 'you@example.net')
    await page.selectOption('select[name=login]', { label: 'Printer, 2nd floor' })
    await page.click('text=Send, and show each step')
    await page.waitForSelector('text=It has taken the message')
    expect(await page.locator('.checklist li.good').count()).toBe(10)
    expect(await page.locator('.checklist li.bad').count()).toBe(0)
    expect(sink.messages.at(-1)?.raw.toString()).toContain('Subject: Test message of postern')

    await page.click('nav >> text=Logins')
    expect(await page.innerText('main')).toMatch(/Last used\s+2\d{3}-\d\d-\d\d/)
    expect(complaints).toEqual([])
  }, 60_000)

  it('an administrator comes back by the password, without any script, and ends the login', async () => {
    const { page, complaints } = await open(false)
    expect((await page.goto(stage.postern.url))?.status()).toBe(401)
    await page.click('a.button')
    await page.fill('input[name=password]', 'not the password')
    await page.click('main button')
    expect(await page.innerText('main')).toContain('Wrong password')
    await page.fill('input[name=password]', password)
    await page.click('main button')
    await page.click('nav >> text=Logins')
    await page.click('button:text-is("Revoke")')
    expect(await page.innerText('main')).toContain('Ended')
    await page.click('text=Sign out')
    expect((await page.goto(`${stage.postern.url}/logins`))?.status()).toBe(401)
    expect(complaints).toEqual([])
  }, 60_000)
})
