import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createHttpFetch } from '../../src/net/http-fetch.ts'
import { customProvider } from '../../src/providers/custom.ts'
import type { CustomProvider } from '../../src/providers/settings.ts'
import { startTokenEndpoint, type TokenEndpoint } from '../providers/token-endpoint.ts'
import { type Flow, judgedConsent, send } from './judged-consent.ts'

const http = createHttpFetch({ timeoutSeconds: 5 })
let endpoint: TokenEndpoint

beforeAll(async () => {
  endpoint = await startTokenEndpoint()
})
afterEach(() => {
  expect(endpoint.unusedAnswers()).toBe(0)
})
afterAll(async () => {
  await http.close()
  await endpoint.close()
})

/** As the providers file describes it: a provider of one's own, or Entra, whose endpoints are at the test's. */
function provider(how: 'own' | 'any tenant' | 'one tenant', more: Partial<CustomProvider> = {}) {
  const { origin } = endpoint
  const entry: CustomProvider = {
    id: 'own',
    clientId: 'postern',
    clientSecrets: [],
    authorizationEndpoint: `${origin}/authorize`,
    tokenEndpoint: `${origin}/token`,
    jwksUri: `${origin}/keys`,
    clientAuthentication: 'none',
    scopes: ['openid', 'email', send],
    ...(how === 'own' ? { issuer: origin } : { preset: 'microsoft' }),
    ...(how !== 'own' && { tenant: how === 'one tenant' ? contoso : 'common' }),
    ...more,
  }
  return customProvider(entry)
}

function consent(known: ReturnType<typeof provider>, claims: object, flow: Flow) {
  return judgedConsent({ endpoint, http, provider: known, flow }, claims)
}

const contoso = '7f1c0a53-4a6b-4c0f-9d0e-2b1c3d4e5f60'
const evil = 'eeeeeeee-4a6b-4c0f-9d0e-2b1c3d4e5f60'
const ofTenant = (tid: string, claims: object) => ({
  iss: `https://login.microsoftonline.com/${tid}/v2.0`,
  tid,
  oid: '0b1ec700-0000-4000-8000-000000000000',
  preferred_username: 'me@evil.example',
  ...claims,
})

describe.each(['browser', 'device'] as const)('a consent by %s', (flow) => {
  it.each<[string, Parameters<typeof provider>[0], () => object]>([
    [
      'an email that a tenant of their own wrote',
      'any tenant',
      () => ofTenant(evil, { email: 'boss@example.com' }),
    ],
    [
      'one that this tenant calls verified',
      'any tenant',
      () => ofTenant(evil, { email: 'boss@example.com', email_verified: true, xms_edov: true }),
    ],
    [
      'an email and no name',
      'any tenant',
      () => ofTenant(evil, { email: 'boss@example.com', preferred_username: undefined }),
    ],
    [
      'the name of a guest',
      'any tenant',
      () => ofTenant(evil, { preferred_username: 'boss@example.com', acct: 1 }),
    ],
    ['a second name', 'any tenant', () => ofTenant(evil, { upn: 'boss@example.com' })],
    ['an email of the one tenant', 'one tenant', () => ofTenant(contoso, { email: 'boss@example.com' })],
    [
      'a user name beside their verified address',
      'own',
      () => ({
        iss: endpoint.origin,
        email: 'me@evil.example',
        email_verified: true,
        preferred_username: 'boss@example.com',
      }),
    ],
    [
      'a subject beside their verified address',
      'own',
      () => ({
        iss: endpoint.origin,
        email: 'me@evil.example',
        email_verified: true,
        sub: 'boss@example.com',
      }),
    ],
    [
      'a user name beside an address that is not verified',
      'own',
      () => ({
        iss: endpoint.origin,
        email: 'boss@example.com',
        email_verified: false,
        upn: 'boss@example.com',
      }),
    ],
    ['a user name alone', 'own', () => ({ iss: endpoint.origin, preferred_username: 'boss@example.com' })],
    [
      'an address whose flag cannot be read',
      'own',
      () => ({ iss: endpoint.origin, email: 'boss@example.com', email_verified: ['true'] }),
    ],
  ])('whoever shows %s is not the owner', async (_what, how, claims) => {
    await expect(consent(provider(how), claims(), flow)).rejects.toMatchObject({
      reason: expect.stringMatching(/^(wrong-person|no-identity|unverified-address)$/),
    })
  })

  it.each<[string, () => Promise<unknown>]>([
    [
      'their sign-in name in whichever tenant',
      () =>
        consent(provider('any tenant'), ofTenant(contoso, { preferred_username: 'Boss@example.com' }), flow),
    ],
    [
      'their verified address',
      () =>
        consent(
          provider('own'),
          { iss: endpoint.origin, email: 'boss@example.com', email_verified: true },
          flow,
        ),
    ],
    [
      'the claim that the providers file names',
      () =>
        consent(
          provider('own', { identityClaim: 'preferred_username' }),
          { iss: endpoint.origin, preferred_username: 'boss@example.com', email: 'x@example.com' },
          flow,
        ),
    ],
  ])(
    'whoever shows %s is the owner, and the answer says which account that was',
    async (_what, consenting) => {
      const good = await consenting()
      expect(good).toMatchObject({ signedInAs: 'boss@example.com' })
      expect(good).toHaveProperty(
        'subject',
        expect.stringMatching(/^(7f1c0a53-.+\/0b1ec700-.+|http:.+ subject)$/),
      )
    },
  )
})
