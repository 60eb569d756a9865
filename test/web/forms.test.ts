import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { link, signIn, testServer } from './test-server.ts'

const consent = '/mailboxes/me@example.com/consent'

describe('a form', () => {
  // Sec-Fetch-Site, Origin, and whether the form is taken.
  it.each([
    ['same-origin', 'http://localhost:8587', true],
    ['same-origin', 'null', true],
    ['same-origin', undefined, true],
    [undefined, 'http://localhost:8587', true],
    [undefined, undefined, true],
    ['cross-site', 'https://evil.example', false],
    ['cross-site', 'http://localhost:8587', false],
    ['cross-site', undefined, false],
    ['same-site', 'http://localhost:3000', false],
    ['none', undefined, false],
    [undefined, 'null', false],
    [undefined, 'https://evil.example', false],
    [undefined, 'http://localhost:3000', false],
    [undefined, 'https://localhost:8587', false],
    [undefined, 'http://127.0.0.1:8587', false],
    [undefined, 'http://localhost:8587.evil.example', false],
  ])('a form from %s with the origin %s is handled: accepted is %s', async (site, origin, taken) => {
    const test = testServer()
    const headers = { ...(site && { 'Sec-Fetch-Site': site }), ...(origin && { Origin: origin }) }
    const response = await request(test.server.app)
      .post(`/consent/${link}`)
      .set({ Host: 'localhost:8587', ...headers })
    expect(response.status).toBe(taken ? 200 : 403)
    expect(test.services.consent.begun).toHaveLength(taken ? 1 : 0)
  })

  it('a form at a loopback name is accepted with that origin', async () => {
    const test = testServer({ publicUrl: 'https://mail.example.com' })
    const asked = (origin: string) =>
      test.post(`/consent/${link}`).set({ Host: '127.0.0.1:8587', Origin: origin })
    expect((await asked('http://127.0.0.1:8587')).status).toBe(200)
    expect((await asked('https://mail.example.com')).status).toBe(403)
  })

  it.each([consent, '/mailboxes/me@example.com/consent-links', '/sign-out'])(
    'a form to %s needs a session and its own token',
    async (path) => {
      const test = testServer()
      const mine = await signIn(test)
      const other = await signIn(test)
      expect((await test.post(path, { csrf: mine.csrf })).status).toBe(401)
      expect((await test.post(path).set('Cookie', mine.cookie)).status).toBe(403)
      expect((await test.post(path, { csrf: other.csrf }).set('Cookie', mine.cookie)).status).toBe(403)
      expect((await test.post(path, { csrf: '' }).set('Cookie', mine.cookie)).status).toBe(403)
      expect((await test.post(`${path}?csrf=${mine.csrf}`).set('Cookie', mine.cookie)).status).toBe(403)
      const json = test
        .post(path)
        .set('Cookie', mine.cookie)
        .type('application/json')
        .send({ csrf: mine.csrf })
      expect((await json).status).toBe(403)
      expect(test.services.consent.begun).toEqual([])
      const taken = await test.post(path, { csrf: mine.csrf }).set('Cookie', mine.cookie)
      expect([200, 303]).toContain(taken.status)
    },
  )

  it.each([
    ['two tokens', 'csrf=a&csrf=b'],
    ['broken encoding', 'csrf=%zz'],
    ['a prototype', '__proto__[csrf]=a'],
    ['two thousand fields', Array.from({ length: 2000 }, (_, n) => `f${n}=1`).join('&')],
    ['too much', `csrf=${'x'.repeat(70_000)}`],
  ])('a form with %s is answered as a client error', async (_name, body) => {
    const test = testServer()
    const { cookie } = await signIn(test)
    const response = await test.post(consent).set('Cookie', cookie).send(body)
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(response.status).toBeLessThan(500)
    expect(response.type).toBe('text/html')
  })

  it.each([
    ['get', consent, 'POST'],
    ['get', '/sign-out', 'POST'],
    ['put', '/', 'GET, HEAD'],
    ['delete', '/mailboxes/me@example.com', 'GET, HEAD'],
    ['put', `/consent/${link}`, 'GET, HEAD, POST'],
    ['head', '/oauth/callback', 'GET'],
    ['post', '/oauth/callback', 'GET'],
    ['post', '/style.css', 'GET, HEAD'],
    ['post', '/healthz', 'GET, HEAD'],
  ] as const)(
    'the method %s at %s is answered with 405 and the allowed methods',
    async (method, path, allow) => {
      const test = testServer()
      const response = await request(test.server.app)[method](path).set('Host', 'localhost:8587')
      expect(response.status).toBe(405)
      expect(response.headers.allow).toBe(allow)
      expect(test.services.consent.callbacks).toEqual([])
    },
  )
})
