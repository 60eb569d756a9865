import { describe, expect, it } from 'vitest'
import type { MailboxStatus } from '../../src/mailboxes/mailboxes.ts'
import { failureAs } from '../support/made-failure.ts'
import { signIn, submit, testServer } from './test-server.ts'

async function signedIn() {
  const test = testServer()
  const { cookie, csrf } = await signIn(test)
  Object.assign(test.services.mailboxes.all[0] ?? {}, { state: 'active' })
  return {
    services: test.services,
    page: () => test.get('/mailboxes/me@example.com').set('Cookie', cookie),
    send: (form: Record<string, string>) =>
      submit(test, '/mailboxes/me@example.com/test', { csrf, ...form }, { Cookie: cookie }),
  }
}

describe('a test message', () => {
  it('the page offers a test message where the mailbox can send, as postern or as one of its logins', async () => {
    const { services, page } = await signedIn()
    await services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    expect((await page()).text).toContain('<option value="login-1">Printer</option>')
    Object.assign(services.mailboxes.all[0] ?? {}, { state: 'absent' })
    expect((await page()).text).not.toContain('/test"')
  })

  it('the page shows each step that succeeded, and what the provider said', async () => {
    const { services, send } = await signedIn()
    services.sendTestMessage.steps.push(
      { step: 'token' },
      { step: 'connect' },
      { step: 'message', said: '2.0.0 <kept>' },
    )
    const { status, text } = await send({ to: 'you@example.net' })
    expect(status).toBe(200)
    expect(services.sendTestMessage.asked).toEqual(['me@example.com to you@example.net'])
    expect(text).toMatch(/class="good">.*It has taken the message</)
    expect(text).toContain('2.0.0 &lt;kept&gt;')
    expect(text.trimEnd()).toMatch(/<\/html>$/)
  })

  it('the page can be loaded again, which sends nothing again', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    test.services.sendTestMessage.steps.push({ step: 'token' }, { step: 'message' })
    const form = { csrf, to: 'you@example.net' }
    const sent = await test.post('/mailboxes/me@example.com/test', form).set('Cookie', cookie)
    expect(sent.status).toBe(303)
    const pages = [await test.follow(sent, cookie), await test.follow(sent, cookie)]
    for (const { text } of pages) expect(text).toMatch(/class="good">.*It has taken the message</)
    expect(test.services.sendTestMessage.asked).toEqual(['me@example.com to you@example.net'])
  })

  it('the form comes again with what is wrong at its field, and with what was typed', async () => {
    const { services, send } = await signedIn()
    await services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    const { status, text } = await send({ to: 'nobody', login: 'login-1' })
    expect(status).toBe(400)
    expect(text).toContain('role="alert"')
    expect(text).toMatch(/name="to"[^>]*aria-invalid="true"[^>]* value="nobody"/)
    expect(text).toContain('href="#to-field"')
    expect(text).toContain('<option value="login-1" selected>Printer</option>')
  })

  it('the form asks in Japanese for a login, not for a role', async () => {
    const { services, page } = await signedIn()
    await services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    const { text } = await page().set('Accept-Language', 'ja')
    expect(text).toContain('使用するログイン情報')
    expect(text).not.toContain('役割')
  })

  it('the page explains the step that failed, with what to do', async () => {
    const { services, send } = await signedIn()
    const failure = failureAs('provider-setup', 'smtp.example refused the sign-in', {
      fix: 'Enable SMTP AUTH.',
    })
    services.sendTestMessage.steps.push(
      { step: 'token' },
      { step: 'sign-in', failure, said: '5.7.139 disabled' },
    )
    const { text } = await send({ to: 'you@example.net' })
    expect(text).toContain('<li class="bad">')
    for (const words of [
      'Signed in at the provider',
      'refused the sign-in',
      '5.7.139 disabled',
      'Enable SMTP AUTH.',
      '/mailboxes/me%40example.com/diagnosis',
    ])
      expect(text).toContain(words)
  })

  it('a test message stops where the login may not use the sender', async () => {
    const { services, send } = await signedIn()
    await services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    Object.assign(services.logins.all[0] ?? {}, { mailboxes: ['other@example.com'] })
    services.logins.list = async () => services.logins.all
    const { text } = await send({ to: 'you@example.net', login: 'login-1' })
    expect(text).toContain('postern login allow login-1 --sender me@example.com')
    expect(services.sendTestMessage.asked).toEqual([])
  })

  it.each(['', 'nobody', '*@example.net', 'ü@example.net', 'a@example.net\r\nRCPT TO:<b@example.net>'])(
    'a test message is not sent without one plain address: %j',
    async (to) => {
      const { services, send } = await signedIn()
      expect((await send({ to })).status).toBe(400)
      expect(services.sendTestMessage.asked).toEqual([])
    },
  )

  it.each(['revoked', 'expired', undefined])(
    'a test message is not sent as a login that has ended (%s)',
    async (state) => {
      const { services, send } = await signedIn()
      await services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
      if (state === undefined) services.logins.all.splice(0)
      else Object.assign(services.logins.all[0] ?? {}, { state })
      const { text } = await send({ to: 'you@example.net', login: 'login-1' })
      expect(text).toContain('This login has ended')
      expect(services.sendTestMessage.asked).toEqual([])
    },
  )

  it('a test message is sent from a whole domain only as one of its addresses', async () => {
    const { services, send } = await signedIn()
    Object.assign(services.mailboxes.all[0] ?? {}, { address: '*@example.com' })
    services.mailboxes.show = async () => services.mailboxes.all[0] as MailboxStatus
    const { status, text } = await send({ from: 'boss@other.example', to: 'you@example.net' })
    expect(status).toBe(400)
    expect(text).toContain('boss@other.example is no address of *@example.com')
    expect(services.sendTestMessage.asked).toEqual([])
  })
})
