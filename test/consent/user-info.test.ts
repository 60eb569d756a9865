import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { customProvider } from '../../src/providers/custom.ts'
import type { CustomProvider } from '../../src/providers/settings.ts'
import { type ScriptedAnswer, startTokenEndpoint, type TokenEndpoint } from '../providers/token-endpoint.ts'
import { type Flow, judgedConsent, send } from './judged-consent.ts'

const http = createHttpFetch({ timeoutSeconds: 5 })
let endpoint: TokenEndpoint

beforeAll(async () => {
  endpoint = await startTokenEndpoint()
})
beforeEach(() => {
  endpoint.requests.length = 0
})
afterEach(() => {
  expect(endpoint.unusedAnswers()).toBe(0)
})
afterAll(async () => {
  await http.close()
  await endpoint.close()
})

function provider(more: Partial<CustomProvider> = {}) {
  const { origin } = endpoint
  return customProvider({
    id: 'own',
    clientId: 'postern',
    clientSecrets: [],
    issuer: origin,
    authorizationEndpoint: `${origin}/authorize`,
    tokenEndpoint: `${origin}/token`,
    jwksUri: `${origin}/keys`,
    userinfoEndpoint: `${origin}/userinfo`,
    clientAuthentication: 'none',
    scopes: ['openid', 'email', send],
    ...more,
  } as CustomProvider)
}

/** A consent whose ID token has these claims; then the rest is asked for. */
async function consent(
  claims: object,
  rest: readonly ScriptedAnswer[],
  known = provider(),
  flow: Flow = 'browser',
) {
  const stage = { endpoint, http, provider: known, flow, rest }
  return judgedConsent(stage, { iss: endpoint.origin, ...claims })
}

const told = (claims: object) => ({ json: { sub: 'subject', ...claims } })
const verified = { email: 'boss@example.com', email_verified: true }
const paths = () => endpoint.requests.map(({ path }) => path)

describe('an ID token without an address', () => {
  it.each<Flow>(['browser', 'device'])(
    'the userinfo endpoint has the address where the token has none (%s)',
    async (flow) => {
      const good = await consent({}, [told(verified)], provider(), flow)
      expect(good).toMatchObject({ signedInAs: 'boss@example.com', subject: `${endpoint.origin} subject` })
      expect(endpoint.requests.at(-1)).toMatchObject({
        path: '/userinfo',
        headers: { authorization: 'Bearer access-token' },
      })
    },
  )

  it('the endpoint that the issuer publishes is asked where none is named', async () => {
    const { origin } = endpoint
    const { userinfoEndpoint: _, ...unnamed } = provider().oauth
    const published = {
      issuer: origin,
      token_endpoint: `${origin}/token`,
      userinfo_endpoint: `${origin}/who`,
    }
    const known = { ...provider(), oauth: unnamed }
    const good = await consent({}, [{ json: published }, told(verified)], known)
    expect(good).toMatchObject({ signedInAs: 'boss@example.com' })
    expect(paths().slice(-2)).toEqual(['/.well-known/openid-configuration', '/who'])
  })

  it('the claim that the providers file names is read', async () => {
    const known = provider({ identityClaim: 'preferred_username' })
    const claims = { preferred_username: 'boss@example.com', email: 'you@example.com', email_verified: true }
    expect(await consent({}, [told(claims)], known)).toMatchObject({ signedInAs: 'boss@example.com' })
  })

  it.each<[string, ScriptedAnswer, string, RegExp]>([
    ['of another account', { json: { sub: 'another', ...verified } }, 'no-identity', /another account/],
    ['without a subject', { json: verified }, 'no-identity', /could not be read/],
    [
      'with a subject in another case',
      { json: { sub: 'Subject', ...verified } },
      'no-identity',
      /another account/,
    ],
    [
      'that is not verified',
      told({ ...verified, email_verified: false }),
      'unverified-address',
      /has not verified/,
    ],
    [
      'of somebody else',
      told({ ...verified, email: 'me@evil.example' }),
      'wrong-person',
      /me@evil\.example signed in/,
    ],
    [
      'in a name that anybody may choose',
      told({ preferred_username: 'boss@example.com' }),
      'no-identity',
      /did not say/,
    ],
    ['of two persons', told({ ...verified, email: ['boss@example.com'] }), 'no-identity', /did not say/],
    [
      'as a page',
      { text: '<html>', headers: { 'content-type': 'text/html' } },
      'no-identity',
      /could not be read/,
    ],
    ['not at all', { status: 401, text: '' }, 'no-identity', /could not be read/],
    ['never', { cut: true }, 'no-identity', /could not be read/],
    [
      'somewhere else',
      { status: 302, text: '', headers: { location: '/other' } },
      'no-identity',
      /could not be read/,
    ],
  ])('the address proves nothing: %s', async (_, answer, reason, message) => {
    const refused = consent({}, [answer])
    await expect(refused).rejects.toMatchObject({ reason, message: expect.stringMatching(message) })
    expect(paths().filter((path) => path === '/other')).toEqual([])
  })

  it('a missing endpoint is told as no address, where the issuer publishes none', async () => {
    const { userinfoEndpoint: _, ...unnamed } = provider().oauth
    const published = { issuer: endpoint.origin, token_endpoint: `${endpoint.origin}/token` }
    const refused = consent({}, [{ json: published }], { ...provider(), oauth: unnamed })
    await expect(refused).rejects.toMatchObject({
      reason: 'no-identity',
      fix: expect.stringContaining('identityClaim'),
    })
  })
})

describe('an ID token with an address', () => {
  it('the token decides alone', async () => {
    await expect(consent({ email: 'me@evil.example', email_verified: true }, [])).rejects.toMatchObject({
      reason: 'wrong-person',
    })
    expect(paths()).not.toContain('/userinfo')
  })

  it('an address that the provider has not verified is told as that, and nothing else is asked', async () => {
    await expect(consent({ ...verified, email_verified: false }, [])).rejects.toMatchObject({
      reason: 'unverified-address',
      message: expect.stringContaining('says that it has not verified the mail address'),
      fix: expect.stringContaining('identityClaim'),
    })
    expect(paths()).not.toContain('/userinfo')
  })
})

it('at Entra nobody is asked: what its userinfo endpoint says any tenant may write', async () => {
  const tid = '7f1c0a53-4a6b-4c0f-9d0e-2b1c3d4e5f60'
  const { issuer: _, ...rest } = provider().oauth
  const known = customProvider({
    id: 'own',
    preset: 'microsoft',
    clientId: 'postern',
    clientSecrets: [],
  } as never)
  const entra = {
    ...known,
    oauth: { ...known.oauth, ...rest, identityRules: 'entra' as const, mailScopes: [send] },
  }
  const claims = { iss: `https://login.microsoftonline.com/${tid}/v2.0`, tid }
  await expect(consent(claims, [], entra as never)).rejects.toMatchObject({ reason: 'no-identity' })
  expect(paths()).not.toContain('/userinfo')
})
