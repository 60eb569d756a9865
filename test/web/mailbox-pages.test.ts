import { describe, expect, it } from 'vitest'
import { failure } from '../../src/base/failure.ts'
import type { MailboxRequest } from '../../src/mailboxes/mailboxes.ts'
import type { GrantFlow } from '../../src/providers/provider.ts'
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
    expect(text).toMatch(/>me@example\.com<\/a><\/td>.*<span class="badge off">not connected yet</)
    expect(text).toMatch(/>on@example\.com<\/a><\/td>.*<span class="badge good">OK, never used</)
    expect(text).toMatch(/>off@example\.com<\/a><\/td>.*<span class="badge bad">needs a new consent</)
    expect(text).toMatch(/Needs attention[\s\S]*off@example\.com[\s\S]*2026-02-03 04:05 UTC/)
    expect(text).toContain('password changed')
    expect(text).toContain('href="/mailboxes/off%40example.com"')
  })

  it('the list shows for each mailbox when it last sent, what failed since, and what ends', async () => {
    const test = testServer()
    test.services.mailboxes.all.push({
      address: 'on@example.com',
      provider: 'example',
      state: 'active',
      lastSentAt: '2026-03-01T00:00:00.000Z',
      lastOutcome: { at: '2026-03-01T00:01:00.000Z', tried: 'message', outcome: 'refused', failures: 2 },
      endings: [
        { kind: 'unused', endsAt: '2026-05-30T00:00:00.000Z', fix: 'Nothing' },
        { kind: 'client-secret', endsAt: '2026-06-30T00:00:00.000Z', fix: 'Make one' },
      ],
    })
    const { cookie } = await signIn(test)
    const { text } = await test.get('/').set('Cookie', cookie)
    const row = text.split('\n').find((line) => line.includes('>on@example.com</a></td>'))
    expect(row).toMatch(/data-label="Last sent"><time datetime="2026-03-01T00:00:00\.000Z"/)
    expect(row).toContain('data-label="Failures">2</td>')
    expect(row).toContain('<time datetime="2026-06-30"')
    expect(row).not.toContain('2026-05-30')
  })

  it('a mailbox that failed when it was tried last stands first, with why and what to do, in both languages', async () => {
    const test = testServer()
    const failed = {
      ...failure('upstream.token-refused', {
        host: 'smtp.example',
        mailbox: 'zz',
        status: '535',
        said: 'no',
      }),
    }
    test.services.mailboxes.all.push({
      address: 'zz@example.com',
      provider: 'example',
      state: 'active',
      lastOutcome: {
        at: '2026-03-01T00:01:00.000Z',
        tried: 'test',
        outcome: 'failed',
        failures: 1,
        code: 'provider-setup',
        message: 'smtp.example refused the access token',
        fix: 'Look there.',
        failure: { id: failed.id, values: failed.values },
        said: '535 5.7.3 <unsuccessful>',
      },
    })
    const { cookie } = await signIn(test)
    const { text } = await test.get('/').set('Cookie', cookie)
    expect([...text.matchAll(/>([a-z]+@example\.com)<\/a><\/td>/g)].map(([, found]) => found)).toEqual([
      'zz@example.com',
      'me@example.com',
    ])
    expect(text).toMatch(
      /The last test message was not sent \([\s\S]*refused the access token\.[\s\S]*Look there\./,
    )
    const page = await test.get('/mailboxes/zz@example.com').set('Cookie', cookie)
    expect(page.text).toMatch(/id="mailbox-state" data-live class="mistake"[\s\S]*cannot send[\s\S]*Try now/)
    expect(page.text).toContain('535 5.7.3 &lt;unsuccessful&gt;')
    const japanese = await test
      .get('/mailboxes/zz@example.com')
      .set('Cookie', cookie)
      .set('Accept-Language', 'ja')
    expect(japanese.text).toMatch(/送信できません[\s\S]*最後のテストメッセージ/)
    expect(japanese.text).not.toContain('refused the access token')
  })

  it.each([
    ['token', 'cannot send'],
    ['mailbox', 'paused'],
    ['registration', 'paused'],
    ['sender', 'OK, never used'],
    ['program', 'OK, never used'],
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
    expect(text).toMatch(new RegExp(`on@example\\.com</a></td>.*<span class="badge [a-z]+">${words}<`))
    if (about !== 'sender' && about !== 'program')
      expect(text).toMatch(/Paused until .*2026-03-01 01:00 UTC.*It said no\..*Mend it\./)
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
    const shown = async () => (await test.get('/mailboxes/on%40example.com').set('Cookie', cookie)).text
    const first = await tries()
    expect([first.status, first.headers.location]).toEqual([303, '/mailboxes/on%40example.com'])
    expect(await shown()).toContain('The provider lets <strong>on@example.com</strong> in.')
    expect((await tries()).status).toBe(303)
    expect(await shown()).toMatch(/It said no\.[\s\S]*5\.7\.139 &lt;Disabled&gt;[\s\S]*Mend it\./)
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
    expect((await test.get('/').set('Cookie', cookie)).text).toContain('It refused the access token.')
    const page = await test.get('/mailboxes/on@example.com').set('Cookie', cookie)
    expect(page.text).toContain(`<code>${said}</code>`)
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
    expect(text).toMatch(/It was refused last .*2026-03-04 00:00 UTC.*; postern tries it again each day/)
    expect(text).toContain('<code>invalid_grant</code>')
    const moved = await test.get('/mailboxes/moved@example.com').set('Cookie', cookie)
    expect(moved.text).not.toContain('Try now')
  })

  it('the list is searched, filtered, sorted and paged by its address, those that need a person first', async () => {
    const test = testServer()
    for (let number = 100; number < 220; number += 1)
      test.services.mailboxes.all.push({
        address: `m${number}@example.com`,
        provider: number < 110 ? 'gone' : 'example',
        state: 'active',
        ...(number === 150 && { lastSentAt: '2026-03-01T00:00:00.000Z' }),
      })
    test.services.mailboxes.all.push({ address: 'zz@example.com', provider: 'example', state: 'lapsed' })
    const { cookie } = await signIn(test)
    const page = async (path: string) => (await test.get(path).set('Cookie', cookie)).text
    const shown = async (path: string) =>
      [...(await page(path)).matchAll(/>([a-z0-9]+@example\.com)<\/a><\/td>/g)].map(([, address]) => address)
    const first = await shown('/')
    expect(first).toHaveLength(40)
    expect(first.slice(0, 3)).toEqual(['zz@example.com', 'me@example.com', 'm100@example.com'])
    expect((await shown('/?from=120')).at(-1)).toBe('m150@example.com')
    expect(await shown('/?find=M17')).toHaveLength(10)
    expect(await page('/?find=M1&from=40')).toContain('41 to 80 of 100')
    expect(await shown('/?state=needs-consent')).toEqual(['zz@example.com'])
    expect(await shown('/?provider=gone')).toHaveLength(10)
    expect((await shown('/?sort=address'))[0]).toBe('m100@example.com')
    expect((await shown('/?sort=sent'))[0]).toBe('m150@example.com')
    // Each filter says how many it leads to, and keeps the others.
    const gone = await page('/?provider=gone&find=m1')
    expect(gone).toContain('href="/?find=m1&amp;state=never-used&amp;provider=gone"')
    expect(gone).toContain('OK, never used: 10')
    expect(gone).toContain('<option value="gone" selected>gone (10)</option>')
  })

  it('a search without a hit says so, and leads back', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    const { text } = await test.get('/?find=nobody-here').set('Cookie', cookie)
    expect(text).toMatch(/role="status">No mailbox matches this search\. <a href="\/">Show all/)
    expect(text).toContain('value="nobody-here"')
  })

  it('consent links are sent for several mailboxes at once, and the answer says for how many', async () => {
    const test = testServer()
    test.services.mailboxes.all.push({ address: 'you@example.com', provider: 'example', state: 'lapsed' })
    test.services.mailboxes.all.push({
      address: 'app@example.com',
      provider: 'example',
      state: 'active',
      flow: 'client-credentials',
    })
    const { cookie, csrf } = await signIn(test)
    const list = await test.get('/').set('Cookie', cookie)
    expect(list.text).toContain('aria-label="Choose you@example.com"')
    expect(list.text).not.toContain('Choose app@example.com')
    const send = test.services.notices.sendConsentLink
    test.services.notices.sendConsentLink = async (mailbox, asker) => {
      if (mailbox === 'gone@example.com') throw failureAs('not-found', 'There is no such mailbox')
      return send(mailbox, asker)
    }
    const chosen = ['me@example.com', 'you@example.com', 'gone@example.com']
    const sent = await test
      .post('/mailboxes/sent-consent-links', { csrf, mailbox: chosen as never })
      .set('Cookie', cookie)
    expect([sent.status, sent.headers.location]).toEqual([303, '/'])
    expect(test.services.notices.sent).toEqual([
      'me@example.com for the administrator',
      'you@example.com for the administrator',
    ])
    const { text } = await test.get('/').set('Cookie', cookie)
    expect(text).toMatch(/2 of 3 consent links were sent\.<br>gone@example\.com: There is no such mailbox/)
  })

  it('the overview says where it listens, what was sent, and whether notices arrive', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    test.log.info({ event: 'message.sent', mailbox: 'me@example.com', login: 'hall' }, 'message sent')
    for (let count = 0; count < 6; count += 1)
      test.log.warn(
        {
          event: 'sign-in.refused',
          login: 'Scanner',
          mailboxes: ['me@example.com'],
          reason: 'wrong-credentials',
        },
        'sign-in refused',
      )
    const { text } = await test.get('/').set('Cookie', cookie)
    expect(text).toContain('1 sent, 0 refused or failed')
    expect(text).toMatch(/<h2>SMTP<\/h2><ul class="plain"><li><code>[^<]+:\d+<\/code> <span class="badge/)
    expect(text).toMatch(
      /<strong>Scanner<\/strong>: wrong password 6 times[\s\S]*href="\/journal\?login=Scanner"/,
    )
    expect(text).toContain('Message sent')
    const tested = await test.post('/test-notices', { csrf }).set('Cookie', cookie)
    expect([tested.status, tested.headers.location]).toEqual([303, '/'])
    expect(test.services.notices.sent).toEqual(['test for administrator'])
    expect((await test.get('/').set('Cookie', cookie)).text).toContain(
      'A test notice was sent: webhook: sent',
    )
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
      '<dd>10000 of 10000, limit frees up at <time datetime="2026-03-01T12:00:00.000Z" data-ago>2026-03-01 12:00 UTC</time></dd>',
    )
    expect(text).toContain('1 of 1 connections in use (1 open); usually 2 are allowed')
    expect(text).toContain('2026-03-01 11:00 UTC')
    // Once: at the top.
    expect(text.split('The provider said that the daily limit is reached (554 5.2.0).')).toHaveLength(2)
    expect(text).toContain('(554 5.2.0). <strong>What to do:</strong> Wait, or send less.')
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
      'Sign in again',
    ]) {
      expect(text).toContain(fact)
    }
  })

  it('the page has ten of its logins, the last used first, and leads to all of them', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    const address = 'on@example.com'
    await test.services.mailboxes.add({ address, provider: 'example' })
    const page = async (path: string) => (await test.get(path).set('Cookie', cookie)).text
    const rows = (text: string) => (text.match(/<a href="\/logins\/login-\d+">/g) ?? []).length
    const leads = '<a href="/logins?mailbox=on%40example.com">All logins of this mailbox: 12</a>'
    for (let at = 0; at < 12; at += 1)
      await test.services.logins.add({ mailboxes: [address], userName: `device-${at}`, name: `Device ${at}` })
    await test.services.logins.add({ mailboxes: ['other@example.com'], name: 'Of another' })
    const itsPage = await page(`/mailboxes/${address}`)
    expect(rows(itsPage)).toBe(10)
    expect(itsPage).toContain(leads)
    const all = await page('/logins?mailbox=on%40example.com')
    expect(rows(all)).toBe(12)
    expect(all).not.toContain('Of another')
    // What is asked for further keeps the mailbox.
    expect(all).toContain('<input type="hidden" name="mailbox" value="on@example.com">')
    expect(all).toContain('/logins?mailbox=on%40example.com&amp;sort=used')
    expect(all).toContain('/logins/new?mailbox=on%40example.com')
    const notAsked = await page('/logins?mailbox=nonsense')
    expect(notAsked).toContain('Of another')
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
    expect(response.status).toBe(303)
    const shown = await test.get(String(response.headers.location)).set('Cookie', cookie)
    expect(shown.text).toContain('http://localhost:8587/consent/link-1.')
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
    expect(response.status).toBe(303)
    const shown = await test.get('/mailboxes/me%40example.com').set('Cookie', cookie)
    expect(shown.text).toContain('webhook: sent')
    expect(shown.text).not.toContain('/consent/')
    expect(test.services.notices.sent).toEqual(['me@example.com for the administrator'])
  })

  it('the page asks for no consent where the mailbox is app-only', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    Object.assign(test.services.mailboxes.all[0] ?? {}, { state: 'active', flow: 'service-account' })
    const { text } = await test.get('/mailboxes/me@example.com').set('Cookie', cookie)
    expect(text).toContain('The app registration itself sends for this mailbox.')
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
      '<dt>The client secret of the app registration</dt><dd><time datetime="2027-11-30" data-ago>2027-11-30</time>. Make a new client secret at the provider, and add it here as the next one: on the page of the registration, by &quot;postern registration set&quot;, or in the settings, with a restart. Both work until the first one ends.</dd>',
    )
  })

  it('what a provider said of a lapsed consent ends in one full stop', async () => {
    const test = testServer()
    test.services.mailboxes.all.push({
      address: 'off@example.com',
      provider: 'example',
      state: 'lapsed',
      reason: 'AADSTS50173: A fresh auth token is needed.',
    })
    const { cookie } = await signIn(test)
    const { text } = await test.get('/mailboxes/off@example.com').set('Cookie', cookie)
    expect(text).toContain('The consent lapsed: <q>AADSTS50173: A fresh auth token is needed</q>.')
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

  it('app only stands where the way is chosen, and nowhere else', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    const listed = test.services.catalogue.list()
    const offer = async (...flows: GrantFlow[]) => {
      test.services.catalogue.list = () =>
        listed.map(({ provider, ...rest }) => ({ ...rest, provider: { ...provider, flows } }))
      const { text } = await test.get('/mailboxes/new').set('Cookie', cookie)
      return [...text.matchAll(/<section>\n(?:<h2>(.+?)<\/h2>)?.*?<\/section>/gs)].map(
        ([section, title]) => [title, section.match(/<button[^>]* name="\w+" value="[^"]*"/g) ?? []] as const,
      )
    }
    const [signInNow, later] = [
      '<button name="next" value="sign-in"',
      '<button class="quiet" name="next" value=""',
    ]
    expect(await offer('authorization-code', 'client-credentials')).toEqual([
      [undefined, []],
      ['A person signs in', [signInNow, later]],
      ['App only', ['<button class="quiet" name="appOnly" value="yes"']],
    ])
    expect(await offer('authorization-code')).toEqual([
      [undefined, []],
      ['A person signs in', [signInNow, later]],
    ])
    expect(await offer('service-account')).toEqual([
      [undefined, []],
      ['App only', ['<button name="appOnly" value="yes"']],
    ])
    const asked: MailboxRequest[] = []
    test.services.mailboxes.add = async (request) => {
      asked.push(request)
      return test.services.mailboxes.show('me@example.com')
    }
    const filled = { csrf, address: 'new@example.com', provider: 'example', appOnly: 'yes' }
    await test.post('/mailboxes', filled).set('Cookie', cookie)
    expect(asked).toEqual([{ address: 'new@example.com', provider: 'example', appOnly: true }])
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
    expect(none.text).toContain('No provider is set up yet')
  })

  it('the page asks before it removes a mailbox, names the logins that end with it, and says what became of its consent', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    await test.services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    const question = await test.get('/mailboxes/me@example.com/remove').set('Cookie', cookie)
    expect(question.text).toContain('<li>Printer (login)</li>')
    expect(test.services.mailboxes.all).toHaveLength(1)
    const gone = await test.post('/mailboxes/me@example.com/remove', { csrf }).set('Cookie', cookie)
    expect([gone.status, gone.headers.location]).toEqual([303, '/'])
    expect((await test.get('/').set('Cookie', cookie)).text).toContain('ended at the provider, too')
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

describe('below a path of the public address', () => {
  it.each(['/postern', ''])(
    'the path is put into every link, and requests with the prefix "%s" are accepted',
    async (prefix) => {
      const test = testServer({ publicUrl: 'https://example.com/postern' })
      const link = await test.server.signInLink()
      expect(link).toMatch(/^https:\/\/example\.com\/postern\/sign-in\//)
      const path = new URL(link).pathname.slice('/postern'.length)
      const response = await test.post(prefix + path)
      expect(response.headers.location).toBe('/postern/account')
      const { text } = await test
        .get(`${prefix}/`)
        .set('Cookie', String(response.headers['set-cookie']).split(';')[0] ?? '')
      expect(text).toContain('href="/postern/mailboxes/me%40example.com"')
    },
  )
})
