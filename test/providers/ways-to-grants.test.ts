import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { decodeProtectedHeader, importX509, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { createOAuthClient } from '../../src/providers/oauth/create-oauth-client.ts'
import { createDiscoveries } from '../../src/providers/oauth/discoveries.ts'
import { judge } from '../../src/providers/oauth/oauth-client.ts'
import type { RegisteredProvider } from '../../src/providers/provider.ts'
import type { ClientCertificate } from '../../src/providers/settings.ts'
import { clientCertificate } from '../support/client-certificate.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { providerAt, startTokenEndpoint, type TokenEndpoint, tokens } from './token-endpoint.ts'

const http = createHttpFetch({ timeoutSeconds: 5 })
const now = Date.parse('2030-01-01T00:00:00Z')
let endpoint: TokenEndpoint

beforeEach(async () => {
  endpoint = await startTokenEndpoint()
})
afterEach(() => endpoint.close())

function clientOf(
  oauth: Partial<RegisteredProvider['oauth']>,
  registration: Partial<RegisteredProvider['registration']> = {},
) {
  const provider = providerAt(endpoint.origin, oauth)
  return createOAuthClient({
    provider: { ...provider, registration: { ...provider.registration, ...registration } },
    fetch: http.fetch,
    clock: { now: () => now },
  })
}

const form = (index = 0) => endpoint.requests[index]?.form ?? {}

describe.each(['rsa', 'ec'] as const)('a certificate with a key of the kind %s', (kind) => {
  let certificate: ClientCertificate & { pem: string }
  beforeEach(async () => {
    certificate = await clientCertificate(kind)
  })
  const client = () =>
    clientOf(
      { clientAuthentication: 'private_key_jwt', applicationScopes: ['https://mail.example/.default'] },
      { clientId: 'the-app', certificate },
    )

  it('the certificate signs what Entra asks for: header, claims and a new id each time', async () => {
    endpoint.answer(tokens('one'), tokens('two'))
    await client().appOnlyToken('client-credentials', 'me@example.com')
    await client().appOnlyToken('client-credentials', 'me@example.com')
    const { client_assertion: assertion = '', ...rest } = form()
    expect(rest).toEqual({
      grant_type: 'client_credentials',
      scope: 'https://mail.example/.default',
      client_id: 'the-app',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    })
    const alg = kind === 'rsa' ? 'PS256' : 'ES256'
    const { payload, protectedHeader } = await jwtVerify(assertion, await importX509(certificate.pem, alg), {
      audience: `${endpoint.origin}/token`,
      issuer: 'the-app',
      subject: 'the-app',
    })
    const thumbprint = new X509Certificate(certificate.pem).fingerprint256.replaceAll(':', '')
    expect(protectedHeader).toEqual({
      alg,
      typ: 'JWT',
      'x5t#S256': Buffer.from(thumbprint, 'hex').toString('base64url'),
    })
    expect(payload.jti).toMatch(/.{16,}/)
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(600)
    expect(form(1).client_assertion).not.toBe(assertion)
  })

  it('the certificate is refused in words without the assertion', async () => {
    endpoint.answer({ status: 401, json: { error: 'invalid_client', error_description: 'AADSTS700027' } })
    const error = await client()
      .appOnlyToken('client-credentials', 'me@example.com')
      .catch((thrown: unknown) => thrown)
    expect(judge(error)).toMatchObject({ kind: 'setup-wrong', about: 'registration' })
    expect(String((error as Error).stack)).not.toContain(form().client_assertion?.slice(0, 40))
  })
})

describe('a service account', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const serviceAccount = {
    email: 'postern@project.iam.gserviceaccount.com',
    clientId: '1234567890',
    keyId: 'key-1',
    key: new Secret(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
  }
  const client = () =>
    clientOf({ applicationScopes: ['https://mail.google.com/'] }, { clientId: '1234567890', serviceAccount })

  it('a service account asserts as Google asks for it, for the mailbox', async () => {
    endpoint.answer(tokens('of-the-user'))
    const answer = await client().appOnlyToken('service-account', 'user@example.com')
    expect(answer.accessToken.reveal()).toBe('of-the-user')
    expect(answer.scopes).toEqual(['https://mail.google.com/'])
    const { assertion = '', ...rest } = form()
    expect(rest).toEqual({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' })
    expect(decodeProtectedHeader(assertion)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-1' })
    const { payload } = await jwtVerify(assertion, publicKey, { currentDate: new Date(now) })
    expect(payload).toEqual({
      iss: 'postern@project.iam.gserviceaccount.com',
      sub: 'user@example.com',
      scope: 'https://mail.google.com/',
      aud: `${endpoint.origin}/token`,
      iat: now / 1000,
      exp: now / 1000 + 600,
    })
  })

  it('a service account that may not act for the user is wrong set up, and its assertion is in no word of it', async () => {
    endpoint.answer({
      status: 401,
      headers: { date: new Date(now).toUTCString() },
      json: { error: 'unauthorized_client', error_description: 'Not delegated' },
    })
    const error = await client()
      .appOnlyToken('service-account', 'user@example.com')
      .catch((thrown: unknown) => thrown)
    expect(judge(error)).toMatchObject({ kind: 'setup-wrong', reason: 'unauthorized_client: Not delegated' })
    expect(String((error as Error).stack)).not.toContain(form().assertion)
  })
})

describe('several client secrets', () => {
  const secrets = ['ended', 'current', 'next'].map((text) => ({ value: new Secret(text) }))
  const client = () => clientOf({ clientAuthentication: 'client_secret_post' }, { clientSecrets: secrets })
  const refused = { status: 401, json: { error: 'invalid_client' } }
  const sent = () => endpoint.requests.map((request) => request.form.client_secret)

  it('the secrets are tried in their order, and the one that worked is kept to', async () => {
    endpoint.answer(refused, tokens('one'), tokens('two'))
    const it = client()
    expect((await it.refresh(new Secret('r'))).accessToken.reveal()).toBe('one')
    await it.refresh(new Secret('r'))
    expect(sent()).toEqual(['ended', 'current', 'current'])
  })

  it('the secrets are each asked with once, when all are refused', async () => {
    endpoint.answer(refused, refused, refused)
    const error = await client()
      .refresh(new Secret('r'))
      .catch((thrown: unknown) => thrown)
    expect(judge(error)).toMatchObject({ kind: 'setup-wrong', about: 'registration' })
    expect(sent()).toEqual(['ended', 'current', 'next'])
  })

  it.each([
    ['the grant is refused', { status: 400, json: { error: 'invalid_grant' } }],
    ['there is trouble', { status: 503, text: 'busy' }],
    ['the line is cut', { cut: true }],
  ])('the secrets are not gone through because %s', async (_, answer) => {
    endpoint.answer(answer)
    await expect(client().refresh(new Secret('r'))).rejects.toThrow()
    expect(sent()).toEqual(['ended'])
  })
})

describe('a device', () => {
  const client = () => clientOf({ deviceAuthorizationEndpoint: `${endpoint.origin}/device` })
  const begun = {
    device_code: 'the-device-code',
    user_code: 'ABCD-EFGH',
    verification_uri: 'https://login.example/device',
    expires_in: 900,
  }

  it('a device gets what a person needs (RFC 8628, section 3.2)', async () => {
    endpoint.answer({ json: begun })
    const { deviceCode, ...shown } = await client().beginDevice()
    expect(deviceCode.reveal()).toBe('the-device-code')
    expect(shown).toEqual({
      userCode: 'ABCD-EFGH',
      verificationUri: 'https://login.example/device',
      expiresInSeconds: 900,
      intervalSeconds: 5,
    })
    expect(endpoint.requests).toMatchObject([
      { path: '/device', form: { client_id: 'postern', scope: 'mail offline_access' } },
    ])
  })

  it.each([
    ['no page', { verification_uri: 'javascript:alert(1)' }],
    ['no code', { device_code: undefined }],
  ])('a device is refused an answer with %s to open', async (_, change) => {
    endpoint.answer({ json: { ...begun, ...change } })
    await expect(client().beginDevice()).rejects.toThrow()
  })

  it('a device waits, slows down, and gets its tokens', async () => {
    endpoint.answer(
      { status: 400, json: { error: 'authorization_pending' } },
      { status: 400, json: { error: 'slow_down' } },
      tokens('of-the-device', { refresh_token: 'refresh' }),
    )
    const it = client()
    const poll = () => it.pollDevice(new Secret('the-device-code'))
    expect([await poll(), await poll()]).toEqual(['pending', 'slow-down'])
    expect(await poll()).toMatchObject({ scopes: ['mail', 'offline_access'] })
    expect(form(2)).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: 'the-device-code',
      client_id: 'postern',
    })
  })

  it.each([
    ['access_denied', 'You chose not to allow access'],
    ['authorization_declined', 'You chose not to allow access'],
    ['expired_token', 'The code was not entered in time'],
  ])('the wait of a device ends by %s', async (error, message) => {
    endpoint.answer({ status: 400, json: { error, error_description: 'the-device-code' } })
    await expect(client().pollDevice(new Secret('the-device-code'))).rejects.toMatchObject({
      code: 'consent-needed',
      message,
    })
  })

  it('a device is told what a policy says, without its code', async () => {
    const error_description = 'AADSTS50199: blocked, the-device-code'
    endpoint.answer({ status: 400, json: { error: 'interaction_required', error_description } })
    const error = await client()
      .pollDevice(new Secret('the-device-code'))
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'consent-needed' })
    expect((error as Error).message).toContain('AADSTS50199')
    expect((error as Error).message).not.toContain('the-device-code')
  })

  it('a device flow is not begun where the provider has none', async () => {
    await expect(clientOf({}).beginDevice()).rejects.toMatchObject({ code: 'configuration' })
  })
})

describe('endpoints that are discovered', () => {
  const { tokenEndpoint: _t, authorizationEndpoint: _a, ...oauth } = providerAt('http://127.0.0.1:1').oauth
  const client = (discoveries = createDiscoveries(createManualClock())) => {
    const provider = providerAt(endpoint.origin)
    return createOAuthClient({
      provider: { ...provider, oauth: { ...oauth, issuer: endpoint.origin } },
      fetch: http.fetch,
      discoveries,
    })
  }
  const metadata = () => ({
    issuer: endpoint.origin,
    authorization_endpoint: `${endpoint.origin}/found/authorize`,
    token_endpoint: `${endpoint.origin}/found/token`,
    response_types_supported: ['code'],
  })

  it('endpoints come by OpenID Connect Discovery, once', async () => {
    endpoint.answer({ json: metadata() }, tokens('one'), tokens('two'))
    const it = client()
    await it.refresh(new Secret('r'))
    await it.refresh(new Secret('r'))
    expect(endpoint.requests.map(({ path }) => path)).toEqual([
      '/.well-known/openid-configuration',
      '/found/token',
      '/found/token',
    ])
  })

  it('endpoints come by RFC 8414 where there is no OpenID provider', async () => {
    endpoint.answer({ status: 404, text: '' }, { json: metadata() }, tokens('one'))
    await client().refresh(new Secret('r'))
    expect(endpoint.requests.map(({ path }) => path).slice(1)).toEqual([
      '/.well-known/oauth-authorization-server',
      '/found/token',
    ])
  })

  it('endpoints are looked for again a minute after trouble, which ends no grant', async () => {
    endpoint.answer({ status: 503, text: '' }, { cut: true }, { json: metadata() }, tokens('one'))
    const moving = createManualClock()
    const it = client(createDiscoveries(moving))
    const error = await it.refresh(new Secret('r')).catch((thrown: unknown) => thrown)
    expect(judge(error)).toMatchObject({ kind: 'try-later' })
    expect((error as Error).message).toContain('cannot be discovered')
    await expect(it.refresh(new Secret('r'))).rejects.toThrow('cannot be discovered')
    expect(endpoint.requests).toHaveLength(2)
    moving.advance(60)
    expect((await it.refresh(new Secret('r'))).accessToken.reveal()).toBe('one')
  })

  it('endpoints are refused when they are of another issuer', async () => {
    const foreign = { ...metadata(), issuer: 'https://evil.example' }
    endpoint.answer({ json: foreign }, { json: foreign })
    const error = await client()
      .refresh(new Secret('r'))
      .catch((thrown: unknown) => thrown)
    expect((error as Error).message).toContain('issuer')
    expect(endpoint.requests.map(({ path }) => path)).not.toContain('/found/token')
  })
})

it.each([
  ['Google and Microsoft', { refresh_token_expires_in: 604_799 }, 604_799],
  ['Keycloak', { refresh_expires_in: 1800 }, 1800],
  ['Keycloak, offline', { refresh_expires_in: 0 }, undefined],
  ['nobody', { refresh_token_expires_in: '5' }, undefined],
])('the life of a refresh token is told as %s tells it', async (_, more, seconds) => {
  endpoint.answer(tokens('one', more))
  expect((await clientOf({}).refresh(new Secret('r'))).refreshTokenExpiresInSeconds).toBe(seconds)
})

it('a redirect URI that is no address is sent as it is', async () => {
  endpoint.answer(tokens('one', { refresh_token: 'r' }))
  const it = clientOf({})
  const secrets = {
    state: new Secret('state'),
    nonce: new Secret('nonce'),
    codeVerifier: new Secret('v'.repeat(43)),
  }
  const url = await it.authorizationUrl({ ...secrets, redirectUri: 'oob', loginHint: 'me@example.com' })
  expect(url.searchParams.get('redirect_uri')).toBe('oob')
  const pasted = new URL('http://localhost/?code=the-code&state=state')
  await it.exchangeCode(pasted, { ...secrets, redirectUri: 'oob' })
  expect(form()).toMatchObject({ grant_type: 'authorization_code', code: 'the-code', redirect_uri: 'oob' })
})
