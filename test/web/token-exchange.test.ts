import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { failureAs } from '../support/made-failure.ts'
import { checkOf, documented } from './documented.ts'
import { keys, type TestServer, testServer } from './test-server.ts'

const right = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: keys.token,
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  audience: 'me@example.com',
}

/** As an OAuth library asks. Fails where the answer is not as the OpenAPI document has it. */
async function exchange(form: Record<string, string | string[] | undefined>, test = testServer()) {
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...right, ...form }))
    for (const one of [value ?? []].flat()) body.append(name, one)
  const response = await request(test.server.app)
    .post('/oauth2/token')
    .set({ Host: 'localhost:8587', 'Content-Type': 'application/x-www-form-urlencoded' })
    .set('X-Forwarded-For', '192.0.2.44')
    .send(body.toString())
  const responses = documented.paths['/token']?.post?.responses ?? {}
  const schema = (responses[response.status] ?? responses.default)?.content?.['application/json']?.schema
  expect(checkOf(schema ?? {}).safeParse(response.body).error).toBeUndefined()
  expect(response.headers['cache-control']).toBe('no-store')
  return response
}

const token = {
  access_token: 'ya29.access-token',
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  token_type: 'Bearer',
  expires_in: 1799,
  scope: 'openid https://mail.example.com/',
}

describe('an exchange', () => {
  it.each<[string, Record<string, string | undefined>]>([
    ['an audience', {}],
    ['a resource', { audience: undefined, resource: 'mailto:me%40example.com' }],
    ['both', { resource: 'mailto:me@example.com' }],
    ['an address in another case', { audience: 'ME@EXAMPLE.com' }],
    ['a scope that the token has', { scope: 'https://mail.example.com/' }],
    ['what it does not know', { client_id: 'library', client_secret: 'x', nonsense: '1' }],
  ])('it gives the token of a mailbox for an API key and %s', async (_what, form) => {
    const response = await exchange(form)
    expect(response.body).toEqual(token)
    expect(response.status).toBe(200)
  })

  it('it asks for a token that is valid for long enough, and the journal says who has it', async () => {
    const test = testServer()
    await exchange({ min_life: '900' }, test)
    expect(test.services.tokens.asked).toEqual([{ mailbox: 'me@example.com', request: { minimumLife: 900 } }])
    const { entries } = await test.services.journal.list({ kind: 'token' })
    expect(entries).toMatchObject([{ event: 'token.read', details: { format: 'exchange' } }])
    expect(test.lines.join('')).not.toMatch(/ya29|token-key-/)
  })

  it.each<[string, Record<string, string | string[] | undefined>, string]>([
    ['no grant type', { grant_type: undefined }, 'invalid_request'],
    ['another grant type', { grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    ['no key', { subject_token: undefined }, 'invalid_request'],
    ['an unknown key', { subject_token: 'unknown-key' }, 'invalid_request'],
    ['a key twice', { subject_token: [keys.token, keys.token] }, 'invalid_request'],
    ['another type', { subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' }, 'invalid_request'],
    ['another type wanted', { requested_token_type: 'urn:x' }, 'invalid_request'],
    ['somebody who acts for it', { actor_token: 'x' }, 'invalid_request'],
    ['too long a life', { min_life: '86401' }, 'invalid_request'],
    ['no mailbox', { audience: undefined }, 'invalid_request'],
    ['no address', { audience: 'mailbox' }, 'invalid_target'],
    ['a resource that is no address', { resource: 'mailto:%zz' }, 'invalid_target'],
    ['two mailboxes', { resource: 'mailto:you@example.com' }, 'invalid_target'],
    ['a mailbox of others', { audience: 'you@example.com' }, 'invalid_target'],
    ['a mailbox that is none', { audience: 'nobody@example.com' }, 'invalid_target'],
    ['a key that only reads', { subject_token: keys.read }, 'invalid_target'],
    ['a scope that it does not have', { scope: 'https://graph.example.com/' }, 'invalid_scope'],
  ])('with %s it is refused', async (_what, form, error) => {
    const test = testServer()
    const response = await exchange(form, test)
    expect([response.status, response.body.error]).toEqual([400, error])
    expect(response.text).not.toMatch(/ya29|-key/)
    expect(response.headers['www-authenticate']).toBeUndefined()
    if (error !== 'invalid_scope') expect(test.services.tokens.asked).toEqual([])
  })

  it('a mailbox of others and one that is none are not told apart', async () => {
    const [others, none] = [
      await exchange({ audience: 'you@example.com' }),
      await exchange({ audience: 'nobody@example.com' }),
    ]
    expect(others.body).toEqual(none.body)
  })

  it.each([
    ['consent-needed', 400, 'invalid_grant'],
    ['provider-unavailable', 503, 'temporarily_unavailable'],
    ['store-unavailable', 503, 'temporarily_unavailable'],
    ['provider-setup', 502, 'server_error'],
    ['internal', 500, 'server_error'],
  ] as const)('a failure %s is told by %d %s', async (code, status, error) => {
    const test = testServer()
    test.services.tokens.trouble = failureAs(code, 'The "message" – in words', { retryAfterSeconds: 29.5 })
    const response = await exchange({}, test)
    expect([response.status, response.body.error]).toEqual([status, error])
    expect(response.headers['retry-after']).toBe('30')
    expect(response.body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  })

  it('what is no form, or is asked for otherwise, is refused in the same words', async () => {
    const ask = (test: TestServer) =>
      request(test.server.app).post('/oauth2/token').set('Host', 'localhost:8587')
    const json = await ask(testServer()).send(right)
    expect([json.status, json.body.error]).toEqual([400, 'invalid_request'])
    const large = await ask(testServer())
      .type('form')
      .send({ ...right, more: 'x'.repeat(20_000) })
    expect(large.status).toBe(413)
    const got = await testServer().get('/oauth2/token')
    expect([got.status, got.body.error, got.headers.allow]).toEqual([405, 'invalid_request', 'POST'])
  })

  it('who guesses keys is made to wait, as at the API', async () => {
    const test = testServer({ trustedProxies: ['127.0.0.0/8', '::1/128'] })
    for (let count = 0; count < 20; count++)
      expect((await exchange({ subject_token: `wrong-${count}` }, test)).status).toBe(400)
    const response = await exchange({ subject_token: 'wrong-20' }, test)
    expect([response.status, response.body.error]).toEqual([429, 'temporarily_unavailable'])
    expect(response.headers['retry-after']).toBe('900')
    // A right one is never counted or kept out.
    expect((await exchange({}, test)).status).toBe(200)
  })

  it('a key that is revoked while the token is asked for gets none', async () => {
    const test = testServer()
    const { accessTokenFor } = test.services.tokens
    test.services.tokens.accessTokenFor = async function (...given) {
      test.services.apiKeys.check = async () => {
        throw failureAs('wrong-credentials', 'No such key')
      }
      return accessTokenFor.apply(this, given)
    }
    const response = await exchange({}, test)
    expect([response.status, response.body.error]).toEqual([400, 'invalid_request'])
    expect(response.text).not.toContain('ya29')
  })
})
