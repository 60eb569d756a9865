import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/base/failure.ts'
import { Secret } from '../../src/base/secret.ts'
import { createCatalogue, type ProviderChange } from '../../src/providers/catalogue.ts'
import { createRegistrations } from '../../src/providers/create-registrations.ts'
import { RegistrationMistakes } from '../../src/providers/registrations.ts'
import type { ProviderSettings } from '../../src/providers/settings.ts'
import { followStore } from '../../src/store/followed-store.ts'
import { clientCertificate } from '../support/client-certificate.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'

const nothing: ProviderSettings = { registrations: {}, customProviders: [], providerOverrides: new Map() }
const entra: ProviderSettings = {
  ...nothing,
  registrations: {
    microsoft: { cloud: 'worldwide', tenant: 'common', clientId: 'of-the-settings', clientSecrets: [] },
  },
}
const tenant = '11111111-2222-4333-8444-555555555555'
const today = '2030-05-01'

async function stage(settings = nothing, store = createMemoryStore()) {
  const clock = createManualClock()
  const log = createRecordingLog()
  const followed = followStore(store)
  const catalogue = createCatalogue(settings)
  const changes: ProviderChange[] = []
  const checks = { check: async (provider: string) => ({ provider, checkedAt: '', points: [] }) }
  const registrations = createRegistrations({
    store: followed.store,
    catalogue,
    checks,
    onChange: (some) => void changes.push(...some),
    clock,
    log,
  })
  followed.follow({ registrationsChanged: () => registrations.refresh() })
  await registrations.refresh()
  return { registrations, catalogue, changes, lines: log.lines, store: followed.store, clock }
}

const secret = (value: string, expires?: string) => ({
  value: new Secret(value),
  ...(expires !== undefined && { expires }),
})

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const outcome = await promise.catch((error: unknown) => error)
  if (outcome instanceof Failure) return outcome
  throw outcome
}

async function mistakesOf(promise: Promise<unknown>): Promise<string[]> {
  const failure = await failureOf(promise)
  if (!(failure instanceof RegistrationMistakes)) throw failure
  return failure.mistakes.map(({ field, message }) => `${field}: ${message}`)
}

describe('a registration that is added', () => {
  it('the provider is usable at once, and its secrets are not shown', async () => {
    const { registrations, catalogue, changes } = await stage()
    const added = await registrations.add({
      id: 'microsoft',
      clientId: 'mine',
      tenant,
      clientSecrets: [secret('first-secret', '2027-01-31'), secret('next-secret')],
    })
    const { oauth, registration, source } = catalogue.registered('microsoft')
    expect(oauth.tokenEndpoint).toBe(`https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`)
    expect(registration.clientSecrets.map(({ value }) => value.reveal())).toEqual([
      'first-secret',
      'next-secret',
    ])
    expect(source).toBe('stored')
    expect(changes.map(({ id, before, after }) => [id, before, after?.registration.clientId])).toEqual([
      ['microsoft', undefined, 'mine'],
    ])
    expect(added).toEqual({
      id: 'microsoft',
      name: 'Microsoft 365 (work or school)',
      source: 'stored',
      authentication: 'client_secret_post',
      fields: { preset: 'microsoft', clientId: 'mine', tenant },
      clientSecrets: [
        { place: 1, expires: '2027-01-31', added: today },
        { place: 2, added: today },
      ],
      mailboxes: 0,
      createdAt: expect.stringContaining(today),
      changedAt: expect.stringContaining(today),
      revision: 1,
    })
    expect(JSON.stringify([added, await registrations.list()])).not.toContain('-secret"')
  })

  it('two at one preset have a tenant each, and names of their own', async () => {
    const { registrations, catalogue } = await stage(entra)
    for (const id of ['microsoft-contoso', 'microsoft-fabrikam'])
      await registrations.add({ id, preset: 'microsoft', clientId: id, tenant: `${id}.example` })
    const names = catalogue.list().flatMap(({ provider, registered }) => (registered ? [provider.name] : []))
    expect(names).toEqual([
      'Microsoft 365 (work or school)',
      'Outlook.com, Hotmail and other personal Microsoft accounts',
      'Microsoft 365 (work or school): microsoft-contoso',
      'Microsoft 365 (work or school): microsoft-fabrikam',
    ])
    expect(catalogue.registered('microsoft-contoso').oauth.tokenEndpoint).toContain(
      '/microsoft-contoso.example/',
    )
  })

  it('a provider of its own is described as in the providers file', async () => {
    const { registrations, catalogue } = await stage()
    await registrations.add({
      id: 'acme',
      name: 'Acme Mail',
      issuer: 'https://login.acme.example',
      scopes: ['openid', 'email', 'mail.send'],
      clientId: 'acme-client',
      smtp: { host: 'smtp.acme.example', port: 465, tls: 'implicit' },
      mechanisms: ['OAUTHBEARER'],
      limits: { connections: 3, messagesPerMinute: 10 },
      refreshMargin: 600,
      proxy: 'http://me:proxy-password@proxy.example:3128',
    })
    expect(catalogue.registered('acme')).toMatchObject({
      name: 'Acme Mail',
      isOwn: true,
      limits: { connections: 3, messagesPerMinute: 10 },
      proxy: { origin: 'http://proxy.example:3128' },
      refreshMarginSeconds: 600,
    })
    const { fields } = await registrations.show('acme')
    expect(fields.proxy).toBe('http://me@proxy.example:3128')
    // A form gives back what it was shown.
    await registrations.set('acme', { ...fields, name: 'Acme' })
    expect(catalogue.registered('acme').proxy?.credentials?.reveal()).toBe('me:proxy-password')
  })

  it('a certificate and a service account are values, and their public parts are shown', async () => {
    const { registrations } = await stage()
    const { pem, keyPem } = await clientCertificate('rsa')
    const added = await registrations.add({
      id: 'microsoft',
      clientId: 'mine',
      tenant,
      certificate: { certificate: pem, key: new Secret(keyPem) },
    })
    expect(added.authentication).toBe('private_key_jwt')
    expect(added.certificate).toMatchObject({ pem })
    expect(JSON.stringify(added)).not.toContain('PRIVATE KEY')
  })

  it.each([
    ['without a client id', { id: 'microsoft' }, ['clientId: is missing']],
    [
      'with the id of a secret in the place of its value',
      { id: 'microsoft', clientId: 'c', clientSecrets: [secret(tenant)] },
      [
        "clientSecrets[0]: must be the value of the client secret, which Entra shows once, when it is made: this is the secret's ID",
      ],
    ],
    [
      'with samples left in',
      { id: 'google', clientId: 'your-client-id', clientSecrets: [secret('your-client-secret')] },
      [
        'clientId: must be your own value: this one is the sample',
        'clientSecrets[0]: must be your own value: this one is the sample',
      ],
    ],
    [
      'with a key that is none',
      { id: 'microsoft', clientId: 'c', certificate: { certificate: 'none', key: new Secret('none') } },
      ['certificate: must hold a certificate in PEM form ("-----BEGIN CERTIFICATE-----")'],
    ],
    [
      'without its key file',
      { id: 'google-service-account' },
      ['clientId: is missing', 'serviceAccount: is missing'],
    ],
    [
      'with an id that no mailbox could name',
      { id: 'Mine!', clientId: 'c', preset: 'google' },
      ['id: must be lower-case letters, digits and hyphens'],
    ],
    [
      'without a preset',
      { id: 'mine', clientId: 'c', tokenEndpoint: 'http://login.example/token' },
      [
        'tokenEndpoint: must begin with https:// (http:// is for loopback hosts only)',
        'name: is missing',
        'scopes: is missing',
        'smtp: is missing',
        'mechanisms: is missing',
        'authorizationEndpoint: is missing',
      ],
    ],
  ])(
    'one %s is refused with each mistake at its field, and nothing is kept',
    async (_, request, mistakes) => {
      const { registrations } = await stage()
      expect(await mistakesOf(registrations.add(request))).toEqual(mistakes)
      expect(await registrations.list()).toEqual([])
    },
  )
})

describe('settings and stored registrations together', () => {
  it('those of the settings are shown, and are not changed here', async () => {
    const { registrations } = await stage(entra)
    expect((await registrations.list()).map(({ id, source, setting }) => [id, source, setting])).toEqual([
      ['microsoft', 'settings', 'POSTERN_MICROSOFT_CLIENT_ID'],
      ['outlook', 'settings', 'POSTERN_MICROSOFT_CLIENT_ID'],
    ])
    for (const change of [
      () => registrations.set('microsoft', { tenant }),
      () => registrations.remove('microsoft'),
    ])
      expect(await failureOf(change())).toMatchObject({ id: 'registration.of-settings', code: 'invalid' })
  })

  it('a stored one with an id of the settings is refused with both named', async () => {
    const { registrations } = await stage(entra)
    const refused = await failureOf(registrations.add({ id: 'microsoft', clientId: 'mine' }))
    expect(refused.code).toBe('already-exists')
    expect(refused.message).toBe(
      'There cannot be a stored registration "microsoft": the settings have one with this id (POSTERN_MICROSOFT_CLIENT_ID)',
    )
  })

  it('the same store under other settings: those win, say so by name, and nothing is lost', async () => {
    const store = createMemoryStore()
    const first = await stage(nothing, store)
    await first.registrations.add({ id: 'microsoft', clientId: 'stored', clientSecrets: [secret('kept')] })
    const second = await stage(entra, store)
    expect(second.catalogue.registered('microsoft').registration.clientId).toBe('of-the-settings')
    expect(await second.registrations.show('microsoft')).toMatchObject({
      source: 'stored',
      hiddenBy: 'POSTERN_MICROSOFT_CLIENT_ID',
      fields: { clientId: 'stored' },
    })
    expect(second.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message:
          'The stored registration "microsoft" is not used: the settings have one with this id (POSTERN_MICROSOFT_CLIENT_ID)',
      }),
    )
    const third = await stage(nothing, store)
    expect(third.catalogue.registered('microsoft').registration.clientSecrets[0]?.value.reveal()).toBe('kept')
  })

  it('one that is shipped is usable, cannot be changed, and makes room for one of our own', async () => {
    const shippedProviders = [
      { id: 'microsoft', preset: 'microsoft', clientId: 'shipped', clientSecrets: [] },
    ]
    const { registrations, catalogue } = await stage({ ...nothing, shippedProviders })
    expect(await registrations.show('microsoft')).toMatchObject({ source: 'shipped', authentication: 'none' })
    expect(await failureOf(registrations.set('microsoft', { tenant }))).toMatchObject({
      id: 'registration.shipped',
    })
    await registrations.add({ id: 'microsoft', clientId: 'mine' })
    expect(catalogue.registered('microsoft').registration.clientId).toBe('mine')
    await registrations.remove('microsoft')
    expect(catalogue.registered('microsoft').registration.clientId).toBe('shipped')
  })
})

describe('a registration that is changed', () => {
  const consented = async (store: Awaited<ReturnType<typeof stage>>['store']) => {
    await store.mailboxes.add({ address: 'me@example.com', providerId: 'microsoft', createdAt: 0 })
    await store.grants.adopt({
      mailbox: 'me@example.com',
      flow: 'authorization-code',
      refreshToken: new Secret('refresh'),
      scopes: [],
      givenTo: {
        clientId: 'mine',
        tenant,
        tokenEndpoint: `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`,
      },
      grantedAt: 0,
      renewedAt: 0,
    })
  }

  it('a second secret is added before the first one ends, and consents stay', async () => {
    const { registrations, catalogue, store } = await stage()
    await registrations.add({ id: 'microsoft', clientId: 'mine', tenant, clientSecrets: [secret('first')] })
    await consented(store)
    const values = () =>
      catalogue.registered('microsoft').registration.clientSecrets.map(({ value }) => value.reveal())
    const added = await registrations.set('microsoft', { addClientSecret: secret('second', '2028-01-01') })
    expect(values()).toEqual(['first', 'second'])
    expect(added).toMatchObject({
      changed: ['clientSecrets'],
      needConsent: [],
      keepConsent: ['me@example.com'],
    })
    await registrations.set('microsoft', { removeClientSecret: 1 })
    expect(values()).toEqual(['second'])
    expect(await mistakesOf(registrations.set('microsoft', { removeClientSecret: 2 }))).toEqual([
      'removeClientSecret: there is no such client secret',
    ])
  })

  it('another client id or tenant: the mailboxes whose consent has to be given anew are named', async () => {
    const { registrations, store } = await stage()
    await registrations.add({ id: 'microsoft', clientId: 'mine', tenant })
    await consented(store)
    expect(await registrations.set('microsoft', { tenant: 'other.example' })).toMatchObject({
      changed: ['tenant'],
      needConsent: ['me@example.com'],
      keepConsent: [],
    })
    expect(await registrations.set('microsoft', { tenant })).toMatchObject({
      keepConsent: ['me@example.com'],
    })
  })

  it('what is not changed costs no write, and null takes a field away', async () => {
    const { registrations } = await stage()
    await registrations.add({ id: 'google', clientId: 'mine', grantsEndAfterDays: 7 })
    expect((await registrations.set('google', { clientId: 'mine' })).registration.revision).toBe(1)
    const { registration } = await registrations.set('google', { grantsEndAfterDays: null })
    expect(registration).toMatchObject({ revision: 2, fields: { preset: 'google', clientId: 'mine' } })
  })

  it('two changes at the same time are both there afterwards', async () => {
    const { registrations } = await stage()
    await registrations.add({ id: 'google', clientId: 'mine' })
    await Promise.all([
      registrations.set('google', { grantsEndAfterDays: 7 }),
      registrations.set('google', { addClientSecret: secret('one') }),
    ])
    expect(await registrations.show('google')).toMatchObject({
      fields: { grantsEndAfterDays: 7 },
      clientSecrets: [{ place: 1 }],
      revision: 3,
    })
  })

  it('the journal has who did it and what, and no secret', async () => {
    const { registrations, lines } = await stage()
    const by = { name: 'boss@example.com' }
    await registrations.add({ id: 'google', clientId: 'mine', clientSecrets: [secret('one-value')] }, by)
    await registrations.set('google', { clientSecrets: [secret('two-value')] }, by)
    await registrations.remove('google', {}, by)
    const events = lines.map(({ fields }) => fields).filter((fields) => 'event' in fields)
    expect(events).toMatchObject([
      { event: 'registration.added', registration: 'google', clientId: 'mine', by: 'boss@example.com' },
      { event: 'registration.changed', registration: 'google', changed: ['clientSecrets'] },
      { event: 'registration.removed', registration: 'google' },
    ])
    expect(JSON.stringify(lines)).not.toContain('-value')
  })
})

describe('a registration that is removed', () => {
  it('while it has mailboxes only on demand, and they keep what they have', async () => {
    const { registrations, catalogue, store } = await stage()
    await registrations.add({ id: 'google', clientId: 'mine' })
    await store.mailboxes.add({ address: 'me@example.com', providerId: 'google', createdAt: 0 })
    expect(await failureOf(registrations.remove('google'))).toMatchObject({
      id: 'registration.in-use',
      message: 'Mailboxes use the registration "google" (1): me@example.com',
    })
    expect(await registrations.remove('google', { force: true })).toEqual({
      removed: 'google',
      mailboxes: ['me@example.com'],
    })
    expect(() => catalogue.registered('google')).toThrow('no app registration')
    expect(await store.mailboxes.find('me@example.com')).toMatchObject({ providerId: 'google' })
  })

  it('one that nobody has is not found', async () => {
    const { registrations } = await stage()
    for (const verb of ['show', 'remove', 'check'] as const)
      expect(await failureOf(registrations[verb]('x'))).toMatchObject({
        id: 'registration.unknown',
        code: 'not-found',
      })
  })
})
