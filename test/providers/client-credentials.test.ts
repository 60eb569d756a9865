import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import { judge } from '../../src/providers/oauth/oauth-client.ts'
import { providerAt, startTokenEndpoint, type TokenEndpoint, tokens } from './token-endpoint.ts'

describe('an access token without a person', () => {
  const http = createHttpFetch({ timeoutSeconds: 5 })
  const secret = 'the-secret-of-the-app'
  let endpoint: TokenEndpoint

  beforeEach(async () => {
    endpoint = await startTokenEndpoint()
  })
  afterEach(() => endpoint.close())

  const client = () => {
    const provider = providerAt(endpoint.origin, {
      applicationScopes: ['https://outlook.office365.com/.default'],
      clientAuthentication: 'client_secret_post',
    })
    const registration = { clientId: 'app', clientSecrets: [{ value: new Secret(secret) }] }
    return createOAuthClient({ provider: { ...provider, registration }, fetch: http.fetch })
  }

  it('the token is asked for as RFC 6749, section 4.4, has it, for the scopes of an application', async () => {
    endpoint.answer(tokens('of-the-app'))
    const answer = await client().appOnlyToken('client-credentials', 'scanner@example.com')
    expect(answer.accessToken.reveal()).toBe('of-the-app')
    expect(answer.scopes).toEqual(['https://outlook.office365.com/.default'])
    expect(answer).not.toHaveProperty('refreshToken')
    expect(endpoint.requests.map(({ form }) => form)).toEqual([
      {
        grant_type: 'client_credentials',
        scope: 'https://outlook.office365.com/.default',
        client_id: 'app',
        client_secret: secret,
      },
    ])
  })

  it('the token is refused in words that do not repeat the secret', async () => {
    const error_description = `AADSTS7000215: Invalid client secret provided: ${secret}`
    endpoint.answer({ status: 401, json: { error: 'invalid_client', error_description } })
    const error = await client()
      .appOnlyToken('client-credentials', 'scanner@example.com')
      .catch((thrown: unknown) => thrown)
    const verdict = judge(error)
    expect(verdict).toMatchObject({ kind: 'setup-wrong', about: 'registration' })
    expect(verdict.reason).toContain('AADSTS7000215')
    expect(verdict.reason).not.toContain(secret)
  })
})
