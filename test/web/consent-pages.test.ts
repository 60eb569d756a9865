import { describe, expect, it } from 'vitest'
import { filled } from '../../src/base/failure.ts'
import { ConsentRefused } from '../../src/consent/consent-refused.ts'
import { failureAs } from '../support/made-failure.ts'
import { cookiesOf, link, signIn, testServer } from './test-server.ts'

const authorize = 'https://login.example.com/authorize?state=state-1&amp;x=%22%27%3C&amp;'

const somebodyElse = { person: 'you@example.com', expected: 'boss@example.com', mailbox: 'boss@example.com' }

describe('a consent link', () => {
  it('a consent link shows what it would do before anything happens, without a session', async () => {
    const test = testServer()
    const { status, text } = await test.get(`/consent/${link}`)
    expect(status).toBe(200)
    for (const fact of [
      'me@example.com',
      'boss@example.com',
      'Example Mail',
      'the administrator',
      '2026-03-01 10:20 UTC',
    ]) {
      expect(text).toContain(fact)
    }
    expect(text).not.toContain('login.example.com')
    expect(test.services.consent.begun).toEqual([])
  })

  it('a consent link says which organisation asks, where that is set', async () => {
    const test = testServer({ organisation: 'Example Ltd <IT>' })
    const { text } = await test.get(`/consent/${link}`)
    expect(text).toContain('<dt>Requested by</dt><dd>Example Ltd &lt;IT&gt; (the administrator)</dd>')
    expect((await test.get('/sign-in')).text).toMatch(/<footer>.*Example Ltd &lt;IT&gt; · /s)
  })

  it('a consent starts with a page that forwards to the provider, not with a redirect', async () => {
    const test = testServer()
    const { status, text } = await test.post(`/consent/${link}`)
    expect(status).toBe(200)
    expect(text).toContain(`<meta http-equiv="refresh" content="0;url=${authorize}">`)
    expect(text).toContain(`href="${authorize}"`)
    expect(text).toContain('Taking you to Example Mail')
  })

  it.each(['get', 'post'] as const)(
    'an unknown or used link is answered as just that (%s)',
    async (method) => {
      const test = testServer()
      const response = await test[method]('/consent/unknown')
      expect(response.status).toBe(404)
      expect(response.text).toContain('Ask for a new one.')
    },
  )

  it('a consent link never appears in the log', async () => {
    const test = testServer()
    await test.get(`/consent/${link}`)
    await test.post(`/consent/${link}`)
    await test.get(`/consent/${link}x`)
    await test.get('/oauth/callback?code=the-code&state=the-state')
    test.services.consent.outcome = failureAs('forbidden', 'Refused')
    await test.get('/oauth/callback?code=the-code&state=the-state')
    expect(test.lines.join('\n')).not.toMatch(new RegExp(`${link}|the-code|the-state`))
  })
})

describe('the cookie of a consent', () => {
  it('the cookie is sent on the way back from another site', async () => {
    const [plain] = cookiesOf(await testServer().post(`/consent/${link}`))
    expect(plain).toMatch(/^postern_consent=[\w-]{43}; .*Path=\/; .*HttpOnly; SameSite=Lax$/)
    const [tls] = cookiesOf(
      await testServer({ publicUrl: 'https://mail.example.com' }).post(`/consent/${link}`),
    )
    expect(tls).toMatch(/^__Host-postern_consent=[\w-]{43}; .*Path=\/; .*HttpOnly; Secure; SameSite=Lax$/)
  })

  it('the cookie is kept when it is well-formed, and replaced otherwise', async () => {
    const test = testServer()
    const kept = 'k'.repeat(43)
    await test.post(`/consent/${link}`).set('Cookie', `other=1; postern_consent=${kept}`)
    await test.post(`/consent/${link}`).set('Cookie', 'postern_consent=short')
    await test.post(`/consent/${link}`).set('Cookie', `postern_consent=${kept}x`)
    const browsers = test.services.consent.begun.map(({ browser }) => browser)
    expect(browsers[0]).toBe(kept)
    expect(browsers.slice(1)).not.toContain(kept)
    expect(new Set(browsers).size).toBe(3)
  })
})

describe('the callback', () => {
  it('a callback completes the consent with the public address and the cookie, whatever Host the request has', async () => {
    const test = testServer({ publicUrl: 'https://mail.example.com' })
    const cookie = 'c'.repeat(43)
    const response = await test
      .get('/oauth/callback?code=a%2Fb&state=s&iss=https%3A%2F%2Flogin.example.com')
      .set({ Host: 'localhost:8587', 'X-Forwarded-Proto': 'ftp', Cookie: `__Host-postern_consent=${cookie}` })
    expect(response.status).toBe(303)
    expect(response.headers.location).toMatch(/^\/oauth\/result\/[\w-]{43}$/)
    expect(test.services.consent.callbacks).toEqual([
      {
        url: 'https://mail.example.com/oauth/callback?code=a%2Fb&state=s&iss=https%3A%2F%2Flogin.example.com',
        browser: cookie,
      },
    ])
  })

  describe('leaves the address with the code in it', () => {
    const cookie = `postern_consent=${'c'.repeat(43)}`
    const callback = '/oauth/callback?code=the-code&state=the-state'

    it.each<[string, ConsentRefused | undefined, number, string]>([
      ['of a consent', undefined, 200, 'Connected'],
      [
        'of a refusal',
        new ConsentRefused('wrong-person', filled('consent.wrong-person', somebodyElse)),
        403,
        'you@example.com signed in, but boss@example.com has to',
      ],
    ])(
      'a callback that can be loaded again leaves the address with the code in it: %s',
      async (_, refused, status, said) => {
        const test = testServer()
        if (refused) test.services.consent.outcome = refused
        const back = await test.get(callback).set('Cookie', cookie)
        expect(back.status).toBe(303)
        expect(back.headers.location).not.toMatch(/the-code|the-state/)
        for (const shown of [await test.follow(back, cookie), await test.follow(back, cookie)]) {
          expect(shown.status).toBe(status)
          expect(shown.text).toContain(said)
        }
        // To others it says nothing.
        for (const other of ['', `postern_consent=${'o'.repeat(43)}`])
          expect((await test.follow(back, other)).status).toBe(404)
        test.time.monotonic += 24 * 3_600_000
        expect((await test.follow(back, cookie)).text).toContain('whether it is connected')
      },
    )

    it('a callback does nothing more and shows the same when it is reloaded, or loaded twice at once', async () => {
      const test = testServer()
      const ask = () => test.get(callback).set('Cookie', cookie)
      const [first, second] = await Promise.all([ask(), ask()])
      const third = await ask()
      expect(new Set([first, second, third].map(({ headers }) => headers.location)).size).toBe(1)
      expect(test.services.consent.callbacks).toHaveLength(1)
      expect((await test.follow(third, cookie)).text).toContain('Connected')
    })

    it('an undecided consent can be tried again', async () => {
      const test = testServer()
      test.services.consent.outcome = failureAs('store-unavailable', 'The store does not answer')
      expect((await test.get(callback).set('Cookie', cookie)).status).toBe(503)
      test.services.consent.outcome = new ConsentRefused('other-browser', filled('consent.other-browser'))
      expect((await test.get(callback).set('Cookie', cookie)).status).toBe(400)
      test.services.consent.outcome = { mailbox: 'me@example.com' }
      const back = await test.get(callback).set('Cookie', cookie)
      expect((await test.follow(back, cookie)).text).toContain('Connected')
    })
  })

  it('a callback names the mailbox and the person who signed in', async () => {
    const test = testServer()
    test.services.consent.outcome = { mailbox: 'team@example.com', signedInAs: 'boss@example.com' }
    const { text } = await test.get('/oauth/callback?code=c&state=s')
    expect(text).toContain('team@example.com')
    expect(text).toContain('boss@example.com')
  })

  async function refusedAfter(
    begin: 'link' | 'mailbox',
    returning: (cookie: string) => string,
    state = 'state-1',
  ) {
    const test = testServer()
    const session = await signIn(test)
    const begun =
      begin === 'link'
        ? await test.post(`/consent/${link}`)
        : await test
            .post('/mailboxes/me@example.com/consent', { csrf: session.csrf })
            .set('Cookie', session.cookie)
    const cookie = cookiesOf(begun)[0]?.split(';')[0] ?? ''
    test.services.consent.outcome = failureAs('forbidden', 'Somebody else signed in', {
      fix: 'Sign in as the boss.',
    })
    return await test.get(`/oauth/callback?error=x&state=${state}`).set('Cookie', returning(cookie))
  }

  it('a refusal is shown with what is wrong and what to do, and a link back', async () => {
    const fromLink = await refusedAfter('link', (cookie) => cookie)
    expect(fromLink.status).toBe(403)
    expect(fromLink.text).toContain('Somebody else signed in.')
    expect(fromLink.text).toContain('Sign in as the boss.')
    expect(fromLink.text).toContain(`href="/consent/${link}"`)
    const fromMailbox = await refusedAfter('mailbox', (cookie) => cookie)
    expect(fromMailbox.text).toContain('href="/mailboxes/me%40example.com"')
  })

  it('a final refusal shows no link back', async () => {
    const test = testServer()
    const begun = await test.post(`/consent/${link}`)
    test.services.consent.outcome = new ConsentRefused('link-ended', filled('consent.link-ended'))
    const cookie = cookiesOf(begun)[0]?.split(';')[0] ?? ''
    const back = await test.get('/oauth/callback?state=state-1').set('Cookie', cookie)
    const { text } = await test.follow(back, cookie)
    expect(text).toContain('Ask the person who sent it for a new link.')
    expect(text).not.toContain('Try again')
  })

  it('a refusal shows the link back to no other browser, and for no other consent', async () => {
    for (const response of [
      await refusedAfter('link', () => `postern_consent=${'o'.repeat(43)}`),
      await refusedAfter('link', () => 'a=b'),
      await refusedAfter('link', (cookie) => cookie, 'state-2'),
    ]) {
      expect(response.status).toBe(403)
      expect(response.text).not.toContain(link)
    }
  })

  it('an internal error is answered with a page without details', async () => {
    const test = testServer()
    test.services.consent.outcome = new TypeError('secret of the inside')
    const response = await test.get('/oauth/callback?code=c&state=s')
    expect(response.status).toBe(500)
    expect(response.text).not.toMatch(/TypeError|secret of the inside|\.ts/)
  })

  it.each([
    '',
    '?',
    '?code',
    '?code=%zz',
    '?state=a&state=b',
    `?${'x'.repeat(8000)}`,
    '?__proto__=1',
    '?a=\u00ff',
  ])('a callback accepts any query: "%s"', async (query) => {
    const response = await testServer().get(`/oauth/callback${query}`)
    expect(response.status).toBeLessThan(500)
  })
})

describe('a provider that cannot come back', () => {
  const state = 'state-1'

  it('the page opens the provider in another tab, beside a form for its answer', async () => {
    const test = testServer()
    test.services.consent.byHand = true
    const { text } = await test.post(`/consent/${link}`)
    expect(text).not.toContain('http-equiv="refresh"')
    expect(text).toContain(`<a href="${authorize}`)
    expect(text).toContain('target="_blank" rel="noreferrer"')
    expect(text).toContain(`<input type="hidden" name="state" value="${state}">`)
    expect(text).toContain('action="/oauth/paste"')
  })

  it('the page completes the consent with the pasted answer, in the same browser', async () => {
    const test = testServer()
    const cookie = 'c'.repeat(43)
    const done = await test
      .post('/oauth/paste')
      .set('Cookie', `postern_consent=${cookie}`)
      .type('form')
      .send({ answer: 'the-code', state })
    expect(done.status).toBe(303)
    const { text } = await test.follow(done, `postern_consent=${cookie}`)
    expect(text).toContain('Connected')
    expect(test.services.consent.callbacks).toEqual([{ url: `the-code ${state}`, browser: cookie }])
    expect(test.lines.join('\n')).not.toContain('the-code')
  })

  it('the page says what was wrong with the answer, and refuses a foreign form', async () => {
    const test = testServer()
    test.services.consent.outcome = failureAs('invalid', 'This is not what the browser ended at', {
      fix: 'Copy it all.',
    })
    const { status, text } = await test.post('/oauth/paste').type('form').send({ answer: 'x', state })
    expect(status).toBe(400)
    expect(text).toContain('Copy it all.')
    const foreign = await test
      .post('/oauth/paste')
      .set('Origin', 'https://evil.example')
      .type('form')
      .send({ state })
    expect(foreign.status).toBe(403)
  })
})

it('an administrator who has consented for an organisation is told what comes next', async () => {
  const test = testServer()
  const callback = '/oauth/callback?admin_consent=True&tenant=x&state=of-an-administrator'
  const { status, text } = await test.follow(await test.get(callback))
  expect(status).toBe(200)
  expect(text).toContain('contoso.example')
  expect(text).toContain('postern provider show')
  expect(test.services.consent.callbacks).toEqual([])
})
