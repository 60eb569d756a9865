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
import type { CustomProvider, LimitOverrides, ProviderOverride } from './settings.ts'

/**
 * Creates a provider from an entry of the providers file, or of the store: a preset with the changes
 * of the entry, or a provider that the entry describes completely.
 */
export function customProvider(
  entry: CustomProvider,
  {
    override,
    source,
  }: { override?: ProviderOverride | undefined; source?: 'stored' | 'shipped' | undefined } = {},
): RegisteredProvider {
  const base = baseOf(entry, override)
  const provider: Provider = {
    ...base,
    id: entry.id,
    name: nameOf(entry, base, source),
    // It keeps the domains of its preset only if it replaces it.
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
  const whole = {
    ...registered,
    ...(source && { source }),
    isOwn: true as const,
  }
  if (clientAuthentication === undefined) return whole
  return { ...whole, oauth: { ...registered.oauth, clientAuthentication } }
}

function baseOf(entry: CustomProvider, override: ProviderOverride | undefined): Provider {
  const preset = entry.preset === undefined ? undefined : presetOf(entry.preset, entry.tenant)
  if (!preset) return blank(entry)
  return entry.id === preset.id ? withOverride(preset, override) : preset
}

/** Two at one preset are told apart by their ids, unless they have names. */
function nameOf({ id, name }: CustomProvider, base: Provider, source: string | undefined): string {
  if (name !== undefined) return name
  return source && id !== base.id ? `${base.name}: ${id}` : base.name
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
    ...familyOf(entry.issuer),
    submission: { host: '', port: 587, tls: 'starttls' },
    mechanisms: ['OAUTHBEARER', 'XOAUTH2'],
    limits: { connections: 2 },
    chunking: 'auto',
    refreshMarginSeconds: 0,
    knownCapabilities: usualCapabilities,
  }
}

/**
 * The first attempt shows whether the provider really has a flow; a discovered provider may have
 * all of them.
 */
function flowsOf({ authorizationEndpoint, tokenEndpoint, ...entry }: CustomProvider): GrantFlow[] {
  const discovered = tokenEndpoint === undefined
  const authenticates = entry.clientSecrets.length > 0 || entry.certificate !== undefined
  return [
    ...(discovered || authorizationEndpoint !== undefined ? (['authorization-code'] as const) : []),
    ...(discovered || entry.deviceAuthorizationEndpoint !== undefined ? (['device'] as const) : []),
    ...(authenticates ? (['client-credentials'] as const) : []),
  ]
}

/** Entra and Google keep their identity rules when an entry describes them without a preset. */
function rulesOf(issuer: string | undefined): Pick<OAuthServer, 'identityRules'> {
  if (issuer === undefined) return {}
  if (isEntraIssuer(issuer)) return { identityRules: 'entra' }
  return new URL(issuer).hostname === 'accounts.google.com' ? { identityRules: 'google' } : {}
}

function familyOf(issuer: string | undefined): Pick<Provider, 'errorFamily'> {
  const { identityRules } = rulesOf(issuer)
  return identityRules === undefined
    ? {}
    : { errorFamily: identityRules === 'entra' ? 'microsoft' : identityRules }
}

const takenOver = [
  'issuer',
  'authorizationEndpoint',
  'tokenEndpoint',
  'deviceAuthorizationEndpoint',
  'revocationEndpoint',
  'jwksUri',
  'userinfoEndpoint',
  'graphEndpoint',
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
    // Parameters of the preset stay unless the entry gives them other values.
    authorizationParameters: { ...base.authorizationParameters, ...entry.authorizationParameters },
  }
}

function registrationOf(entry: CustomProvider): Registration {
  const { clientId, clientSecrets, certificate, serviceAccount, tenant, grantsEndAfterDays } = entry
  const { spareCertificate, ownCertificate } = entry
  return {
    clientId,
    clientSecrets,
    ...(certificate && { certificate }),
    ...(spareCertificate && { spareCertificate }),
    ...(ownCertificate && { ownCertificate }),
    ...(serviceAccount && { serviceAccount }),
    ...(tenant !== undefined && { tenant }),
    ...(grantsEndAfterDays !== undefined && { grantsEndAfterDays }),
  }
}

/**
 * A built-in provider with the changes of the administrator: limits and scopes may differ by
 * contract or tenant.
 */
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

// These scopes say who signs in and for how long, not what may be done. RFC 6749, section 3.3, does
// not make this distinction.
const identityScopes = new Set(['openid', 'profile', 'email', 'offline_access'])

// A preset that asks for identity keeps these scopes; without them the account could not be
// compared with the mailbox.
const whoScopes: readonly string[] = ['openid', 'profile', 'email']

/**
 * Replaces the scopes, and adds the audiences that follow: a scope that is a URL begins with its
 * resource.
 */
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
