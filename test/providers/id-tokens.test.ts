import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/failure.ts'
import { Secret } from '../../src/base/secret.ts'
import { createHttpFetch, type HttpFetch } from '../../src/net/http-fetch.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import { microsoft } from '../../src/providers/presets/microsoft.ts'
import type { RegisteredProvider } from '../../src/providers/provider.ts'
import { providerAt, startTokenEndpoint, type TokenEndpoint, tokens } from './token-endpoint.ts'

const tenant = '11111111-2222-3333-4444-555555555555'
const checks = {
  redirectUri: 'http://localhost:8587/oauth/callback',
  state: new Secret('the-state'),
  nonce: new Secret('the-nonce'),
  codeVerifier: new Secret('v'.repeat(43)),
}

const keys = await generateKeyPair('RS256')
const otherKeys = await generateKeyPair('RS256')
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

/** Entra's host, as far as the client can tell, answered by the endpoint on loopback. */
const asEntra: HttpFetch = (url, request) =>
  http.fetch(url.replace('https://login.microsoftonline.com', endpoint.origin), request)

function entra(authority: string): RegisteredProvider {
  const provider = microsoft(authority)
  const oauth = { ...provider.oauth, clientAuthentication: 'none' as const }
  return { ...provider, oauth, registration: { clientId: 'postern', clientSecrets: [] } }
}

function local(changes: Partial<RegisteredProvider['oauth']> = {}): RegisteredProvider {
  const jwksUri = `${endpoint.origin}/keys`
  const scopes = ['openid', 'email', 'mail']
  return providerAt(endpoint.origin, { issuer: endpoint.origin, scopes, jwksUri, ...changes })
}

const entraClaims = {
  iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
  tid: tenant,
  oid: 'object-1',
  preferred_username: 'Me@Contoso.example',
}

async function idToken(claims: object, { key = keys.privateKey, alg = 'RS256' } = {}): Promise<string> {
  const usual = { sub: 'subject-1', aud: 'postern', nonce: 'the-nonce' }
  return new SignJWT({ ...usual, ...claims })
    .setProtectedHeader({ alg, kid: 'k1' })
    .setIssuedAt()
    .setExpirationTime('5 minutes')
    .sign(key)
}

async function exchange(
  provider: RegisteredProvider,
  token: string | undefined,
  { fetch = http.fetch, query = '', withKeys = true } = {},
) {
  endpoint.answer(tokens('access', { refresh_token: 'refresh', id_token: token }))
  if (withKeys) {
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }
    endpoint.answer({ json: { keys: [jwk] } })
  }
  const callback = new URL(`http://other.example/?code=the-code&state=the-state${query}`)
  return createOAuthClient({ provider, fetch }).exchangeCode(callback, checks)
}

describe('an ID token of Entra', () => {
  it.each(['common', 'organizations'])(
    'a token at the authority %s may come from any tenant, whose issuer its tid names',
    async (authority) => {
      const answer = await exchange(entra(authority), await idToken(entraClaims), { fetch: asEntra })
      expect(answer.identity).toEqual({
        account: `${tenant}/object-1`,
        signed: true,
        address: { value: 'Me@contoso.example', vouched: false },
      })
      expect(endpoint.requests.map(({ path }) => path)).toEqual([
        `/${authority}/oauth2/v2.0/token`,
        '/common/discovery/v2.0/keys',
      ])
    },
  )

  it.each<[string, object]>([
    ['another tenant than its tid', { tid: '99999999-2222-3333-4444-555555555555' }],
    ['no tid', { tid: undefined }],
    ['a tid that is a path', { tid: `${tenant}/v2.0/x`, iss: entraClaims.iss }],
    ['another host', { iss: `https://login.example/${tenant}/v2.0` }],
    ['the template itself', { iss: 'https://login.microsoftonline.com/{tenantid}/v2.0' }],
  ])('a token of Entra is refused with %s', async (_what, claims) => {
    const token = await idToken({ ...entraClaims, ...claims })
    const answer = exchange(entra('common'), token, { fetch: asEntra, withKeys: false })
    await expect(answer).rejects.toThrow('unexpected JWT "iss" (issuer) claim value')
  })

  it.each([tenant, 'consumers'])(
    'a token at the authority %s comes from one tenant only',
    async (authority) => {
      const own = authority === 'consumers' ? '9188040d-6c67-4c5b-b112-36a304b66dad' : tenant
      const claims = { ...entraClaims, tid: own, iss: `https://login.microsoftonline.com/${own}/v2.0` }
      const answer = await exchange(entra(authority), await idToken(claims), { fetch: asEntra })
      expect(answer.identity?.account).toBe(`${own}/object-1`)
      endpoint.requests.length = 0

      const other = '99999999-2222-3333-4444-555555555555'
      const foreign = { ...entraClaims, tid: other, iss: `https://login.microsoftonline.com/${other}/v2.0` }
      const refused = exchange(entra(authority), await idToken(foreign), { fetch: asEntra, withKeys: false })
      await expect(refused).rejects.toThrow('issuer')
    },
  )

  it('a token of Entra is trusted only with its signature', async () => {
    const forged = await idToken(entraClaims, { key: otherKeys.privateKey })
    const answer = exchange(entra('common'), forged, { fetch: asEntra })
    await expect(answer).rejects.toThrow('JWT signature verification failed')
  })

  it.each([
    ['another tenant', '99999999-2222-3333-4444-555555555555'],
    ['no tenant', undefined],
  ])('a token is refused with %s beside the issuer of the one that is ours', async (_what, tid) => {
    const refused = exchange(entra(tenant), await idToken({ ...entraClaims, tid }), { fetch: asEntra })
    await expect(refused).rejects.toThrow('"tid"')
  })

  it('a token at the authority contoso.example comes from the tenant that has this domain', async () => {
    const provider = entra('contoso.example')
    const fetch: HttpFetch = async (url, request) =>
      url.includes('/contoso.example/v2.0/.well-known/')
        ? Response.json({ issuer: entraClaims.iss })
        : asEntra(url, request)
    const named = { ...provider, registration: { ...provider.registration, tenant: 'contoso.example' } }
    expect((await exchange(named, await idToken(entraClaims), { fetch })).identity?.address).toEqual({
      value: 'Me@contoso.example',
      vouched: true,
    })
    const other = '99999999-2222-3333-4444-555555555555'
    const foreign = { ...entraClaims, tid: other, iss: `https://login.microsoftonline.com/${other}/v2.0` }
    await expect(exchange(named, await idToken(foreign), { fetch, withKeys: false })).rejects.toThrow('"iss"')
  })

  it('a token may come with the callback’s iss of its tenant', async () => {
    const query = `&iss=${encodeURIComponent(entraClaims.iss)}`
    const answer = await exchange(entra('common'), await idToken(entraClaims), { fetch: asEntra, query })
    expect(answer.refreshToken?.reveal()).toBe('refresh')
  })

  it.each(['https://login.microsoftonline.com/evil/v2.0', `https://login.example/${tenant}/v2.0`])(
    'a token is not even asked for with the callback’s iss %s',
    async (iss) => {
      const callback = new URL('http://localhost/?code=the-code&state=the-state')
      callback.searchParams.set('iss', iss)
      const client = createOAuthClient({ provider: entra('common'), fetch: asEntra })
      await expect(client.exchangeCode(callback, checks)).rejects.toThrow('"iss"')
      expect(endpoint.requests).toEqual([])
    },
  )
})

describe('an ID token', () => {
  it('an ID token is checked with everything that was sent, at the redirect URI that was asked for', async () => {
    const answer = await exchange(local(), await idToken({ iss: endpoint.origin, email: 'me@example.com' }))
    expect(answer.identity).toEqual({
      account: `${endpoint.origin} subject-1`,
      signed: true,
      address: { value: 'me@example.com', vouched: false },
    })
    expect(endpoint.requests[0]?.form).toEqual({
      grant_type: 'authorization_code',
      code: 'the-code',
      redirect_uri: checks.redirectUri,
      code_verifier: checks.codeVerifier.reveal(),
      client_id: 'postern',
    })
  })

  it.each<[string, object, string]>([
    ['another nonce', { nonce: 'x' }, '"nonce"'],
    ['no nonce', { nonce: undefined }, '"nonce"'],
    ['another audience', { aud: 'other' }, '"aud"'],
    ['another issuer', { iss: 'https://evil.example' }, '"iss"'],
    ['no subject', { sub: undefined }, '"sub"'],
    ['the client of somebody else, for us too', { aud: ['postern', 'other'], azp: 'other' }, '"azp"'],
    ['another audience beside us', { aud: ['postern', 'other'] }, '"aud"'],
  ])('an ID token is refused with %s', async (_what, claims, named) => {
    const answer = exchange(local(), await idToken({ iss: endpoint.origin, ...claims }), { withKeys: false })
    await expect(answer).rejects.toThrow(named)
    await expect(answer).rejects.not.toBeInstanceOf(Failure)
  })

  it.each([['other'], [['postern']], [null]])(
    'an ID token is refused with the client %j of somebody else',
    async (azp) => {
      const refused = exchange(local(), await idToken({ iss: endpoint.origin, azp }))
      await expect(refused).rejects.toThrow('"azp"')
      await expect(refused).rejects.not.toBeInstanceOf(Failure)
    },
  )

  it.each([['another'], [undefined]])(
    'an ID token is refused with the nonce %j, also where a code was carried over by hand',
    async (nonce) => {
      const token = await idToken({ iss: endpoint.origin, nonce })
      const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }
      endpoint.answer(tokens('access', { id_token: token }), { json: { keys: [jwk] } })
      const client = createOAuthClient({ provider: local(), fetch: http.fetch })
      const callback = new URL('http://localhost/?code=the-code&state=the-state')
      const byHand = client.exchangeCode(callback, { ...checks, redirectUri: 'oob' })
      await expect(byHand).rejects.toThrow('"nonce"')
    },
  )

  it('an ID token must be there when it was asked for', async () => {
    await expect(exchange(local(), undefined, { withKeys: false })).rejects.toThrow('id_token')
  })

  it('an ID token may be signed by a modern algorithm, and is never taken unsigned or with a shared secret', async () => {
    const without = local()
    delete without.oauth.jwksUri
    const { privateKey } = await generateKeyPair('ES256')
    const claims = { iss: endpoint.origin, email: 'me@example.com' }
    const modern = await idToken(claims, { key: privateKey, alg: 'ES256' })
    const answer = await exchange(without, modern, { withKeys: false })
    expect(answer.identity).toMatchObject({ account: `${endpoint.origin} subject-1`, signed: false })
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${modern.split('.')[1]}.`
    await expect(exchange(without, unsigned, { withKeys: false })).rejects.toThrow('"alg"')
  })
})
