import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import { providerAt, type ScriptedAnswer, startTokenEndpoint, type TokenEndpoint } from './token-endpoint.ts'

describe('a revocation', () => {
  const http = createHttpFetch({ timeoutSeconds: 5 })
  let endpoint: TokenEndpoint

  beforeEach(async () => {
    endpoint = await startTokenEndpoint()
  })
  afterEach(() => endpoint.close())

  const token = new Secret('the-refresh-token-that-ends')
  const revoke = (answer: ScriptedAnswer) => {
    endpoint.answer(answer)
    const provider = providerAt(endpoint.origin, { revocationEndpoint: `${endpoint.origin}/revoke` })
    return createOAuthClient({ provider, fetch: http.fetch }).revoke(token)
  }

  it.each<[string, ScriptedAnswer]>([
    ['200 without a word', { status: 200, text: '' }],
    ['200 and an empty object, as Google', { status: 200, json: {} }],
    ['204', { status: 204, text: '' }],
    ['that it knows no such token', { status: 400, json: { error: 'invalid_token' } }],
  ])('a revocation is done when the provider says %s', async (_what, answer) => {
    expect(await revoke(answer)).toBe('revoked')
    expect(endpoint.requests).toMatchObject([
      {
        path: '/revoke',
        form: { token: token.reveal(), token_type_hint: 'refresh_token', client_id: 'postern' },
      },
    ])
  })

  it.each<[string, ScriptedAnswer]>([
    ['a gateway is in trouble', { status: 502, text: '<html>' }],
    ['the registration is refused', { status: 401, json: { error: 'invalid_client' } }],
    ['the connection breaks', { cut: true }],
    [
      'its answer repeats the token',
      { status: 400, json: { error: 'x', error_description: token.reveal() } },
    ],
  ])('a revocation has failed when %s, and the token is in no error', async (_what, answer) => {
    const error = await revoke(answer).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect(`${error} ${JSON.stringify(error)} ${(error as Error).cause}`).not.toContain(token.reveal())
  })

  it('a revocation is not tried where the provider has none', async () => {
    const client = createOAuthClient({ provider: providerAt(endpoint.origin), fetch: http.fetch })
    expect(await client.revoke(token)).toBe('unsupported')
    expect(endpoint.requests).toEqual([])
  })
})
