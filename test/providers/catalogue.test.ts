import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/failure.ts'
import { Secret } from '../../src/base/secret.ts'
import { createCatalogue } from '../../src/providers/catalogue.ts'
import { presetIds } from '../../src/providers/presets/presets.ts'
import type { CustomProvider, ProviderOverride } from '../../src/providers/settings.ts'

const custom: CustomProvider = {
  id: 'acme',
  name: 'Acme Mail',
  issuer: 'https://id.acme.example',
  authorizationEndpoint: 'https://id.acme.example/authorize',
  tokenEndpoint: 'https://id.acme.example/token',
  scopes: ['openid', 'email', 'offline_access', 'mail:send'],
  authorizationParameters: { audience: 'mail' },
  clientId: 'acme-client',
  clientSecrets: [],
  smtp: { host: 'smtp.acme.example', port: 465, tls: 'implicit' },
  mechanisms: ['OAUTHBEARER'],
}

const nothing = { registrations: {}, customProviders: [], providerOverrides: new Map() }
const entra = (tenant: string, clientSecret?: Secret) => ({
  ...nothing,
  registrations: {
    microsoft: {
      cloud: 'worldwide' as const,
      clientId: 'app',
      tenant,
      clientSecrets: clientSecret ? [{ value: clientSecret }] : [],
    },
  },
})

function failureOf(run: () => unknown): Failure {
  try {
    run()
  } catch (error) {
    if (error instanceof Failure) return error
  }
  throw new Error('no Failure was thrown')
}

describe('the catalogue', () => {
  it('the catalogue lists the presets without any registration', () => {
    const list = createCatalogue(nothing).list()
    expect(list.map(({ provider, registered }) => [provider.id, registered])).toEqual(
      presetIds.map((id) => [id, false]),
    )
  })

  it('the catalogue names the known providers when asked for another', () => {
    const failure = failureOf(() => createCatalogue(nothing).registered('gmial\u001b'))
    expect(failure.code).toBe('not-found')
    expect(failure.message).toBe('There is no provider "gmial?"')
    expect(failure.fix).toContain('outlook, google')
  })

  it.each([
    ['microsoft', 'POSTERN_MICROSOFT_CLIENT_ID'],
    ['outlook', 'POSTERN_MICROSOFT_CLIENT_ID'],
    ['google', 'POSTERN_GOOGLE_CLIENT_ID and POSTERN_GOOGLE_CLIENT_SECRET'],
  ])('the catalogue says which variables register %s', (id, variables) => {
    const failure = failureOf(() => createCatalogue(nothing).registered(id))
    expect(failure.code).toBe('configuration')
    expect(failure.fix).toContain(variables)
  })

  it('the catalogue is no place to find what every object has', () => {
    expect(failureOf(() => createCatalogue(nothing).registered('constructor')).code).toBe('not-found')
  })
})

describe('microsoft', () => {
  it.each([
    ['common', 'https://login.microsoftonline.com/{tenantid}/v2.0', 'smtp.office365.com'],
    ['organizations', 'https://login.microsoftonline.com/{tenantid}/v2.0', 'smtp.office365.com'],
    ['contoso.example', 'https://login.microsoftonline.com/{tenantid}/v2.0', 'smtp.office365.com'],
    [
      'consumers',
      'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
      'smtp-mail.outlook.com',
    ],
    [
      'AAAAAAAA-0000-1111-2222-BBBBBBBBBBBB',
      'https://login.microsoftonline.com/aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb/v2.0',
      'smtp.office365.com',
    ],
  ])('the tenant %s has its endpoints, issuer and host', (tenant, issuer, host) => {
    const { oauth, submission } = createCatalogue(entra(tenant)).registered('microsoft')
    expect(oauth.tokenEndpoint).toBe(`https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`)
    expect(oauth.authorizationEndpoint).toBe(
      `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/authorize`,
    )
    expect(oauth.issuer).toBe(issuer)
    expect(submission).toEqual({ host, port: 587, tls: 'starttls' })
  })

  it('microsoft asks for no scope that needs an administrator', () => {
    const { oauth } = createCatalogue(entra('common')).registered('microsoft')
    expect(oauth.scopes.filter((scope) => scope.includes('outlook'))).toEqual(oauth.mailScopes)
    expect(oauth.mailScopes).toEqual(['https://outlook.office.com/SMTP.Send'])
  })

  it('microsoft is a public client without a secret and a confidential one with it', () => {
    const way = (secret?: Secret) =>
      createCatalogue(entra('common', secret)).registered('microsoft').oauth.clientAuthentication
    expect(way()).toBe('none')
    expect(way(new Secret('s'))).toBe('client_secret_post')
  })

  it('microsoft serves personal accounts by the same registration, as outlook', () => {
    const outlook = createCatalogue(entra('common')).registered('outlook')
    expect(outlook.registration.clientId).toBe('app')
    expect(outlook.oauth.tokenEndpoint).toContain('/consumers/')
    expect(outlook.submission.host).toBe('smtp-mail.outlook.com')
  })

  it('the failure says why the registration of one organisation does not serve them', () => {
    const failure = failureOf(() => createCatalogue(entra('contoso.example')).registered('outlook'))
    expect(failure.fix).toContain('POSTERN_MICROSOFT_TENANT to common or consumers')
  })
})

describe('a provider of the providers file', () => {
  const acme = createCatalogue({ ...nothing, customProviders: [custom] }).registered('acme')

  it('a provider of the file is registered by its own entry', () => {
    expect(acme.registration).toEqual({ clientId: 'acme-client', clientSecrets: [] })
    expect(acme.oauth.clientAuthentication).toBe('none')
  })

  it('a provider of the file asks who signs in as its preset does, whatever other scopes it is given', () => {
    const scopes = ['https://partner.outlook.cn/.default', 'offline_access']
    const { registrations } = entra('common')
    const overridden = new Map([['microsoft', { scopes }]])
    const { oauth } = createCatalogue({
      ...nothing,
      registrations,
      providerOverrides: overridden,
    }).registered('microsoft')
    expect(oauth.scopes).toEqual(['openid', 'profile', 'email', ...scopes])
    expect(oauth.mailScopes).toEqual(scopes.slice(0, 1))
  })

  it('a provider of the file needs those of its scopes for mail that do not only say who signs in', () => {
    expect(acme.oauth.mailScopes).toEqual(['mail:send'])
  })

  it('a provider of the file has two connections unless the file says otherwise', () => {
    expect(acme.limits).toEqual({ connections: 2 })
    expect(acme.chunking).toBe('auto')
    const limits = { messagesPerMinute: 5, connections: 7 }
    const other = createCatalogue({ ...nothing, customProviders: [{ ...custom, limits }] })
    expect(other.registered('acme').limits).toEqual(limits)
  })
})

describe('an override of a built-in provider', () => {
  const overridden = (id: string, override: ProviderOverride) => {
    const catalogue = createCatalogue({ ...nothing, providerOverrides: new Map([[id, override]]) })
    const providerOf = (wanted: string) =>
      catalogue.list().find(({ provider }) => provider.id === wanted)?.provider
    return { its: providerOf(id), google: providerOf('google') }
  }

  const refusedRecipients = { refusedRecipients: { refused: 20, of: 40 } }

  it.each<[string, string, ProviderOverride, object]>([
    [
      'nothing',
      'microsoft',
      {},
      { ...refusedRecipients, connections: 2, messagesPerMinute: 30, recipientsPerDay: 10_000 },
    ],
    [
      'one limit',
      'microsoft',
      { limits: { connections: 5 } },
      { ...refusedRecipients, connections: 5, messagesPerMinute: 30, recipientsPerDay: 10_000 },
    ],
    [
      'a limit that it did not have',
      'outlook',
      { limits: { recipientsPerDay: 300, messagesPerConnection: 20 } },
      { connections: 2, messagesPerMinute: 30, recipientsPerDay: 300, messagesPerConnection: 20 },
    ],
    [
      'a limit that it is to have no more',
      'microsoft',
      { limits: { recipientsPerDay: null, messagesPerConnection: null } },
      { ...refusedRecipients, connections: 2, messagesPerMinute: 30 },
    ],
    [
      'how many recipients that do not exist are too many',
      'microsoft',
      { limits: { refusedRecipients: null } },
      { connections: 2, messagesPerMinute: 30, recipientsPerDay: 10_000 },
    ],
  ])('an override changes %s, and the rest stays', (_, id, override, limits) => {
    const { its, google } = overridden(id, override)
    expect(its).toMatchObject({ id, chunking: 'auto' })
    expect(its?.limits).toEqual(limits)
    expect(google?.limits).toEqual({ connections: 3, recipientsPerDay: 10_000 })
  })

  it('an override switches CHUNKING off', () => {
    const { its, google } = overridden('microsoft', { chunking: 'off' })
    expect([its?.chunking, google?.chunking]).toEqual(['off', 'auto'])
  })
})
