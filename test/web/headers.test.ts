import { describe, expect, it } from 'vitest'
import { keys, link, signIn, testServer } from './test-server.ts'

const policy =
  "default-src 'none';style-src 'self';script-src 'self';img-src 'self';connect-src 'self';form-action 'self';frame-ancestors 'none';base-uri 'none'"

describe('the headers of every answer', () => {
  it('the security headers are set on pages, errors, the API and the stylesheet', async () => {
    const test = testServer()
    const { cookie } = await signIn(test)
    const answers = [
      await test.get('/').set('Cookie', cookie),
      await test.get('/mailboxes/me@example.com').set('Cookie', cookie),
      await test.get(new URL(await test.server.signInLink()).pathname),
      await test.get(`/consent/${link}`),
      await test.post(`/consent/${link}`),
      await test.get('/oauth/callback?code=c&state=s'),
      await test.get('/'),
      await test.get('/nothing'),
      await test.get('/%zz'),
      await test.get('/style.css'),
      await test.get('/icon.svg'),
      await test.get('/healthz'),
      await test.get('/').set('Host', 'evil.example'),
      await test.api('get', '/mailboxes/me@example.com/token', keys.token),
      await test.api('get', '/mailboxes'),
    ]
    // A long list has a tag, for who has it already.
    const list = await test.api('get', '/mailboxes', keys.admin)
    for (const { headers } of [...answers, list]) {
      expect(headers['content-security-policy']).toBe(policy)
      expect(headers['cache-control']).toBe('no-store')
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['referrer-policy']).toBe('no-referrer')
      expect(headers['x-frame-options']).toBe('DENY')
      expect(headers['strict-transport-security']).toBeUndefined()
      expect(headers['x-powered-by']).toBeUndefined()
      expect(headers['access-control-allow-origin']).toBeUndefined()
    }
    expect(answers.map(({ headers }) => headers.etag).filter((tag) => tag !== undefined)).toEqual([])
  })

  it('Strict-Transport-Security is sent only where the public address has TLS', async () => {
    const test = testServer({ publicUrl: 'https://mail.example.com' })
    const { headers } = await test.get('/healthz')
    expect(headers['strict-transport-security']).toBe('max-age=63072000')
  })
})

describe('monitoring', () => {
  it.each(['/healthz', '/readyz'])(
    'a probe gets a problem document from %s for another method, without a stack',
    async (path) => {
      const response = await testServer().post(path)
      expect(response.status).toBe(405)
      expect(response.headers.allow).toBe('GET, HEAD')
      expect(response.headers['content-type']).toMatch('application/problem+json')
      expect(response.text).not.toContain('allow-only')
    },
  )

  it('a probe gets 200 from /healthz, and from /readyz only when postern can work', async () => {
    const good = testServer()
    expect((await good.get('/healthz')).status).toBe(200)
    expect((await good.get('/readyz')).status).toBe(200)
    const bad = testServer({ ready: () => Promise.reject(new Error('disk full at /var/lib/postern')) })
    expect((await bad.get('/healthz')).status).toBe(200)
    const response = await bad.get('/readyz')
    expect(response.status).toBe(503)
    expect(response.text).not.toContain('disk')
  })
})
