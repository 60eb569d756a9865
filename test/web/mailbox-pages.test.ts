import { describe, expect, it } from 'vitest'
import { failureAs } from '../support/made-failure.ts'
import { pausedSending } from '../support/sending-status.ts'
import { judged } from './memory-services.ts'
import { signIn, testServer } from './test-server.ts'

describe('the list of mailboxes', () => {
  it('the list shows each mailbox with its state', async () => {
    const test = testServer()
    test.services.mailboxes.all.push(
      { address: 'on@example.com', provider: 'example', state: 'active' },
      {
        address: 'off@example.com',
        provider: 'gone',
        state: 'lapsed',
        since: '2026-02-03T04:05:06.000Z',
        reason: 'password changed',
      },
    )
    const { cookie } = await signIn(test)
    const { text } = await test.get('/').set('Cookie', cookie)
    expect(text).toMatch(/me@example\.com<\/a> <span class="state absent">needs a consent</)
    expect(text).toMatch(/on@example\.com<\/a> <span class="state active">active</)
    expect(text).toMatch(/off@example\.com<\/a> <span class="state lapsed">needs a new consent</)
    expect(text).toContain('2026-02-03 04:05 UTC')
    expect(text).toContain('password changed')
    expect(text).toContain('href="/mailboxes/off%40example.com"')
  })

  it('the list shows for each mailbox its grant, its last send, and what comes next', async () => {
    const test = testServer()
    test.services.mailboxes.all.push({
      address: 'on@example.com',
      provider: 'example',
      state: 'active',
      signedInAs: 'boss@example.com',
      flow: 'authorization-code',
      renewsBy: '2026-03-02T00:00:00.000Z',
      lastSentAt: '2026-03-01T00:00:00.000Z',
      endings: [
        { kind: 'unused', endsAt: '2026-05-30T00:00:00.000Z', fix: 'Nothing' },
        { kind: 'client-secret', endsAt: '2026-06-30T00:00:00.000Z', fix: 'Make one' },
      ],
    })
    const { cookie } = await signIn(test)
    const { text } = await test.get('/').set('Cookie', cookie)
    expect(text).toContain('boss@example.com, by a consent in a browser')
    expect(text).toMatch(/Last send<\/dt><dd><time [^>]*>2026-03-01 00:00 UTC/)
    expect(text).toMatch(/Next renewal<\/dt><dd>by <time [^>]*>2026-03-02 00:00 UTC/)
    expect(text).toContain('2026-06-30: The client secret of the app registration')
    expect(text).not.toContain('2026-05-30')
  })

  it.each([
    ['token', 'failing'],
    ['mailbox', 'suspended for a while'],
    ['registration', 'suspended for a while'],
    ['sender', 'active'],
    ['program', 'active'],
  ] as const)('the list says what keeps a mailbox from sending: a pause about a %s', async (about, words) => {
    const test = testServer()
    const on = { address: 'on@example.com', provider: 'example', state: 'active' } as const
    test.services.mailboxes.all.push(on)
    const pause = {
      ...pausedSending.pauses[0],
      about,
      since: '2026-03-01T00:00:00.000Z',
      until: '2026-03-01T01:00:00.000Z',
      reason: 'It said no.',
      fix: 'Mend it.',
    }
    test.services.mailboxes.show = async () =>
      judged({ ...on, sending: { ...pausedSending, pauses: [pause] } })
    const { cookie } = await signIn(test)
    const { text } = await test.get('/').set('Cookie', cookie)
    expect(text).toMatch(new RegExp(`on@example\\.com</a> <span class="state [a-z]+">${words}<`))
    if (about !== 'sender' && about !== 'program')
      expect(text).toMatch(/It said no\. It is tried again at .*2026-03-01 01:00 UTC.*Mend it\./)
  })

  it('the list retries a paused mailbox on demand, and says how that went', async () => {
    const test = testServer()
    const on = { address: 'on@example.com', provider: 'example', state: 'active' } as const
    test.services.mailboxes.all.push(on)
    test.services.mailboxes.show = async () => judged({ ...on, sending: pausedSending })
    const { cookie, csrf } = await signIn(test)
    const page = await test.get('/mailboxes/on@example.com').set('Cookie', cookie)
    expect(page.text).toMatch(/action="\/mailboxes\/on(@|%40)example\.com\/tries"[\s\S]*Try now/)
    const tried: string[] = []
    test.services.mailboxes.tryNow = async (address) => {
      tried.push(address)
      if (tried.length > 1)
        throw failureAs('provider-setup', 'It said no', {
          fix: 'Mend it.',
          said: '5.7.139 <Disabled>',
        })
      return judged(on)
    }
    const tries = () => test.post('/mailboxes/on@example.com/tries', { csrf }).set('Cookie', cookie)
    expect((await tries()).text).toContain('The provider lets <strong>on@example.com</strong> in.')
    const refused = await tries()
    expect(refused.status).toBe(502)
    expect(refused.text).toMatch(/It said no\.[\s\S]*5\.7\.139 &lt;Disabled&gt;[\s\S]*Mend it\./)
    expect(tried).toEqual(['on@example.com', 'on@example.com'])
  })

  it("the list and the page show the provider's reason for a refused sign-in", async () => {
    const test = testServer()
    const on = { address: 'on@example.com', provider: 'example', state: 'active' } as const
    const said = '5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.'
    const [{ since, until } = { since: '', until: '' }] = pausedSending.pauses
    const pause = { about: 'sign-in', since, until, reason: 'It refused the access token.', said } as const
    test.services.mailboxes.all.push(on)
    test.services.mailboxes.show = async () =>
      judged({ ...on, sending: { ...pausedSending, pauses: [pause] } })
    const { cookie } = await signIn(test)
    for (const path of ['/', '/mailboxes/on@example.com'])
      expect((await test.get(path).set('Cookie', cookie)).text).toContain(`<code>${said}</code>`)
  })

  it('the list retries a refused consent on demand, and says when it was refused last', async () => {
    const test = testServer()
    const lapsed = { address: 'off@example.com', provider: 'example', state: 'lapsed' } as const
    const why = { since: '2026-03-01T00:00:00.000Z', reason: 'invalid_grant' }
    test.services.mailboxes.all.push({ ...lapsed, ...why, refusedAt: '2026-03-04T00:00:00.000Z' })
    test.services.mailboxes.all.push({ ...lapsed, ...why, address: 'moved@example.com' })
    const { cookie } = await signIn(test)
    const { text } = await test.get('/mailboxes/off@example.com').set('Cookie', cookie)
    expect(text).toMatch(/action="\/mailboxes\/off(@|%40)example\.com\/tries"[\s\S]*Try now/)
    expect(text).toMatch(
      /invalid_grant \(last refused on .*2026-03-04 00:00 UTC.*; postern tries it again each day\)/,
    )
    const moved = await test.get('/mailboxes/moved@example.com').set('Cookie', cookie)
    expect(moved.text).not.toContain('Try now')
  })

  it('the list shows fifty mailboxes at once, those that need a person first, and finds others', async () => {
    const test = testServer()
    for (let number = 100; number < 220; number += 1)
      test.services.mailboxes.all.push({
        address: `m${number}@example.com`,
        provider: 'example',
        state: 'active',
      })
    test.services.mailboxes.all.push({ address: 'zz@example.com', provider: 'example', state: 'lapsed' })
    const { cookie } = await signIn(test)
    const shown = async (path: string) => {
      const { text } = await test.get(path).set('Cookie', cookie)
      return [...text.matchAll(/<h2><a [^>]*>([^<]*)<\/a>/g)].map(([, address]) => address)
    }
    const first = await shown('/')
    expect(first).toHaveLength(50)
    expect(first.slice(0, 3)).toEqual(['zz@example.com', 'me@example.com', 'm100@example.com'])
    expect((await shown('/?from=100')).at(-1)).toBe('m219@example.com')
    expect(await shown('/?find=M17')).toHaveLength(10)
    expect((await test.get('/?find=M1&from=50').set('Cookie', cookie)).text).toContain('51 to 100 of 100')
  })

  it('the list says what to do next while nothing is configured', async () => {
    const unregistered = testServer({ registered: false })
    const first = await unregistered.get('/').set('Cookie', (await signIn(unregistered)).cookie)
    expect(first.text).toContain('What to do next')
    expect(first.text).toContain('href="/providers/example"')
    expect(first.text).toContain('http://localhost:8587/oauth/callback')

    const empty = testServer()
    empty.services.mailboxes.all.length = 0
    const second = await empty.get('/').set('Cookie', (await signIn(empty)).cookie)
    expect(second.text).toContain('postern mailbox add you@example.com --provider example')
  })
})

describe('the page of a mailbox', () => {
  it('the page shows what the mailbox may send now, and its pauses', async () => {
    const test = testServer()
    Object.assign(test.services.mailboxes.all[0] ?? {}, { state: 'active', sending: pausedSending })
    const { cookie } = await signIn(test)
    const { text } = await test.get('/mailboxes/me@example.com').set('Cookie', cookie)
    expect(text).toContain('<dd>12 of 30</dd>')
    expect(text).toContain(
      '<dd>10000 of 10000, room again at <time datetime="2026-03-01T12:00:00.000Z" data-ago>2026-03-01 12:00 UTC</time></dd>',
    )
    expect(text).toContain('1 open, 1 in use, 1 allowed for now, of 2')
    expect(text).toContain('2026-03-01 11:00 UTC')
    expect(text).toContain(
      'The provider said that the daily limit is reached (554 5.2.0). Wait, or send less.',
    )
    expect(text).toContain('<strong>fax@example.com</strong>')
  })

  it('the page shows who signed in, the scopes and the last renewal', async () => {
    const test = testServer()
    Object.assign(test.services.mailboxes.all[0] ?? {}, {
      state: 'active',
      signsInAs: 'boss@example.com',
      signedInAs: 'boss@example.com',
      flow: 'authorization-code',
      scopes: ['openid', 'https://mail.example.com/'],
      grantedAt: '2026-01-01T00:00:00.000Z',
      renewedAt: '2026-02-28T23:59:00.000Z',
    })
    const { cookie } = await signIn(test)
    const { text } = await test.get('/mailboxes/me@example.com').set('Cookie', cookie)
    for (const fact of [
      'boss@example.com',
      'openid https://mail.example.com/',
      '2026-02-28 23:59 UTC',
      'Reconnect',
    ]) {
      expect(text).toContain(fact)
    }
  })

  it('the page says how a program gets a password, once the mailbox can send', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    const page = async () => (await test.get('/mailboxes/me@example.com').set('Cookie', cookie)).text
    expect(await page()).not.toContain('postern login add')
    Object.assign(test.services.mailboxes.all[0] ?? {}, { state: 'active', scopes: [] })
    expect(await page()).toContain('postern login add me@example.com')
    expect(await page()).not.toContain('Scopes')
  })

  it('the page starts a consent in this browser', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    const response = await test.post('/mailboxes/me%40example.com/consent', { csrf }).set('Cookie', cookie)
    expect(response.text).toContain('Taking you to Example Mail')
    expect(test.services.consent.begun[0]?.target).toEqual({ mailbox: 'me@example.com' })
  })

  it('the page creates a consent link for another person', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    const response = await test
      .post('/mailboxes/me@example.com/consent-links', { csrf })
      .set('Cookie', cookie)
    expect(response.text).toContain('http://localhost:8587/consent/link-1.')
    expect(test.services.consent.requestedBy).toBe('the administrator')
  })

  it('the page sends a consent link by a channel for notices, and shows it on no page', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    const page = await test.get('/mailboxes/me@example.com').set('Cookie', cookie)
    expect(page.text).toContain('action="/mailboxes/me%40example.com/sent-consent-links"')
    const response = await test
      .post('/mailboxes/me@example.com/sent-consent-links', { csrf })
      .set('Cookie', cookie)
    expect(response.text).toContain('<li>webhook: sent</li>')
    expect(response.text).not.toContain('/consent/')
    expect(test.services.notices.sent).toEqual(['me@example.com for the administrator'])
  })

  it('the page asks for no consent where the mailbox is app-only', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    Object.assign(test.services.mailboxes.all[0] ?? {}, { state: 'active', flow: 'service-account' })
    const { text } = await test.get('/mailboxes/me@example.com').set('Cookie', cookie)
    expect(text).toContain('No consent is needed')
    expect(text).not.toContain('/consent"')
    expect(text).not.toContain('example.com/consent-links')
  })

  it('the page says what will expire, and what to do', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    const endings = [{ kind: 'client-secret', endsAt: '2027-11-30T00:00:00.000Z', fix: 'Make a new one.' }]
    Object.assign(test.services.mailboxes.all[0] ?? {}, { state: 'active', endings })
    const { text } = await test.get('/mailboxes/me@example.com').set('Cookie', cookie)
    expect(text).toContain(
      '<dt>The client secret of the app registration</dt><dd>2027-11-30. Make a new client secret at the provider, put it into the settings as the next one, and restart: both work until the first one ends.</dd>',
    )
  })

  it('the page says that a mailbox is unknown', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    const response = await test.get('/mailboxes/nobody@example.com').set('Cookie', cookie)
    expect(response.status).toBe(404)
    expect(response.type).toBe('text/html')
    expect(response.text).toContain('Add it first.')
  })
})

describe('adding and removing a mailbox', () => {
  it('the form offers the registered providers, and leads to the page of the new mailbox', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    const form = await test.get('/mailboxes/new').set('Cookie', cookie)
    expect(form.text).toContain('<option value="example">Example Mail</option>')
    const filled = {
      csrf,
      address: ' new@example.com ',
      provider: 'example',
      aliases: 'a@example.com\r\nb@example.com',
    }
    const added = await test.post('/mailboxes', filled).set('Cookie', cookie)
    expect([added.status, added.headers.location]).toEqual([303, '/mailboxes/new%40example.com'])
    expect(test.services.mailboxes.all.at(-1)).toMatchObject({
      address: 'new@example.com',
      aliases: ['a@example.com', 'b@example.com'],
    })
  })

  it('the form says what is wrong with a mailbox, and keeps what was filled in', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    const again = await test
      .post('/mailboxes', { csrf, address: 'me@example.com', provider: 'example' })
      .set('Cookie', cookie)
    expect(again.status).toBe(409)
    expect(again.text).toContain('exists already')
    expect(again.text).toContain('value="me@example.com"')
    const unregistered = testServer({ registered: false })
    const none = await unregistered.get('/mailboxes/new').set('Cookie', (await signIn(unregistered)).cookie)
    expect(none.text).toContain('no app registration')
  })

  it('the page asks before it removes a mailbox, names the logins that end with it, and says what became of its consent', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    await test.services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    const question = await test.get('/mailboxes/me@example.com/remove').set('Cookie', cookie)
    expect(question.text).toContain('<li>Printer (login)</li>')
    expect(test.services.mailboxes.all).toHaveLength(1)
    const gone = await test.post('/mailboxes/me@example.com/remove', { csrf }).set('Cookie', cookie)
    expect(gone.text).toContain('ended at the provider, too')
    expect(test.services.mailboxes.all).toEqual([])
  })

  it.each([
    ['get', '/mailboxes/new'],
    ['post', '/mailboxes'],
    ['get', '/mailboxes/me@example.com/remove'],
    ['post', '/mailboxes/me@example.com/remove'],
  ] as const)(
    'the pages allow %s %s only to a signed-in administrator, and a form only with the token of the session',
    async (method, path) => {
      const test = testServer()
      expect((await test[method](path)).status).toBe(401)
      if (method === 'post')
        expect(
          (await test.post(path, { csrf: 'wrong' }).set('Cookie', (await signIn(test)).cookie)).status,
        ).toBe(403)
      expect(test.services.mailboxes.all).toHaveLength(1)
    },
  )
})

describe('the page of a provider', () => {
  it('the page says how well a provider is known and how to set it up, and is linked from the list', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    const list = await test.get('/').set('Cookie', cookie)
    expect(list.text).toContain('<a href="/providers/example">Example Mail</a>')
    expect(list.text).toContain('iCloud Mail')
    const { text } = await test.get('/providers/example').set('Cookie', cookie)
    expect(text).toContain('as the providers file has it')
    expect(text).toContain('<code data-copy>http://localhost:8587/oauth/callback</code>')
    expect((await test.get('/providers/example')).status).toBe(401)
  })
})

describe('below a path of the public address', () => {
  it.each(['/postern', ''])(
    'the path is put into every link, and requests with the prefix "%s" are accepted',
    async (prefix) => {
      const test = testServer({ publicUrl: 'https://example.com/postern' })
      const link = test.server.signInLink()
      expect(link).toMatch(/^https:\/\/example\.com\/postern\/sign-in\//)
      const path = new URL(link).pathname.slice('/postern'.length)
      const response = await test.post(prefix + path)
      expect(response.headers.location).toBe('/postern/account')
      const { text } = await test
        .get(`${prefix}/`)
        .set('Cookie', String(response.headers['set-cookie']).split(';')[0] ?? '')
      expect(text).toContain('href="/postern/mailboxes/me%40example.com"')
      expect(text).toContain('https://example.com/postern/oauth/callback')
    },
  )
})
