import { describe, expect, it } from 'vitest'
import { failure } from '../../src/base/failure.ts'
import { deviceKinds } from '../../src/web/pages/ready-settings.ts'
import { failureAs } from '../support/made-failure.ts'
import { signIn, testServer } from './test-server.ts'

async function signedIn(options: Parameters<typeof testServer>[0] = {}) {
  const test = testServer(options)
  const { cookie, csrf } = await signIn(test)
  return {
    ...test,
    csrf,
    get: (path: string) => test.get(path).set('Cookie', cookie),
    post: (path: string, form: Record<string, string> = {}) =>
      test.post(path, { csrf, ...form }).set('Cookie', cookie),
    bare: test,
  }
}

describe('the list of logins', () => {
  it('the list has a row for each login, ended ones last, and its page says what it may do', async () => {
    const { services, get } = await signedIn()
    await services.logins.add({
      mailboxes: ['me@example.com'],
      name: 'Printer',
      senders: ['scans@example.com'],
      networks: ['192.0.2.7/32'],
      rewriteSender: true,
    })
    await services.logins.add({ mailboxes: ['me@example.com'], name: 'Old', userName: 'old' })
    const [first, second] = services.logins.all
    Object.assign(second ?? {}, {
      state: 'active',
      lastUsedAt: '2026-02-03T04:05:00.000Z',
      usedFrom: ['192.0.2.9', '2001:db8::/64'],
    })
    Object.assign(first ?? {}, { state: 'revoked' })
    const { text } = await get('/logins')
    expect(text).toContain('from 192.0.2.9, 2001:db8::/64')
    expect(text).toContain('>Old<')
    // What has ended is there on request.
    expect(text).not.toContain('>Printer<')
    expect(text).toContain('href="/logins?state=revoked"')
    expect((await get('/logins?state=revoked')).text).toContain('>Printer<')
    const revoked = (await get('/logins/login-1')).text
    for (const fact of ['scans@example.com', '192.0.2.7/32', 'rewritten to the mailbox address'])
      expect(revoked).toContain(fact)
    expect(revoked).not.toContain('action="/logins/login-1/revoke"')
    const active = (await get('/logins/login-2')).text
    expect(active).toContain('action="/logins/login-2/revoke"')
    expect(active).toContain('It works')
    expect((await get('/logins/nobody')).status).toBe(404)
  })

  it('hundreds of logins are searched and paged, and the page stays below 60 KB', async () => {
    const { services, get } = await signedIn()
    for (let number = 1; number <= 205; number++)
      await services.logins.add({ mailboxes: ['me@example.com'], name: `Device ${number}` })
    const { text } = await get('/logins')
    expect(text.length).toBeLessThan(60_000)
    expect(text).toContain('1 to 50 of 205')
    expect(text).toContain('href="/logins?from=50"')
    expect((await get('/logins?from=200')).text).toContain('201 to 205 of 205')
    expect((await get('/logins?from=9999')).text).toContain('1 to 50 of 205')
    expect((await get('/logins?sort=used&state=never-used')).text).toContain(
      'href="/logins?state=never-used&amp;sort=used&amp;from=50"',
    )
    const found = (await get('/logins?find=device%2020')).text
    expect(found).toContain('>Device 205<')
    expect(found).not.toContain('>Device 3<')
    expect((await get('/logins?find=nothing')).text).toContain('No login fits “nothing”')
    expect((await get('/logins?state=expired')).text).toContain('No login is in this state')
  })

  it('a login whose device has the wrong password is found by that', async () => {
    const { services, log, get } = await signedIn()
    await services.logins.add({ mailboxes: ['me@example.com'], name: 'Scanner', userName: 'scanner' })
    await services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer', userName: 'printer' })
    expect((await get('/logins')).text).not.toContain('wrong password')
    const refused = { event: 'sign-in.refused', userName: 'scanner', mailboxes: ['me@example.com'] }
    for (let time = 0; time < 7; time++) log.warn({ ...refused, reason: 'wrong-credentials' }, 'Refused')
    const { text } = await get('/logins?state=failing')
    expect(text).toContain('wrong password: 1')
    expect(text).toContain('wrong password 7 times in the last day')
    expect(text).toContain('>Scanner<')
    expect(text).not.toContain('>Printer<')
  })

  it('the page sets and shows the mending options of a login, and clears those that are not ticked', async () => {
    const { services, get, post } = await signedIn()
    await services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    expect((await get('/logins/login-1')).text).toContain('href="/logins/login-1/mending"')
    const wrong = await post('/logins/login-1/mending', { map: 'root' })
    expect(wrong.status).toBe(400)
    expect(wrong.text).toContain('does not say which name stands for which address')
    expect(wrong.text).toContain('aria-invalid="true"')
    await post('/logins/login-1/mending', { map: 'root=a@example.com\r\n', completeAddresses: 'example.com' })
    expect(services.logins.all[0]).toMatchObject({
      map: { root: 'a@example.com' },
      completeAddresses: 'example.com',
    })
    expect((await get('/logins/login-1')).text).toContain('root=a@example.com')
    const response = await post('/logins/login-1/mending', { rewriteFrom: 'yes' })
    expect([response.status, response.headers.location]).toEqual([303, '/logins/login-1'])
    expect(services.logins.all[0]).toMatchObject({ rewriteFrom: true })
    expect((await get('/logins/login-1')).text).toContain('From: and Sender: become its mailbox')
    expect((await get('/logins/login-1/mending')).text).toContain('name="rewriteFrom" value="yes" checked')
    await post('/logins/login-1/mending')
    expect(services.logins.all[0]).not.toHaveProperty('rewriteFrom')
    expect((await get('/logins/nobody/mending')).status).toBe(404)
  })

  it('the page sets and shows the limits of a login, and lifts those that are left empty', async () => {
    const { services, get, post } = await signedIn()
    await services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    expect((await get('/logins/login-1')).text).toContain('href="/logins/login-1/limits"')
    const wrong = await post('/logins/login-1/limits', { recipients: 'a*@example.com' })
    expect(wrong.status).toBe(400)
    expect(wrong.text).toContain('is not a recipient that postern can match')
    expect((await post('/logins/login-1/limits', { messagesPerHour: 'many' })).status).toBe(400)
    const filled = {
      recipients: '*@example.com\r\nboss@example.org',
      messagesPerHour: '20',
      needsApproval: 'yes',
    }
    const response = await post('/logins/login-1/limits', filled)
    expect([response.status, response.headers.location]).toEqual([303, '/logins/login-1'])
    expect(services.logins.all[0]?.limits).toEqual({
      recipients: ['*@example.com', 'boss@example.org'],
      messagesPerHour: 20,
      needsApproval: true,
    })
    const { text } = await get('/logins/login-1')
    expect(text).toContain('only to *@example.com, boss@example.org')
    expect(text).toContain('20 messages an hour')
    expect((await get('/logins/login-1/limits')).text).toContain('name="needsApproval" value="yes" checked')
    await post('/logins/login-1/limits')
    expect(services.logins.all[0]).not.toHaveProperty('limits')
    expect((await get('/logins/nobody/limits')).status).toBe(404)
  })

  it('the page asks before it revokes a login, and says that it was done', async () => {
    const { services, get, post } = await signedIn()
    await services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    expect((await get('/logins/login-1')).text).toMatch(/<details class="confirm">[\s\S]*cannot be undone/)
    const response = await post('/logins/login-1/revoke')
    expect([response.status, response.headers.location]).toEqual([303, '/logins'])
    expect(services.logins.all).toEqual([])
    expect((await get('/logins')).text).toContain('Printer is revoked.')
  })
})

describe('the form for a login', () => {
  it('the form suggests the mailboxes, with the one of the link filled in, however many there are', async () => {
    const { services, get } = await signedIn()
    for (let number = 1; number <= 205; number++)
      services.mailboxes.all.push({ address: `m${number}@example.com`, provider: 'example', state: 'active' })
    const { text } = await get('/logins/new?mailbox=m7%40example.com')
    expect(text).toMatch(/name="mailbox"[^>]* list="mailbox-field-list"[^>]* value="m7@example.com"/)
    expect(text).toContain('<option value="m205@example.com">')
    expect(text.match(/type="checkbox"/g)?.length).toBeLessThan(10)
    expect(text.length).toBeLessThan(60_000)
  })

  it('the only mailbox is filled in', async () => {
    const { get } = await signedIn()
    expect((await get('/logins/new')).text).toMatch(/name="mailbox"[^>]* value="me@example.com"/)
  })

  it('the form creates a login, and only this browser is shown its password, for a while', async () => {
    const test = await signedIn()
    const { services, post, get } = test
    const response = await post('/logins', {
      mailbox: 'me@example.com',
      mailboxes: 'two@example.com',
      name: 'Printer',
      place: 'here',
      kind: 'msmtp',
      senders: 'a@example.com\r\n*@lists.example\r\n',
      networks: '192.0.2.7',
      expires: '2027-12-31',
      rewriteSender: 'yes',
    })
    expect([response.status, response.headers.location]).toEqual([
      303,
      '/logins/login-1?place=here&kind=msmtp',
    ])
    expect(services.logins.all[0]).toMatchObject({
      name: 'Printer',
      mailboxes: ['me@example.com', 'two@example.com'],
      senders: ['a@example.com', '*@lists.example'],
      networks: ['192.0.2.7'],
      rewriteSender: true,
      password: 'generated',
    })
    const made = await get(response.headers.location ?? '')
    expect(made.headers['cache-control']).toBe('no-store')
    expect(made.text).toContain('Login created')
    expect(made.text).toContain('host 127.0.0.1\nport 2587')
    expect(made.text).toContain('password generated-password-of-a-login')
    expect((await get('/logins')).text).not.toContain('generated-password-of-a-login')
    const other = await signIn(test.bare)
    const seenByOther = await test.bare.get('/logins/login-1?kind=msmtp').set('Cookie', other.cookie)
    expect(seenByOther.text).toContain('password ••••••••')
    test.time.monotonic += 16 * 60_000
    expect((await get('/logins/login-1')).text).not.toContain('generated-password-of-a-login')
  })

  it('the settings are there later on, for each kind of program', async () => {
    const { services, get } = await signedIn()
    await services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    const form = (await get('/logins/login-1?kind=form')).text
    expect(form).toMatch(/SMTP server<\/dt><dd><code class="large" data-copy>127.0.0.1</)
    expect(form).toMatch(/Port<\/dt><dd><code class="large" data-copy>2587</)
    expect(form).toContain('Waiting for its first sign-in…')
    expect((await get('/logins/login-1?kind=python')).text).toContain(
      'smtplib.SMTP(&quot;127.0.0.1&quot;, 2587)',
    )
  })

  it('for another machine the page names what is missing, and makes it', async () => {
    const { services, get, post } = await signedIn()
    await services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    const { text } = await get('/logins/login-1?place=elsewhere')
    expect(text).toContain('Other machines cannot hand in mail yet')
    for (const missing of ['a certificate', 'the key of', 'an address at which'])
      expect(text).toContain(missing)
    const made = await post('/logins/login-1/network-access')
    expect([made.status, made.headers.location]).toEqual([303, '/logins/login-1?place=elsewhere'])
    expect((await (await services.networkAccess()).status()).missing).toEqual([])
  })

  it('for another machine the page has the authority to trust, for administrators alone', async () => {
    const test = await signedIn({
      smtp: [{ host: '0.0.0.0', port: 2587, tls: 'starttls', plainAuth: false, oldTls: false }],
    })
    const { services, get } = test
    await services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    const access = await services.networkAccess()
    for (const file of ['ca.pem', 'ca.crt']) expect((await get(`/network-access/${file}`)).status).toBe(404)
    expect((await get('/logins/login-1?place=elsewhere')).text).not.toContain('ca.pem')

    const authority = { pem: '-----BEGIN CERTIFICATE-----', der: Buffer.from([48, 0]) }
    access.authority = async () => ({ ...authority, endsAt: '2036-03-01T00:00:00.000Z' })
    const told = await Promise.all(
      deviceKinds.map(async (kind) => {
        const { text } = await get(`/logins/login-1?place=elsewhere&kind=${kind}`)
        expect(text).toContain('href="/network-access/ca.pem" download>Download ca.pem')
        expect(text).toContain('2036-03-01')
        const [, help = ''] = /own authority, which ends on .*?<\/time>\.\s(.*?)<\/p>/s.exec(text) ?? []
        expect(help).toMatch(/ca\.(?:pem|crt)/)
        return help
      }),
    )
    // PHP is two kinds of program.
    expect(new Set(told).size).toBe(deviceKinds.length - 1)
    expect((await get('/logins/login-1?place=here')).text).not.toContain('ca.pem')

    const pem = await get('/network-access/ca.pem')
    expect(pem.headers).toMatchObject({
      'content-type': 'application/pem-certificate-chain; charset=utf-8',
      'content-disposition': 'attachment; filename=ca.pem',
      'cache-control': 'no-store',
    })
    const der = await get('/network-access/ca.crt').responseType('blob')
    expect(der.headers['content-type']).toBe('application/pkix-cert')
    expect(der.body).toEqual(authority.der)
    expect((await get('/network-access/ca-key.pem')).status).toBe(404)
    expect((await get('/network-access/constructor')).status).toBe(404)

    const viewer = await signIn(test.bare, 'viewer')
    const asViewer = (path: string) => test.bare.get(path).set('Cookie', viewer.cookie)
    expect((await asViewer('/network-access/ca.pem')).status).toBe(403)
    expect((await asViewer('/logins/login-1?place=elsewhere')).text).not.toContain('/network-access/')
    expect((await test.bare.get('/network-access/ca.pem')).status).toBe(401)
  })

  it('the form accepts a chosen password or none, and never shows the chosen one', async () => {
    const { services, post, get } = await signedIn()
    const chosen = await post('/logins', {
      mailbox: 'me@example.com',
      way: 'chosen',
      password: 'typed by a person',
    })
    expect((await get(chosen.headers.location ?? '')).text).not.toContain('typed by a person')
    const open = await post('/logins', {
      mailbox: 'me@example.com',
      way: 'none',
      networks: '192.0.2.7',
      place: 'here',
    })
    expect((await get(open.headers.location ?? '')).text).toContain(
      'none: devices at 192.0.2.7 can send without signing in',
    )
    expect(services.logins.all.map(({ password }) => password)).toEqual(['chosen', 'none'])
  })

  it.each([
    ['login.network-needed', { way: 'none' }],
    ['login.network-needed-for-cram-md5', { cramMd5: 'yes' }],
  ] as const)('the form is open where the network is missing: %s', async (id, filled) => {
    const { services, post } = await signedIn()
    services.logins.add = () => Promise.reject(failure(id))
    const { text } = await post('/logins', { mailbox: 'me@example.com', name: 'Printer', ...filled })
    expect(text).toMatch(/<details open>.*name="networks"[^>]*aria-invalid="true"/s)
    expect(text).toContain('href="#networks-field"')
  })

  it('the form says what is wrong, and keeps what was filled in except the password', async () => {
    const test = await signedIn()
    test.services.logins.add = () =>
      Promise.reject(failureAs('invalid', 'This password is too short', { fix: 'Choose a longer one.' }))
    const form = {
      mailbox: 'me@example.com',
      name: '<b>Printer</b>',
      way: 'chosen',
      password: 'short-secret',
    }
    const { status, text } = await test.post('/logins', form)
    expect(status).toBe(400)
    expect(text).toContain('Choose a longer one.')
    expect(text).toContain('value="&lt;b&gt;Printer&lt;/b&gt;"')
    expect(text).toContain('value="chosen" checked')
    expect(text).not.toContain('short-secret')
    expect(test.lines.join('\n')).not.toContain('short-secret')
  })

  it('an error behind "More" opens it, at the field', async () => {
    const test = await signedIn()
    test.services.logins.add = () => Promise.reject(failure('login.network-needed'))
    const { text } = await test.post('/logins', { mailbox: 'me@example.com' })
    expect(text).toMatch(/<details open>\s*<summary>More/)
    expect(text).toMatch(/id="networks-field-wrong">A login without a password must be bound to a network/)
    expect(text).toContain('href="#networks-field"')
  })

  it('the form says where to start while there is no mailbox', async () => {
    const { services, get } = await signedIn()
    services.mailboxes.all.splice(0)
    expect((await get('/logins/new')).text).toContain('There is no mailbox yet')
  })
})

it.each([
  ['get', '/logins'],
  ['get', '/logins/new'],
  ['post', '/logins'],
  ['post', '/logins/login-1/revoke'],
  ['post', '/logins/login-1/network-access'],
] as const)(
  'the form allows %s %s only to a signed-in administrator, and a form only with the token of the session',
  async (method, path) => {
    const test = await signedIn()
    expect((await test.bare[method](path)).status).toBe(401)
    if (method === 'post') expect((await test.post(path, { csrf: 'wrong' })).status).toBe(403)
    expect(test.services.logins.all).toEqual([])
  },
)
