import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import type { RegisteredProvider } from '../../src/providers/provider.ts'
import { providerAt, startTokenEndpoint, type TokenEndpoint, tokens } from './token-endpoint.ts'

const checks = {
  redirectUri: 'http://localhost:8587/oauth/callback',
  state: new Secret('the-state'),
  nonce: new Secret('the-nonce'),
  codeVerifier: new Secret('v'.repeat(43)),
}

const http = createHttpFetch({ timeoutSeconds: 5 })
let endpoint: TokenEndpoint

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

function local(changes: Partial<RegisteredProvider['oauth']> = {}): RegisteredProvider {
  return providerAt(endpoint.origin, {
    issuer: endpoint.origin,
    scopes: ['openid', 'email', 'mail'],
    ...changes,
  })
}

describe('a callback', () => {
  const client = (provider: RegisteredProvider) => createOAuthClient({ provider, fetch: http.fetch })
  const callback = (query: string) => new URL(`http://localhost:8587/oauth/callback?${query}`)

  it.each([
    ['another state', 'code=c&state=other'],
    ['no state', 'code=c'],
    ['two states', 'code=c&state=the-state&state=other'],
    ['the iss of another provider', 'code=c&state=the-state&iss=https%3A%2F%2Fevil.example'],
  ])('a callback with %s never reaches the token endpoint', async (_what, query) => {
    await expect(client(local()).exchangeCode(callback(query), checks)).rejects.toThrow(/state|iss/)
    expect(endpoint.requests).toEqual([])
  })

  it('a callback must carry the iss that the provider promises', async () => {
    const provider = local({ authorizationResponseIss: true })
    await expect(client(provider).exchangeCode(callback('code=c&state=the-state'), checks)).rejects.toThrow(
      '"iss"',
    )
    expect(endpoint.requests).toEqual([])
  })

  it('a callback may carry an iss where nothing is known to compare it with', async () => {
    endpoint.answer(tokens('access'))
    const query = 'code=c&state=the-state&iss=https%3A%2F%2Fid.example'
    const answer = await client(providerAt(endpoint.origin)).exchangeCode(callback(query), checks)
    expect(answer).not.toHaveProperty('identity')
  })

  it.each([
    [
      400,
      { error: 'invalid_grant', error_description: 'code used twice' },
      'consent-needed',
      'code used twice',
    ],
    [401, { error: 'invalid_client' }, 'provider-setup', 'invalid_client'],
    [503, {}, 'provider-unavailable', '503'],
  ])('a callback whose code is answered %s is a failure for people', async (status, json, code, words) => {
    endpoint.answer({ status, json })
    const answer = client(providerAt(endpoint.origin)).exchangeCode(
      callback('code=the-code&state=the-state'),
      checks,
    )
    await expect(answer).rejects.toMatchObject({ code, message: expect.stringContaining(words) })
  })

  it('a callback leaves no secret in its error', async () => {
    const query = callback('code=the-code&state=other-state')
    const error = await client(local())
      .exchangeCode(query, checks)
      .catch((caught: unknown) => caught)
    expect(error).not.toHaveProperty('cause')
    const said = JSON.stringify(error, Object.getOwnPropertyNames(error))
    for (const secret of ['the-code', 'other-state', 'the-state', 'vvvvv']) expect(said).not.toContain(secret)
  })
})

describe('an authorization URL', () => {
  const request = { ...checks, loginHint: 'me@example.com' }
  const parametersOf = async (provider: RegisteredProvider, more: object = {}) => {
    const url = await createOAuthClient({ provider, fetch: http.fetch }).authorizationUrl({
      ...request,
      ...more,
    })
    return Object.fromEntries(url.searchParams)
  }

  it('the URL protects the code and names the person', async () => {
    expect(await parametersOf(local())).toEqual({
      client_id: 'postern',
      response_type: 'code',
      redirect_uri: checks.redirectUri,
      scope: 'openid email mail',
      state: 'the-state',
      nonce: 'the-nonce',
      login_hint: 'me@example.com',
      code_challenge_method: 'S256',
      // SHA-256 of 43 times "v", as base64url.
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    })
  })

  it('the URL adds what the provider needs for a refresh token, and lets people choose the account', async () => {
    const provider = local({ authorizationParameters: { access_type: 'offline', prompt: 'consent' } })
    expect(await parametersOf(provider)).toMatchObject({ access_type: 'offline', prompt: 'consent' })
    const accounts = local({ authorizationParameters: { prompt: 'consent' }, knowsSelectAccount: true })
    expect(await parametersOf(accounts, { selectAccount: true })).toMatchObject({
      prompt: 'consent select_account',
    })
    expect(await parametersOf(provider, { selectAccount: true })).toMatchObject({ prompt: 'consent login' })
  })

  it('the URL asks only who somebody is for a sign-in to the pages', async () => {
    const parameters = { access_type: 'offline', prompt: 'consent' }
    const asked = await parametersOf(local({ authorizationParameters: parameters }), { purpose: 'sign-in' })
    expect(asked).toMatchObject({ prompt: 'login', scope: 'openid email profile', nonce: 'the-nonce' })
    expect(asked).not.toHaveProperty('access_type')
  })

  it('the URL asks for no nonce without an ID token', async () => {
    expect(await parametersOf(providerAt(endpoint.origin))).not.toHaveProperty('nonce')
  })

  it('the URL is not made for a provider beyond loopback without TLS', async () => {
    const answer = parametersOf(providerAt('http://id.example'))
    await expect(answer).rejects.toMatchObject({ code: 'configuration' })
  })
})
