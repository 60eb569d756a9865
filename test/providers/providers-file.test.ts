import { describe, expect, it } from 'vitest'
import { createCatalogue } from '../../src/providers/catalogue.ts'
import { parseProvidersFile } from '../../src/providers/file/providers-file.ts'
import { presetIds } from '../../src/providers/presets/presets.ts'

const least = {
  id: 'acme',
  name: 'Acme',
  authorizationEndpoint: 'https://id.acme.example/authorize',
  tokenEndpoint: 'https://id.acme.example/token',
  scopes: ['mail'],
  clientId: 'client',
  smtp: { host: 'smtp.acme.example', port: 587, tls: 'starttls' },
  mechanisms: ['XOAUTH2'],
}

const read = (path: string) => {
  if (path === 'secret.txt') return 'from-file\n'
  if (path === 'empty.txt') return '\n'
  if (path === 'blank.txt') return 's3cr3t \n'
  throw Object.assign(new Error('no'), { code: 'ENOENT' })
}

function parse(...providers: unknown[]) {
  return parseProvidersFile(JSON.stringify({ providers }), read)
}

function mistakesIn(...providers: unknown[]): string[] {
  const parsed = parse(...providers)
  return 'mistakes' in parsed ? parsed.mistakes : []
}

describe('the providers file', () => {
  it('the file is good with the least that is needed', () => {
    expect(parse(least)).toEqual({
      providers: [{ ...least, authorizationParameters: {}, clientSecrets: [] }],
      overrides: new Map(),
    })
  })

  it('the file keeps everything that it may hold', () => {
    const full = {
      ...least,
      issuer: 'https://id.acme.example',
      deviceAuthorizationEndpoint: 'https://id.acme.example/device',
      revocationEndpoint: 'https://id.acme.example/revoke',
      jwksUri: 'https://id.acme.example/keys',
      scopes: ['openid', 'mail'],
      authorizationParameters: { audience: 'mail' },
      clientAuthentication: 'client_secret_basic',
      limits: {
        connections: 1,
        messagesPerMinute: 2,
        recipientsPerDay: 3,
        messagesPerConnection: 4,
        refusedRecipients: { refused: 5, of: 10 },
      },
      chunking: 'off',
      refreshMargin: 600,
    }
    const parsed = parse({ ...full, clientSecret: 'hush' })
    if (!('providers' in parsed)) throw new Error(parsed.mistakes.join())
    const [{ clientSecrets, ...rest } = { clientSecrets: [] }] = parsed.providers
    expect(rest).toEqual(full)
    expect(clientSecrets[0]?.value.reveal()).toBe('hush')
  })

  it('the file takes a secret from its own file, without the line end', () => {
    const parsed = parse({ ...least, clientSecretFile: 'secret.txt' })
    if (!('providers' in parsed)) throw new Error(parsed.mistakes.join())
    expect(parsed.providers[0]?.clientSecrets[0]?.value.reveal()).toBe('from-file')
    expect(parsed.providers[0]).not.toHaveProperty('clientSecretFile')
  })

  it.each<[string, object, string]>([
    ['a missing id', { id: undefined }, 'providers[0].id: is missing'],
    ['an id in capitals', { id: 'Acme' }, 'providers[0].id: must be lower-case letters, digits and hyphens'],
    [
      'the id of a preset',
      { id: 'google' },
      'providers[0].id: "google" is the id of a built-in provider; choose another, or add "preset": "google"',
    ],
    ['a number for a name', { name: 5 }, 'providers[0].name: must be a text in quotes'],
    ['no scopes', { scopes: [] }, 'providers[0].scopes: must not be empty'],
    [
      'a scope with a space',
      { scopes: ['a b'] },
      'providers[0].scopes[0]: must be one scope, without spaces or quotes',
    ],
    [
      'an endpoint without TLS',
      { tokenEndpoint: 'http://id.acme.example/token' },
      'providers[0].tokenEndpoint: must begin with https:// (http:// is for loopback hosts only)',
    ],
    [
      'an endpoint that only looks like loopback',
      { tokenEndpoint: 'http://127.0.0.1.acme.example/token' },
      'providers[0].tokenEndpoint: must begin with https:// (http:// is for loopback hosts only)',
    ],
    [
      'a file for an endpoint',
      { jwksUri: 'file:///etc/passwd' },
      'providers[0].jwksUri: must begin with https:// (http:// is for loopback hosts only)',
    ],
    [
      'a password in an endpoint',
      { tokenEndpoint: 'https://u:p@id.acme.example/' },
      'providers[0].tokenEndpoint: must not hold a user name or password',
    ],
    ['no URL', { authorizationEndpoint: 'acme' }, 'providers[0].authorizationEndpoint: must be a URL'],
    [
      'a claim of an ID token that is not asked for',
      { identityClaim: 'sub', scopes: ['mail'], issuer: undefined },
      'providers[0].identityClaim: needs an issuer and the scope openid: without them there is no ID token',
    ],
    [
      'a claim of Entra, described without its preset',
      {
        identityClaim: 'email',
        issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
        scopes: ['openid', 'mail'],
      },
      'providers[0].identityClaim: is not for Entra, where the sign-in name decides',
    ],
    [
      'a claim of any name',
      { identityClaim: 'name' },
      'providers[0].identityClaim: must be "email" or "preferred_username" or "upn" or "sub"',
    ],
    ['an unknown key', { colour: 'red' }, 'providers[0].colour: there is no such setting'],
    [
      'an unknown key further down',
      { limits: { messagesPerHour: 5 } },
      'providers[0].limits.messagesPerHour: there is no such setting',
    ],
    [
      'a limit of nothing',
      { limits: { connections: 0 } },
      'providers[0].limits.connections: must be at least 1',
    ],
    ['a third way with CHUNKING', { chunking: 'on' }, 'providers[0].chunking: must be "auto" or "off"'],
    [
      'a limit to take away that nobody has set',
      { limits: { messagesPerMinute: null } },
      'providers[0].limits.messagesPerMinute: must be a number',
    ],
    [
      'smtp without tls',
      { smtp: { host: 'a.example', port: 25 } },
      'providers[0].smtp.tls: must be "starttls" or "implicit"',
    ],
    [
      'smtp with tls off',
      { smtp: { host: 'a.example', port: 25, tls: 'none' } },
      'providers[0].smtp.tls: must be "starttls" or "implicit"',
    ],
    [
      'a port beyond the last',
      { smtp: { host: 'a.example', port: 65536, tls: 'implicit' } },
      'providers[0].smtp.port: must be at most 65535',
    ],
    [
      'a password mechanism',
      { mechanisms: ['PLAIN'] },
      'providers[0].mechanisms[0]: must be "XOAUTH2" or "OAUTHBEARER"',
    ],
    [
      'two secrets',
      { clientSecret: 'a', clientSecretFile: 'secret.txt' },
      'providers[0].clientSecretFile: must not stand beside clientSecret; keep one of the two',
    ],
    [
      'authentication without a secret',
      { clientAuthentication: 'client_secret_post' },
      'providers[0].clientAuthentication: client_secret_post needs clientSecret or clientSecretFile',
    ],
    [
      'a secret for a public client',
      { clientAuthentication: 'none', clientSecret: 'a' },
      'providers[0].clientAuthentication: "none" is for a client without a secret',
    ],
    [
      'a secret file that is not there',
      { clientSecretFile: 'gone.txt' },
      'providers[0].clientSecretFile: gone.txt cannot be read (ENOENT)',
    ],
    [
      'an empty secret file',
      { clientSecretFile: 'empty.txt' },
      'providers[0].clientSecretFile: empty.txt is empty',
    ],
    [
      'openid without an issuer',
      { scopes: ['openid'] },
      'providers[0].issuer: is needed with the scope openid: without it no ID token can be checked',
    ],
    [
      'an issuer without openid',
      { issuer: 'https://id.acme.example' },
      'providers[0].scopes: must hold openid beside an issuer: without it there is no ID token to check',
    ],
    [
      'an issuer that is a template',
      { scopes: ['openid'], issuer: 'https://id.acme.example/{tenantid}' },
      'providers[0].issuer: must be exact; only https://login.microsoftonline.com/{tenantid}/v2.0 may name a tenant that varies',
    ],
    [
      'a parameter that protects the consent',
      { authorizationParameters: { state: 'x' } },
      'providers[0].authorizationParameters.state: is set by postern itself',
    ],
  ])('the file refuses %s', (_what, change, mistake) => {
    expect(mistakesIn({ ...least, ...change })).toEqual([mistake])
  })

  it('the file takes plain HTTP on loopback hosts', () => {
    for (const host of ['localhost', '127.0.0.1:8080', '127.9.9.9', '[::1]:1'])
      expect(mistakesIn({ ...least, tokenEndpoint: `http://${host}/token` })).toEqual([])
  })

  it('the failure tells every mistake at once', () => {
    const bad = { ...least, name: '', smtp: { host: '', port: 0 }, mechanisms: [] }
    expect(mistakesIn(least, bad, 5)).toEqual([
      'providers[1].name: must not be empty',
      'providers[1].smtp.host: must be a host name',
      'providers[1].smtp.port: must be at least 1',
      'providers[1].smtp.tls: must be "starttls" or "implicit"',
      'providers[1].mechanisms: must not be empty',
      'providers[2]: must be an object in braces',
    ])
  })

  it('the file has each id once', () => {
    expect(mistakesIn(least, least)).toEqual(['providers[1].id: "acme" is the id of providers[0] already'])
  })

  it.each([
    ['[]', 'The file: must be an object in braces'],
    ['{}', 'The file: must have "providers" or "overrides", or both'],
    ['{"overrides":[]}', 'overrides: must be an object in braces'],
    ['{"providers":[],"more":1}', 'more: there is no such setting'],
  ])('the file must have the right shape, unlike %s', (text, mistake) => {
    expect(parseProvidersFile(text, read)).toEqual({ mistakes: [mistake] })
  })

  it('the file overrides what is known of the built-in providers, without providers of its own', () => {
    const overrides = {
      microsoft: { limits: { connections: 1, recipientsPerDay: null }, chunking: 'off' },
      google: {},
    }
    expect(parseProvidersFile(JSON.stringify({ overrides }), read)).toEqual({
      providers: [],
      overrides: new Map(Object.entries(overrides)),
    })
  })

  it.each<[string, object, string]>([
    [
      'a mistyped id',
      { gogle: {} },
      `overrides.gogle: is not a built-in provider, which are ${presetIds.join(', ')}; did you mean google`,
    ],
    [
      'an id that nothing is like',
      { 'hushmail\u001b': {} },
      `overrides.hushmail?: is not a built-in provider, which are ${presetIds.join(', ')}`,
    ],
    ['an entry of its own', { acme: {} }, 'overrides.acme: put it into providers[0] itself'],
    [
      'what every object has',
      { constructor: {} },
      `overrides.constructor: is not a built-in provider, which are ${presetIds.join(', ')}`,
    ],
    [
      'something else than limits',
      { google: { smtp: {} } },
      'overrides.google.smtp: there is no such setting',
    ],
    [
      'an unknown limit',
      { google: { limits: { messagesPerDay: 5 } } },
      'overrides.google.limits.messagesPerDay: there is no such setting',
    ],
    [
      'no limit of connections',
      { google: { limits: { connections: null } } },
      'overrides.google.limits.connections: must be a number',
    ],
    [
      'a limit of nothing',
      { google: { limits: { recipientsPerDay: 0 } } },
      'overrides.google.limits.recipientsPerDay: must be at least 1',
    ],
    ['another word', { google: { chunking: false } }, 'overrides.google.chunking: must be "auto" or "off"'],
  ])('the file refuses to override %s', (_what, overrides, mistake) => {
    const text = JSON.stringify({ providers: [least], overrides })
    expect(parseProvidersFile(text, read)).toEqual({ mistakes: [mistake] })
  })

  it.each([
    [
      'a secret that begins with a blank',
      { clientSecret: ' s3cr3t' },
      'clientSecret: must not begin or end with white space',
    ],
    [
      'a secret that ends with one',
      { clientSecret: 's3cr3t\t' },
      'clientSecret: must not begin or end with white space',
    ],
    [
      'the sample of .env.example',
      { clientSecret: 'your-client-secret' },
      'clientSecret: must be your own value: this one is the sample',
    ],
    [
      'something to be filled in',
      { clientSecrets: [{ value: '<secret>' }] },
      'clientSecrets[0].value: must be your own value: this one is the sample',
    ],
    [
      'a secret with a letter of another script',
      { clientSecret: 's\u0435cret' },
      'clientSecret: must hold printable ASCII characters only',
    ],
    [
      'a secret with a blank in its file',
      { clientSecretFile: 'blank.txt' },
      'clientSecretFile: must not begin or end with white space',
    ],
    [
      'one in the list',
      { clientSecrets: [{ value: 'good' }, { file: 'blank.txt' }] },
      'clientSecrets[1].file: must not begin or end with white space',
    ],
    ['a client ID with a blank', { clientId: 'client ' }, 'clientId: must not begin or end with white space'],
    [
      'the sample of a client ID',
      { clientId: '00001111-aaaa-2222-bbbb-3333cccc4444' },
      'clientId: must be your own value: this one is the sample',
    ],
    [
      'the ID of a secret at Microsoft',
      { preset: 'microsoft', clientSecret: '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab' },
      'clientSecret: must be the value of the client secret',
    ],
    [
      'a tenant to be filled in',
      { preset: 'microsoft', tenant: 'your-tenant' },
      'tenant: must be your own value: this one is the sample',
    ],
  ])('the file is checked as the settings are: %s', (_what, change, mistake) => {
    const { preset } = change as { preset?: string }
    const entry = preset === undefined ? least : { id: 'acme', clientId: 'client' }
    const told = mistakesIn({ ...entry, ...change })
    expect(told).toHaveLength(1)
    expect(told[0]).toContain(`providers[0].${mistake}`)
    expect(told[0]).not.toMatch(/s3cr3t|6b1d0f7e/)
  })

  it.each([
    ['{"providers": [\n  {"id": "a",}\n]}', 2, 14],
    ['{"providers": [\r\n  {"id": "a"\r\n   "name": "b"}]}', 3, 4],
    ["{'providers': []}", 1, 2],
    ['{"providers": [], // mine\n}', 1, 19],
    ['{"providers": [{"clientSecret": "hunter2\n"}]}', 1, 41],
    ['{"providers": [{"path": "C:\\data"}]}', 1, 28],
    ['{"providers": [', 1, 16],
    ['{"providers": [0x10]}', 1, 16],
    ['{"providers": []}}', 1, 18],
    ['\uFEFF{"providers": [}', 1, 16],
    ['', 1, 1],
  ])('a file that is not JSON says where: %j', (text, line, column) => {
    const mistakes = [`The file is not JSON (line ${line}, column ${column})`]
    expect(parseProvidersFile(text, read)).toEqual({ mistakes })
  })

  it('the failure does not quote what it cannot read, which may be a secret', () => {
    const parsed = parseProvidersFile('{"clientSecret": hunter2-hunter2}', read)
    expect(JSON.stringify(parsed)).toContain('The file is not JSON')
    expect(JSON.stringify(parsed)).not.toContain('hunter2')
  })
})

describe('an entry with a preset', () => {
  const entry = { id: 'second', preset: 'microsoft', clientId: 'app', tenant: 'contoso.example' }
  const registered = (...entries: object[]) => {
    const parsed = parse(...entries)
    if (!('providers' in parsed)) throw new Error(parsed.mistakes.join('\n'))
    const files = { registrations: {}, customProviders: parsed.providers, providerOverrides: new Map() }
    return createCatalogue(files)
  }

  it('an entry with a preset is a further registration there', () => {
    const second = registered(entry).registered('second')
    expect(second).toMatchObject({
      name: 'Microsoft 365 (work or school)',
      supportStatus: { evidence: 'documented' },
      submission: { host: 'smtp.office365.com' },
      registration: { clientId: 'app', tenant: 'contoso.example' },
    })
    expect(second.oauth.tokenEndpoint).toContain('/contoso.example/')
    expect(second.oauth.clientAuthentication).toBe('none')
  })

  it('an entry with a preset may have everything otherwise', () => {
    const changes = {
      name: 'Ours',
      scopes: ['offline_access', 'https://outlook-dod.office365.us/SMTP.Send'],
      applicationScopes: ['https://outlook-dod.office365.us/.default'],
      smtp: { host: 'smtp.example.com', port: 465, tls: 'implicit' },
      mechanisms: ['OAUTHBEARER'],
      limits: { connections: 1, recipientsPerDay: null },
      redirectUri: 'oob',
      grantsEndAfterDays: 7,
      clientSecrets: [{ value: 'one', expires: '2027-01-31' }, { file: 'secret.txt' }],
    }
    const file = { ...entry, ...changes, limits: { connections: 1, recipientsPerDay: 5 } }
    const second = registered(file).registered('second')
    expect(second).toMatchObject({
      name: 'Ours',
      submission: changes.smtp,
      mechanisms: ['OAUTHBEARER'],
      limits: { connections: 1, messagesPerMinute: 30, recipientsPerDay: 5 },
      registration: { grantsEndAfterDays: 7 },
    })
    expect(second.oauth).toMatchObject({
      mailScopes: ['https://outlook-dod.office365.us/SMTP.Send'],
      applicationScopes: changes.applicationScopes,
      redirectUri: 'oob',
      clientAuthentication: 'client_secret_post',
    })
    expect(second.oauth.tokenClaims?.audiences).toContain('https://outlook-dod.office365.us')
    const secrets = second.registration.clientSecrets
    expect(secrets.map(({ value, expiresAt }) => [value.reveal(), expiresAt])).toEqual([
      ['one', Date.parse('2027-01-31')],
      ['from-file', undefined],
    ])
  })

  it('an entry with the id of its preset stands in its place', () => {
    const catalogue = registered({ id: 'yahoo', preset: 'yahoo', clientId: 'app', clientSecret: 'hush' })
    expect(catalogue.registered('yahoo')).toMatchObject({
      domains: expect.arrayContaining(['yahoo.com']),
      oauth: { clientAuthentication: 'client_secret_basic', redirectUri: 'oob' },
    })
    expect(catalogue.list().filter(({ provider }) => provider.id === 'yahoo')).toHaveLength(1)
  })

  it.each<[string, object, string]>([
    ['a preset that there is not', { preset: 'hushmail' }, `preset: must be one of ${presetIds.join(', ')}`],
    [
      'a claim of Entra’s choice',
      { preset: 'microsoft', identityClaim: 'email' },
      'identityClaim: is not for Entra, where the sign-in name decides',
    ],
    ['a tenant elsewhere', { preset: 'google' }, 'tenant: is for the presets of Microsoft only'],
    [
      'a cloud without the GUID of the tenant',
      { preset: 'microsoft-dod' },
      'tenant: must be the tenant ID (a GUID) in this cloud',
    ],
    ['no client id', { clientId: undefined }, 'clientId: is missing'],
    [
      "a secret's ID",
      { clientSecret: '6b1d0f7e-52c4-4a39-9a0e-3f8c27d1e5ab' },
      "clientSecret: must be the value of the client secret, which Entra shows once, when it is made: this is the secret's ID",
    ],
    [
      'two kinds of secrets',
      { clientSecret: 'a', clientSecrets: [{ value: 'b' }] },
      'clientSecrets: must not stand beside a single secret; put that into the list',
    ],
    ['a secret from nowhere', { clientSecrets: [{}] }, 'clientSecrets[0]: must have "value" or "file"'],
    [
      'half a certificate',
      { certificateFile: 'secret.txt' },
      'certificateKeyFile: is missing beside certificateFile',
    ],
    [
      'a certificate that is none',
      { certificateFile: 'secret.txt', certificateKeyFile: 'secret.txt' },
      'certificateFile: must hold a certificate in PEM form ("-----BEGIN CERTIFICATE-----")',
    ],
    [
      'a service account that is none',
      { serviceAccountFile: 'secret.txt' },
      'serviceAccountFile: must be the JSON key file of a service account',
    ],
    [
      'a proxy that is none',
      { proxy: 'me:hunter2@proxy' },
      'proxy: must be "direct", or be the address of an HTTP proxy, such as http://proxy.example.com:3128 (name:password@ before the host, if it asks for one)',
    ],
  ])('an entry is refused with %s', (_, change, mistake) => {
    expect(mistakesIn({ ...entry, ...change })).toEqual([`providers[0].${mistake}`])
  })
})

describe('an entry without endpoints', () => {
  const { authorizationEndpoint: _a, tokenEndpoint: _t, ...bare } = least

  it('the entry needs the issuer that its endpoints are discovered from, and no openid', () => {
    expect(mistakesIn(bare)).toEqual([
      'providers[0].tokenEndpoint: is missing; or give an issuer, whose endpoints are discovered',
    ])
    expect(mistakesIn({ ...bare, issuer: 'https://id.acme.example' })).toEqual([])
  })
})
