import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type AuthorizationServer,
  startAuthorizationServer,
} from '../../examples/demo/authorization-server.js'
import { Secret } from '../../src/base/secret.ts'
import { redirectUriOf } from '../../src/consent/consent-service.ts'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { createCatalogue } from '../../src/providers/catalogue.ts'
import { parseProvidersFile } from '../../src/providers/file/providers-file.ts'
import type { Catalogue } from '../../src/providers/provider.ts'
import { createRegistrationChecks, type SettingsNow } from '../../src/providers/registration-checks.ts'
import { clientCertificate } from '../support/client-certificate.ts'
import { startTokenEndpoint, type TokenEndpoint, tokens } from './token-endpoint.ts'

const http = createHttpFetch({ timeoutSeconds: 10 })
afterAll(() => http.close())

const publicUrl = new URL('http://localhost:8587')

/** The catalogue of a providers file with one entry. */
function catalogueOf(entry: object, files: Record<string, string> = {}): Catalogue {
  const parsed = parseProvidersFile(JSON.stringify({ providers: [entry] }), (name) => files[name] ?? '')
  if ('mistakes' in parsed) throw new Error(parsed.mistakes.join('\n'))
  const { providers: customProviders, overrides: providerOverrides } = parsed
  return createCatalogue({ registrations: {}, customProviders, providerOverrides })
}

function checksOf(settingsNow: () => SettingsNow, running?: Catalogue) {
  const time = { monotonic: 0 }
  const clock = { now: () => Date.parse('2026-03-01T10:20:30Z'), monotonic: () => time.monotonic }
  const checks = createRegistrationChecks({
    settingsNow: async () => settingsNow(),
    ...(running && { running: { catalogue: running, publicUrl } }),
    redirectUriOf,
    http,
    clock,
  })
  const outcomes = async (id: string) => {
    const { points } = await checks.check(id)
    return Object.fromEntries(points.map(({ point, outcome }) => [point, outcome]))
  }
  return { checks, outcomes, time }
}

describe('a check of what was set, at a real authorization server', () => {
  let authority: AuthorizationServer
  beforeAll(async () => {
    authority = await startAuthorizationServer({ redirectUris: [redirectUriOf(publicUrl)] })
  })
  afterAll(() => authority.close())

  const entry = (changes: object = {}) => ({
    id: 'demo',
    name: 'Demo',
    issuer: authority.issuer,
    authorizationEndpoint: authority.endpoints.authorization,
    tokenEndpoint: authority.endpoints.token,
    jwksUri: authority.endpoints.jwks,
    scopes: ['openid', 'mail'],
    clientId: authority.clients.postern.id,
    clientSecret: authority.clients.postern.secret,
    clientAuthentication: 'client_secret_basic',
    smtp: { host: 'localhost', port: 587, tls: 'starttls' },
    mechanisms: ['XOAUTH2'],
    ...changes,
  })

  it('the check finds all good', async () => {
    const catalogue = catalogueOf(entry())
    const { outcomes } = checksOf(() => ({ catalogue, publicUrl }), catalogue)
    expect(await outcomes('demo')).toEqual({
      settings: 'good',
      running: 'good',
      'redirect-uri': 'good',
      endpoint: 'good',
      client: 'good',
    })
  })

  it.each([
    ['secret', { clientSecret: 'the-secret-of-another-app' }],
    ['client id', { clientId: 'nobody-knows-it' }],
  ])('the check finds a wrong %s, and says what to compare', async (_what, change) => {
    const catalogue = catalogueOf(entry(change))
    const { checks } = checksOf(() => ({ catalogue, publicUrl }), catalogue)
    const { points } = await checks.check('demo')
    expect(points.at(-1)).toMatchObject({
      point: 'client',
      outcome: 'wrong',
      what: expect.stringMatching(/^Demo refuses the client: .*invalid_client/),
      fix: expect.stringContaining('the secret (its value, not its id'),
    })
    expect(JSON.stringify(points)).not.toContain('the-secret-of-another-app')
  })

  it('the check tries what is set now, and says that another secret runs', async () => {
    const now = catalogueOf(entry())
    const { outcomes } = checksOf(
      () => ({ catalogue: now, publicUrl }),
      catalogueOf(entry({ clientSecret: 'old' })),
    )
    expect(await outcomes('demo')).toMatchObject({ running: 'wrong', client: 'good' })
  })
})

describe('a check of what was set', () => {
  let endpoint: TokenEndpoint
  beforeEach(async () => {
    endpoint = await startTokenEndpoint()
  })
  afterEach(() => endpoint.close())

  const entry = (changes: object = {}) => ({
    id: 'ours',
    preset: 'microsoft',
    tenant: '11111111-2222-3333-4444-555555555555',
    clientId: 'the-app',
    clientSecret: 'the-secret-of-the-app',
    tokenEndpoint: `${endpoint.origin}/token`,
    deviceAuthorizationEndpoint: `${endpoint.origin}/device`,
    ...changes,
  })

  it('the check shows every mistake of the settings, and asks nobody', async () => {
    const mistakes = ['POSTERN_A is not a setting of postern.', 'POSTERN_B is empty.']
    const { checks } = checksOf(() => ({ mistakes }), catalogueOf(entry()))
    const { points } = await checks.check('ours')
    expect(points).toEqual([
      expect.objectContaining({ point: 'settings', outcome: 'wrong', details: mistakes }),
    ])
    expect(endpoint.requests).toEqual([])
  })

  it('the check names the settings that are missing', async () => {
    const catalogue = catalogueOf(entry())
    const { checks } = checksOf(() => ({ catalogue, publicUrl }), catalogue)
    const { points } = await checks.check('google')
    expect(points).toEqual([
      {
        point: 'settings',
        outcome: 'wrong',
        what: 'There is no app registration for Gmail and Google Workspace',
        fix: 'Add one on its page, or by "postern registration add"; or set POSTERN_GOOGLE_CLIENT_ID and POSTERN_GOOGLE_CLIENT_SECRET, and restart.',
        failure: { id: 'registration.missing-at-google', values: { provider: 'Gmail and Google Workspace' } },
      },
    ])
  })

  it('the check knows no other provider', async () => {
    const { checks } = checksOf(() => ({ catalogue: catalogueOf(entry()), publicUrl }))
    await expect(checks.check('nobody')).rejects.toMatchObject({ code: 'not-found' })
  })

  it('the check proves the secret of an app of one organisation by a token of its own', async () => {
    endpoint.answer(tokens('an-access-token'))
    const { outcomes } = checksOf(() => ({ catalogue: catalogueOf(entry()), publicUrl }))
    expect(await outcomes('ours')).toMatchObject({ running: 'unknown', client: 'good' })
    expect(endpoint.requests[0]?.form).toMatchObject({ grant_type: 'client_credentials' })
  })

  it.each([
    ['2031-01-01', 'good', 'The certificate fits its key, and ends on 2031-01-01.'],
    ['2026-03-01', 'wrong', 'The certificate ended on 2026-03-01.'],
  ])('the check says that the certificate ends on %s: %s', async (day, outcome, what) => {
    endpoint.answer(tokens('an-access-token'))
    const { pem, keyPem } = await clientCertificate('rsa', new Date(`${day}T10:00:00Z`))
    const { clientSecret: _, ...rest } = entry() as Record<string, unknown>
    const withFiles = { ...rest, certificateFile: 'cert', certificateKeyFile: 'key' }
    const catalogue = catalogueOf(withFiles, { cert: pem, key: keyPem })
    const { points } = await checksOf(() => ({ catalogue, publicUrl })).checks.check('ours')
    expect(points.find(({ point }) => point === 'certificate')).toMatchObject({ outcome, what })
    expect(points.at(-1)).toMatchObject({ point: 'client', outcome: 'good' })
  })

  it('the check asks Entra by the device flow where the secret cannot be tried, and says so', async () => {
    endpoint.answer({
      json: {
        device_code: 'd',
        user_code: 'u',
        verification_uri: 'https://login.example/device',
        expires_in: 900,
      },
    })
    const { checks } = checksOf(() => ({ catalogue: catalogueOf(entry({ tenant: 'common' })), publicUrl }))
    const { points } = await checks.check('ours')
    expect(points.at(-1)?.what).toContain('its secret or certificate shows with the first consent')
    expect(endpoint.requests.map(({ path }) => path)).toEqual(['/device'])
  })

  it.each([
    [
      { status: 400, json: { error: 'invalid_grant' } },
      { endpoint: 'good', client: 'good' },
    ],
    [
      { status: 400, json: { error: 'unauthorized_client' } },
      { endpoint: 'good', client: 'wrong' },
    ],
    [
      { status: 400, json: { error: 'invalid_request' } },
      { endpoint: 'good', client: 'unknown' },
    ],
    [tokens('for-a-token-that-nobody-gave'), { endpoint: 'good', client: 'unknown' }],
    [{ status: 503, text: 'in trouble' }, { endpoint: 'wrong' }],
    [{ cut: true }, { endpoint: 'wrong' }],
  ])('the check reads the answer of a provider: %j', async (answer, expected) => {
    endpoint.answer(answer)
    const yandex = { id: 'yandex', preset: 'yandex', clientId: 'the-app', clientSecret: 'the-secret' }
    const catalogue = catalogueOf({ ...yandex, tokenEndpoint: `${endpoint.origin}/token` })
    const { outcomes } = checksOf(() => ({ catalogue, publicUrl }))
    const { endpoint: reached, client } = await outcomes('yandex')
    expect({ endpoint: reached, ...(client && { client }) }).toEqual(expected)
  })

  it('the check says of nothing that it is reached before it was asked', async () => {
    const catalogue = createCatalogue({
      registrations: {
        googleServiceAccount: { email: 'e', clientId: '1', keyId: 'k', key: new Secret('not asked for') },
      },
      customProviders: [],
      providerOverrides: new Map(),
    })
    const { outcomes } = checksOf(() => ({ catalogue, publicUrl }))
    expect(await outcomes('google-service-account')).toEqual({
      settings: 'good',
      running: 'unknown',
      client: 'unknown',
    })
  })

  it('the check asks a provider once in ten seconds, however often somebody asks', async () => {
    endpoint.answer(tokens('one'), { status: 401, json: { error: 'invalid_client' } })
    const { outcomes, time } = checksOf(() => ({ catalogue: catalogueOf(entry()), publicUrl }))
    expect(await Promise.all([outcomes('ours'), outcomes('ours')])).toHaveLength(2)
    time.monotonic = 9_999
    expect(await outcomes('ours')).toMatchObject({ client: 'good' })
    expect(endpoint.requests).toHaveLength(1)
    time.monotonic = 10_001
    expect(await outcomes('ours')).toMatchObject({ client: 'wrong' })
  })
})
