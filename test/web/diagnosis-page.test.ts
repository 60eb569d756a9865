import { describe, expect, it } from 'vitest'
import { failure } from '../../src/base/failure.ts'
import { fault, good } from '../../src/diagnosis/finding.ts'
import { text } from '../../src/failures/texts.ts'
import { signIn, submit, testServer } from './test-server.ts'

const path = '/mailboxes/me@example.com/diagnosis'

async function signedIn(role?: 'viewer') {
  const test = testServer()
  const { cookie, csrf } = await signIn(test, role)
  return {
    services: test.services,
    show: (language = 'en') => test.get(path).set('Cookie', cookie).set('Accept-Language', language),
    mailbox: () => test.get('/mailboxes/me@example.com').set('Cookie', cookie),
    examine: (form: Record<string, string> = {}, language = 'en') =>
      submit(test, path, { csrf, ...form }, { Cookie: cookie, 'Accept-Language': language }),
    forged: () => test.post(path).set('Cookie', cookie),
  }
}

describe('the page that finds what is wrong with a mailbox', () => {
  it('the page of the mailbox leads there, and there nothing is done before the button', async () => {
    const { services, show, mailbox } = await signedIn()
    expect((await mailbox()).text).toContain('href="/mailboxes/me%40example.com/diagnosis"')
    const { status, text: page } = await show()
    expect(status).toBe(200)
    expect(page).toContain('<h1>What is wrong with me@example.com?</h1>')
    expect(page).toContain('name="sendTo"')
    expect(services.doctor.asked).toEqual([])
  })

  it('each step is shown with what was seen and how long it took', async () => {
    const { services, examine } = await signedIn()
    const { status, text: page } = await examine({ sendTo: ' you@example.net ' })
    expect(status).toBe(200)
    expect(services.doctor.asked).toEqual(['me@example.com to you@example.net'])
    expect(page).toMatch(/<li class="good">.*<strong>Clock<\/strong> it agrees with that of login\.example/)
    expect(page).toContain('Nothing is wrong, as far as this can be seen.')
    expect(page.trimEnd()).toMatch(/<\/html>$/)
  })

  it('the first fault is shown with its meaning, what was said, and what helps', async () => {
    const { services, examine } = await signedIn()
    const refused = failure('upstream.test-sender-refused', { mailbox: 'me@example.com' })
    services.doctor.findings.push({ ...fault('sender', refused, '5.7.60 <no>'), milliseconds: 1234 })
    const { text: page } = await examine()
    expect(page).toMatch(/<li class="bad">.*<strong>Sender<\/strong>/)
    expect(page).toContain('1.23 s')
    expect(page).toContain('<code>5.7.60 &lt;no&gt;</code>')
    expect(page).toContain(refused.message)
    expect(page).toMatch(/What to do:<\/strong> /)
    expect(page).toContain('This is the cause: <strong>Sender</strong>')
  })

  it('the page is in Japanese, findings and all', async () => {
    const { services, examine } = await signedIn()
    const lost = failure('upstream.connection-lost', { host: 'smtp.example', reason: text('lost.closed') })
    services.doctor.findings.push({ ...good('key', text('doctor.key-fits')), milliseconds: 1 })
    services.doctor.findings.push({ ...fault('connect', lost), milliseconds: 1 })
    const { text: page } = await examine({}, 'ja')
    for (const words of [
      'ストアと一致しています',
      'プロバイダーが切断しました',
      '対処',
      '原因: <strong>接続</strong>',
    ])
      expect(page).toContain(words)
    expect(page).not.toMatch(/it fits the store|the provider closed it/)
  })

  it('what was typed stays where the doctor refuses it', async () => {
    const { services, examine } = await signedIn()
    services.doctor.mailbox = async () => {
      throw failure('address.no-mail-address', { text: 'nobody' })
    }
    const { status, text: page } = await examine({ sendTo: 'nobody' })
    expect(status).toBe(400)
    expect(page).toContain('&quot;nobody&quot; is not a mail address')
    expect(page).toContain('value="nobody"')
  })

  it('a viewer and a foreign form examine nothing', async () => {
    const viewer = await signedIn('viewer')
    expect((await viewer.show()).status).toBe(403)
    expect((await viewer.examine()).status).toBe(403)
    expect((await (await signedIn()).forged()).status).toBe(403)
  })
})
