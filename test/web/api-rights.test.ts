import { describe, expect, it } from 'vitest'
import { everyRoute, keys, signIn, testServer } from './test-server.ts'

type Method = 'get' | 'post' | 'patch' | 'delete'
const me = '/mailboxes/me@example.com'
const login = { name: 'Printer' }

// method, path, body, status with the right key, keys that suffice
const operations: [Method, string, object | undefined, number, (keyof typeof keys)[]][] = [
  ['get', '/openapi.json', undefined, 200, ['admin', 'read', 'token', 'otherToken', 'send']],
  ['get', '/mailboxes', undefined, 200, ['admin', 'read']],
  ['post', '/mailboxes', { address: 'new@example.com', provider: 'example' }, 201, ['admin']],
  ['get', me, undefined, 200, ['admin', 'read']],
  ['delete', me, undefined, 200, ['admin']],
  ['get', `${me}/token`, undefined, 200, ['admin', 'token']],
  [
    'post',
    '/messages',
    { from: 'me@example.com', to: 'you@example.net', text: 'hello' },
    200,
    ['admin', 'send'],
  ],
  ['post', `${me}/tries`, undefined, 200, ['admin']],
  ['post', `${me}/diagnosis`, undefined, 200, ['admin']],
  ['post', `${me}/tests`, undefined, 200, ['admin']],
  ['post', `${me}/consent-links`, undefined, 201, ['admin']],
  ['post', `${me}/consents`, undefined, 201, ['admin']],
  ['post', '/consents', { consent: 'c', state: 's', answer: 'a' }, 200, ['admin']],
  ['post', `${me}/device-consents`, undefined, 201, ['admin']],
  ['get', '/device-consents/device-1', undefined, 200, ['admin']],
  ['post', '/providers/example/admin-consent-links', undefined, 201, ['admin']],
  ['get', `${me}/logins`, undefined, 200, ['admin', 'read']],
  ['post', `${me}/logins`, login, 201, ['admin']],
  ['get', '/logins', undefined, 200, ['admin', 'read']],
  ['get', '/logins/login-1', undefined, 200, ['admin', 'read']],
  ['post', '/logins', { ...login, mailboxes: ['me@example.com'] }, 201, ['admin']],
  ['post', '/logins/login-1/senders', { senders: ['scans@example.com'] }, 200, ['admin']],
  ['post', '/logins/login-1/mending', { rewriteFrom: true }, 200, ['admin']],
  ['post', '/logins/login-1/limits', { messagesPerHour: 20 }, 200, ['admin']],
  ['delete', '/logins/login-1', undefined, 204, ['admin']],
  ['get', '/api-keys', undefined, 200, ['admin']],
  ['post', '/api-keys', { scopes: ['read'] }, 201, ['admin']],
  ['post', '/api-keys/key-1/limits', { messagesPerHour: 20 }, 200, ['admin']],
  ['delete', '/api-keys/key-1', undefined, 204, ['admin']],
  ['get', '/providers', undefined, 200, ['admin', 'read']],
  ['get', '/providers/example', undefined, 200, ['admin', 'read']],
  ['post', '/providers/example/checks', undefined, 200, ['admin']],
  ['get', '/registrations', undefined, 200, ['admin', 'read']],
  ['post', '/registrations', { id: 'microsoft', clientId: 'new' }, 201, ['admin']],
  ['get', '/registrations/registration-1', undefined, 200, ['admin', 'read']],
  ['patch', '/registrations/registration-1', { tenant: 'example.org' }, 200, ['admin']],
  ['post', '/registrations/registration-1/check', undefined, 200, ['admin']],
  ['get', '/registrations/registration-1/certificate', undefined, 200, ['admin', 'read']],
  ['post', '/registrations/registration-1/certificate', { renew: true }, 200, ['admin']],
  ['post', '/registrations/registration-1/certificate/tries', undefined, 200, ['admin']],
  ['delete', '/registrations/registration-1', undefined, 200, ['admin']],
  ['post', '/sign-in-links', undefined, 201, ['admin']],
  ['get', '/consent-links', undefined, 200, ['admin', 'read']],
  ['delete', '/consent-links/link-1', undefined, 204, ['admin']],
  ['get', '/journal', undefined, 200, ['admin', 'read']],
  ['get', '/journal/verification', undefined, 200, ['admin', 'read']],
  ['post', '/log-level', { level: 'debug' }, 200, ['admin']],
  ['post', '/traces', { login: 'scanner' }, 201, ['admin']],
  // There is none of this id.
  ['get', '/traces/trace-1', undefined, 404, ['admin']],
  ['delete', '/traces/trace-1', undefined, 204, ['admin']],
  ['get', '/keyring', undefined, 200, ['admin']],
  ['post', '/keyring/rotations', {}, 200, ['admin']],
  ['post', '/backups', undefined, 200, ['admin']],
  ['get', '/health', undefined, 200, ['admin']],
]

async function call([method, path, body]: (typeof operations)[number], key?: string) {
  const test = testServer()
  await test.services.logins.add({ mailboxes: ['me@example.com'] })
  await test.services.apiKeys.add({ scopes: ['read'] })
  await test.services.registrations.add({ id: 'registration-1', preset: 'microsoft', clientId: 'known' })
  const asked = test.api(method, path, key)
  return await (body ? asked.send(body) : asked)
}

describe.each(operations)('%s %s', (...operation) => {
  const [, , , right, sufficient] = operation

  it('a request without a token gets 401, and no error is named', async () => {
    const response = await call(operation)
    expect(response.status).toBe(401)
    expect(response.type).toBe('application/problem+json')
    expect(response.headers['www-authenticate']).toBe('Bearer realm="postern"')
  })

  it('a request with an unknown key gets 401 invalid_token', async () => {
    const response = await call(operation, 'unknown-key')
    expect(response.status).toBe(401)
    expect(response.headers['www-authenticate']).toBe('Bearer realm="postern", error="invalid_token"')
    expect(response.text).not.toContain('unknown-key')
  })

  it(`the operation allows exactly: ${sufficient.join(', ')}`, async () => {
    for (const [name, key] of Object.entries(keys)) {
      const response = await call(operation, key)
      if (sufficient.includes(name as keyof typeof keys)) {
        expect(response.status, `${name}: ${response.text}`).toBe(right)
        continue
      }
      expect(response.status, name).toBe(403)
      expect(response.body.code).toBe('forbidden')
      expect(response.headers['www-authenticate']).toContain('error="insufficient_scope", scope="')
    }
  })
})

describe('rights in general', () => {
  it('rights are tested above for every operation of the API', () => {
    const all = everyRoute().map(({ method, path }) => `${method} ${path}`)
    const tested = operations.map(([method, path]) => {
      const pattern = path
        .replace('me@example.com', ':address')
        .replace(
          /(login|key|device|link|trace|registration)-1$|(login|key|registration)-1|(?<=providers\/)example/,
          ':id',
        )
      return `${method.toUpperCase()} ${pattern}`
    })
    expect(tested.sort()).toEqual(all.sort())
  })

  it('a key without rights does not learn which mailboxes exist', async () => {
    const test = testServer()
    const there = await test.api('get', '/mailboxes/me@example.com/token', keys.otherToken)
    const notThere = await test.api('get', '/mailboxes/nobody@example.com/token', keys.otherToken)
    expect([there.status, notThere.status]).toEqual([403, 403])
  })

  it.each([
    ['ME@example.com', 200],
    ['me@EXAMPLE.com', 200],
    ['me@example.com.evil', 403],
    ['m%65@example.com', 200],
    ['*@example.com', 403],
  ])('a token scope compares the address as mail does: %s gives %i', async (address, status) => {
    const test = testServer()
    expect((await test.api('get', `/mailboxes/${address}/token`, keys.token)).status).toBe(status)
  })

  it.each([
    ['Basic b3duZXI6a2V5', 'Bearer realm="postern"'],
    ['Bearer', 'Bearer realm="postern", error="invalid_token"'],
    ['Bearer a b', 'Bearer realm="postern", error="invalid_token"'],
    [`Bearer ${'x'.repeat(600)}`, 'Bearer realm="postern", error="invalid_token"'],
    [`Bearer ${keys.admin}\u00e9`, 'Bearer realm="postern", error="invalid_token"'],
  ])('a key needs a well-formed header: %s', async (header, challenge) => {
    const test = testServer()
    const response = await test.api('get', '/mailboxes').set('Authorization', header)
    expect(response.status).toBe(401)
    expect(response.headers['www-authenticate']).toBe(challenge)
  })

  it('a key is read from the header only', async () => {
    const test = testServer()
    expect((await test.api('get', `/mailboxes?access_token=${keys.admin}`)).status).toBe(401)
    const { cookie } = await signIn(test)
    expect((await test.api('get', '/mailboxes').set('Cookie', cookie)).status).toBe(401)
  })

  it('the scheme is accepted in any case, and a scope that no header can carry is left out of the challenge', async () => {
    const test = testServer()
    const lower = await test.api('get', '/mailboxes').set('Authorization', `bearer ${keys.admin}`)
    expect(lower.status).toBe(200)
    const response = await test.api(
      'get',
      `/mailboxes/${encodeURIComponent('grüße@example.com')}/token`,
      keys.token,
    )
    expect(response.status).toBe(403)
    expect(response.headers['www-authenticate']).toBe('Bearer realm="postern", error="insufficient_scope"')
  })
})
