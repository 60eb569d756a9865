import { createPublicKey } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AuthorizationServer,
  mailScope,
  startAuthorizationServer,
} from '../../examples/demo/authorization-server.js'
import { createBrowser } from '../../examples/demo/browser.js'
import { Secret } from '../../src/base/secret.ts'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import type { RegisteredProvider } from '../../src/providers/provider.ts'
import type { ClientCertificate } from '../../src/providers/settings.ts'
import { clientCertificate } from '../support/client-certificate.ts'
import { providerAt } from './token-endpoint.ts'

/** The other ways to a grant, at oidc-provider: its endpoints are discovered. */
describe('at a real authorization server', () => {
  const http = createHttpFetch({ timeoutSeconds: 10 })
  let authority: AuthorizationServer
  let certificates: Record<'rsa' | 'ec', ClientCertificate & { pem: string }>

  beforeAll(async () => {
    certificates = { rsa: await clientCertificate('rsa'), ec: await clientCertificate('ec') }
    const byKey = (['rsa', 'ec'] as const).map((kind) => ({
      client_id: `app-${kind}`,
      token_endpoint_auth_method: 'private_key_jwt' as const,
      jwks: { keys: [createPublicKey(certificates[kind].pem).export({ format: 'jwk' })] },
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
      scope: mailScope,
    }))
    authority = await startAuthorizationServer({
      redirectUris: ['http://localhost/cb'],
      apps: byKey as never,
    })
  })
  afterAll(async () => {
    await http.close()
    await authority.close()
  })

  function clientOf(registration: RegisteredProvider['registration'], oauth: object) {
    const provider = providerAt(authority.issuer)
    const { tokenEndpoint: _t, authorizationEndpoint: _a, ...rest } = provider.oauth
    return createOAuthClient({
      provider: { ...provider, oauth: { ...rest, issuer: authority.issuer, ...oauth }, registration },
      fetch: http.fetch,
    })
  }

  const introspected = async (token: Secret) => {
    const { id, secret } = authority.clients.mailProvider
    const response = await fetch(authority.endpoints.introspection, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ token: token.reveal() }),
    })
    return (await response.json()) as Record<string, unknown>
  }

  it.each(['rsa', 'ec'] as const)('an app signs in with its certificate (%s)', async (kind) => {
    const client = clientOf(
      { clientId: `app-${kind}`, clientSecrets: [], certificate: certificates[kind] },
      { clientAuthentication: 'private_key_jwt', applicationScopes: [mailScope] },
    )
    const { accessToken } = await client.appOnlyToken('client-credentials', 'me@example.com')
    expect(await introspected(accessToken)).toMatchObject({
      active: true,
      client_id: `app-${kind}`,
      scope: mailScope,
    })
  })

  it('an app signs in with the second of two secrets', async () => {
    const { id, secret } = authority.clients.mailProvider
    const clientSecrets = ['ended', secret].map((value) => ({ value: new Secret(value) }))
    const client = clientOf({ clientId: id, clientSecrets }, { clientAuthentication: 'client_secret_basic' })
    const { accessToken } = await client.appOnlyToken('client-credentials', 'me@example.com')
    expect(await introspected(accessToken)).toMatchObject({ active: true, client_id: id })
  })

  it('a person agrees on another device, and the grant renews', async () => {
    const { id, secret } = authority.clients.postern
    const client = clientOf(
      { clientId: id, clientSecrets: [{ value: new Secret(secret) }] },
      {
        scopes: ['openid', 'email', 'offline_access', mailScope],
        mailScopes: [mailScope],
        clientAuthentication: 'client_secret_basic',
      },
    )
    const begun = await client.beginDevice()
    expect(await client.pollDevice(begun.deviceCode)).toBe('pending')

    const browser = createBrowser()
    const confirm = await browser.open(begun.verificationUriComplete ?? '')
    let page = await browser.submit(confirm, { confirm: 'yes' })
    if (page.body.includes('name="login"'))
      page = await browser.submit(page, { login: 'me@example.com', password: 'any' })
    if (page.body.includes('Allow')) page = await browser.submit(page)

    const answer = await client.pollDevice(begun.deviceCode)
    if (typeof answer === 'string') throw new Error(`${answer}: ${page.body}`)
    expect(answer.identity?.address).toEqual({ value: 'me@example.com', vouched: true })
    expect(answer.scopes).toContain(mailScope)
    expect((await client.refresh(answer.refreshToken ?? new Secret('none'))).refreshToken).toBeDefined()
    await expect(client.pollDevice(begun.deviceCode)).rejects.toThrow()
  })
})
