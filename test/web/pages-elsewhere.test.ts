import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { cookiesOf, keys, link, type TestServer, testServer } from './test-server.ts'

const publicUrl = 'http://localhost:8587'
const pagesUrl = 'http://postern.localhost:8587'

/** A browser that keeps cookies by host name, whatever the port, and goes wherever a page sends it. */
function browserAt(test: TestServer) {
  const jars = new Map<string, Map<string, string>>()
  async function go(method: 'get' | 'post', url: string, form?: Record<string, string>) {
    const { hostname, host, origin, pathname, search } = new URL(url)
    const jar = jars.get(hostname) ?? new Map<string, string>()
    jars.set(hostname, jar)
    const asked = request(test.server.app)
      [method](pathname + search)
      .set('Host', host)
    if (jar.size > 0) asked.set('Cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
    if (method === 'post') asked.type('form').set('Origin', origin)
    const response = await (form ? asked.send(form) : asked)
    for (const cookie of cookiesOf(response)) {
      expect(cookie).not.toMatch(/domain=/i)
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      jar.set(name, value)
    }
    const forward = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(response.text)?.[1]
    const next = response.headers.location ?? forward?.replaceAll('&amp;', '&')
    return {
      ...response,
      status: response.status,
      text: response.text,
      next: next && new URL(next, url).href,
    }
  }
  const namesAt = (hostname: string) => [...(jars.get(hostname)?.keys() ?? [])].sort()
  return { go, namesAt }
}

async function signedIn(role = 'administrator') {
  const test = testServer({ publicUrl, pagesUrl })
  const browser = browserAt(test)
  const made = await test.api('post', '/sign-in-links', keys.admin).send({ role })
  expect(made.body.url).toMatch(/^http:\/\/postern\.localhost:8587\/sign-in\//)
  await browser.go('get', made.body.url)
  expect((await browser.go('post', made.body.url)).status).toBe(303)
  const home = await browser.go('get', `${pagesUrl}/`)
  const csrf = /name="csrf" value="([^"]+)"/.exec(home.text)?.[1] ?? ''
  return { test, browser, home, csrf }
}

describe('administration pages with a host name of their own', () => {
  it('the pages set their cookies for that name only', async () => {
    const { browser, home } = await signedIn()
    expect(home.status).toBe(200)
    expect(browser.namesAt('postern.localhost')).toEqual(['postern_browser', 'postern_session'])
    expect(browser.namesAt('localhost')).toEqual([])
  })

  it.each([publicUrl, 'http://127.0.0.1:8587', 'http://[::1]:8587'])(
    'the pages are not available at %s',
    async (elsewhere) => {
      const { test } = await signedIn()
      const browser = browserAt(test)
      for (const path of [
        '/',
        '/sign-in',
        '/sign-in/abc',
        '/logins',
        '/account',
        '/mailboxes/me@example.com',
        '/nothing',
      ]) {
        const answer = await browser.go('get', `${elsewhere}${path}`)
        expect([path, answer.status, answer.next]).toEqual([path, 302, `${pagesUrl}${path}`])
      }
      const password = { name: 'administrator', password: 'umbrella lantern mosaic vertigo' }
      for (const path of [
        '/sign-in',
        '/sign-in/abc',
        '/sign-in/with/example',
        '/logins',
        '/account/password',
      ]) {
        const answer = await browser.go('post', `${elsewhere}${path}`, password)
        expect([path, answer.status]).toEqual([path, 421])
        expect(answer.text).toContain(`${pagesUrl}/`)
        expect(cookiesOf(answer)).toEqual([])
      }
    },
  )

  it('the pages leave consents, health, the API and the assets where they were', async () => {
    const test = testServer({ publicUrl, pagesUrl })
    const at = (path: string) => request(test.server.app).get(path).set('Host', 'localhost:8587')
    for (const path of [`/consent/${link}`, '/style.css', '/pages.js', '/icon.svg', '/healthz'])
      expect([path, (await at(path)).status]).toEqual([path, 200])
    expect((await at('/api/v1/mailboxes').set('Authorization', `Bearer ${keys.read}`)).status).toBe(200)
    expect((await at('/oauth/callback?state=x&code=y')).status).toBe(200)
    for (const path of [`/consent/${link}`, '/oauth/callback?state=x&code=y']) {
      const elsewhere = await request(test.server.app).get(path).set('Host', 'postern.localhost:8587')
      expect([elsewhere.status, elsewhere.headers.location]).toEqual([302, publicUrl + path])
    }
    const form = await request(test.server.app).post(`/consent/${link}`).set('Host', 'postern.localhost:8587')
    expect(form.status).toBe(421)
  })

  it('the pages refuse forms from the other host name', async () => {
    const { test, browser, csrf } = await signedIn()
    const forged = await request(test.server.app)
      .post('/account/password')
      .type('form')
      .send({ csrf })
      .set('Host', 'postern.localhost:8587')
      .set('Origin', publicUrl)
    expect(forged.status).toBe(403)
    expect((await browser.go('get', `${pagesUrl}/`)).status).toBe(200)
  })

  it('the pages forward a consent that an administrator starts to the public name, by a link', async () => {
    const { test, browser, csrf } = await signedIn()
    const begun = await browser.go('post', `${pagesUrl}/mailboxes/me@example.com/consent`, { csrf })
    expect(begun.next).toBe(`${publicUrl}/consent/${link}`)
    const there = await browser.go('post', begun.next ?? '')
    expect(there.next).toMatch(/^https:\/\/login\.example\.com\/authorize/)
    const back = await browser.go('get', `${publicUrl}/oauth/callback?state=state-1&code=c`)
    expect((await browser.go('get', new URL(back.headers.location ?? '', publicUrl).href)).text).toContain(
      'Connected',
    )
    expect(test.services.consent.callbacks[0]?.browser).toBe(test.services.consent.begun[0]?.browser)
    expect(browser.namesAt('localhost')).toEqual(['postern_consent'])
    expect(browser.namesAt('postern.localhost')).not.toContain('postern_consent')
  })

  it('the pages forward a person who signs in at a provider to the public name and back', async () => {
    const test = testServer({ publicUrl, pagesUrl })
    const browser = browserAt(test)
    const begun = await browser.go('post', `${pagesUrl}/sign-in/with/example`)
    expect(begun.next).toBe(`${publicUrl}/sign-in/with/example`)
    const atProvider = await browser.go('get', begun.next ?? '')
    expect(atProvider.next).toMatch(/^https:\/\/login\.example\.com\/authorize/)
    const back = await browser.go('get', `${publicUrl}/oauth/callback?state=of-a-sign-in`)
    expect(back.text).toContain('Signed in as boss@example.com')
    expect(back.next).toMatch(/^http:\/\/postern\.localhost:8587\/sign-in\/[\w-]{43}$/)
    await browser.go('get', back.next ?? '')
    expect((await browser.go('post', back.next ?? '')).status).toBe(303)
    expect((await browser.go('post', back.next ?? '')).status).toBe(404)
    expect((await browser.go('get', `${pagesUrl}/account`)).text).toContain('boss@example.com')
    expect(browser.namesAt('localhost')).toEqual(['postern_consent'])
    // Whoever is taken out of the settings is out here, too.
    test.services.pageSignIns.named.clear()
    expect((await browser.go('get', `${pagesUrl}/`)).status).toBe(401)
  })

  it('the link of a provider sign-in ends when a new password is set', async () => {
    const { test, browser, csrf } = await signedIn()
    const other = browserAt(test)
    const begun = await other.go('post', `${pagesUrl}/sign-in/with/example`)
    await other.go('get', begun.next ?? '')
    const back = await other.go('get', `${publicUrl}/oauth/callback?state=of-a-sign-in`)
    const password = 'umbrella lantern mosaic vertigo'
    const form = { csrf, role: 'administrator', password, again: password }
    expect((await browser.go('post', `${pagesUrl}/account/password`, form)).status).toBe(303)
    expect((await other.go('post', back.next ?? '')).status).toBe(404)
  })

  it('either address may have a path', async () => {
    const test = testServer({
      publicUrl: 'https://www.example.com/mail',
      pagesUrl: 'https://admin.example.com/gate',
    })
    const at = (host: string, path: string) => request(test.server.app).get(path).set('Host', host)
    const page = await at('admin.example.com', '/gate/sign-in')
    expect(page.text).toContain('action="/gate/sign-in"')
    expect((await at('www.example.com', `/mail/consent/${link}`)).text).toContain(`action="/mail/consent/`)
    expect((await at('www.example.com', '/mail/sign-in')).headers.location).toBe(
      'https://admin.example.com/gate/sign-in',
    )
    expect((await at('admin.example.com', '/gate/nothing')).text).toContain('href="/gate/style.css"')
    expect((await at('www.example.com', '/mail/consent/none')).text).toContain('href="/mail/style.css"')
    const other = await at('sub.admin.example.com', '/gate/sign-in')
    expect(other.status).toBe(421)
  })
})
