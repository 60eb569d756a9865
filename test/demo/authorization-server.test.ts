import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AuthorizationServer,
  mailScope,
  startAuthorizationServer,
  type TokenRequest,
} from '../../examples/demo/authorization-server.js'
import { createBrowser } from '../../examples/demo/browser.js'
import { introspectionAt } from '../../examples/demo/mail-provider.js'
import { authorizationUrl, authorize, callbackServer, requestToken } from '../support/oauth-client-by-hand.ts'

describe("the demo's authorization server", () => {
  let callback: Awaited<ReturnType<typeof callbackServer>>
  let authority: AuthorizationServer
  const requests: TokenRequest[] = []

  beforeAll(async () => {
    callback = await callbackServer()
    authority = await startAuthorizationServer({
      redirectUris: [callback.redirectUri],
      onTokenRequest: (request) => requests.push(request),
    })
  })
  afterAll(async () => {
    await authority.close()
    await callback.close()
  })

  it('the server signs in, asks for consent, and answers with iss, an ID token with the address, and both tokens', async () => {
    const { consent, arrived, tokens } = await authorize(authority, callback.redirectUri, 'me@example.com')

    expect(consent.body).toContain('send mail as you')
    expect(arrived.url.searchParams.get('iss')).toBe(authority.issuer)
    expect(tokens).toMatchObject({ status: 200, token_type: 'Bearer', expires_in: 3600 })
    expect(tokens.refresh_token).toBeTruthy()
    const claims = JSON.parse(Buffer.from(tokens.id_token?.split('.')[1] ?? '', 'base64url').toString())
    expect(claims).toMatchObject({ email: 'me@example.com', email_verified: true })
    expect(await introspectionAt(authority)(tokens.access_token ?? '')).toMatchObject({
      active: true,
      sub: 'me@example.com',
      scope: expect.stringContaining(mailScope),
    })
  })

  it('the server shows pages that load nothing from elsewhere', async () => {
    const { signIn, consent } = await authorize(authority, callback.redirectUri, 'me@example.com')

    for (const { body } of [signIn, consent]) {
      // The empty icon keeps the browser from asking for one.
      expect(body.replace('<link rel="icon" href="data:,">', '')).not.toMatch(/\b(src|href|url)\s*[=(]/i)
    }
  })

  it('the server takes only a mail address as the name', async () => {
    const browser = createBrowser()
    const signIn = await browser.open(authorizationUrl(authority, callback.redirectUri, 'v'.repeat(43)))
    const again = await browser.submit(signIn, { login: 'me' })

    expect(again.body).toContain('Please give a mail address')
  })

  it('the server demands PKCE', async () => {
    const browser = createBrowser()
    const { url } = await browser.open(authorizationUrl(authority, callback.redirectUri))

    expect(url.searchParams.get('error')).toBe('invalid_request')
  })

  it('the server sends a refusal back to the client', async () => {
    const browser = createBrowser()
    const signIn = await browser.open(authorizationUrl(authority, callback.redirectUri, 'v'.repeat(43)))
    const consent = await browser.submit(signIn, { login: 'me@example.com' })
    const { url } = await browser.submit(consent, { abort: 'yes' })

    expect(url.searchParams.get('error')).toBe('access_denied')
  })

  it('the server rotates refresh tokens, and revokes the family when one is used twice', async () => {
    const { tokens } = await authorize(authority, callback.redirectUri, 'me@example.com')
    const first = tokens.refresh_token ?? ''
    const refresh = (token: string) =>
      requestToken(authority, { grant_type: 'refresh_token', refresh_token: token })

    const rotated = await refresh(first)
    expect(rotated.status).toBe(200)
    expect(rotated.refresh_token).not.toBe(first)
    expect(await refresh(first)).toMatchObject({ status: 400, error: 'invalid_grant' })
    expect(await refresh(rotated.refresh_token ?? '')).toMatchObject({ status: 400, error: 'invalid_grant' })
  })

  it('the server takes the grants of one account back, and those of nobody else', async () => {
    const mine = await authorize(authority, callback.redirectUri, 'withdrawn@example.com')
    const other = await authorize(authority, callback.redirectUri, 'other@example.com')
    await authority.revokeGrantsOf('withdrawn@example.com')

    const introspect = introspectionAt(authority)
    expect(await introspect(mine.tokens.access_token ?? '')).toEqual({ active: false })
    const refreshed = await requestToken(authority, {
      grant_type: 'refresh_token',
      refresh_token: mine.tokens.refresh_token ?? '',
    })
    expect(refreshed).toMatchObject({ status: 400, error: 'invalid_grant' })
    expect(await introspect(other.tokens.access_token ?? '')).toMatchObject({ active: true })
  })

  it('the server reports every request at the token endpoint', async () => {
    requests.length = 0
    const { tokens } = await authorize(authority, callback.redirectUri, 'me@example.com')
    await requestToken(authority, { grant_type: 'refresh_token', refresh_token: 'unknown' })

    expect(requests.map(({ grantType, status }) => `${grantType} ${status}`)).toEqual([
      'authorization_code 200',
      'refresh_token 400',
    ])
    expect(requests[0]?.answer.access_token).toBe(tokens.access_token)
  })

  it('the server gives tokens of the life that it was told', async () => {
    authority.setAccessTokenSeconds(7)
    const { tokens } = await authorize(authority, callback.redirectUri, 'me@example.com')

    expect(tokens.expires_in).toBe(7)
  })
})
