import { z } from 'zod'
import { isLoopbackHost } from './loopback.ts'

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

const limits = z.strictObject({
  connections,
  messagesPerMinute: limit.optional(),
  recipientsPerDay: limit.optional(),
  messagesPerConnection: limit.optional(),
})

const entry = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be lower-case letters, digits and hyphens'),
    name: text.max(100),
    issuer: issuer.optional(),
    authorizationEndpoint: endpoint,
    tokenEndpoint: endpoint,
    deviceAuthorizationEndpoint: endpoint.optional(),
    revocationEndpoint: endpoint.optional(),
    jwksUri: endpoint.optional(),
    scopes: z.array(scope).min(1),
    authorizationParameters: z
      .record(text, z.string())
      .default({})
      .superRefine((parameters, context) => {
        for (const name of ownParameters.filter((own) => Object.hasOwn(parameters, own)))
          context.addIssue({ code: 'custom', path: [name], message: 'is set by postern itself' })
      }),
    clientId: text,
    clientSecret: text.optional(),
    clientSecretFile: text.optional(),
    clientAuthentication: z.enum(['none', 'client_secret_post', 'client_secret_basic']).optional(),
    smtp: z.strictObject({
      host: z.string().regex(/^[A-Za-z0-9._:-]+$/, 'must be a host name'),
      port: z.int().min(1).max(65535),
      tls: z.enum(['starttls', 'implicit']),
    }),
    mechanisms: z.array(z.enum(['XOAUTH2', 'OAUTHBEARER'])).min(1),
    limits: limits.optional(),
    chunking,
    refreshMargin: z.int().min(0).max(86_400).optional(),
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
    })
    .optional(),
  chunking,
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
  if (!URL.canParse(value)) return 'must be a URL'
  const url = new URL(value)
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password'
  if (url.hash !== '') return 'must have no fragment (RFC 6749, section 3.1)'
  if (url.protocol === 'https:') return undefined
  if (url.protocol === 'http:' && isLoopbackHost(url.hostname)) return undefined
  return 'must begin with https:// (http:// is for loopback hosts only)'
}

function contradictions(provider: {
  issuer?: string | undefined
  scopes: readonly string[]
  clientSecret?: string | undefined
  clientSecretFile?: string | undefined
  clientAuthentication?: string | undefined
}): [path: string, message: string][] {
  const { clientSecret, clientSecretFile, clientAuthentication: way } = provider
  const hasSecret = clientSecret !== undefined || clientSecretFile !== undefined
  const found: [string, string][] = []
  if (clientSecret !== undefined && clientSecretFile !== undefined)
    found.push(['clientSecretFile', 'must not stand beside clientSecret; keep one of the two'])
  if (way !== undefined && way !== 'none' && !hasSecret)
    found.push(['clientAuthentication', `${way} needs clientSecret or clientSecretFile`])
  if (way === 'none' && hasSecret)
    found.push(['clientAuthentication', '"none" is for a client without a secret'])
  const asksWho = provider.scopes.includes('openid')
  if (asksWho && provider.issuer === undefined)
    found.push(['issuer', 'is needed with the scope openid: without it no ID token can be checked'])
  if (!asksWho && provider.issuer !== undefined)
    found.push(['scopes', 'must hold openid beside an issuer: without it there is no ID token to check'])
  // Only Entra's own login host is known to name the tenant in the ID token.
  if (
    /[{}]/.test(provider.issuer ?? '') &&
    !/^https:\/\/login\.microsoftonline\.com\/\{tenantid\}\/v2\.0$/.test(provider.issuer ?? '')
  )
    found.push([
      'issuer',
      'must be exact; only https://login.microsoftonline.com/{tenantid}/v2.0 may name a tenant that varies',
    ])
  return found
}
