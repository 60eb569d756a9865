import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { command } from '../../examples/demo/mailbox.js'
import { providerEntry, type Stage, setStage } from '../../examples/demo/stage.js'
import { startChromium } from '../support/chromium.ts'
import { consentedMailbox } from '../support/consented-mailbox.ts'
import { eventually } from '../support/eventually.ts'
import { troubles } from '../support/inspect-page.ts'
import { sendMail } from '../support/mail-session.ts'
import { peer } from '../support/peer.ts'

const consented = 'anna@example.com'

/** 199 mailboxes that wait for a consent, in five departments and at two providers. */
const waiting = Array.from({ length: 199 }, (_, at) => ({
  address: `device-${String(at).padStart(3, '0')}@department-${at % 5}.example.com`,
  provider: at % 4 === 0 ? 'second' : 'example',
}))

describe.runIf(peer('chromium'))('two hundred mailboxes and as many logins, with Chromium', () => {
  const links: { mailbox: string; url: string }[] = []
  let stage: Stage
  let browser: Browser
  const receiver = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const { type, data } = JSON.parse(text)
    if (type === 'postern.consent-needed') links.push({ mailbox: data.mailbox, url: data.consentLink.url })
    response.end()
  })

  beforeAll(async () => {
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const { port } = receiver.address() as AddressInfo
    stage = await setStage({
      env: {
        POSTERN_NOTIFY_WEBHOOK_URL: `http://127.0.0.1:${port}/`,
        POSTERN_NOTIFY_WEBHOOK_SECRET: 'whsec_c2lnbnMgd2hhdCBpcyBzZW50IHRvIHRoZSByZWNlaXZlcg==',
      },
      moreProviders: (authority, submission) => [
        { ...providerEntry(authority, submission), id: 'second', name: 'Second Mail' },
      ],
    })
    const account = await consentedMailbox(stage.postern, consented)
    expect((await sendMail(stage.process.smtpPort, account)).message).toMatch(/^250 /)
    for (const mailbox of waiting) await post('/mailboxes', mailbox)
    // With that of the first one: 202.
    for (const [at, { address }] of waiting.entries())
      await post('/logins', { mailboxes: [address], name: `Device ${at}` })
    for (const name of ['Of a hundred', 'Of two'])
      await post('/logins', {
        mailboxes: waiting.slice(0, name === 'Of two' ? 2 : 100).map(({ address }) => address),
        name,
      })
    browser = await startChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await stage?.close()
    receiver.close()
  })

  async function post(path: string, body: object): Promise<void> {
    const key = (await readFile(join(stage.process.dataDir, 'owner.key'), 'utf8')).trim()
    const response = await fetch(`${stage.postern.url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(response.status, await response.text()).toBe(201)
  }

  async function signedIn(width: number): Promise<Page> {
    const page = await (await browser.newContext({ viewport: { width, height: 800 } })).newPage()
    await page.goto(((await command(stage.postern, 'sign-in')) as { url: string }).url)
    await page.click('main button')
    return page
  }

  describe.each([320, 1280])('on a screen of %i pixels', (width) => {
    let page: Page
    beforeAll(async () => {
      page = await signedIn(width)
    })

    const rows = () => page.locator('main table tbody tr')
    const main = () => page.innerText('main')

    async function look() {
      expect(await troubles(page, width)).toEqual([])
    }

    async function follow(selector: string) {
      await Promise.all([page.waitForNavigation(), page.click(selector)])
      await look()
    }

    it('the overview begins with what is to be done, and shows the first forty', async () => {
      await page.goto(stage.postern.url)
      await look()
      const list = page.locator('#mailbox-list')
      expect(await list.locator('tbody tr').count()).toBe(40)
      expect(await list.innerText()).toContain('1 to 40 of 200')
      await follow('#mailbox-list a[rel=next]')
      expect(await list.innerText()).toContain('41 to 80 of 200')
      expect(new URL(page.url()).search).toBe('?from=40')
    })

    it('one of them is found by a part of its address, and what was asked stands in the address', async () => {
      await page.goto(stage.postern.url)
      await page.fill('input[name=find]', 'DEVICE-17')
      await follow('form.search button')
      expect(await page.locator('#mailbox-list tbody tr').count()).toBe(10)
      expect(new URL(page.url()).searchParams.get('find')).toBe('DEVICE-17')
      await page.selectOption('select[name=provider]', 'second')
      await follow('form.search button')
      expect(await page.locator('#mailbox-list').innerText()).not.toContain('Example Mail\n')
      expect(await page.locator('#mailbox-list tbody tr').count()).toBe(2)
      await page.fill('input[name=find]', 'nobody')
      await follow('form.search button')
      expect(await main()).toContain('No mailbox matches this search.')
      await follow('text=Show all')
      expect(new URL(page.url()).search).toBe('')
    })

    it('they are filtered by their state and sorted', async () => {
      await page.goto(stage.postern.url)
      await follow('#mailbox-list a[href*="state=not-connected"]')
      expect(await page.locator('#mailbox-list').innerText()).toContain('1 to 40 of 199')
      await page.goto(`${stage.postern.url}/?sort=sent`)
      expect(await page.locator('#mailbox-list tbody tr').first().innerText()).toContain(consented)
      await look()
    })

    it('consent links go to those that are chosen, and to nobody else', async () => {
      links.length = 0
      const chosen = waiting
        .slice(width === 320 ? 0 : 10)
        .slice(0, 3)
        .map(({ address }) => address)
      await page.goto(`${stage.postern.url}/?sort=address`)
      for (const address of chosen) await page.check(`input[name=mailbox][value="${address}"]`)
      await follow('main button:text-is("Send consent links for the chosen")')
      expect(await main()).toContain('3 of 3 consent links were sent.')
      await eventually('the links are there', () => links.length === 3)
      expect(links.map(({ mailbox }) => mailbox).sort()).toEqual(chosen)
      const guest = await (await browser.newContext()).newPage()
      await guest.goto(links[0]?.url ?? '')
      expect(await guest.innerText('main')).toContain(links[0]?.mailbox)
    })

    it('two hundred and two logins are pages, and one is found by its name', async () => {
      await page.goto(`${stage.postern.url}/logins`)
      await look()
      expect(await rows().count()).toBe(50)
      expect(await main()).toContain('1 to 50 of 202')
      for (const range of ['51 to 100', '101 to 150', '151 to 200', '201 to 202']) {
        await follow('main a[rel=next]')
        expect(await main()).toContain(`${range} of 202`)
      }
      expect(await rows().count()).toBe(2)
      await follow('main a[rel=prev]')
      await page.fill('input[name=find]', 'device 77')
      await follow('form.search button')
      expect(await rows().count()).toBe(1)
      expect(await rows().first().innerText()).toContain('Device 77')
    })

    it.each([
      '/logins/new',
      '/api-keys/new',
      '/journal',
      '/consent-links',
      '/account',
      `/mailboxes/${waiting[0]?.address}`,
    ])(
      '%s has room for them all',
      async (path) => {
        await page.goto(`${stage.postern.url}${path}`)
        await look()
      },
      60_000,
    )
  })
})
