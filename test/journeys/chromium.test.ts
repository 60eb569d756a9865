import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addMailbox, command, consentLink } from '../../examples/demo/mailbox.js'
import { sendWithPassword } from '../../examples/demo/send-with-password.js'
import { type Stage, setStageWith } from '../../examples/demo/stage.js'
import { agreeAs } from '../support/agree.ts'
import { startChromium } from '../support/chromium.ts'
import { startDovecot } from '../support/dovecot.ts'
import { peer } from '../support/peer.ts'
import { type RecordingSink, startRecordingSink } from '../support/recording-sink.ts'

const address = 'me@example.com'

describe.runIf(peer('chromium', 'dovecot'))('a person with Chromium', () => {
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

  it('a person consents by clicking, and legacy software sends through Dovecot', async () => {
    const mailbox = await addMailbox(stage.postern, address)
    // As on another machine: a profile that has never been here, without cookies and without the owner key.
    const page = await (await browser.newContext()).newPage()
    const complaints = watch(page)

    const link = await consentLink(stage.postern, address)
    await page.goto(link)
    expect(await page.innerText('body')).toContain(address)
    await page.click('main form button')
    await agreeAs(page, address, stage.postern.url)

    expect(await page.innerText('body')).toContain(address)
    expect(complaints).toEqual([])
    expect(await command(stage.postern, 'mailbox', 'show', address)).toMatchObject({
      state: 'active',
      signedInAs: address,
    })
    const message = { from: address, to: 'you@example.net', subject: 'Clicked', text: 'Hello' }
    await sendWithPassword(stage.process.smtpPort, mailbox, message)
    expect(sink.messages[0]).toMatchObject({ sender: address, recipients: ['you@example.net'] })

    // The link is dead, for whoever finds it.
    const again = await (await browser.newContext()).newPage()
    expect((await again.goto(link))?.status()).toBe(404)
    expect(await again.innerText('body')).toContain('This consent link is not valid')
    expect(await again.locator('main form').count()).toBe(0)
  })
})

/** What a browser objects to: policy violations, script errors, and any request that leaves the machine. */
function watch(page: Page): string[] {
  const complaints: string[] = []
  page.on('console', (entry) => {
    if (entry.type() === 'error') complaints.push(entry.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    const { hostname } = new URL(request.url())
    if (!['localhost', '127.0.0.1'].includes(hostname)) complaints.push(`left for ${hostname}`)
  })
  return complaints
}
