import { describe, expect, it } from 'vitest'
import { failureAs } from '../support/made-failure.ts'
import { signIn, testServer } from './test-server.ts'

async function signedIn() {
  const test = testServer()
  const { cookie, csrf } = await signIn(test)
  return {
    services: test.services,
    lines: test.lines,
    get: (path: string) => test.get(path).set('Cookie', cookie),
    post: (path: string, form: Record<string, string | string[]> = {}) =>
      test.post(path, { csrf, ...form } as Record<string, string>).set('Cookie', cookie),
    bare: test,
  }
}

describe('the page of API keys', () => {
  it('the page offers the scopes for each mailbox, and creates a key that is shown once', async () => {
    const { services, get, post, lines } = await signedIn()
    expect((await get('/api-keys')).text).toContain('value="token:me@example.com"')
    const made = await post('/api-keys', {
      name: 'Backup',
      scope: ['token:me@example.com', 'read'],
      expires: '2027-12-31',
    })
    expect(made.status).toBe(201)
    expect(made.text).toContain('the-text-of-a-new-key')
    expect(await services.apiKeys.list()).toMatchObject([
      { name: 'Backup', scopes: ['token:me@example.com', 'read'] },
    ])
    const list = await get('/api-keys')
    expect(list.text).toContain('Backup')
    expect(list.text).not.toContain('the-text-of-a-new-key')
    expect(lines.join('\n')).not.toContain('the-text-of-a-new-key')
  })

  it('the page revokes a key', async () => {
    const { services, post } = await signedIn()
    await services.apiKeys.add({ scopes: ['read'] })
    expect((await post('/api-keys/key-1/revoke')).headers.location).toBe('/api-keys')
    expect(await services.apiKeys.list()).toEqual([])
  })

  it('the page says what is wrong with a key, and keeps what was chosen', async () => {
    const { services, post } = await signedIn()
    services.apiKeys.add = () =>
      Promise.reject(failureAs('invalid', 'The day is over', { fix: 'Choose a later one.' }))
    const { status, text } = await post('/api-keys', { scope: 'admin', name: '<i>x' })
    expect(status).toBe(400)
    expect(text).toContain('Choose a later one.')
    expect(text).toContain('value="admin" checked')
    expect(text).toContain('&lt;i&gt;x')
  })

  it.each([
    ['get', '/api-keys'],
    ['post', '/api-keys'],
    ['post', '/api-keys/key-1/revoke'],
  ] as const)(
    'the page allows %s %s only to a signed-in administrator, and a form only with the token of the session',
    async (method, path) => {
      const { bare, post } = await signedIn()
      expect((await bare[method](path)).status).toBe(401)
      if (method === 'post') expect((await post(path, { csrf: 'wrong' })).status).toBe(403)
    },
  )
})
