import type { CustomProvider, LimitOverrides, ProviderOverride } from '../config/config.ts'
import { isEntraIssuer } from './presets/microsoft.ts'
import { usualCapabilities, usualOAuth } from './presets/others.ts'
import { presetOf } from './presets/presets.ts'
import type {
  GrantFlow,
  OAuthServer,
  Provider,
  ProviderLimits,
  RegisteredProvider,
  Registration,
} from './provider.ts'
import { withRegistration } from './registration.ts'

/** An entry of the providers file as a provider that is ready for use: a preset with what the entry has otherwise, or one that the entry describes. */
export function customProvider(entry: CustomProvider): RegisteredProvider {
  const base = (entry.preset !== undefined && presetOf(entry.preset, entry.tenant)) || blank(entry)
  const provider: Provider = {
    ...base,
    id: entry.id,
    name: entry.name ?? base.name,
    // Suggested for its own kind of addresses only where it stands in the preset's place.
    ...(entry.id !== base.id && { domains: [], mxSuffixes: [] }),
    oauth: oauthOf(base.oauth, entry),
    submission: entry.smtp ?? base.submission,
    mechanisms: entry.mechanisms ?? base.mechanisms,
    limits: limitsWith(base.limits, entry.limits ?? {}),
    chunking: entry.chunking ?? base.chunking,
    refreshMarginSeconds: entry.refreshMargin ?? base.refreshMarginSeconds,
  }
  const { clientAuthentication } = entry
  const registered = withRegistration(provider, registrationOf(entry))
  const whole = { ...registered, fromFile: true as const }
  if (clientAuthentication === undefined) return whole
  return { ...whole, oauth: { ...registered.oauth, clientAuthentication } }
}

function blank(entry: CustomProvider): Provider {
  return {
    id: entry.id,
    name: entry.id,
    supportStatus: { evidence: 'own', notes: [] },
    domains: [],
    mxSuffixes: [],
    flows: flowsOf(entry),
    oauth: { ...usualOAuth, scopes: [], mailScopes: [], ...rulesOf(entry.issuer) },
    submission: { host: '', port: 587, tls: 'starttls' },
    mechanisms: ['OAUTHBEARER', 'XOAUTH2'],
    limits: { connections: 2 },
    chunking: 'auto',
    refreshMarginSeconds: 0,
    knownCapabilities: usualCapabilities,
  }
}

/** Whether the provider really has a flow shows at the first attempt; a discovered one may have all of them. */
function flowsOf({ authorizationEndpoint, tokenEndpoint, ...entry }: CustomProvider): GrantFlow[] {
  const discovered = tokenEndpoint === undefined
  const authenticates = entry.clientSecrets.length > 0 || entry.certificate !== undefined
  return [
    ...(discovered || authorizationEndpoint !== undefined ? (['authorization-code'] as const) : []),
    ...(discovered || entry.deviceAuthorizationEndpoint !== undefined ? (['device'] as const) : []),
    ...(authenticates ? (['client-credentials'] as const) : []),
  ]
}

/** Whoever describes Entra or Google without their presets gets their rules all the same. */
function rulesOf(issuer: string | undefined): Pick<OAuthServer, 'identityRules'> {
  if (issuer === undefined) return {}
  if (isEntraIssuer(issuer)) return { identityRules: 'entra' }
  return new URL(issuer).hostname === 'accounts.google.com' ? { identityRules: 'google' } : {}
}

const takenOver = [
  'issuer',
  'authorizationEndpoint',
  'tokenEndpoint',
  'deviceAuthorizationEndpoint',
  'revocationEndpoint',
  'jwksUri',
  'userinfoEndpoint',
  'applicationScopes',
  'identityClaim',
  'redirectUri',
] as const satisfies (keyof CustomProvider & keyof OAuthServer)[]

function oauthOf(base: OAuthServer, entry: CustomProvider): OAuthServer {
  const own = takenOver.filter((key) => entry[key] !== undefined).map((key) => [key, entry[key]] as const)
  return {
    ...base,
    ...Object.fromEntries(own),
    ...(entry.scopes && withScopes(base, entry.scopes)),
    // A preset's parameters are there for a reason: one of them goes by being given otherwise.
    authorizationParameters: { ...base.authorizationParameters, ...entry.authorizationParameters },
  }
}

function registrationOf(entry: CustomProvider): Registration {
  const { clientId, clientSecrets, certificate, serviceAccount, tenant, grantsEndAfterDays } = entry
  return {
    clientId,
    clientSecrets,
    ...(certificate && { certificate }),
    ...(serviceAccount && { serviceAccount }),
    ...(tenant !== undefined && { tenant }),
    ...(grantsEndAfterDays !== undefined && { grantsEndAfterDays }),
  }
}

/** A built-in provider as the administrator has it: by contract, tenant or experience its limits and scopes may be others. */
export function withOverride(
  provider: Provider,
  { limits = {}, chunking, scopes }: ProviderOverride = {},
): Provider {
  return {
    ...provider,
    oauth: scopes ? { ...provider.oauth, ...withScopes(provider.oauth, scopes) } : provider.oauth,
    limits: limitsWith(provider.limits, limits),
    chunking: chunking ?? provider.chunking,
  }
}

function limitsWith(
  own: ProviderLimits,
  { connections = own.connections, ...others }: LimitOverrides,
): ProviderLimits {
  const kept = Object.entries({ ...own, ...others }).filter(([, limit]) => limit !== null)
  return { ...(Object.fromEntries(kept) as Omit<ProviderLimits, 'connections'>), connections }
}

// RFC 6749, section 3.3, knows no difference between them; these say who signs in and for how long, not what may be done.
const identityScopes = new Set(['openid', 'profile', 'email', 'offline_access'])

// Without them nobody could be compared with the mailbox: a preset that asks who signs in goes on asking.
const whoScopes: readonly string[] = ['openid', 'profile', 'email']

/** Other scopes, and with them other audiences of the tokens: a scope that is a URL begins with the resource that it is for. */
function withScopes(
  { tokenClaims, scopes: own }: OAuthServer,
  given: readonly string[],
): Pick<OAuthServer, 'scopes' | 'mailScopes' | 'tokenClaims'> {
  const scopes = [...new Set([...own.filter((scope) => whoScopes.includes(scope)), ...given])]
  const mailScopes = scopes.filter((scope) => !identityScopes.has(scope))
  const resources = mailScopes.filter((scope) => URL.canParse(scope)).map((scope) => new URL(scope).origin)
  return {
    scopes,
    mailScopes,
    ...(tokenClaims && {
      tokenClaims: { ...tokenClaims, audiences: [...tokenClaims.audiences, ...resources] },
    }),
  }
}
