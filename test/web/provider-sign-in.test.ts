import { describe, expect, it } from 'vitest'
import { cookiesOf, type TestServer, testServer } from './test-server.ts'

const callback = '/oauth/callback?state=of-a-sign-in&code=c'
const nameAndValue = (cookie = '') => cookie.split(';')[0] ?? ''

async function begin(test: TestServer) {
  const begun = await test.post('/sign-in/with/example')
  return { begun, browser: nameAndValue(cookiesOf(begun)[0]) }
}

async function signInAtProvider(test: TestServer, more = '') {
  const { browser } = await begin(test)
  const answer = await test.get(callback).set('Cookie', `${browser}${more}`)
  const cookie = cookiesOf(answer).find((one) => one.startsWith('postern_session='))
  return { answer, browser, cookie: nameAndValue(cookie), whole: cookie ?? '' }
}

describe('signing in to the pages at a provider', () => {
  it('the sign-in page offers the provider, and forwards to it', async () => {
    const test = testServer()
    expect((await test.get('/sign-in')).text).toContain('Sign in with Example Mail')
    const { begun } = await begin(test)
    expect(begun.text).toContain('content="0;url=https://login.example.com/authorize?state=of-a-sign-in"')
  })

  it('the provider starts a session of that person, by a page that forwards by itself', async () => {
    const test = testServer()
    const { answer, cookie, whole } = await signInAtProvider(test)
    expect(answer.status).toBe(200)
    expect(answer.text).toContain('content="0;url=http://localhost:8587/"')
    expect(whole).toMatch(/HttpOnly; SameSite=Strict$/)
    const account = await test.get('/account').set('Cookie', cookie)
    expect(account.text).toContain('Administrator: boss@example.com')
    expect(account.text).toContain('127.0.0.1, at a provider')
    expect(test.lines.join('\n')).toContain('"by":"boss@example.com"')
  })

  it('the journal records the person with each change', async () => {
    const test = testServer()
    const { cookie } = await signInAtProvider(test)
    const { text } = await test.get('/account').set('Cookie', cookie)
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? ''
    const id = /action="\/account\/sessions\/([^/"]+)\/end"/.exec(text)?.[1] ?? ''
    await test.post(`/account/sessions/${id}/end`, { csrf }).set('Cookie', cookie)
    expect(test.lines.at(-1)).toMatch(/^A browser was signed out .*"by":"boss@example.com"/)
  })

  it('a session cookie that the browser brought along is ignored', async () => {
    const test = testServer()
    const fixed = `postern_session=${'A'.repeat(43)}`
    const { cookie } = await signInAtProvider(test, `; ${fixed}`)
    expect(cookie).not.toBe(fixed)
    expect((await test.get('/').set('Cookie', fixed)).status).toBe(401)
  })

  it('another browser is refused, and an answer signs in only once', async () => {
    const test = testServer()
    await begin(test)
    const other = await test.get(callback)
    expect(other.status).toBe(403)
    expect(cookiesOf(other)).toEqual([])
    const { browser } = await begin(test)
    const first = await test.get(callback).set('Cookie', browser)
    expect(cookiesOf(first).some((one) => one.startsWith('postern_session='))).toBe(true)
    // Loaded again, it says what came of the first time, and signs nobody in.
    const again = await test.get(callback).set('Cookie', browser)
    expect([again.status, cookiesOf(again)]).toEqual([303, []])
    const shown = await test.follow(again, browser)
    expect(cookiesOf(shown)).toEqual([])
    expect(shown.text).toContain('Signed in as boss@example.com')
    expect(shown.text).toContain('content="0;url=http://localhost:8587/"')
    expect((await test.follow(again)).status).toBe(404)
  })

  it('other persons are refused, with a link back', async () => {
    const test = testServer()
    test.services.pageSignIns.person = 'other@example.com'
    const { answer: back, cookie, browser } = await signInAtProvider(test)
    const answer = await test.follow(back, browser)
    expect([back.status, answer.status, cookie]).toEqual([303, 403, ''])
    expect(answer.text).toContain('other@example.com may not look at these pages')
    expect(answer.text).toContain('href="/sign-in"')
  })

  it('the session ends when the person is removed from the settings, or gets a lesser role', async () => {
    const test = testServer()
    const { cookie } = await signInAtProvider(test)
    expect((await test.get('/').set('Cookie', cookie)).status).toBe(200)
    test.services.pageSignIns.named.set('boss@example.com', 'viewer')
    expect((await test.get('/').set('Cookie', cookie)).status).toBe(401)
    test.services.pageSignIns.named.clear()
    expect((await test.get('/').set('Cookie', cookie)).status).toBe(401)
  })

  it('a sign-in starts at the public address, to which the provider redirects', async () => {
    const answer = await testServer().get('/sign-in').set('Host', '127.0.0.1:8587')
    expect([answer.status, answer.headers.location]).toEqual([302, 'http://localhost:8587/sign-in'])
  })

  it('a sign-in starts only by a form of our own', async () => {
    const test = testServer()
    const forged = await test.post('/sign-in/with/example').set('Origin', 'https://evil.example')
    expect(forged.status).toBe(403)
    expect((await test.get('/sign-in/with/example')).status).toBe(405)
  })
})
