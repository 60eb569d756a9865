import { type Failure, failure } from '../base/failure.ts'
import { canonicalText } from '../base/secret.ts'
import type { GivenTo } from '../model/grant.ts'
import { personalTenant } from './presets/microsoft.ts'
import type { OAuthServer, Provider, RegisteredProvider, Registration } from './provider.ts'
import type { BuiltInRegistrations, MicrosoftCloud } from './settings.ts'

/** The registration of a preset in the settings, or the failure that says what to set. */
interface RegistrationOrNone {
  registration?: Registration
  missing: Missing
}

/** @param provider its name */
export type Missing = (provider: string) => Failure

/** Finds the registration of a preset in the settings. */
export function registrationAt(id: string, registrations: BuiltInRegistrations): RegistrationOrNone {
  const cloud = microsoftClouds.get(id)
  if (cloud) return microsoftAt(cloud, registrations)
  switch (id) {
    case 'outlook':
      return outlookOf(registrations)
    case 'microsoft-hve':
      return highVolumeOf(registrations)
    case 'google':
      return googleOf(registrations)
    case 'google-service-account':
      return serviceAccountOf(registrations)
    default:
      return {
        missing: (provider) => failure('registration.missing-in-file', { provider, preset: id }),
      }
  }
}

export const providersFileSetting = 'POSTERN_PROVIDERS_FILE'

/** The setting that a registration at a preset comes from, unless the providers file has it. */
export function settingOfPreset(id: string): string {
  if (id === 'google') return 'POSTERN_GOOGLE_CLIENT_ID'
  if (id === 'google-service-account') return 'POSTERN_GOOGLE_SERVICE_ACCOUNT_FILE'
  return 'POSTERN_MICROSOFT_CLIENT_ID'
}

/** The presets of Microsoft 365 and the clouds that they are in. */
const microsoftClouds: ReadonlyMap<string, MicrosoftCloud> = new Map([
  ['microsoft', 'worldwide'],
  ['microsoft-gcc-high', 'gcc-high'],
  ['microsoft-dod', 'dod'],
  ['microsoft-china', 'china'],
])

const missingAtMicrosoft: Missing = (provider) => failure('registration.missing-at-microsoft', { provider })

function microsoftAt(cloud: MicrosoftCloud, { microsoft }: BuiltInRegistrations): RegistrationOrNone {
  const missing = cloud === 'worldwide' ? missingWorldwide(microsoft) : missingIn(cloud)
  return { missing, ...(microsoft?.cloud === cloud && { registration: microsoft }) }
}

function missingWorldwide(other: Registration | undefined): Missing {
  return other ? (provider) => failure('registration.missing-worldwide', { provider }) : missingAtMicrosoft
}

function missingIn(cloud: MicrosoftCloud): Missing {
  return (provider) => failure('registration.missing-in-cloud', { provider, cloud })
}

/** A registration of one organisation knows no personal accounts. */
function outlookOf({ microsoft }: BuiltInRegistrations): RegistrationOrNone {
  if (microsoft?.cloud !== 'worldwide') return { missing: missingAtMicrosoft }
  const missing: Missing = (provider) => failure('registration.missing-for-persons', { provider })
  const isFit = ['common', 'consumers'].includes(microsoft.tenant)
  return { missing, ...(isFit && { registration: microsoft }) }
}

/** No person signs in there: the app needs credentials, and one organisation. */
function highVolumeOf({ microsoft }: BuiltInRegistrations): RegistrationOrNone {
  const missing: Missing = (provider) => failure('registration.missing-for-high-volume', { provider })
  const authenticates = microsoft && (microsoft.clientSecrets.length > 0 || microsoft.certificate)
  if (microsoft?.cloud === 'worldwide' && authenticates && !severalTenants.includes(microsoft.tenant))
    return { registration: microsoft, missing }
  return { missing }
}

/** Names for many organisations or for none. */
const severalTenants: readonly string[] = ['common', 'organizations', 'consumers', personalTenant]

/** Whether a tenant name means one organisation. */
export function isOneTenant(tenant: string): boolean {
  return !severalTenants.includes(tenant.toLowerCase())
}

function googleOf({ google }: BuiltInRegistrations): RegistrationOrNone {
  const missing: Missing = (provider) => failure('registration.missing-at-google', { provider })
  if (!google) return { missing }
  const { testing, ...registration } = google
  // Google's rule for the publishing status "Testing".
  return { registration: { ...registration, ...(testing && { grantsEndAfterDays: 7 }) }, missing }
}

function serviceAccountOf({
  googleServiceAccount: serviceAccount,
}: BuiltInRegistrations): RegistrationOrNone {
  const missing: Missing = (provider) => failure('registration.missing-service-account', { provider })
  if (!serviceAccount) return { missing }
  return { registration: { clientId: serviceAccount.clientId, clientSecrets: [], serviceAccount }, missing }
}

/**
 * The settings that register an app: lines to copy, in which `your-…` has to be replaced. Postern
 * refuses those that are not.
 */
export interface SettingsToMake {
  /** For `.env`. */
  lines: readonly string[]
  /** The contents of the file in POSTERN_PROVIDERS_FILE, if the provider is registered there. */
  file?: string
}

export function settingsToMake(provider: Provider): SettingsToMake {
  const { id } = provider
  const cloud = microsoftClouds.get(id)
  if (cloud) return { lines: microsoft(cloud, cloud === 'worldwide' ? 'your-tenant-id-or-domain' : guid) }
  switch (id) {
    case 'outlook':
      return { lines: ['POSTERN_MICROSOFT_CLIENT_ID=your-client-id', 'POSTERN_MICROSOFT_TENANT=consumers'] }
    case 'microsoft-hve':
      return { lines: microsoft('worldwide', guid) }
    case 'google':
      return {
        lines: ['POSTERN_GOOGLE_CLIENT_ID=your-client-id', 'POSTERN_GOOGLE_CLIENT_SECRET=your-client-secret'],
      }
    case 'google-service-account':
      return { lines: ['POSTERN_GOOGLE_SERVICE_ACCOUNT_FILE=./google-service-account.json'] }
    default:
      return { lines: ['POSTERN_PROVIDERS_FILE=./providers.json'], file: entryFor(provider) }
  }
}

const guid = 'your-tenant-id'

function microsoft(cloud: MicrosoftCloud, tenant: string): string[] {
  return [
    'POSTERN_MICROSOFT_CLIENT_ID=your-client-id',
    'POSTERN_MICROSOFT_CLIENT_SECRET=your-client-secret',
    `POSTERN_MICROSOFT_TENANT=${tenant}`,
    ...(cloud === 'worldwide' ? [] : [`POSTERN_MICROSOFT_CLOUD=${cloud}`]),
  ]
}

function entryFor({ id, oauth }: Provider): string {
  const isPublic = oauth.clientAuthentication === 'none'
  const entry = {
    id,
    preset: id,
    clientId: 'your-client-id',
    ...(!isPublic && { clientSecretFile: './client-secret' }),
  }
  return JSON.stringify({ providers: [entry] }, undefined, 2)
}

/**
 * Adds a registration to a provider. Without credentials the client is a public one, whatever the
 * provider usually has.
 */
export function withRegistration(provider: Provider, registration: Registration): RegisteredProvider {
  const clientAuthentication = authenticationOf(provider, registration)
  return { ...provider, oauth: { ...provider.oauth, clientAuthentication }, registration }
}

function authenticationOf({ oauth }: Provider, { clientSecrets, certificate }: Registration) {
  if (certificate) return 'private_key_jwt'
  if (clientSecrets.length === 0) return 'none'
  return oauth.clientAuthentication === 'none' ? 'client_secret_post' : oauth.clientAuthentication
}

/** The properties of a registration that are stored with a grant. */
export function givenTo({
  registration,
  oauth,
}: Pick<RegisteredProvider, 'registration' | 'oauth'>): GivenTo {
  const { clientId, tenant } = registration
  const tokenEndpoint = oauth.tokenEndpoint ?? oauth.issuer
  return {
    clientId,
    ...(tenant !== undefined && { tenant }),
    ...(tokenEndpoint !== undefined && { tokenEndpoint }),
  }
}

/** Finds the first setting in which two registrations differ; undefined if they are the same. */
export function differenceOf(
  given: GivenTo,
  now: GivenTo,
): { what: keyof GivenTo; given: string; now: string } | undefined {
  for (const what of ['clientId', 'tenant', 'tokenEndpoint'] as const) {
    const [before = '', after = ''] = [given[what], now[what]]
    if (before.toLowerCase() !== after.toLowerCase()) return { what, given: before, now: after }
  }
  return undefined
}

/** Whether connections to the mail server that are open for one are good for the other. */
export function sameConnections(one: RegisteredProvider, other: RegisteredProvider): boolean {
  const aboutConnections = (provider: RegisteredProvider) => {
    const { submission, mechanisms, proxy } = provider
    return canonicalText([submission, mechanisms, proxy, givenTo(provider)])
  }
  return aboutConnections(one) === aboutConnections(other)
}

/** Whether access tokens that were got for one are good for the other. */
export function sameTokens(one: RegisteredProvider, other: RegisteredProvider): boolean {
  const aboutTokens = ({ refreshMarginSeconds, oauth, registration }: RegisteredProvider) => {
    const { scopes, applicationScopes, tokenEndpoint, issuer } = oauth
    const { clientId, tenant, serviceAccount } = registration
    const endpoint = [tokenEndpoint, issuer]
    return canonicalText([
      refreshMarginSeconds,
      scopes,
      applicationScopes,
      endpoint,
      clientId,
      tenant,
      serviceAccount?.email,
    ])
  }
  return aboutTokens(one) === aboutTokens(other)
}

/**
 * Whether a consent proves who signed in: by an ID token of a known issuer (OpenID Connect Core,
 * section 3.1.2.1).
 */
export function provesIdentity({ issuer, scopes }: OAuthServer): boolean {
  return issuer !== undefined && scopes.includes('openid')
}

/** In UTC, as providers show it. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
