import { generate } from 'selfsigned'
import { expect, it } from 'vitest'
import { readConfig } from '../../src/config/read-config.ts'
import { createCatalogue } from '../../src/providers/catalogue.ts'
import { memoryFiles } from './memory-files.ts'

const entry = {
  id: 'example',
  name: 'Example Mail',
  authorizationEndpoint: 'https://id.example.org/authorize',
  tokenEndpoint: 'https://id.example.org/token',
  scopes: ['mail'],
  authorizationParameters: {},
  clientId: 'postern',
  clientSecretFile: 'example-secret',
  smtp: { host: 'smtp.example.org', port: 587, tls: 'starttls' },
  mechanisms: ['XOAUTH2'],
}

it('the providers file is read, and a secret that stands beside it', async () => {
  const files = memoryFiles({
    'etc/providers.json': JSON.stringify({ providers: [entry] }),
    'etc/example-secret': 's3cr3t\n',
  })
  const reading = await readConfig({ POSTERN_PROVIDERS_FILE: 'etc/providers.json' }, files)
  if ('mistakes' in reading) throw new Error(reading.mistakes.join('\n'))
  expect(reading.config.customProviders.map(({ id }) => id)).toEqual(['example'])
  expect(reading.config.customProviders[0]?.clientSecrets[0]?.value.reveal()).toBe('s3cr3t')
})

it('the built-in providers are changed by the providers file', async () => {
  const files = memoryFiles({
    'providers.json': JSON.stringify({ overrides: { google: { chunking: 'off' } } }),
  })
  const reading = await readConfig({ POSTERN_PROVIDERS_FILE: 'providers.json' }, files)
  if ('mistakes' in reading) throw new Error(reading.mistakes.join('\n'))
  expect(reading.config.providerOverrides).toEqual(new Map([['google', { chunking: 'off' }]]))
})

it('registrations that are shipped with an installation are read from a file of their own', async () => {
  const shipped = { id: 'microsoft', preset: 'microsoft', clientId: 'for-everybody' }
  const read = (file: object) =>
    readConfig(
      { POSTERN_DEFAULT_REGISTRATIONS_FILE: 'shipped.json' },
      memoryFiles({ 'shipped.json': JSON.stringify(file) }),
    )
  const good = await read({ providers: [shipped] })
  if ('mistakes' in good) throw new Error(good.mistakes.join('\n'))
  expect(good.config.shippedProviders).toMatchObject([{ ...shipped, clientSecrets: [] }])
  expect(createCatalogue(good.config).registered('microsoft')).toMatchObject({
    source: 'shipped',
    oauth: { clientAuthentication: 'none' },
  })
  const bad = await read({ providers: [shipped], overrides: { google: { chunking: 'off' } } })
  expect('mistakes' in bad && bad.mistakes).toEqual([
    'POSTERN_DEFAULT_REGISTRATIONS_FILE (/srv/postern/shipped.json): overrides: put it into POSTERN_PROVIDERS_FILE.',
  ])
})

it('a mistyped provider for sign-ins is a mistake; another one may be in the store', async () => {
  const read = (ids: string) => readConfig({ POSTERN_SIGN_IN_PROVIDERS: ids }, memoryFiles({}))
  const mistyped = await read('microsft')
  expect('mistakes' in mistyped && mistyped.mistakes).toEqual([
    'POSTERN_SIGN_IN_PROVIDERS names "microsft", which is no provider that postern knows; did you mean microsoft?',
  ])
  expect(await read('our-keycloak')).not.toHaveProperty('mistakes')
})

it('each mistake of the providers file is told with the file', async () => {
  const broken = [
    { ...entry, smtp: { ...entry.smtp, tls: 'none' } },
    { ...entry, id: 'google' },
  ]
  const files = memoryFiles({ 'providers.json': JSON.stringify({ providers: broken }) })
  const reading = await readConfig({ POSTERN_PROVIDERS_FILE: 'providers.json' }, files)
  const mistakes = 'mistakes' in reading ? reading.mistakes : []
  expect(mistakes[0]).toMatch(
    /^POSTERN_PROVIDERS_FILE \(\/srv\/postern\/providers\.json\): providers\[0\]\.smtp\.tls: /,
  )
})

it('the certificates of private authorities are read', async () => {
  const { cert } = await generate([{ name: 'commonName', value: 'private authority' }], {
    algorithm: 'sha256',
  })
  const reading = await readConfig(
    { POSTERN_EXTRA_CA_FILE: 'ca.pem' },
    memoryFiles({ 'ca.pem': `Ours:\n${cert}\n${cert}` }),
  )
  expect('config' in reading && reading.config.extraCa).toContain(cert)
})
