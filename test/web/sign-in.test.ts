import { describe, expect, it } from 'vitest'
import { cookiesOf, signIn, testServer } from './test-server.ts'

describe('a sign-in link', () => {
  it('a link signs in once, and is not used up by a GET', async () => {
    const test = testServer()
    const path = new URL(await test.server.signInLink()).pathname
    for (let look = 0; look < 3; look++) expect((await test.get(path)).text).toContain('<form method="post"')
    const first = await test.post(path)
    expect(first.status).toBe(303)
    // The first time there is a password to set.
    expect(first.headers.location).toBe('/account')
    const second = await test.post(path)
    expect(second.status).toBe(404)
    expect(cookiesOf(second)).toEqual([])
    expect((await test.get(path)).status).toBe(404)
  })

  it('a link expires after 15 minutes', async () => {
    const test = testServer()
    const path = new URL(await test.server.signInLink()).pathname
    test.time.monotonic += 15 * 60_000 - 1
    expect((await test.get(path)).status).toBe(200)
    test.time.monotonic += 1
    expect((await test.get(path)).status).toBe(404)
    expect((await test.post(path)).status).toBe(404)
  })

  it.each(['x', 'A'.repeat(43), '%00', '__proto__'])('a link cannot be forged: %s', async (token) => {
    const test = testServer()
    await test.server.signInLink()
    const response = await test.post(`/sign-in/${token}`)
    expect(response.status).toBe(404)
    expect(cookiesOf(response)).toEqual([])
  })

  it('the oldest link is dropped when a hundred are open', async () => {
    const test = testServer()
    const [first = '', second = ''] = await Promise.all(
      Array.from({ length: 101 }, async () => new URL(await test.server.signInLink()).pathname),
    )
    expect((await test.get(first)).status).toBe(404)
    expect((await test.get(second)).status).toBe(200)
  })

  it('a link is refused in a form of another site', async () => {
    const test = testServer()
    const path = new URL(await test.server.signInLink()).pathname
    const response = await test.post(path).set('Origin', 'https://evil.example')
    expect(response.status).toBe(403)
    expect((await test.post(path)).status).toBe(303)
  })

  it('a sign-in link never appears in the log', async () => {
    const test = testServer()
    const path = new URL(await test.server.signInLink()).pathname
    await test.get(path)
    await test.post(path)
    await test.post(path)
    expect(test.lines.join('\n')).not.toContain(path.slice('/sign-in/'.length))
    expect(test.lines.join('\n')).toContain('a browser signed in by a one-time link')
  })
})

describe('a session', () => {
  it('a session has a cookie that scripts and other sites do not get', async () => {
    const plain = testServer()
    const [cookie] = cookiesOf(await plain.post(new URL(await plain.server.signInLink()).pathname))
    expect(cookie).toMatch(
      /^postern_session=[\w-]{43}; Max-Age=43200; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
    )
    const tls = testServer({ publicUrl: 'https://mail.example.com' })
    const [hostCookie] = cookiesOf(await tls.post(new URL(await tls.server.signInLink()).pathname))
    expect(hostCookie).toMatch(/^__Host-postern_session=[\w-]{43}; .*HttpOnly; Secure; SameSite=Strict$/)
    expect(hostCookie).not.toContain('Domain')
  })

  it('a session always has a new cookie: one that the browser brought along is ignored', async () => {
    const test = testServer()
    const fixed = `postern_session=${'A'.repeat(43)}`
    const path = new URL(await test.server.signInLink()).pathname
    const [cookie = ''] = cookiesOf(await test.post(path).set('Cookie', fixed))
    expect(cookie).not.toContain('A'.repeat(43))
    expect((await test.get('/').set('Cookie', fixed)).status).toBe(401)
    expect((await test.get('/').set('Cookie', `${fixed}; ${cookie.split(';')[0]}`)).status).toBe(200)
  })

  it.each(['/', '/mailboxes/me@example.com'])(
    'a session is required for %s, and the page says how to get one',
    async (path) => {
      const response = await testServer().get(path)
      expect(response.status).toBe(401)
      expect(response.type).toBe('text/html')
      expect(response.text).toContain('postern sign-in')
      expect(response.text).toContain('<a class="button" href="/sign-in">Sign in</a>')
      expect(response.text).not.toContain('me@example.com')
    },
  )

  it('a session expires after 12 hours', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    test.time.now += 12 * 3_600_000 - 1
    expect((await test.get('/').set('Cookie', cookie)).status).toBe(200)
    test.time.now += 1
    expect((await test.get('/').set('Cookie', cookie)).status).toBe(401)
  })

  it('a session ends when the administrator signs out, and its cookie cannot be replayed', async () => {
    const test = testServer()
    const { cookie, csrf } = await signIn(test)
    expect((await test.post('/sign-out').set('Cookie', cookie)).status).toBe(403)
    const response = await test.post('/sign-out', { csrf }).set('Cookie', cookie)
    expect([response.status, response.headers.location]).toEqual([303, '/signed-out'])
    expect((await test.get('/signed-out')).text).toContain('This browser is signed out.')
    expect(cookiesOf(response)[0]).toContain('postern_session=; Path=/; Expires=Thu, 01 Jan 1970')
    expect((await test.get('/').set('Cookie', cookie)).status).toBe(401)
  })

  it('a session is not valid on another postern', async () => {
    const { cookie } = await signIn(testServer())
    expect((await testServer().get('/').set('Cookie', cookie)).status).toBe(401)
  })
})
