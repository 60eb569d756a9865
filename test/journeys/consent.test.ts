import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBrowser } from '../../examples/demo/browser.js'
import { giveConsent } from '../../examples/demo/give-consent.js'
import { addMailbox, command, consentLink, type DemoMailbox } from '../../examples/demo/mailbox.js'
import { sendWithPassword } from '../../examples/demo/send-with-password.js'
import { type Stage, setStage } from '../../examples/demo/stage.js'

const address = 'me@example.com'
const message = { from: address, to: 'you@example.net', subject: 'Hello', text: 'Hello' }

describe.each(['starttls', 'implicit'] as const)('a consent, with a mail provider on %s', (tls) => {
  let stage: Stage
  let mailbox: DemoMailbox
  beforeAll(async () => {
    stage = await setStage({ tls })
    mailbox = await addMailbox(stage.postern, address)
  })
  afterAll(() => stage?.close())

  const state = async () => (await command(stage.postern, 'mailbox', 'show', address)).state
  const send = () => sendWithPassword(stage.process.smtpPort, mailbox, message)

  it('a consent is asked for as long as there is none', async () => {
    await expect(send()).rejects.toThrow(/454 4\.7\.0 .*\[postern:REAUTH\]/)
  })

  it('postern stores nothing when the person refuses, and says so', async () => {
    const page = await giveConsent(await consentLink(stage.postern, address), {
      login: address,
      refuse: true,
    })

    expect(page.url.origin).toBe(stage.postern.url)
    expect(page.status).toBeGreaterThanOrEqual(400)
    expect(page.status).toBeLessThan(500)
    expect(await state()).toBe('absent')
  })

  it('postern stores nothing when somebody else signs in, and names the address that has to', async () => {
    const page = await giveConsent(await consentLink(stage.postern, address), { login: 'other@example.com' })

    expect(page.status).toBeGreaterThanOrEqual(400)
    expect(page.body).toContain(address)
    expect(await state()).toBe('absent')
  })

  it('a consent opens the gate', async () => {
    const page = await giveConsent(await consentLink(stage.postern, address), { login: address })

    expect({ status: page.status, state: await state() }).toEqual({ status: 200, state: 'active' })
    await send()
    expect(stage.mailProvider.messages.at(-1)).toMatchObject({
      account: address,
      recipients: ['you@example.net'],
    })
  })

  it('a consent stays when another person tries afterwards', async () => {
    await giveConsent(await consentLink(stage.postern, address), { login: 'other@example.com' })

    expect(await state()).toBe('active')
    await send()
  })

  it('each link is taken once', async () => {
    const link = await consentLink(stage.postern, address)
    await giveConsent(link, { login: address })
    const again = await createBrowser().open(link)

    expect(again.status).toBe(404)
  })
})
