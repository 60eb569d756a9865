import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cookiesOf, signIn, type TestServer, testServer } from './test-server.ts'

const good = 'umbrella lantern mosaic vertigo'

async function withPassword(role = 'administrator', server: Parameters<typeof testServer>[0] = {}) {
  const test = testServer({ limits: { guessDelaySeconds: 0 }, ...server })
  const admin = await signIn(test)
  const form = { csrf: admin.csrf, role, password: good, again: good }
  const set = await test.post('/account/password', form).set('Cookie', admin.cookie)
  // The first page has the next step; whoever sets the other password has more to do here.
  expect([set.status, set.headers.location]).toEqual([303, role === 'viewer' ? '/account' : '/'])
  return { test, admin }
}

const enter = (test: TestServer, name: string, password: string) => test.post('/sign-in', { name, password })
const cookieOf = (response: { headers: Record<string, unknown> }) =>
  cookiesOf(response)[0]?.split(';')[0] ?? ''

describe('a password for the pages', () => {
  it('a password signs a browser in, and once it is set a link leads to the mailboxes', async () => {
    const { test } = await withPassword()
    const response = await enter(test, 'administrator', good)
    expect([response.status, response.headers.location]).toEqual([303, '/'])
    expect((await test.get('/').set('Cookie', cookieOf(response))).status).toBe(200)
    const link = await test.post(new URL(await test.server.signInLink()).pathname)
    expect(link.headers.location).toBe('/')
  })

  it.each([
    ['a wrong password', 'administrator', 'umbrella lantern mosaic virtue'],
    ['no password', 'administrator', ''],
    ['a role without one', 'viewer', good],
    ['a role that there is not', 'root', good],
  ])('a sign-in is refused in the same words: %s', async (_, name, password) => {
    const { test } = await withPassword()
    const response = await enter(test, name, password)
    expect(response.status).toBe(401)
    expect(response.text).toContain('Wrong password')
    expect(cookiesOf(response)).toEqual([])
    if (password !== '') expect(response.text + test.lines.join('\n')).not.toContain(password)
  })

  it('a password may be guessed no more often than at the SMTP server', async () => {
    const { test } = await withPassword('administrator', { trustedProxies: ['127.0.0.0/8'] })
    const answers: number[] = []
    for (let guess = 0; guess < 25; guess += 1) {
      const asked = enter(test, 'viewer', `guess number ${guess} of many`)
      answers.push((await asked.set('X-Forwarded-For', '192.0.2.44')).status)
    }
    expect(answers[0]).toBe(401)
    expect(answers.at(-1)).toBe(429)
  })

  it.each([
    ['one that is easy to guess', 'password1234', 'password1234', 'This password is refused'],
    ['two that differ', good, `${good}.`, 'The two passwords are not the same'],
  ])('a password is not set to %s, which no page repeats', async (_, password, again, says) => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    const response = await test
      .post('/account/password', { csrf, role: 'administrator', password, again })
      .set('Cookie', cookie)
    expect(response.status).toBe(400)
    expect(response.text).toContain(says)
    expect(response.text).not.toContain(password)
    expect((await enter(test, 'administrator', password)).status).toBe(401)
  })

  const fresh = 'gondola thimble quartz harvest'
  const change = (test: TestServer, { cookie, csrf }: { cookie: string; csrf: string }) =>
    test
      .post('/account/password', { csrf, role: 'administrator', password: fresh, again: fresh })
      .set('Cookie', cookie)
  const homeOf = async (test: TestServer, cookie: string) =>
    (await test.get('/').set('Cookie', cookie)).status

  it('a password ends all other sessions when it is set', async () => {
    const test = testServer({ limits: { guessDelaySeconds: 0 } })
    const mine = await signIn(test)
    const begun = await test.post('/sign-in/with/example')
    const byProvider = await test.get('/oauth/callback?state=of-a-sign-in').set('Cookie', cookieOf(begun))
    const others = [await signIn(test), await signIn(test, 'viewer'), { cookie: cookieOf(byProvider) }]
    for (const { cookie } of others) expect(await homeOf(test, cookie)).toBe(200)
    expect((await change(test, mine)).status).toBe(303)
    for (const { cookie } of others) expect(await homeOf(test, cookie)).toBe(401)
    expect(await homeOf(test, mine.cookie)).toBe(200)
  })

  it('a password ends earlier sign-in links when it is set', async () => {
    const test = testServer({ limits: { guessDelaySeconds: 0 } })
    const mine = await signIn(test)
    const { pathname } = new URL(await test.server.signInLink())
    await change(test, mine)
    expect((await test.get(pathname)).status).toBe(404)
    expect((await test.post(pathname)).status).toBe(404)
    expect((await test.post(new URL(await test.server.signInLink()).pathname)).status).toBe(303)
  })

  it('a password stops a concurrent sign-in by the old one, by a link or at a provider', async () => {
    const { test, admin } = await withPassword()
    const { pagePasswords } = test.services
    const check = pagePasswords.check.bind(pagePasswords)
    pagePasswords.check = async (...given) => {
      const role = await check(...given)
      await change(test, admin)
      return role
    }
    const late = await enter(test, 'administrator', good)
    expect([late.status, cookiesOf(late)]).toEqual([403, []])
    expect(late.text).toContain('A new password was set while you signed in')

    const begun = await test.post('/sign-in/with/example')
    await change(test, admin)
    const back = await test.get('/oauth/callback?state=of-a-sign-in').set('Cookie', cookieOf(begun))
    expect(cookiesOf(back)).toEqual([])
    expect((await test.follow(back, cookieOf(begun))).status).toBe(403)
  })

  it('a password is not set from a session that another new password has ended meanwhile', async () => {
    const test = testServer({ limits: { guessDelaySeconds: 0 } })
    const [mine, thief] = [await signIn(test), await signIn(test)]
    const { pagePasswords } = test.services
    const set = pagePasswords.set.bind(pagePasswords)
    pagePasswords.set = async (...given) => {
      pagePasswords.set = set
      await change(test, mine)
      await set(...given)
    }
    const form = { csrf: thief.csrf, role: 'administrator', password: good, again: good }
    const late = await test.post('/account/password', form).set('Cookie', thief.cookie)
    expect(late.status).toBe(403)
    expect(await homeOf(test, mine.cookie)).toBe(200)
    expect((await enter(test, 'administrator', good)).status).toBe(401)
    expect((await enter(test, 'administrator', fresh)).status).toBe(303)
  })

  it('a change of the password ends the sessions of the old one, except the session that made it', async () => {
    const { test } = await withPassword()
    const [mine, other] = [await enter(test, 'administrator', good), await enter(test, 'administrator', good)]
    const page = await test.get('/account').set('Cookie', cookieOf(mine))
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const form = { csrf, role: 'administrator', present: good, password: fresh, again: fresh }
    await test.post('/account/password', form).set('Cookie', cookieOf(mine))
    expect((await test.get('/').set('Cookie', cookieOf(mine))).status).toBe(200)
    expect((await test.get('/').set('Cookie', cookieOf(other))).status).toBe(401)
    expect((await enter(test, 'administrator', good)).status).toBe(401)
  })
})

describe('a change of the password', () => {
  const fresh = 'gondola thimble quartz harvest'

  async function byPassword() {
    const { test } = await withPassword()
    const cookie = cookieOf(await enter(test, 'administrator', good))
    const page = await test.get('/account').set('Cookie', cookie)
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const change = (form: Record<string, string>) =>
      test
        .post('/account/password', { csrf, role: 'administrator', password: fresh, again: fresh, ...form })
        .set('Cookie', cookie)
    return { test, cookie, page, change }
  }

  it('it asks for the present one, and a wrong one changes nothing', async () => {
    const { test, page, change } = await byPassword()
    expect(page.text).toContain('name="present"')
    for (const present of ['', 'umbrella lantern mosaic virtue']) {
      const refused = await change({ present })
      expect(refused.status).toBe(401)
      expect(refused.text).toMatch(/<title>Error: /)
      expect(refused.text).toMatch(/id="administrator-present-field-wrong">Wrong password</)
      expect(refused.text).toContain('href="#administrator-present-field"')
    }
    expect((await change({ role: 'viewer', present: '' })).status).toBe(401)
    expect((await enter(test, 'administrator', good)).status).toBe(303)
    expect((await enter(test, 'administrator', fresh)).status).toBe(401)
  })

  it('it says once that it is done', async () => {
    const { test, cookie, change } = await byPassword()
    expect((await change({ present: good })).headers.location).toBe('/account')
    const done = 'Administrator: the password is changed.'
    expect((await test.get('/account').set('Cookie', cookie).set('X-Live', 'yes')).text).not.toContain(done)
    expect((await test.get('/account').set('Cookie', cookie)).text).toContain(done)
    expect((await test.get('/account').set('Cookie', cookie)).text).not.toContain(done)
  })

  it('it does not ask somebody who has forgotten it, and came by a link from the server', async () => {
    const { test } = await withPassword()
    const { cookie, csrf } = await signIn(test)
    expect((await test.get('/account').set('Cookie', cookie)).text).not.toContain('name="present"')
    const form = { csrf, role: 'administrator', password: fresh, again: fresh }
    expect((await test.post('/account/password', form).set('Cookie', cookie)).status).toBe(303)
    expect((await enter(test, 'administrator', fresh)).status).toBe(303)
  })
})

describe('the browsers that are signed in', () => {
  it('the browsers are those whose session has not expired', async () => {
    const { test } = await withPassword()
    test.time.now += 13 * 3_600_000
    const { cookie } = await signIn(test)
    const { text } = await test.get('/account').set('Cookie', cookie)
    expect([...text.matchAll(/\/account\/sessions\//g)]).toHaveLength(1)
  })

  it('the browsers are listed with their source and means, and each can be signed out', async () => {
    const { test, admin } = await withPassword()
    const other = await test
      .post('/sign-in', { name: 'administrator', password: good })
      .set('User-Agent', '<b>Old browser')
    const { text } = await test.get('/account').set('Cookie', admin.cookie)
    expect(text).toContain('this browser')
    expect(text).toContain('&lt;b&gt;Old browser')
    expect(text).toContain('by the password')
    const ids = [...text.matchAll(/\/account\/sessions\/([0-9a-f]+)\/end/g)].map(([, id]) => id)
    expect(ids).toHaveLength(2)
    const states: number[] = []
    for (const id of ids) {
      states.push(
        (await test.post(`/account/sessions/${id}/end`, { csrf: admin.csrf }).set('Cookie', admin.cookie))
          .status,
      )
    }
    expect(states).toContain(303)
    const left = [admin.cookie, cookieOf(other)].map(
      async (cookie) => (await test.get('/').set('Cookie', cookie)).status,
    )
    expect((await Promise.all(left)).filter((status) => status === 401).length).toBeGreaterThan(0)
  })
})

describe('a viewer', () => {
  async function asViewer() {
    const { test, admin } = await withPassword('viewer')
    const cookie = cookieOf(await enter(test, 'viewer', good))
    await test.services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    const page = await test.get('/logins').set('Cookie', cookie)
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    return { test, admin, cookie, csrf, page }
  }

  it.each([
    '/',
    '/mailboxes/me@example.com',
    '/logins',
    '/logins/login-1',
    '/api-keys',
    '/providers',
    '/providers/example',
    '/account',
  ])('a viewer sees %s without any form but the one to sign out', async (path) => {
    const { test, cookie } = await asViewer()
    const { status, text } = await test.get(path).set('Cookie', cookie)
    expect(status).toBe(200)
    const actions = [...text.matchAll(/<form method="post" action="([^"]+)"/g)].map(
      ([, action]) => action ?? '',
    )
    expect(
      actions.filter((action) => action !== '/sign-out' && !action.startsWith('/account/sessions/')),
    ).toEqual([])
  })

  const changes: [string, Record<string, string>][] = [
    ['/mailboxes', { address: 'x@example.com', provider: 'example' }],
    ['/mailboxes/me@example.com/remove', {}],
    ['/mailboxes/me@example.com/consent', {}],
    ['/mailboxes/me@example.com/tries', {}],
    ['/mailboxes/sent-consent-links', { mailbox: 'me@example.com' }],
    ['/test-notices', {}],
    ['/mailboxes/me@example.com/consent-links', {}],
    ['/mailboxes/me@example.com/sent-consent-links', {}],
    ['/logins', { mailbox: 'me@example.com' }],
    ['/logins/login-1/revoke', {}],
    ['/logins/login-1/mending', { rewriteFrom: 'yes' }],
    ['/logins/login-1/limits', { messagesPerHour: '20' }],
    ['/logins/login-1/network-access', {}],
    ['/api-keys', { scope: 'admin' }],
    ['/api-keys/key-1/limits', { messagesPerHour: '20' }],
    ['/api-keys/key-1/revoke', {}],
    ['/approvals/held-1', { decision: 'refuse' }],
    ['/account/password', { role: 'viewer', password: good, again: good }],
    ['/mailboxes/me@example.com/test', { to: 'you@example.net' }],
    ['/mailboxes/me@example.com/diagnosis', {}],
    ['/registrations', { preset: 'google', clientId: 'x' }],
    ['/registrations/google', { clientId: 'x' }],
    ['/registrations/google/check', {}],
    ['/registrations/google/secrets', { clientSecret: 'x' }],
    ['/registrations/google/remove', {}],
    ['/consent-links/link-1/revoke', {}],
    ['/explain', { text: 'AADSTS70008' }],
    ['/journal/verification', {}],
    ['/logins/login-1/trace', { minutes: '10' }],
    ['/logins/login-1/trace/end', {}],
  ]

  it.each([
    '/logins/new',
    '/api-keys/new',
    '/logins/login-1/mending',
    '/logins/login-1/limits',
    '/api-keys/key-1/limits',
    '/logins/login-1/trace',
    '/mailboxes/new',
    '/providers/own',
    '/mailboxes/me@example.com/remove',
    '/explain',
  ])('a viewer gets no form at %s', async (path) => {
    const { test, cookie } = await asViewer()
    const { status, text } = await test.get(path).set('Cookie', cookie)
    expect(status).toBe(403)
    expect(text).toContain('A viewer sees the pages and changes nothing')
  })

  it.each(changes)('a viewer is refused a change: POST %s', async (path, form) => {
    const { test, cookie, csrf } = await asViewer()
    const response = await test.post(path, { csrf, ...form }).set('Cookie', cookie)
    expect(response.status).toBe(403)
    expect(response.text).toContain('A viewer sees the pages and changes nothing')
    expect(test.services.mailboxes.all).toHaveLength(1)
    expect(test.services.logins.all).toHaveLength(1)
    expect(test.services.consent.begun).toEqual([])
  })

  it.each(changes)('an administrator is redirected, or told what is wrong: POST %s', async (path, form) => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    test.services.sendTestMessage.steps.push({ step: 'token' })
    await test.services.logins.add({ mailboxes: ['me@example.com'], name: 'Printer' })
    const response = await test.post(path, { csrf, ...form }).set('Cookie', cookie)
    // Our content security policy lets no form be redirected to a provider.
    if (path.endsWith('/consent')) return expect(response.text).toContain('http-equiv="refresh"')
    expect(response.status).toBeGreaterThanOrEqual(303)
    if (response.status === 303) {
      const shown = [await test.follow(response, cookie), await test.follow(response, cookie)]
      // What is not there has no page either, which says so.
      const isThere = path !== '/registrations/google/remove' && path !== '/approvals/held-1'
      for (const { status } of shown) expect(status).toBe(isThere ? 200 : 404)
    }
  })

  it('a viewer is tested above with every form of the pages', () => {
    const folder = resolve(import.meta.dirname, '../../src/web/pages')
    const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
    const routes = texts.flatMap((text) =>
      [...text.matchAll(/\.route\('([^']+)'\)(?:(?!\.route\()[\s\S])*?\.post\(/g)].map(
        ([, path]) => path ?? '',
      ),
    )
    // Of people without a session, and what a viewer may: sign out, and end the own session.
    const others = /^\/(sign-in|sign-out|oauth|consent\/|approve\/)|^\/account\/sessions/
    const pattern = (path: string) =>
      path
        .replace('me@example.com', ':address')
        .replace(/(login|key|link|held)-1|(?<=registrations\/)google/, ':id')
    expect(changes.map(([path]) => pattern(path)).sort()).toEqual(
      routes.filter((path) => !others.test(path)).sort(),
    )
  })

  it('a viewer signs in by a link, too, sees only the own session, and ends no other one', async () => {
    const { test, cookie, csrf, admin } = await asViewer()
    const made = await test
      .api('post', '/sign-in-links', 'owner-key-0123456789abcdef')
      .send({ role: 'viewer' })
    const path = new URL(made.body.url).pathname
    expect((await test.get(path)).text).toContain('a viewer, who sees the pages and changes nothing')
    expect((await test.post(path)).headers.location).toBe('/')
    const own = (await test.get('/account').set('Cookie', cookie)).text
    expect([...own.matchAll(/\/account\/sessions\//g)]).toHaveLength(1)
    const all = (await test.get('/account').set('Cookie', admin.cookie)).text
    const others = [...all.matchAll(/\/account\/sessions\/([0-9a-f]+)\/end/g)]
      .map(([, id]) => id ?? '')
      .filter((id) => !own.includes(id))
    const refused = await test.post(`/account/sessions/${others[0]}/end`, { csrf }).set('Cookie', cookie)
    expect(refused.status).toBe(403)
  })
})
