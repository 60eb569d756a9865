import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import { judge } from '../../src/providers/oauth/oauth-client.ts'
import type { RegisteredProvider } from '../../src/providers/provider.ts'
import {
  providerAt,
  type ScriptedAnswer,
  startTokenEndpoint,
  type TokenEndpoint,
  tokens,
} from './token-endpoint.ts'

let endpoint: TokenEndpoint
const http = createHttpFetch({ timeoutSeconds: 5 })

beforeAll(async () => {
  endpoint = await startTokenEndpoint()
})
afterEach(() => {
  expect(endpoint.unusedAnswers()).toBe(0)
  endpoint.requests.length = 0
})
afterAll(async () => {
  await http.close()
  await endpoint.close()
})

const oldToken = 'old/refresh+token=='

function refresh(answer: ScriptedAnswer, changes: Partial<RegisteredProvider> = {}) {
  endpoint.answer(answer)
  const provider = { ...providerAt(endpoint.origin), ...changes }
  return createOAuthClient({ provider, fetch: http.fetch }).refresh(new Secret(oldToken))
}

async function errorOf(answer: ScriptedAnswer, changes?: Partial<RegisteredProvider>): Promise<unknown> {
  return refresh(answer, changes).then(
    () => {
      throw new Error('the answer was taken')
    },
    (error: unknown) => error,
  )
}

describe('a refresh', () => {
  it('a refresh sends what RFC 6749, section 6, says, and nothing more', async () => {
    await refresh(tokens('a'))
    expect(endpoint.requests.map(({ path, form }) => ({ path, form }))).toEqual([
      {
        path: '/token',
        form: { grant_type: 'refresh_token', refresh_token: oldToken, client_id: 'postern' },
      },
    ])
  })

  it('a refresh names at Microsoft the scopes that were granted, and nothing that was not', async () => {
    const provider = providerAt(endpoint.origin, {
      identityRules: 'entra',
      scopes: ['openid', 'offline_access', 'https://outlook.office.com/SMTP.Send'],
    })
    const client = createOAuthClient({ provider, fetch: http.fetch })
    const granted = [
      'https://outlook.office.com/SMTP.Send',
      'https://outlook.office.com/IMAP.AccessAsUser.All',
    ]
    for (const scopes of [granted, ['SMTP.Send'], [], undefined]) {
      endpoint.answer(tokens('a'))
      await client.refresh(new Secret(oldToken), scopes)
    }
    const asked = [`${granted.join(' ')} offline_access`, undefined, undefined, undefined]
    expect(endpoint.requests.map(({ form }) => form.scope)).toEqual(asked)
  })

  it.each([
    ['client_secret_post', { client_secret: 's' }, undefined],
    ['client_secret_basic', {}, `Basic ${Buffer.from('postern:s').toString('base64')}`],
  ] as const)('a refresh authenticates by %s', async (clientAuthentication, form, authorization) => {
    const provider = providerAt(endpoint.origin, { clientAuthentication })
    const registration = { clientId: 'postern', clientSecrets: [{ value: new Secret('s') }] }
    await refresh(tokens('a'), { ...provider, registration })
    expect(endpoint.requests[0]?.form).toMatchObject(form)
    expect(endpoint.requests[0]?.headers.authorization).toBe(authorization)
  })

  it('a refresh gives the rotated refresh token and the scopes that were granted', async () => {
    const answer = await refresh(tokens('new', { refresh_token: 'rotated', scope: 'mail  other' }))
    expect(answer.accessToken.reveal()).toBe('new')
    expect(answer.refreshToken?.reveal()).toBe('rotated')
    expect(answer.scopes).toEqual(['mail', 'other'])
    expect(answer.expiresInSeconds).toBe(3600)
  })

  it('a refresh takes the scopes as asked when the answer names none', async () => {
    expect((await refresh(tokens('a'))).scopes).toEqual(['mail', 'offline_access'])
  })

  it.each([undefined, null, '', 5, {}, 'with\nline end'])(
    'a refresh keeps the old refresh token when %j comes',
    async (token) => {
      const answer = await refresh(tokens('a', { refresh_token: token }))
      expect(answer.accessToken.reveal()).toBe('a')
      expect(answer).not.toHaveProperty('refreshToken')
    },
  )

  it.each([
    [60, 60],
    ['3599', 3599],
    [0.5, 0.5],
    [undefined, 300],
    [null, 300],
    [0, 300],
    [-1, 300],
    ['soon', 300],
    ['1e9', 300],
    [1e12, 300],
    [[60], 300],
  ])('a refresh understands a life of %j as %d seconds', async (life, seconds) => {
    expect((await refresh(tokens('a', { expires_in: life }))).expiresInSeconds).toBe(seconds)
  })

  it.each(['Bearer', 'bearer', 'BEARER'])('a refresh takes a token of type %s', async (type) => {
    expect((await refresh(tokens('a', { token_type: type }))).accessToken.reveal()).toBe('a')
  })

  it('a refresh looks at own members only', async () => {
    const text =
      '{"__proto__":{"refresh_token":"planted","expires_in":5},"access_token":"a","token_type":"bearer"}'
    const answer = await refresh({ text })
    expect(answer.expiresInSeconds).toBe(300)
    expect(answer).not.toHaveProperty('refreshToken')
  })

  it('a refresh does not care for an ID token, which could only cost the rotated refresh token', async () => {
    const answer = await refresh(tokens('a', { refresh_token: 'rotated', id_token: 'not.an.id-token' }))
    expect(answer.refreshToken?.reveal()).toBe('rotated')
    expect(answer).not.toHaveProperty('identity')
  })

  it.each(['x'.repeat(60_000), 'with a space', 'tøken/✓'])(
    'a refresh keeps any rotated refresh token that can be sent back, such as %.20s',
    async (token) => {
      const answer = await refresh(tokens('a', { refresh_token: token }))
      expect(answer.refreshToken?.reveal()).toBe(token)
    },
  )

  it.each([undefined, null, ''])(
    'a refresh takes a token whose type is %j for a bearer token',
    async (type) => {
      const answer = await refresh(tokens('a', { token_type: type, refresh_token: 'rotated' }))
      expect(answer).not.toHaveProperty('tokenCheck')
      expect([answer.accessToken.reveal(), answer.refreshToken?.reveal()]).toEqual(['a', 'rotated'])
    },
  )

  it.each([200, 201, 202, 203, 206, 299])('a refresh takes an answer with status %d', async (status) => {
    const answer = await refresh({ ...tokens('a', { refresh_token: 'rotated' }), status })
    expect([answer.accessToken.reveal(), answer.refreshToken?.reveal()]).toEqual(['a', 'rotated'])
  })

  it.each<[string, object]>([
    ['has a line end', { access_token: 'a\r\nRCPT TO:<x@example.com>' }],
    ['has a space', { access_token: 'a b' }],
    ['is longer than 16 KiB', { access_token: 'a'.repeat(16_385) }],
    ['is longer than all the rest', { access_token: 'a'.repeat(150_000) }],
    ['is empty', { access_token: '' }],
    ['is missing', { access_token: undefined }],
    ['is a number', { access_token: 5 }],
    ['is of another type', { token_type: 'mac' }],
    ['is bound to a key', { token_type: 'DPoP' }],
    ['has a number for a type', { token_type: 5 }],
  ])('a refresh keeps the rotated refresh token beside an access token that %s', async (_what, odd) => {
    const answer = await refresh(tokens('a', { refresh_token: 'rotated', ...odd }))
    expect(answer.refreshToken?.reveal()).toBe('rotated')
    expect(answer.tokenCheck?.error?.message).toMatch(/^The token endpoint gives (no|an|a) /)
    // What is of no use is nowhere, not even by mistake.
    expect(answer.accessToken.reveal()).toBe('none')
  })

  it('a refresh takes a token of 16 KiB', async () => {
    expect((await refresh(tokens('a'.repeat(16_384)))).accessToken.reveal()).toHaveLength(16_384)
  })
})

describe('an answer that is none', () => {
  it.each<[string, ScriptedAnswer]>([
    ['nothing', { text: '' }],
    ['a list', { json: [tokens('a').json] }],
    ['HTML', { text: '<html>Sign in to the hotel</html>', headers: { 'content-type': 'text/html' } }],
    ['JSON without a token', { json: { ok: true } }],
    ['a redirect', { status: 302, headers: { location: '/elsewhere' }, text: '' }],
    ['HTML with status 400', { status: 400, text: '<h1>Bad Request</h1>' }],
    ['an error without a name', { status: 400, json: { error: 5 } }],
    ['an inherited error', { status: 400, text: '{"__proto__":{"error":"invalid_grant"}}' }],
    ['JSON of a broken gateway', { status: 502, json: { message: 'no upstream' } }],
    ['trouble that passes', { status: 400, json: { error: 'temporarily_unavailable' } }],
    ['a pause', { status: 400, json: { error: 'busy' }, headers: { 'retry-after': '30' } }],
    ['invalid_grant from a broken gateway', { status: 502, json: { error: 'invalid_grant' } }],
    ['a cut connection', { cut: true }],
  ])('the answer is %s: the grant is kept', async (_what, answer) => {
    expect(judge(await errorOf(answer)).kind).toBe('try-later')
  })

  it.each<[number, object, string]>([
    [400, { error: 'app_blocked' }, 'app_blocked'],
    [400, { error: 'E17', error_description: 'Client is suspended' }, 'E17: Client is suspended'],
    [403, { message: 'Forbidden by policy' }, 'Forbidden by policy'],
    [404, { message: 'no Route matched with those values' }, 'no Route matched with those values'],
    [400, { error: { code: 400, message: 'Invalid app', status: 'FAILED' } }, 'Invalid app'],
    [
      422,
      { errors: [{ code: 'bad', detail: 'grant_type is not one of these' }] },
      'grant_type is not one of these',
    ],
    [401, { title: 'Unauthorized', status: 401 }, 'Unauthorized'],
    [400, { errors: ['no such tenant'] }, 'no such tenant'],
    [400, { errorCode: 'E0000021' }, 'E0000021'],
    [200, { error: 'invalid_grant' }, 'invalid_grant'],
    [
      200,
      { error: 'bad_verification_code', error_description: 'It is incorrect' },
      'bad_verification_code: It is incorrect',
    ],
  ])(
    'an answer of status %d with %j is a refusal, told with its words: the grant is kept',
    async (status, json, words) => {
      expect(judge(await errorOf({ status, json }))).toEqual({
        kind: 'setup-wrong',
        about: 'mailbox',
        reason: words,
      })
    },
  )

  it.each([
    ['invalid_grant', 'consent-needed'],
    ['invalid_client', 'setup-wrong'],
  ])(
    'an answer is judged by its %s, also beside a challenge and with another content type',
    async (error, kind) => {
      const headers = { 'www-authenticate': 'Basic realm="token"', 'content-type': 'text/plain' }
      const text = JSON.stringify({ error })
      expect(judge(await errorOf({ status: 401, headers, text })).kind).toBe(kind)
    },
  )

  it.each([
    ['7', undefined, 7],
    [' 7 ', undefined, 7],
    ['Wed, 21 Oct 2015 07:28:30 GMT', 'Wed, 21 Oct 2015 07:28:00 GMT', 30],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 'Wed, 21 Oct 2015 07:28:30 GMT', undefined],
    ['99999999', undefined, 3600],
    ['-5', undefined, undefined],
    ['soon', undefined, undefined],
  ])('an answer may ask for time: Retry-After %s at %s', async (retryAfter, date, seconds) => {
    const headers = { 'retry-after': retryAfter, ...(date !== undefined && { date }) }
    const verdict = judge(await errorOf({ status: 429, headers, text: 'slow down' }))
    expect(verdict).toMatchObject({
      kind: 'try-later',
      about: seconds === undefined ? 'mailbox' : 'registration',
      reason: 'the token endpoint answered with HTTP status 429',
      // Who does not say when to come back is left alone for a minute.
      retryAfterSeconds: seconds ?? 60,
    })
  })

  it('an answer is cut off where it has no end, which keeps the grant', async () => {
    expect(judge(await errorOf({ text: 'a'.repeat(300_000) }))).toEqual({
      kind: 'try-later',
      about: 'mailbox',
      reason: 'the provider sent too long an answer',
    })
  })

  it('an answer cannot make us write down what we sent', async () => {
    const clientSecret = new Secret('s3cret+/ä')
    const basic = Buffer.from(`postern:${encodeURIComponent(clientSecret.reveal())}`).toString('base64')
    const echo = [oldToken, encodeURIComponent(oldToken), clientSecret.reveal(), basic].join(' and ')
    const provider = providerAt(endpoint.origin, { clientAuthentication: 'client_secret_basic' })
    const json = { error: 'invalid_grant', error_description: `cannot use ${echo}\r\n250 OK` }
    const error = await errorOf(
      { status: 400, json },
      { ...provider, registration: { clientId: 'postern', clientSecrets: [{ value: clientSecret }] } },
    )
    const verdict = judge(error)
    expect(verdict.reason).toContain('cannot use [hidden] and [hidden] and [hidden] and ')
    expect(verdict.reason).not.toMatch(/[\r\n]/)
    for (const secret of [oldToken, clientSecret.reveal(), basic])
      expect(verdict.reason).not.toContain(secret)
  })

  it('an answer that is none carries nothing with it: no cause, no request, no answer', async () => {
    for (const answer of [
      { status: 200, json: { error: 'x', access: 'secret-access' } },
      { status: 400, json: { error: 'x' } },
    ]) {
      const error = await errorOf(answer)
      expect(error).not.toHaveProperty('cause')
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret-access')
    }
  })
})
