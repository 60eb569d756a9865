import { describe, expect, it } from 'vitest'
import type { FailureCode } from '../../src/base/failure.ts'
import { failureStatus } from '../../src/web/http-errors.ts'
import { failureAs } from '../support/made-failure.ts'
import { keys, testServer } from './test-server.ts'

const token = '/mailboxes/me@example.com/token'

describe('a token', () => {
  it('a token comes as the body of RFC 6749, section 5.1', async () => {
    const test = testServer()
    const response = await test.api('get', `${token}?min_life=900`, keys.token)
    expect(response.type).toBe('application/json')
    expect(response.headers['cache-control']).toBe('no-store')
    expect(response.body).toEqual({
      access_token: 'ya29.access-token',
      token_type: 'Bearer',
      expires_in: 1799,
      scope: 'openid https://mail.example.com/',
    })
    expect(test.services.tokens.asked).toEqual([{ mailbox: 'me@example.com', request: { minimumLife: 900 } }])
  })

  it('the bare token comes to clients that accept plain text, or ask for it', async () => {
    const test = testServer()
    for (const response of [
      await test.api('get', token, keys.token).set('Accept', 'text/plain'),
      await test.api('get', `${token}?format=token`, keys.token),
    ]) {
      expect(response.type).toBe('text/plain')
      expect(response.text).toBe('ya29.access-token')
    }
    expect((await test.api('get', token, keys.token).set('Accept', '*/*')).type).toBe('application/json')
  })

  it('the API returns the ready SASL string', async () => {
    const test = testServer()
    const response = await test.api('get', `${token}?format=xoauth2`, keys.token)
    expect(Buffer.from(response.text, 'base64').toString()).toBe(
      'user=me@example.com\u0001auth=Bearer ya29.access-token\u0001\u0001',
    )
  })

  it('each read of a token is logged without the token', async () => {
    const test = testServer()
    await test.api('get', token, keys.token)
    expect(test.lines).toContainEqual(expect.stringContaining('"by":"key token:me@example.com"'))
    expect(test.lines.join('\n')).not.toMatch(/ya29|token-key-/)
  })

  it.each([
    'min_life=-1',
    'min_life=abc',
    'min_life=86401',
    'min_life=1&min_life=2',
    'format=xml',
    'life=5',
    '__proto__=1',
  ])('the API refuses ?%s', async (query) => {
    const test = testServer()
    const response = await test.api('get', `${token}?${query}`, keys.token)
    expect(response.status).toBe(400)
    expect(response.body.mistakes).toHaveLength(1)
    expect(test.services.tokens.asked).toEqual([])
  })
})

describe('a problem', () => {
  const codes = Object.keys(failureStatus) as FailureCode[]

  it.each(codes)('a failure %s gets a document of RFC 9457 that says what to do', async (code) => {
    const test = testServer()
    test.services.tokens.trouble = failureAs(code, 'The message', {
      fix: 'The fix.',
      retryAfterSeconds: 29.5,
    })
    const response = await test.api('get', token, keys.token)
    expect(response.status).toBe(failureStatus[code])
    expect(response.type).toBe('application/problem+json')
    expect(response.headers['retry-after']).toBe('30')
    expect(response.body).toEqual({
      type: 'about:blank',
      title: expect.any(String),
      status: failureStatus[code],
      detail: 'The message',
      failure: expect.stringMatching(/^[a-z-]+\.[a-z-]+$/),
      code,
      fix: 'The fix.',
      retryAfterSeconds: 29.5,
    })
  })

  it('a problem shows nothing of an unexpected error', async () => {
    const test = testServer()
    test.services.tokens.trouble = new TypeError('cannot read properties of ya29.secret')
    const response = await test.api('get', token, keys.token)
    expect(response.status).toBe(500)
    expect(response.body.code).toBe('internal')
    expect(response.text).not.toMatch(/TypeError|ya29| at |\.ts/)
  })
})

describe('paths and methods', () => {
  it.each(['/nothing', '/mailboxes/me@example.com/nothing', '/mailboxes/a/b/c'])(
    'the answer for %s is 404',
    async (path) => {
      const response = await testServer().api('get', path, keys.admin)
      expect(response.status).toBe(404)
      expect(response.type).toBe('application/problem+json')
    },
  )

  it.each([
    ['put', '/mailboxes', 'HEAD, GET, POST'],
    ['delete', '/mailboxes', 'HEAD, GET, POST'],
    ['post', '/mailboxes/me@example.com', 'HEAD, GET, DELETE'],
    ['get', '/sign-in-links', 'POST'],
    ['delete', token, 'HEAD, GET'],
  ] as const)('the answer for %s %s is 405, with the allowed methods', async (method, path, allow) => {
    const response = await testServer().api(method, path, keys.admin)
    expect(response.status).toBe(405)
    expect(response.headers.allow).toBe(allow)
  })
})

describe('mailboxes, logins and keys', () => {
  it('the API adopts a refresh token, and never returns it', async () => {
    const test = testServer()
    const body = {
      address: 'new@example.com',
      provider: 'example',
      signsInAs: 'boss@example.com',
      refreshToken: '1//refresh',
    }
    const response = await test.api('post', '/mailboxes', keys.admin).send(body)
    expect(response.status).toBe(201)
    expect(response.headers.location).toBe('/api/v1/mailboxes/new%40example.com')
    expect(test.services.mailboxes.adopted.map((secret) => secret.reveal())).toEqual(['1//refresh'])
    expect(response.text + test.lines.join('\n')).not.toContain('1//refresh')
    expect((await test.api('post', '/mailboxes', keys.admin).send(body)).status).toBe(409)
    expect((await test.api('post', '/mailboxes', keys.admin).send({ ...body, replace: true })).status).toBe(
      200,
    )
  })

  it('the API returns a generated password once, and a chosen one never', async () => {
    const test = testServer()
    const path = '/mailboxes/me@example.com/logins'
    const generated = await test.api('post', path, keys.admin)
    expect(generated.body).toMatchObject({
      password: 'generated-password-of-a-login',
      login: { id: 'login-1' },
    })
    const chosen = await test.api('post', path, keys.admin).send({ password: 'a password of mine' })
    expect(chosen.body).toMatchObject({ login: { id: 'login-2', password: 'chosen' } })
    expect(chosen.body.password).toBeUndefined()
    expect((await test.api('get', path, keys.read)).text).not.toContain('generated-password-of-a-login')
  })

  it('the API creates a login as requested, and lets it use further senders later', async () => {
    const test = testServer()
    const wanted = { rewriteSender: true, senders: ['a@example.com'], networks: ['192.0.2.7'] }
    const path = '/mailboxes/me@example.com/logins'
    for (const [way, shows] of [
      [{ withoutPassword: true }, { password: 'none', cramMd5: false }],
      [{ cramMd5: true }, { password: 'generated', cramMd5: true }],
    ]) {
      const { body } = await test.api('post', path, keys.admin).send({ ...wanted, ...way })
      expect(body.login).toMatchObject({ ...wanted, ...shows })
    }
    const senders = await test
      .api('post', '/logins/login-1/senders', keys.admin)
      .send({ senders: ['*@example.org'] })
    expect(senders.body).toMatchObject({ id: 'login-1', senders: ['a@example.com', '*@example.org'] })
  })

  it('the API sets the mending options of a login, and leaves the others unchanged', async () => {
    const test = testServer()
    const made = await test
      .api('post', '/mailboxes/me@example.com/logins', keys.admin)
      .send({ rewriteFrom: true })
    expect(made.body.login).toMatchObject({ rewriteFrom: true })
    const set = (body: object, key = keys.admin) =>
      test.api('post', '/logins/login-1/mending', key).send(body)
    expect((await set({})).body).toMatchObject({ rewriteFrom: true })
    expect((await set({ rewriteFrom: false })).body).not.toHaveProperty('rewriteFrom')
    expect((await set({ rewriteFrom: true })).body).toMatchObject({ rewriteFrom: true })
    expect((await set({ rewriteFrom: 'yes' })).status).toBe(400)
    expect((await set({ rewriteFrom: true }, keys.read)).status).toBe(403)
  })

  it('the API sets the limits of a login, and leaves those unchanged that are not named', async () => {
    const test = testServer()
    const limits = { recipients: ['*@example.com'], messagesPerHour: 20, needsApproval: true }
    const made = await test.api('post', '/mailboxes/me@example.com/logins', keys.admin).send({ limits })
    expect(made.body.login).toMatchObject({ limits })
    const set = (body: object) => test.api('post', '/logins/login-1/limits', keys.admin).send(body)
    expect((await set({ recipientsPerDay: 5 })).body.limits).toEqual({ ...limits, recipientsPerDay: 5 })
    const fewer = { recipients: [], messagesPerHour: null, needsApproval: false }
    expect((await set(fewer)).body.limits).toEqual({ recipientsPerDay: 5 })
    expect((await set({ recipientsPerDay: null })).body).not.toHaveProperty('limits')
    for (const body of [
      { messagesPerHour: 0 },
      { messagesPerHour: '20' },
      { recipients: ['a*@example.com'] },
    ])
      expect((await set(body)).status).toBe(400)
  })

  it.each([
    ['no senders', {}],
    ['none of them', { senders: [] }],
    ['one that is not in a list', { senders: 'a@example.com' }],
  ])('the API refuses %s as the further senders of a login', async (_what, body) => {
    const response = await testServer().api('post', '/logins/login-1/senders', keys.admin).send(body)
    expect(response.status).toBe(400)
  })

  it('the API adds a mailbox with its aliases', async () => {
    const body = { address: 'new@example.com', provider: 'example', aliases: ['alias@example.com'] }
    const response = await testServer().api('post', '/mailboxes', keys.admin).send(body)
    expect(response.body).toMatchObject({ aliases: ['alias@example.com'] })
  })

  it('the API creates a consent link in the name of the key that asked', async () => {
    const test = testServer()
    const response = await test.api('post', '/mailboxes/me@example.com/consent-links', keys.admin)
    expect(response.body).toMatchObject({ id: 'link-1', mailbox: 'me@example.com' })
    expect(test.services.consent.requestedBy).toBe('key admin')
  })

  it('the API sends a consent link by the channels for notices, and does not return it', async () => {
    const test = testServer()
    const path = '/mailboxes/me@example.com/consent-links'
    const response = await test.api('post', path, keys.admin).send({ send: true })
    expect(response.status).toBe(201)
    expect(response.body).toEqual({
      id: 'link-1',
      mailbox: 'me@example.com',
      expiresAt: expect.any(String),
      deliveries: [{ channel: 'webhook' }],
    })
    expect(test.services.notices.sent).toEqual(['me@example.com for key admin'])
  })

  it('the API creates sign-in links that work', async () => {
    const test = testServer()
    const { body } = await test.api('post', '/sign-in-links', keys.admin)
    expect(body.expiresAt).toBe('2026-03-01T00:15:00.000Z')
    expect((await test.get(new URL(body.url).pathname)).status).toBe(200)
  })
})
