import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stage, setStage } from '../../examples/demo/stage.js'
import { agreeAs } from '../support/agree.ts'
import { startChromium } from '../support/chromium.ts'
import { peer } from '../support/peer.ts'

describe.runIf(peer('chromium'))('people who sign in to the pages at their provider, with Chromium', () => {
  let stage: Stage
  let browser: Browser
  beforeAll(async () => {
    stage = await setStage({
      env: {
        POSTERN_ADMIN_EMAILS: 'boss@example.com',
        POSTERN_VIEWER_EMAILS: 'helpdesk@example.com',
        POSTERN_SIGN_IN_PROVIDERS: 'example',
      },
    })
    browser = await startChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await stage?.close()
  })

  async function signIn(person: string) {
    const page = await (await browser.newContext()).newPage()
    await page.goto(`${stage.postern.url}/sign-in`)
    await page.click('text=Sign in with Example Mail')
    await agreeAs(page, person, stage.postern.url)
    return page
  }

  it('people come in as what the settings name them for, and may do that', async () => {
    const page = await signIn('boss@example.com')
    await page.waitForSelector('h1:text-is("Overview")')
    await page.click('nav >> text=Users')
    expect(await page.innerText('table')).toContain('Administrator: boss@example.com')

    const other = await signIn('helpdesk@example.com')
    await other.waitForSelector('h1:text-is("Overview")')
    expect(await other.locator('text=Add a mailbox').count()).toBe(0)
    await other.click('text=Sign out')
    expect((await other.goto(stage.postern.url))?.status()).toBe(401)
    await page.click('nav >> text=Activity')
    expect(await page.textContent('#entries')).toContain('helpdesk@example.com')
  })

  it('people stay outside when nobody has named them', async () => {
    const page = await signIn('stranger@example.com')
    expect(await page.innerText('main')).toContain('stranger@example.com may not look at these pages')
    expect((await page.goto(stage.postern.url))?.status()).toBe(401)
  })
})
