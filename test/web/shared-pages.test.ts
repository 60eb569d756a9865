import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { openStore } from '../../src/store/store.ts'
import { newPlace, onPostgres } from '../store/fixture.ts'
import { cookiesOf, link, signIn, testServer } from './test-server.ts'

/** Two processes with the pages of each, behind one name. */
async function openTwo() {
  const place = await newPlace()
  const open = async () => {
    const opened = await openStore({ ...place, clock: systemClock, log: silentLog })
    onTestFinished(() => opened.store.close())
    return testServer({ opened })
  }
  return [await open(), await open()] as const
}

describe.runIf(onPostgres)('the pages of two processes', () => {
  it('a browser that signed in at one is signed in at the other, with the same forms', async () => {
    const [one, two] = await openTwo()
    const { cookie, csrf } = await signIn(one)
    const page = await two.get('/').set('Cookie', cookie)
    expect(page.status).toBe(200)
    expect(page.text).toContain(`value="${csrf}"`)
    await two.post('/sign-out', { csrf }).set('Cookie', cookie)
    expect((await one.get('/account').set('Cookie', cookie)).status).toBe(401)
  })

  it('a link to sign in that one made works at the other, once', async () => {
    const [one, two] = await openTwo()
    const { pathname } = new URL(await one.server.signInLink())
    expect((await two.get(pathname)).status).toBe(200)
    expect((await two.post(pathname)).status).toBe(303)
    expect((await one.post(pathname)).status).toBe(404)
  })

  it('what a form did at one is said once by the page of the other', async () => {
    const [one, two] = await openTwo()
    const { cookie, csrf } = await signIn(one)
    const made = await one
      .post('/logins', { csrf, mailbox: 'me@example.com', name: 'Printer' })
      .set('Cookie', cookie)
    expect(made.status).toBe(303)
    // The logins of these tests are in the memory of each.
    two.services.logins.all.push(...one.services.logins.all)
    const there = String(made.headers.location)
    const shown = await two.get(there).set('Cookie', cookie)
    expect(shown.text).toContain('Login created')
    // Its password, too, for the browser that made it.
    expect(shown.text).toContain('generated-password')
    expect((await two.get(there).set('Cookie', cookie)).text).not.toContain('Login created')
  })

  it('the outcome of a consent is shown by the other, and a callback that comes again there leads to it', async () => {
    const [one, two] = await openTwo()
    const begun = await one.post(`/consent/${link}`)
    const cookie = cookiesOf(begun)[0]?.split(';')[0] ?? ''
    const address = /https:[^"]*state=([\w-]+)/.exec(begun.text)
    const path = `/oauth/callback?code=x&state=${address?.[1]}`
    const first = await one.get(path).set('Cookie', cookie)
    const again = await two.get(path).set('Cookie', cookie)
    expect([first.status, again.status]).toEqual([303, 303])
    expect(again.headers.location).toBe(first.headers.location)
    const result = await two
      .get(String(first.headers.location))
      .set({ Cookie: cookie, 'Accept-Language': 'ja' })
    expect(result.status).toBe(200)
    expect(result.text).toContain('lang="ja"')
  })
})
