import type { CustomProvider } from '../config/config.ts'
import { limitsWith } from './override.ts'
import { isEntraIssuer } from './presets/microsoft.ts'
import { presetOf } from './presets/presets.ts'
import { usualOAuth, usualOffers } from './presets/usual.ts'
import type { GrantFlow, OAuthServer, Provider, RegisteredProvider, Registration } from './provider.ts'
import { withRegistration } from './registered.ts'
import { withScopes } from './with-scopes.ts'

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
    standing: { evidence: 'own', notes: [] },
    domains: [],
    mxSuffixes: [],
    flows: flowsOf(entry),
    oauth: { ...usualOAuth, scopes: [], mailScopes: [], ...rulesOf(entry.issuer) },
    submission: { host: '', port: 587, tls: 'starttls' },
    mechanisms: ['OAUTHBEARER', 'XOAUTH2'],
    limits: { connections: 2 },
    chunking: 'auto',
    refreshMarginSeconds: 0,
    offers: usualOffers,
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
