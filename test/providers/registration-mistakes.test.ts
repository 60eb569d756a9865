import { generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { texts } from '../../src/failures/texts.ts'
import { checkEntry } from '../../src/providers/registration-fields.ts'
import { type FieldMistake, RegistrationMistakes } from '../../src/providers/registrations.ts'
import type { StoredEntry } from '../../src/providers/stored-entry.ts'
import { phrasesIn } from '../../src/web/texts/phrases.ts'
import { clientCertificate } from '../support/client-certificate.ts'

/** A provider of somebody's own, in which nothing is wrong. */
const own = {
  name: 'Ours',
  clientId: 'client',
  issuer: 'https://login.example.com',
  scopes: ['openid', 'mail'],
  smtp: { host: 'smtp.example.com', port: 587, tls: 'starttls' },
  mechanisms: ['XOAUTH2'],
}
const entra = { preset: 'microsoft', clientId: 'client' }
const tenant = '11111111-2222-3333-4444-555555555555'
const account = {
  type: 'service_account',
  client_email: 'me@project.example',
  client_id: '1',
  private_key_id: '2',
}

function keyOf(pair: { privateKey: import('node:crypto').KeyObject }): string {
  return pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
}

/** What is given, by the mistake that it holds. */
async function given(): Promise<Record<string, Record<string, unknown>>> {
  const pair = await clientCertificate('rsa')
  const certificate = pair.pem
  const rsa = keyOf(generateKeyPairSync('rsa', { modulusLength: 2048 }))
  const secrets = (...clientSecrets: object[]) => ({ ...entra, clientSecrets })
  const withProxy = (proxy: string) => ({ ...own, proxy })
  const google = (file: unknown) => ({
    preset: 'google-service-account',
    serviceAccount: typeof file === 'string' ? file : JSON.stringify(file),
  })
  return {
    missing: { ...own, clientId: undefined },
    empty: { ...own, name: '' },
    unknown: { ...own, colour: 'green' },
    text: { ...own, name: 7 },
    number: { ...own, limits: { connections: 'many' } },
    'whole-number': { ...own, limits: { connections: 1.5 } },
    list: { ...own, scopes: 'mail' },
    object: { ...own, smtp: 'smtp.example.com' },
    'one-of': { ...own, chunking: 'often' },
    'at-least': { ...own, limits: { connections: 0 } },
    'at-most': { ...own, limits: { connections: 101 } },
    'too-long': { ...own, name: 'x'.repeat(101) },
    'too-many': secrets(...Array.from({ length: 6 }, () => ({ value: 'a-secret' }))),
    day: secrets({ value: 'a-secret', expires: 'soon' }),
    sample: { ...own, clientId: 'your-client-id' },
    spaces: { ...own, clientId: ' client' },
    'not-ascii': { ...own, clientId: 'clïent' },
    'secret-id': secrets({ value: tenant }),
    'tenant-shape': { ...entra, tenant: 'not a tenant' },
    'tenant-elsewhere': { ...own, tenant },
    'tenant-id-here': { preset: 'microsoft-dod', clientId: 'client', tenant: 'contoso.example' },
    'no-certificate': { ...entra, certificate: 'none', certificateKey: pair.keyPem },
    'no-key': { ...entra, certificate, certificateKey: 'none' },
    'weak-key': {
      ...entra,
      certificate,
      certificateKey: keyOf(generateKeyPairSync('rsa', { modulusLength: 1024 })),
    },
    'other-key': { ...entra, certificate, certificateKey: rsa },
    'certificate-without-key': { ...entra, certificate },
    'certificate-beside-secret': {
      ...secrets({ value: 'a-secret' }),
      certificate,
      certificateKey: pair.keyPem,
    },
    'needs-certificate': { ...entra, clientAuthentication: 'private_key_jwt' },
    'needs-no-certificate': {
      ...entra,
      clientAuthentication: 'client_secret_post',
      certificate,
      certificateKey: pair.keyPem,
    },
    'needs-secret': { ...entra, clientAuthentication: 'client_secret_post' },
    'needs-no-secret': { ...secrets({ value: 'a-secret' }), clientAuthentication: 'none' },
    'two-secrets': { ...entra, clientSecret: 'a-secret', clientSecretFile: 'file' },
    'secret-beside-list': { ...secrets({ value: 'a-secret' }), clientSecret: 'a-secret' },
    'no-key-file': google('none'),
    'client-key-file': google({ installed: {} }),
    'key-file-lacks': google({ ...account, private_key: '' }),
    'key-file-key': google({ ...account, private_key: 'none' }),
    proxy: withProxy('proxy.example.com'),
    'proxy-percent': withProxy('http://me%zz:secret@proxy.example.com:3128'),
    'no-url': { ...own, issuer: 'login' },
    'url-credentials': { ...own, issuer: 'https://me:secret@login.example.com' },
    'url-fragment': { ...own, jwksUri: 'https://login.example.com/#keys' },
    'url-query': { ...own, issuer: 'https://login.example.com/?tenant=1' },
    'url-scheme': { ...own, issuer: 'http://login.example.com' },
    scope: { ...own, scopes: ['openid', 'two scopes'] },
    'host-name': { ...own, smtp: { ...own.smtp, host: 'smtp example com' } },
    'refused-of': { ...own, limits: { refusedRecipients: { refused: 3, of: 2 } } },
    'own-parameter': { ...own, authorizationParameters: { state: 'x' } },
    'id-of-preset': { ...own, id: 'google' },
    id: { ...own, id: 'Ours!' },
    preset: { preset: 'nobody', clientId: 'client' },
    'claim-at-entra': { ...entra, identityClaim: 'upn' },
    'claim-without-token': {
      ...own,
      issuer: undefined,
      scopes: ['mail'],
      identityClaim: 'upn',
    },
    'token-endpoint': { ...own, issuer: undefined, scopes: ['mail'] },
    'needs-token-endpoint': {
      ...own,
      issuer: undefined,
      scopes: ['mail'],
      authorizationEndpoint: 'https://login.example.com/authorize',
    },
    'issuer-for-openid': { ...own, issuer: undefined },
    'openid-for-issuer': { ...own, scopes: ['mail'], tokenEndpoint: 'https://login.example.com/token' },
    'issuer-exact': { ...own, issuer: 'https://login.example.com/{tenantid}/v2.0' },
  }
}

/** About the settings, about files that a providers file names, or about a change; and how a list is put together. */
const elsewhere = [
  'at-field',
  'and',
  'unfit',
  'tenant',
  'value-or-file',
  'providers-or-overrides',
  'file-empty',
  'file-unreadable',
  'file-unreadable-because',
  'certificate-ended',
  'no-such-secret',
]

function mistakesIn({ id = 'ours', ...entry }: Record<string, unknown>): RegistrationMistakes {
  const known = Object.entries(entry).filter(([, value]) => value !== undefined)
  try {
    checkEntry(String(id), Object.fromEntries(known) as StoredEntry)
  } catch (error) {
    if (error instanceof RegistrationMistakes) return error
    throw error
  }
  throw new Error('nothing is wrong with it')
}

it('each mistake is found by its id, and is said in Japanese, at the field and above the form', async () => {
  const all = await given()
  const ids = Object.keys(texts).filter((id) => id.startsWith('mistake.'))
  expect([...Object.keys(all), ...elsewhere].map((name) => `mistake.${name}`).sort()).toEqual(ids.sort())
  const t = phrasesIn('ja')
  const english = /[a-z]{3,} [a-z]{3,} [a-z]{3,} [a-z]{3,}/i
  for (const [name, entry] of Object.entries(all)) {
    const refused = mistakesIn(entry)
    const found: FieldMistake | undefined = refused.mistakes.find(({ id }) => id === `mistake.${name}`)
    expect(found?.id, `${name}: ${refused.message}`).toBe(`mistake.${name}`)
    const said = found ? t.messageOf(found) : ''
    expect(said, name).toMatch(/[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u)
    expect(said, name).not.toMatch(english)
    expect(t.messageOf(refused), name).toContain(said)
    expect(t.messageOf(refused), name).not.toMatch(english)
    expect(refused.message, name).toContain(`${found?.field}: ${found?.message}`)
  }
})

it('several mistakes are one sentence, each with its field', () => {
  const refused = mistakesIn({ ...own, clientId: undefined, issuer: 'login' })
  expect(refused.message).toBe(
    'The registration "ours" cannot be kept so: issuer: must be a URL; clientId: is missing',
  )
  expect(phrasesIn('ja').messageOf(refused)).toBe(
    '登録「ours」はこのままでは保存できません: issuer: URL でなければなりません、clientId: 入力されていません',
  )
})
