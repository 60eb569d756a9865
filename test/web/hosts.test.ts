import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { testServer } from './test-server.ts'

const allowed = [
  'localhost:8587',
  'LOCALHOST:8587',
  '127.0.0.1:8587',
  '[::1]:8587',
  'mail.example.com',
  'mail.example.com:443',
]

const refused = [
  'localhost',
  'localhost:8588',
  '127.0.0.2:8587',
  '127.0.0.1',
  'evil.example',
  'evil.example:8587',
  'localhost.evil.example:8587',
  'localhost:8587.evil.example',
  'localhost:8587@evil.example',
  'mail.example.com:8587',
  'mail.example.com.',
  'sub.mail.example.com',
  '[::1]',
  '0.0.0.0:8587',
  '2130706433:8587',
  '',
]

describe('the names that the web server answers to', () => {
  const { server } = testServer({ publicUrl: 'https://mail.example.com' })
  const paths = ['/icon.svg', '/style.css', '/api/v1/mailboxes', '/consent/x', '/oauth/callback', '/nothing']

  it.each(allowed)('the server answers to the host %s', async (host) => {
    expect((await request(server.app).get('/icon.svg').set('Host', host)).status).toBe(200)
  })

  it.each(refused)('the server refuses the host "%s" at every path with 421', async (host) => {
    for (const path of paths) {
      const response = await request(server.app).get(path).set('Host', host)
      expect(response.status, path).toBe(421)
    }
  })

  it('the server names the right address, as plain text or as a problem document', async () => {
    const page = await request(server.app).get('/').set('Host', 'evil.example')
    expect(page.text).toContain('https://mail.example.com/')
    expect(page.type).toBe('text/plain')
    const problem = await request(server.app).get('/api/v1/mailboxes').set('Host', 'evil.example')
    expect(problem.type).toBe('application/problem+json')
    expect(problem.body.status).toBe(421)
  })

  it('the server ignores forwarded host names', async () => {
    const response = await request(server.app)
      .get('/icon.svg')
      .set('Host', 'evil.example')
      .set('X-Forwarded-Host', 'mail.example.com')
    expect(response.status).toBe(421)
  })

  it('the server redirects pages that need a cookie to the public name, and nowhere else', async () => {
    const response = await request(server.app)
      .get('/consent/abc?next=//evil.example')
      .set('Host', '127.0.0.1:8587')
    expect(response.status).toBe(302)
    expect(response.headers.location).toBe('https://mail.example.com/consent/abc?next=//evil.example')
  })

  it.each(['//evil.example/consent/x', '/consent//evil.example', '/\\evil.example'])(
    'the server does not redirect %s to another site',
    async (path) => {
      const response = await request(server.app).get(path).set('Host', '127.0.0.1:8587')
      const location = response.headers.location ?? 'https://mail.example.com/'
      expect(new URL(location, 'http://127.0.0.1:8587').host).toMatch(
        /^(mail\.example\.com|127\.0\.0\.1:8587)$/,
      )
    },
  )
})
