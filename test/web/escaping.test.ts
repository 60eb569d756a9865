import { describe, expect, it } from 'vitest'
import type { Address } from '../../src/model/address.ts'
import { html } from '../../src/web/html.ts'
import { failureAs } from '../support/made-failure.ts'
import { pausedSending } from '../support/sending-status.ts'
import { link, signIn, testServer } from './test-server.ts'

const script = `"'><script>alert(1)</script><img src=x onerror=alert(2)>\u202e`
const scripted: Address = `${script}@example.com`

function expectHarmless(text: string): void {
  expect(text).not.toMatch(/<script(?! src="\/pages\.js" defer><\/script>)|<img|\u202e/)
  expect(text).toContain('&lt;script&gt;')
}

describe('the html tag', () => {
  it.each([
    [html`<p>${'<b>'}</p>`, '<p>&lt;b&gt;</p>'],
    [html`<a href="${`"'&`}">`, '<a href="&quot;&#39;&amp;">'],
    [html`<p>${html`<b>${'<'}</b>`}</p>`, '<p><b>&lt;</b></p>'],
    [html`<p>${'a\u202eb\u0000c\nd'}</p>`, '<p>a\ufffdb\ufffdc\nd</p>'],
    [html`${['<', html`<br>`, undefined, false, 0]}`, '&lt;<br>0'],
  ])('the tag escapes a value that is not HTML already: %s', (made, text) => {
    expect(made.toString()).toBe(text)
  })
})

describe('foreign text', () => {
  it('the pages escape the address, provider, reason and signer of a mailbox', async () => {
    const test = testServer()
    const mailbox = {
      address: scripted,
      provider: script,
      state: 'lapsed' as const,
      reason: script,
      since: script,
    }
    test.services.mailboxes.all.push({
      ...mailbox,
      signedInAs: scripted,
      signsInAs: scripted,
      scopes: [script],
    })
    test.services.mailboxes.show = async () => ({
      condition: 'needs-consent',
      ...mailbox,
      signedInAs: scripted,
      signsInAs: scripted,
      scopes: [script],
      sending: {
        ...pausedSending,
        pauses: [
          { about: 'sender', sender: script, since: script, until: script, reason: script, fix: script },
          {
            about: 'sign-in',
            since: script,
            until: script,
            reason: script,
            said: script,
          },
          { about: 'program', login: script, source: script, since: script, until: script, reason: script },
        ],
      },
    })
    const { cookie } = await signIn(test)
    expectHarmless((await test.get('/').set('Cookie', cookie)).text)
    expectHarmless((await test.get('/mailboxes/x').set('Cookie', cookie)).text)
  })

  it('the pages escape the names of the requester and of the person who signed in', async () => {
    const test = testServer()
    test.services.consent.requestedBy = script
    expectHarmless((await test.get(`/consent/${link}`)).text)
    test.services.consent.outcome = { mailbox: scripted, signedInAs: scripted }
    expectHarmless((await test.get('/oauth/callback?code=c')).text)
  })

  it('the pages escape every field of a journal entry', async () => {
    const test = testServer()
    test.log.warn(
      {
        event: 'message.refused',
        source: script,
        login: script,
        mailbox: script,
        by: script,
        sender: script,
        reply: script,
        senders: [script],
        [script]: script,
      },
      'refused',
    )
    const { cookie } = await signIn(test)
    expectHarmless((await test.get('/journal').set('Cookie', cookie)).text)
    const filtered = await test.get(
      `/journal?login=${encodeURIComponent(script)}&since=${encodeURIComponent(script)}`,
    )
    expect(filtered.status).toBe(401)
    const wrong = await test.get(`/journal?since=${encodeURIComponent(script)}`).set('Cookie', cookie)
    expect(wrong.status).toBe(400)
    expectHarmless(wrong.text)
  })

  it('the pages escape the browser of a session, a login, a key and a consent link', async () => {
    const test = testServer()
    test.services.consent.requestedBy = script
    await test.services.logins.add({
      mailboxes: ['me@example.com'],
      name: script,
      userName: script,
      senders: [script],
    })
    await test.services.apiKeys.add({ scopes: ['read'], name: script })
    const path = new URL(await test.server.signInLink()).pathname
    const signedIn = await test.post(path).set('User-Agent', script.replace('\u202e', ''))
    const cookie = signedIn.get('Set-Cookie')?.[0]?.split(';')[0] ?? ''
    for (const page of ['/account', '/logins', '/api-keys', '/consent-links'])
      expectHarmless((await test.get(page).set('Cookie', cookie)).text)
  })

  it("the pages escape and cut a provider's text in a refusal", async () => {
    const test = testServer()
    const message = `The provider says: ${script}${'z'.repeat(5000)}`
    test.services.consent.outcome = failureAs('forbidden', message, { fix: script })
    const { text } = await test.get('/oauth/callback?error=access_denied')
    expectHarmless(text)
    expect(text.match(/z/g)?.length).toBeLessThan(400)
  })

  it('an error page repeats no path or query', async () => {
    const test = testServer()
    for (const path of [
      `/${encodeURIComponent(script)}`,
      `/consent/${encodeURIComponent(script)}`,
      `/?q=${script}`,
    ]) {
      expect((await test.get(encodeURI(path))).text).not.toContain('alert(1)')
    }
  })
})
