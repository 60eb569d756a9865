import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AuthorizationServer,
  mailScope,
  startAuthorizationServer,
} from '../../examples/demo/authorization-server.js'
import { createBrowser } from '../../examples/demo/browser.js'
import { Secret } from '../../src/base/secret.ts'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { createCatalogue } from '../../src/providers/catalogue.ts'
import { parseProvidersFile } from '../../src/providers/file/providers-file.ts'
import { judge, type OAuthClient } from '../../src/providers/oauth/oauth-client.ts'
import { createOAuthClients } from '../../src/providers/oauth/oauth-clients.ts'
import { callbackServer } from '../support/oauth-client-by-hand.ts'

/** The adapter against oidc-provider: PKCE demanded, refresh tokens that rotate and may be used once. */
describe('a consent at a real authorization server', () => {
  const http = createHttpFetch({ timeoutSeconds: 10 })
  let authority: AuthorizationServer
  let callback: Awaited<ReturnType<typeof callbackServer>>
  let client: OAuthClient

  beforeAll(async () => {
    callback = await callbackServer()
    authority = await startAuthorizationServer({ redirectUris: [callback.redirectUri] })
    const { endpoints, clients, issuer } = authority
    const entry = {
      id: 'demo',
      name: 'Demo',
      issuer,
      authorizationEndpoint: endpoints.authorization,
      tokenEndpoint: endpoints.token,
      jwksUri: endpoints.jwks,
      revocationEndpoint: endpoints.revocation,
      scopes: ['openid', 'email', 'offline_access', mailScope],
      authorizationParameters: { prompt: 'consent' },
      clientId: clients.postern.id,
      clientSecret: clients.postern.secret,
      clientAuthentication: 'client_secret_basic',
      smtp: { host: 'localhost', port: 587, tls: 'starttls' },
      mechanisms: ['XOAUTH2'],
    }
    const parsed = parseProvidersFile(JSON.stringify({ providers: [entry] }), () => '')
    if ('mistakes' in parsed) throw new Error(parsed.mistakes.join('\n'))
    const catalogue = createCatalogue({
      registrations: {},
      customProviders: parsed.providers,
      providerOverrides: parsed.overrides,
    })
    client = createOAuthClients({ catalogue, http })('demo')
  })

  afterAll(async () => {
    await http.close()
    await authority.close()
    await callback.close()
  })

  /** As a person would: sign in, agree, come back. */
  async function consent(login: string) {
    const fresh = () => new Secret(randomBytes(32).toString('base64url'))
    const checks = {
      redirectUri: callback.redirectUri,
      state: fresh(),
      nonce: fresh(),
      codeVerifier: fresh(),
    }
    const url = await client.authorizationUrl({ ...checks, loginHint: login })
    const browser = createBrowser()
    const signIn = await browser.open(url)
    const agree = await browser.submit(signIn, { login, password: 'any' })
    const arrived = await browser.submit(agree)
    return { arrived: arrived.url, checks }
  }

  it('the server proves who signed in, rotates, renews, and tells when it is all over', async () => {
    const { arrived, checks } = await consent('me@example.com')
    expect(arrived.searchParams.get('iss')).toBe(authority.issuer)
    const first = await client.exchangeCode(arrived, checks)
    expect(first.identity?.address).toEqual({ value: 'me@example.com', vouched: true })
    expect(first.scopes).toContain(mailScope)

    const given = first.refreshToken ?? new Secret('none')
    const second = await client.refresh(given)
    const rotated = second.refreshToken ?? new Secret('none')
    expect(rotated.reveal()).not.toBe(given.reveal())
    expect(second.accessToken.reveal()).not.toBe(first.accessToken.reveal())

    // Spent twice: this server then takes it for stolen and ends the whole grant.
    expect(judge(await client.refresh(given).catch((error: unknown) => error)).kind).toBe('consent-needed')
    expect(judge(await client.refresh(rotated).catch((error: unknown) => error)).kind).toBe('consent-needed')
  })

  it('a consent is over after its revocation, and what is over can be revoked again', async () => {
    const { arrived, checks } = await consent('leaver@example.com')
    const { refreshToken = new Secret('none') } = await client.exchangeCode(arrived, checks)
    expect(await client.revoke(refreshToken)).toBe('revoked')
    expect(judge(await client.refresh(refreshToken).catch((error: unknown) => error)).kind).toBe(
      'consent-needed',
    )
    expect(await client.revoke(refreshToken)).toBe('revoked')
  })

  it('a consent spends a code once', async () => {
    const { arrived, checks } = await consent('me@example.com')
    await client.exchangeCode(arrived, checks)
    await expect(client.exchangeCode(arrived, checks)).rejects.toMatchObject({ code: 'consent-needed' })
  })

  it('a code is worth nothing with another verifier', async () => {
    const { arrived, checks } = await consent('me@example.com')
    const stolen = { ...checks, codeVerifier: new Secret('x'.repeat(43)) }
    await expect(client.exchangeCode(arrived, stolen)).rejects.toMatchObject({ code: 'consent-needed' })
  })
})
