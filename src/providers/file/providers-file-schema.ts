import { z } from 'zod'
import { readUrl } from '../../base/text.ts'
import { isLoopbackHost } from '../http/loopback.ts'
import { contradictions } from './providers-file-rules.ts'

/** What protects the consent is not the providers file's to change. */
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

/** How postern proves that it is itself. */
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

const entry = z
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
    providers: z.array(entry).optional(),
    overrides: z.record(z.string(), override).optional(),
  })
  .refine(
    ({ providers, overrides }) => providers !== undefined || overrides !== undefined,
    'must have "providers" or "overrides", or both',
  )

export type ProviderEntry = z.output<typeof entry>

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
