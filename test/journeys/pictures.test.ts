import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mailScope } from '../../examples/demo/authorization-server.js'
import { command } from '../../examples/demo/mailbox.js'
import { type Postern, startPostern } from '../../examples/demo/postern-process.js'
import { sendWithPassword } from '../../examples/demo/send-with-password.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { agreeAs } from '../support/agree.ts'
import { startChromium } from '../support/chromium.ts'
import { withPalette } from '../support/palette-png.ts'
import { peer } from '../support/peer.ts'

/** Where `npm run screenshots` wants the pictures; otherwise they are taken, and thrown away. */
const folder = process.env.POSTERN_SCREENSHOTS
const mostOctets = 100_000
const address = 'billing@example.com'
const password = 'umbrella lantern mosaic vertigo'

describe.runIf(peer('chromium'))('the pictures of docs/getting-started.md, with Chromium', () => {
  let stage: Stage
  let browser: Browser
  let postern: Postern
  let page: Page

  beforeAll(async () => {
    stage = await setStage()
    // Its settings name a provider: the one that is set up here has none.
    await stage.postern.stop()
    const dataDir = join(stage.folder, 'empty')
    await mkdir(dataDir, { mode: 0o700 })
    const env = { POSTERN_EXTRA_CA_FILE: join(stage.folder, 'ca.pem') }
    const { smtpPort, webPort } = stage.process
    postern = await startPostern({ dataDir, smtpPort, webPort, env })
    browser = await startChromium()
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    page = await context.newPage()
  })
  afterAll(async () => {
    await browser?.close()
    await postern?.stop()
    await stage?.close()
  })

  const taken = new Map<string, Buffer>()

  /** Of the page from its top, as high as it is but for what no reader needs. */
  async function picture(name: string, most = 1100) {
    await page.evaluate('document.activeElement?.blur(); scrollTo(0, 0)')
    await page.setViewportSize({ width: 1280, height: 100 })
    const height = await page.evaluate<number>('document.documentElement.scrollHeight')
    await page.setViewportSize({ width: 1280, height: Math.min(height, most) })
    const image = withPalette(await page.screenshot({ animations: 'disabled' }))
    await page.setViewportSize({ width: 1280, height: 800 })
    expect(image.length, name).toBeLessThan(mostOctets)
    taken.set(`${name}.png`, image)
  }

  async function press(selector: string) {
    await Promise.all([page.waitForNavigation(), page.locator(selector).first().click()])
  }

  it('each step of the guided way is shown', async () => {
    await page.goto(((await command(postern, 'sign-in')) as { url: string }).url)
    await press('main button')
    const own = 'form:has(input[name=role][value=administrator])'
    await page.fill(`${own} input[name=password]`, password)
    await page.fill(`${own} input[name=again]`, password)
    await picture('01-password')
    await press(`${own} button`)

    await picture('02-steps')
    await press('ol.checklist a.button')
    await picture('03-provider')
    await press('main h3 a[href$="/providers/microsoft"]')
    await picture('04-registration', 1520)

    await page.goto(`${postern.url}/providers/own`)
    const { id, secret } = stage.authority.clients.postern
    await page.locator('main details:has(input[name=name]) > summary').click()
    await page.fill('input[name=id]', 'example')
    await page.fill('input[name=name]', 'Example Mail')
    await page.fill('input[name=issuer]', stage.authority.issuer)
    await page.fill('input[name=server]', `${stage.mailProvider.host}:${stage.mailProvider.port}`)
    await page.fill('input[name=clientId]', id)
    await page.fill('input[name=clientSecret]', secret)
    await page.fill('input[name=scopes]', `openid email offline_access ${mailScope}`)
    await press('main form:has(input[name=issuer]) button')
    expect(await page.locator('ol.checklist > .bad').count(), await page.innerText('main')).toBe(0)
    await picture('05-check')

    await press('main .actions a.button:not(.quiet)')
    await page.fill('input[name=address]', address)
    await picture('06-mailbox')
    await press('button[name=next][value=sign-in]')
    await page.waitForURL(`${stage.authority.issuer}/**`)
    await page.fill('input[name=login]', address)
    await picture('07-sign-in')
    await agreeAs(page, address, postern.url)
    await page.waitForURL(`**/mailboxes/${encodeURIComponent(address)}`)
    await page.waitForLoadState('networkidle')
    await picture('08-connected')

    await press('main a.button[href*="/logins/new"]')
    await page.fill('input[name=name]', 'Scanner, ground floor')
    await page.selectOption('select[name=place]', 'here')
    await picture('09-device')
    await press('main form:has(select[name=place]) button')
    await picture('10-settings')
    const codes = page.locator('dl.settings code')
    const scanner = {
      address,
      user: await codes.nth(2).innerText(),
      password: await codes.nth(3).innerText(),
    }
    await press('#test button')
    await page.waitForSelector('text=It has taken the message')
    await picture('11-test')

    for (const [subject, to] of [
      ['Invoice 1041', 'accounts@customer.example'],
      ['Invoice 1042', 'office@customer.example'],
    ])
      await sendWithPassword(stage.process.smtpPort, scanner, {
        from: address,
        to: to ?? '',
        subject: subject ?? '',
        text: 'Hello',
      })
    await command(postern, 'mailbox', 'add', 'orders@example.com', '--provider', 'example')
    await page.goto(`${postern.url}/`)
    await picture('12-overview', 1000)
    await page.goto(`${postern.url}/journal`)
    await picture('13-activity', 1000)
    if (folder !== undefined) await keep(folder, taken)
  }, 240_000)
})

/** In the place of all that were there. */
async function keep(at: string, pictures: ReadonlyMap<string, Buffer>): Promise<void> {
  await mkdir(at, { recursive: true })
  for (const name of await readdir(at)) if (name.endsWith('.png')) await rm(join(at, name))
  for (const [name, image] of pictures) await writeFile(join(at, name), image)
}
