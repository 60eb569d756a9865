import { z } from 'zod'
import { isGuid, readUrl } from '../../base/text.ts'
import { isLoopbackHost } from '../../net/connect.ts'
import { isEntraIssuer } from '../presets/microsoft.ts'
import { presetIds } from '../presets/presets.ts'

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

const text = z.string().min(1)

const endpoint = z.string().superRefine((value, context) => {
  const mistake = endpointMistake(value)
  if (mistake) context.addIssue({ code: 'custom', message: mistake })
})

const issuer = endpoint.refine((value) => !/[?#]/.test(value), 'must have no query (RFC 8414, section 2)')

// RFC 6749, section 3.3.
const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be one scope, without spaces or quotes')

const connections = z.int().min(1).max(100).optional()
const limit = z.int().min(1)
const chunking = z.enum(['auto', 'off']).optional()

const refusedRecipients = z
  .strictObject({ refused: limit, of: z.int().min(1).max(1000) })
  .refine(({ refused, of }) => refused <= of, '"refused" must be at most "of"')

const limits = z.strictObject({
  connections,
  messagesPerMinute: limit.optional(),
  recipientsPerDay: limit.optional(),
  messagesPerConnection: limit.optional(),
  refusedRecipients: refusedRecipients.optional(),
})

const secretEntry = z
  .strictObject({ value: text.optional(), file: text.optional(), expires: z.iso.date().optional() })
  .refine(({ value, file }) => (value === undefined) !== (file === undefined), 'must have "value" or "file"')

const proxy = text.optional()

const authorizationParameters = z
  .record(text, z.string())
  .default({})
  .superRefine((parameters, context) => {
    for (const name of ownParameters.filter((own) => Object.hasOwn(parameters, own)))
      context.addIssue({ code: 'custom', path: [name], message: 'is set by postern itself' })
  })

const smtp = z.strictObject({
  host: z.string().regex(/^[A-Za-z0-9._:-]+$/, 'must be a host name'),
  port: z.int().min(1).max(65535),
  tls: z.enum(['starttls', 'implicit']),
})

/** How postern authenticates to the token endpoint. */
const credentials = {
  tenant: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, 'must be a tenant ID or a domain name')
    .optional(),
  clientId: text.optional(),
  clientSecret: text.optional(),
  clientSecretFile: text.optional(),
  clientSecrets: z.array(secretEntry).min(1).max(5).optional(),
  certificateFile: text.optional(),
  certificateKeyFile: text.optional(),
  serviceAccountFile: text.optional(),
  clientAuthentication: z
    .enum(['none', 'client_secret_post', 'client_secret_basic', 'private_key_jwt'])
    .optional(),
}

export const entrySchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be lower-case letters, digits and hyphens'),
    preset: text.optional(),
    name: text.max(100).optional(),
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
    redirectUri: z.union([z.literal('oob'), endpoint]).optional(),
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
    for (const [path, message] of contradictions(provider))
      context.addIssue({ code: 'custom', path: [path], message })
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
    'must have "providers" or "overrides", or both',
  )

export type ProviderEntry = z.output<typeof entrySchema>

export type OverrideEntry = z.output<typeof override>

function endpointMistake(value: string): string | undefined {
  const url = readUrl(value)
  if (url === undefined) return 'must be a URL'
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password'
  if (url.hash !== '') return 'must have no fragment (RFC 6749, section 3.1)'
  if (url.protocol === 'https:') return undefined
  if (url.protocol === 'http:' && isLoopbackHost(url.hostname)) return undefined
  return 'must begin with https:// (http:// is for loopback hosts only)'
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

type Mistake = [path: string, message: string]

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
    return [['identityClaim', 'is not for Entra, where the sign-in name decides']]
  if (preset === '' && !(issuer !== undefined && scopes.includes('openid')))
    return [['identityClaim', 'needs an issuer and the scope openid: without them there is no ID token']]
  return []
}

function aboutPreset({ id, preset, tenant }: RuledEntry): Mistake[] {
  if (preset !== undefined && !presetIds.includes(preset))
    return [['preset', `must be one of ${presetIds.join(', ')}`]]
  if (presetIds.includes(id) && preset !== id)
    return [['id', `"${id}" is the id of a built-in provider; choose another, or add "preset": "${id}"`]]
  const isMicrosoft = preset?.startsWith('microsoft') === true
  if (tenant !== undefined && !isMicrosoft) return [['tenant', 'is for the presets of Microsoft only']]
  // In the worldwide cloud the issuer of every tenant is known; in the others it needs the GUID.
  const byGuid = isMicrosoft && !['microsoft', 'microsoft-hve'].includes(preset)
  if (byGuid && !isGuid(tenant ?? '')) return [['tenant', 'must be the tenant ID (a GUID) in this cloud']]
  return []
}

function missing(entry: RuledEntry): Mistake[] {
  const names = ['name', 'scopes', 'smtp', 'mechanisms'] as const
  const found: Mistake[] = names
    .filter((name) => entry[name] === undefined)
    .map((name) => [name, 'is missing'])
  const { issuer, tokenEndpoint, authorizationEndpoint } = entry
  if (tokenEndpoint === undefined && issuer === undefined)
    found.push(['tokenEndpoint', 'is missing; or give an issuer, whose endpoints are discovered'])
  const authenticates = hasSecret(entry) || entry.certificateFile !== undefined
  if (tokenEndpoint !== undefined && authorizationEndpoint === undefined && !authenticates)
    found.push(['authorizationEndpoint', 'is missing'])
  if (tokenEndpoint === undefined && authorizationEndpoint !== undefined && issuer === undefined)
    found.push(['authorizationEndpoint', 'needs a tokenEndpoint beside it'])
  return found
}

function hasSecret({ clientSecret, clientSecretFile, clientSecrets }: RuledEntry): boolean {
  return [clientSecret, clientSecretFile, clientSecrets].some((given) => given !== undefined)
}

function aboutSecrets(entry: RuledEntry): Mistake[] {
  const { clientSecret, clientSecretFile, clientSecrets, clientAuthentication: method } = entry
  const found: Mistake[] = []
  if (entry.clientId === undefined && entry.serviceAccountFile === undefined)
    found.push(['clientId', 'is missing'])
  if (clientSecret !== undefined && clientSecretFile !== undefined)
    found.push(['clientSecretFile', 'must not stand beside clientSecret; keep one of the two'])
  if (clientSecrets !== undefined && (clientSecret !== undefined || clientSecretFile !== undefined))
    found.push(['clientSecrets', 'must not stand beside a single secret; put that into the list'])
  if (method?.startsWith('client_secret') && !hasSecret(entry))
    found.push(['clientAuthentication', `${method} needs clientSecret or clientSecretFile`])
  if (method === 'none' && hasSecret(entry))
    found.push(['clientAuthentication', '"none" is for a client without a secret'])
  return found
}

function aboutCertificate(entry: RuledEntry): Mistake[] {
  const { certificateFile, certificateKeyFile, clientAuthentication: method } = entry
  const found: Mistake[] = []
  if (certificateFile !== undefined && certificateKeyFile === undefined)
    found.push(['certificateKeyFile', 'is missing beside certificateFile'])
  if (certificateFile === undefined && certificateKeyFile !== undefined)
    found.push(['certificateFile', 'is missing beside certificateKeyFile'])
  if (certificateFile !== undefined && hasSecret(entry))
    found.push(['certificateFile', 'must not stand beside a client secret; keep one of the two'])
  if (method === 'private_key_jwt' && certificateFile === undefined)
    found.push(['clientAuthentication', 'private_key_jwt needs certificateFile and certificateKeyFile'])
  if (method !== undefined && method !== 'private_key_jwt' && certificateFile !== undefined)
    found.push(['clientAuthentication', `${method} does not use the certificate`])
  return found
}

function aboutIssuer({ issuer, scopes = [], tokenEndpoint }: RuledEntry): Mistake[] {
  const found: Mistake[] = []
  const asksWho = scopes.includes('openid')
  if (asksWho && issuer === undefined)
    found.push(['issuer', 'is needed with the scope openid: without it no ID token can be checked'])
  // An issuer that is there for discovery is useful without them.
  if (!asksWho && issuer !== undefined && tokenEndpoint !== undefined)
    found.push(['scopes', 'must hold openid beside an issuer: without it there is no ID token to check'])
  // openid-client resolves the tenant in an ID token only for Entra's own login host.
  if (
    /[{}]/.test(issuer ?? '') &&
    !/^https:\/\/login\.microsoftonline\.com\/\{tenantid\}\/v2\.0$/.test(issuer ?? '')
  )
    found.push([
      'issuer',
      'must be exact; only https://login.microsoftonline.com/{tenantid}/v2.0 may name a tenant that varies',
    ])
  return found
}
