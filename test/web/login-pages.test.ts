import { describe, expect, it } from 'vitest'
import { failureAs } from '../support/made-failure.ts'
import { signIn, testServer } from './test-server.ts'

async function signedIn() {
  const test = testServer()
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
  it('the list shows what each login may do and where it was used, ended ones last', async () => {
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
    for (const fact of [
      'scans@example.com',
      '192.0.2.7/32',
      'are replaced by its mailbox',
      'from 192.0.2.9, 2001:db8::/64',
    ])
      expect(text).toContain(fact)
    expect(text.indexOf('>Old ')).toBeLessThan(text.indexOf('>Printer '))
    expect(text).toContain('action="/logins/login-2/revoke"')
    expect(text).not.toContain('action="/logins/login-1/revoke"')
  })

  it('the page sets and shows the mending options of a login, and clears those that are not ticked', async () => {
    const { services, get, post } = await signedIn()
    await services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    expect((await get('/logins')).text).toContain('href="/logins/login-1/mending"')
    const wrong = await post('/logins/login-1/mending', { map: 'root' })
    expect(wrong.status).toBe(400)
    expect(wrong.text).toContain('does not say which name stands for which address')
    await post('/logins/login-1/mending', { map: 'root=a@example.com\r\n', completeAddresses: 'example.com' })
    expect(services.logins.all[0]).toMatchObject({
      map: { root: 'a@example.com' },
      completeAddresses: 'example.com',
    })
    expect((await get('/logins')).text).toContain('root=a@example.com')
    const response = await post('/logins/login-1/mending', { rewriteFrom: 'yes' })
    expect([response.status, response.headers.location]).toEqual([303, '/logins'])
    expect(services.logins.all[0]).toMatchObject({ rewriteFrom: true })
    expect((await get('/logins')).text).toContain('From: and Sender: become its mailbox')
    expect((await get('/logins/login-1/mending')).text).toContain('name="rewriteFrom" value="yes" checked')
    await post('/logins/login-1/mending')
    expect(services.logins.all[0]).not.toHaveProperty('rewriteFrom')
    expect((await get('/logins/nobody/mending')).status).toBe(404)
  })

  it('the page revokes a login', async () => {
    const { services, post } = await signedIn()
    await services.logins.add({ mailboxes: ['me@example.com'] })
    const response = await post('/logins/login-1/revoke')
    expect([response.status, response.headers.location]).toEqual([303, '/logins'])
    expect(services.logins.all).toEqual([])
  })
})

describe('the form for a login', () => {
  it('the form offers the mailboxes, with the one of the link chosen', async () => {
    const { services, get } = await signedIn()
    services.mailboxes.all.push({ address: 'you@example.com', provider: 'example', state: 'active' })
    const { text } = await get('/logins/new?mailbox=you%40example.com')
    expect(text).toContain('value="you@example.com" checked')
    expect(text).toMatch(/value="me@example.com">/)
  })

  it('the form creates a login, shows its password once with ready settings, and forbids storing the page', async () => {
    const { services, post, get } = await signedIn()
    const response = await post('/logins', {
      mailbox: 'me@example.com',
      name: 'Printer',
      way: 'generated',
      senders: 'a@example.com\r\n*@lists.example\r\n',
      networks: '192.0.2.7',
      expires: '2027-12-31',
      rewriteSender: 'yes',
    })
    expect(response.status).toBe(201)
    expect(services.logins.all[0]).toMatchObject({
      name: 'Printer',
      senders: ['a@example.com', '*@lists.example'],
      networks: ['192.0.2.7'],
      rewriteSender: true,
      password: 'generated',
    })
    expect(response.headers['cache-control']).toBe('no-store')
    for (const title of [
      'Postfix',
      'msmtp',
      'PHPMailer',
      'Python',
      '.NET',
      'Java',
      'git send-email',
      'A printer',
    ])
      expect(response.text).toContain(`<summary>${title}`)
    expect(response.text).toContain('generated-password-of-a-login')
    expect((await get('/logins')).text).not.toContain('generated-password-of-a-login')
  })

  it('the form accepts a chosen password or none, and never shows the chosen one', async () => {
    const { services, post } = await signedIn()
    const chosen = await post('/logins', {
      mailbox: 'me@example.com',
      way: 'chosen',
      password: 'typed by a person',
    })
    expect(chosen.text).not.toContain('typed by a person')
    const open = await post('/logins', { mailbox: 'me@example.com', way: 'none', networks: '192.0.2.7' })
    expect(open.text).toContain('Whoever comes from 192.0.2.7')
    expect(services.logins.all.map(({ password }) => password)).toEqual(['chosen', 'none'])
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
] as const)(
  'the form allows %s %s only to a signed-in administrator, and a form only with the token of the session',
  async (method, path) => {
    const test = await signedIn()
    expect((await test.bare[method](path)).status).toBe(401)
    if (method === 'post') expect((await test.post(path, { csrf: 'wrong' })).status).toBe(403)
    expect(test.services.logins.all).toEqual([])
  },
)
