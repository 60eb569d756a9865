import { describe, expect, it } from 'vitest'
import { signIn, submit, testServer } from './test-server.ts'

const disabled =
  '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. [x.prod.outlook.com]'

async function asked(text: string, language = 'en') {
  const test = testServer()
  const { cookie, csrf } = await signIn(test)
  const answer = await submit(
    test,
    '/explain',
    { csrf, text },
    { Cookie: cookie, 'Accept-Language': language },
  )
  return { ...test, status: answer.status, text: answer.text, cookie }
}

describe('the page that explains an error', () => {
  it('the page says what an error means and what helps, with the commands to copy', async () => {
    const { status, text } = await asked(`user me@example.com: ${disabled}`)
    expect(status).toBe(200)
    expect(text).toContain('SMTP AUTH is switched off for this mailbox')
    expect(text).toContain('An administrator at the provider can repair it.')
    expect(text).toMatch(/<pre tabindex="0" data-copy>Set-CASMailbox -Identity &#39;me@example\.com&#39;/)
  })

  it('the page says how the mailbox stands that the text names', async () => {
    const { text } = await asked(`to=<anna@example.net> from ME@example.com: AADSTS65001`)
    expect(text).toContain('<a href="/mailboxes/me%40example.com">me@example.com</a>')
    expect(text).toContain('Nobody has consented yet')
    expect(text).toContain('postern consent me@example.com')
    expect(text).toContain('postern consent --admin example')
  })

  it('the page speaks Japanese', async () => {
    const { text } = await asked(disabled, 'ja')
    expect(text).toContain(
      'このメールボックスの SMTP AUTH が、それ自身または組織の設定で無効になっています。',
    )
    expect(text).toContain('プロバイダー側の管理者が直せます。')
    expect((await asked('nothing', 'ja')).text).toContain('確認するとよいところ')
  })

  it('the page says where to look when it knows nothing', async () => {
    const { status, text } = await asked('it does not work')
    expect(status).toBe(200)
    expect(text).toContain('Nothing in this text is known to postern. Where to look:')
  })

  it('the page shows and logs nothing of the text', async () => {
    const secret = '0.AXoA9oQmz-q1v0Wc9Zt3mKpYf2Q'
    const { text, lines, get, cookie } = await asked(
      `http://localhost/oauth/callback?code=${secret}&error=access_denied <script>x</script>`,
    )
    expect(text).toContain('has refused the consent')
    const journal = await get('/journal').set('Cookie', cookie)
    for (const place of [text, lines.join('\n'), journal.text]) {
      expect(place).not.toContain(secret)
      expect(place).not.toContain('<script>x')
    }
  })

  it('the page is for an administrator', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test, 'viewer')
    expect((await test.get('/explain').set('Cookie', cookie)).status).toBe(403)
    expect((await test.post('/explain', { csrf, text: disabled }).set('Cookie', cookie)).status).toBe(403)
    expect((await test.get('/').set('Cookie', cookie)).text).not.toContain('href="/explain"')
    const administrator = await signIn(test)
    expect((await test.get('/').set('Cookie', administrator.cookie)).text).toContain('href="/explain"')
    const forged = test.post('/explain', { text: disabled }).set('Cookie', administrator.cookie)
    expect((await forged).status).toBe(403)
  })
})

describe('the page of the journal', () => {
  const refused = { event: 'message.refused', mailbox: 'me@example.com', code: 550 }

  it('the journal says what the reply to a refused message means, where that is known', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    test.log.warn({ ...refused, reply: '5.7.60 SMTP; Client does not have permissions' }, 'refused')
    test.log.warn({ ...refused, reply: '5.6.0 Something of its own' }, 'refused')
    test.log.warn(
      { event: 'grant.lapsed', mailbox: 'me@example.com', reason: 'invalid_grant: AADSTS700082: x' },
      'lapsed',
    )
    const { text } = await test.get('/journal').set('Cookie', cookie)
    expect(text.match(/It means:/g)).toHaveLength(2)
    expect(text).toContain('It means: The mailbox may not send as this sender.')
    expect(text).toContain('because it was not used for 90 days')
  })
})

describe('the page of a mailbox', () => {
  it('the page says what the reason of a lapse means', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    const address = 'old@example.com'
    const reason = 'invalid_grant: AADSTS50173: The provided grant has expired'
    test.services.mailboxes.all.push({ address, provider: 'example', state: 'lapsed', reason })
    const { text } = await test.get(`/mailboxes/${address}`).set('Cookie', cookie)
    expect(text).toContain('It means: The consent was ended: the password was changed')
  })
})
