import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../../examples/demo/free-port.js'
import { command } from '../../examples/demo/mailbox.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { agreeAs } from '../support/agree.ts'
import { startChromium } from '../support/chromium.ts'
import { peer } from '../support/peer.ts'

describe.runIf(peer('chromium'))('pages of administration at a name of their own, with Chromium', () => {
  let stage: Stage
  let browser: Browser
  let pagesUrl: string
  beforeAll(async () => {
    const webPort = await freePort()
    pagesUrl = `http://postern.localhost:${webPort}`
    stage = await setStage({
      webPort,
      env: {
        POSTERN_PAGES_URL: pagesUrl,
        POSTERN_ADMIN_EMAILS: 'boss@example.com',
        POSTERN_SIGN_IN_PROVIDERS: 'example',
      },
    })
    browser = await startChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await stage?.close()
  })

  it('the pages let an administrator in, connect a mailbox, and tell no other server of localhost who that is', async () => {
    const page = await (await browser.newContext()).newPage()
    const { url } = (await command(stage.postern, 'sign-in')) as { url: string }
    expect(url).toContain(`${pagesUrl}/sign-in/`)
    await page.goto(url)
    await page.click('main button')
    await page.waitForURL(`${pagesUrl}/account`)
    await command(stage.postern, 'mailbox', 'add', 'me@example.com', '--provider', 'example')
    await page.goto(`${stage.postern.url}/mailboxes/me@example.com`)
    expect(page.url()).toBe(`${pagesUrl}/mailboxes/me@example.com`)
    await page.click('button:text-is("Sign in now")')
    await page.waitForURL(`${stage.postern.url}/consent/**`)
    await page.click('main button')
    await agreeAs(page, 'me@example.com', stage.postern.url)
    expect(await page.innerText('main')).toContain('postern can now send mail')

    const heard: string[] = []
    const stranger = createServer((request, response) => {
      heard.push(request.headers.cookie ?? '')
      response.end()
    })
    await once(stranger.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void stranger.close())
    await page.goto(`http://localhost:${(stranger.address() as AddressInfo).port}/`)
    expect(heard.join(' ')).toContain('postern_consent')
    expect(heard.join(' ')).not.toContain('postern_session')
  })

  it('the pages let people in who sign in at their provider', async () => {
    const page = await (await browser.newContext()).newPage()
    await page.goto(`${pagesUrl}/sign-in`)
    await page.click('text=Sign in with Example Mail')
    await agreeAs(page, 'boss@example.com', stage.postern.url)
    await page.waitForURL(`${pagesUrl}/sign-in/**`)
    await page.click('main button')
    await page.waitForSelector('h1:text-is("Overview")')
    await page.click('nav >> text=Users')
    expect(await page.innerText('table')).toContain('Administrator: boss@example.com')
  })
})
