import { z } from 'zod'
import type { Sentence } from '../../base/failure.ts'
import { isGuid, readUrl } from '../../base/text.ts'
import { text } from '../../failures/texts.ts'
import { isLoopbackHost } from '../../net/connect.ts'
import { isEntraIssuer } from '../presets/microsoft.ts'
import { presetIds } from '../presets/presets.ts'
import { must } from './providers-file-mistakes.ts'

/** Parameters that protect the consent cannot be changed by the providers file. */
const ownParameters = [
  'client_id',
  'client_secret',
  'code_challenge',
  'code_challenge_method',
  'login_hint',
  'nonce',
  'redirect_uri',
  'response_mode',
  'response_type',
  'scope',
  'state',
]

const someText = z.string().min(1)

const endpoint = z.string().superRefine((value, context) => {
  const mistake = endpointMistake(value)
  if (mistake) context.addIssue(issueOf(mistake))
})

/** `oob`: the provider shows the code, and people copy it. */
const endpointOrNone = z.string().superRefine((value, context) => {
  const mistake = value === 'oob' ? undefined : endpointMistake(value)
  if (mistake) context.addIssue(issueOf(mistake))
})

const issuer = endpoint.refine((value) => !/[?#]/.test(value), must('mistake.url-query'))

// RFC 6749, section 3.3.
const scope = shaped(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'mistake.scope')

const connections = z.int().min(1).max(100).optional()
const limit = z.int().min(1)
const chunking = z.enum(['auto', 'off']).optional()

const refusedRecipients = z
  .strictObject({ refused: limit, of: z.int().min(1).max(1000) })
  .refine(({ refused, of }) => refused <= of, must('mistake.refused-of'))

const limits = z.strictObject({
  connections,
  messagesPerMinute: limit.optional(),
  recipientsPerDay: limit.optional(),
  messagesPerConnection: limit.optional(),
  refusedRecipients: refusedRecipients.optional(),
})

const secretEntry = z
  .strictObject({ value: someText.optional(), file: someText.optional(), expires: z.iso.date().optional() })
  .refine(({ value, file }) => (value === undefined) !== (file === undefined), must('mistake.value-or-file'))

const proxy = someText.optional()

const authorizationParameters = z
  .record(someText, z.string())
  .default({})
  .superRefine((parameters, context) => {
    for (const name of ownParameters.filter((own) => Object.hasOwn(parameters, own)))
      context.addIssue(issueOf(text('mistake.own-parameter'), [name]))
  })

const smtp = z.strictObject({
  host: shaped(/^[A-Za-z0-9._:-]+$/, 'mistake.host-name'),
  port: z.int().min(1).max(65535),
  tls: z.enum(['starttls', 'implicit']),
})

/** How postern authenticates to the token endpoint. */
const credentials = {
  tenant: shaped(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, 'mistake.tenant-shape').optional(),
  clientId: someText.optional(),
  clientSecret: someText.optional(),
  clientSecretFile: someText.optional(),
  clientSecrets: z.array(secretEntry).min(1).max(5).optional(),
  certificateFile: someText.optional(),
  certificateKeyFile: someText.optional(),
  serviceAccountFile: someText.optional(),
  clientAuthentication: z
    .enum(['none', 'client_secret_post', 'client_secret_basic', 'private_key_jwt'])
    .optional(),
}

export const entrySchema = z
  .strictObject({
    id: shaped(/^[a-z0-9][a-z0-9-]{0,63}$/, 'mistake.id'),
    preset: someText.optional(),
    name: someText.max(100).optional(),
    issuer: issuer.optional(),
    authorizationEndpoint: endpoint.optional(),
    tokenEndpoint: endpoint.optional(),
    deviceAuthorizationEndpoint: endpoint.optional(),
    revocationEndpoint: endpoint.optional(),
    jwksUri: endpoint.optional(),
    userinfoEndpoint: endpoint.optional(),
    graphEndpoint: endpoint.optional(),
    scopes: z.array(scope).min(1).optional(),
    applicationScopes: z.array(scope).min(1).optional(),
    identityClaim: z.enum(['email', 'preferred_username', 'upn', 'sub']).optional(),
    authorizationParameters,
    redirectUri: endpointOrNone.optional(),
    ...credentials,
    smtp: smtp.optional(),
    mechanisms: z
      .array(z.enum(['XOAUTH2', 'OAUTHBEARER']))
      .min(1)
      .optional(),
    limits: limits.optional(),
    chunking,
    refreshMargin: z.int().min(0).max(86_400).optional(),
    grantsEndAfterDays: z.int().min(1).max(3650).optional(),
    proxy,
  })
  .superRefine((provider, context) => {
    for (const [path, mistake] of contradictions(provider)) context.addIssue(issueOf(mistake, [path]))
  })

const override = z.strictObject({
  limits: z
    .strictObject({
      connections,
      messagesPerMinute: limit.nullish(),
      recipientsPerDay: limit.nullish(),
      messagesPerConnection: limit.nullish(),
      refusedRecipients: refusedRecipients.nullish(),
    })
    .optional(),
  chunking,
  scopes: z.array(scope).min(1).optional(),
  proxy,
})

export const providersFileSchema = z
  .strictObject({
    providers: z.array(entrySchema).optional(),
    overrides: z.record(z.string(), override).optional(),
  })
  .refine(
    ({ providers, overrides }) => providers !== undefined || overrides !== undefined,
    must('mistake.providers-or-overrides'),
  )

export type ProviderEntry = z.output<typeof entrySchema>

export type OverrideEntry = z.output<typeof override>

function shaped(pattern: RegExp, mistake: Parameters<typeof must>[0]) {
  return z.string().refine((value) => pattern.test(value), must(mistake))
}

function issueOf(mistake: Sentence, path: string[] = []) {
  return { code: 'custom' as const, path, message: mistake.message, params: { mistake } }
}

function endpointMistake(value: string): Sentence | undefined {
  const url = readUrl(value)
  if (url === undefined) return text('mistake.no-url')
  if (url.username !== '' || url.password !== '') return text('mistake.url-credentials')
  if (url.hash !== '') return text('mistake.url-fragment')
  if (url.protocol === 'https:') return undefined
  if (url.protocol === 'http:' && isLoopbackHost(url.hostname)) return undefined
  return text('mistake.url-scheme')
}

/** The fields of an entry that depend on each other. */
interface RuledEntry {
  id: string
  preset?: string | undefined
  name?: string | undefined
  issuer?: string | undefined
  authorizationEndpoint?: string | undefined
  tokenEndpoint?: string | undefined
  scopes?: readonly string[] | undefined
  identityClaim?: string | undefined
  smtp?: object | undefined
  mechanisms?: readonly string[] | undefined
  tenant?: string | undefined
  clientId?: string | undefined
  clientSecret?: string | undefined
  clientSecretFile?: string | undefined
  clientSecrets?: readonly { value?: string | undefined }[] | undefined
  certificateFile?: string | undefined
  certificateKeyFile?: string | undefined
  serviceAccountFile?: string | undefined
  clientAuthentication?: string | undefined
}

type Mistake = [path: string, mistake: Sentence]

/** Finds the contradictions in an entry of the providers file. */
function contradictions(entry: RuledEntry): Mistake[] {
  return [
    ...aboutPreset(entry),
    ...(entry.preset === undefined ? missing(entry) : []),
    ...aboutSecrets(entry),
    ...aboutCertificate(entry),
    ...(entry.preset === undefined ? aboutIssuer(entry) : []),
    ...aboutIdentity(entry),
  ]
}

function aboutIdentity({ preset = '', issuer, scopes = [], identityClaim }: RuledEntry): Mistake[] {
  if (identityClaim === undefined) return []
  // Every tenant of Entra can fill claims with any value, so the file cannot choose which one to
  // believe.
  if (/^(microsoft|outlook)/.test(preset) || (issuer !== undefined && isEntraIssuer(issuer)))
    return [['identityClaim', text('mistake.claim-at-entra')]]
  if (preset === '' && !(issuer !== undefined && scopes.includes('openid')))
    return [['identityClaim', text('mistake.claim-without-token')]]
  return []
}

function aboutPreset({ id, preset, tenant }: RuledEntry): Mistake[] {
  if (preset !== undefined && !presetIds.includes(preset))
    return [['preset', text('mistake.preset', { presets: presetIds.join(', ') })]]
  if (presetIds.includes(id) && preset !== id) return [['id', text('mistake.id-of-preset', { id })]]
  const isMicrosoft = preset?.startsWith('microsoft') === true
  if (tenant !== undefined && !isMicrosoft) return [['tenant', text('mistake.tenant-elsewhere')]]
  // In the worldwide cloud the issuer of every tenant is known; in the others it needs the GUID.
  const byGuid = isMicrosoft && !['microsoft', 'microsoft-hve'].includes(preset)
  if (byGuid && !isGuid(tenant ?? '')) return [['tenant', text('mistake.tenant-id-here')]]
  return []
}

function missing(entry: RuledEntry): Mistake[] {
  const names = ['name', 'scopes', 'smtp', 'mechanisms'] as const
  const found: Mistake[] = names
    .filter((name) => entry[name] === undefined)
    .map((name) => [name, text('mistake.missing')])
  const { issuer, tokenEndpoint, authorizationEndpoint } = entry
  if (tokenEndpoint === undefined && issuer === undefined)
    found.push(['tokenEndpoint', text('mistake.token-endpoint')])
  const authenticates = hasSecret(entry) || entry.certificateFile !== undefined
  if (tokenEndpoint !== undefined && authorizationEndpoint === undefined && !authenticates)
    found.push(['authorizationEndpoint', text('mistake.missing')])
  if (tokenEndpoint === undefined && authorizationEndpoint !== undefined && issuer === undefined)
    found.push(['authorizationEndpoint', text('mistake.needs-token-endpoint')])
  return found
}

function hasSecret({ clientSecret, clientSecretFile, clientSecrets }: RuledEntry): boolean {
  return [clientSecret, clientSecretFile, clientSecrets].some((given) => given !== undefined)
}

function aboutSecrets(entry: RuledEntry): Mistake[] {
  const { clientSecret, clientSecretFile, clientSecrets, clientAuthentication: method } = entry
  const found: Mistake[] = []
  if (entry.clientId === undefined && entry.serviceAccountFile === undefined)
    found.push(['clientId', text('mistake.missing')])
  if (clientSecret !== undefined && clientSecretFile !== undefined)
    found.push(['clientSecretFile', text('mistake.two-secrets')])
  if (clientSecrets !== undefined && (clientSecret !== undefined || clientSecretFile !== undefined))
    found.push(['clientSecrets', text('mistake.secret-beside-list')])
  if (method?.startsWith('client_secret') && !hasSecret(entry))
    found.push(['clientAuthentication', text('mistake.needs-secret', { method })])
  if (method === 'none' && hasSecret(entry))
    found.push(['clientAuthentication', text('mistake.needs-no-secret')])
  return found
}

function aboutCertificate(entry: RuledEntry): Mistake[] {
  const { certificateFile, certificateKeyFile, clientAuthentication: method } = entry
  const found: Mistake[] = []
  if (certificateFile !== undefined && certificateKeyFile === undefined)
    found.push(['certificateKeyFile', text('mistake.certificate-without-key', { other: 'certificateFile' })])
  if (certificateFile === undefined && certificateKeyFile !== undefined)
    found.push(['certificateFile', text('mistake.certificate-without-key', { other: 'certificateKeyFile' })])
  if (certificateFile !== undefined && hasSecret(entry))
    found.push(['certificateFile', text('mistake.certificate-beside-secret')])
  if (method === 'private_key_jwt' && certificateFile === undefined)
    found.push(['clientAuthentication', text('mistake.needs-certificate')])
  if (method !== undefined && method !== 'private_key_jwt' && certificateFile !== undefined)
    found.push(['clientAuthentication', text('mistake.needs-no-certificate', { method })])
  return found
}

function aboutIssuer({ issuer, scopes = [], tokenEndpoint }: RuledEntry): Mistake[] {
  const found: Mistake[] = []
  const asksWho = scopes.includes('openid')
  if (asksWho && issuer === undefined) found.push(['issuer', text('mistake.issuer-for-openid')])
  // An issuer that is there for discovery is useful without them.
  if (!asksWho && issuer !== undefined && tokenEndpoint !== undefined)
    found.push(['scopes', text('mistake.openid-for-issuer')])
  // openid-client resolves the tenant in an ID token only for Entra's own login host.
  if (
    /[{}]/.test(issuer ?? '') &&
    !/^https:\/\/login\.microsoftonline\.com\/\{tenantid\}\/v2\.0$/.test(issuer ?? '')
  )
    found.push([
      'issuer',
      text('mistake.issuer-exact', { exception: 'https://login.microsoftonline.com/{tenantid}/v2.0' }),
    ])
  return found
}
