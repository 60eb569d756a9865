import { readUrl } from '../base/text.ts'
import { allPresets } from '../providers/presets/presets.ts'
import type { RegistrationRequest } from '../providers/registrations.ts'
import type { FoundClient } from './found.ts'

/** What endpoints say: a provider that postern knows, and at Microsoft the tenant. */
interface KnownProvider {
  id: string
  tenant?: string
}

/** Hosts of Microsoft's clouds, whose paths begin with a tenant. */
const clouds: Readonly<Record<string, string>> = {
  'login.microsoftonline.com': 'microsoft',
  'login.windows.net': 'microsoft',
  'login.microsoftonline.us': 'microsoft-gcc-high',
  'login.partner.microsoftonline.cn': 'microsoft-china',
  'login.chinacloudapi.cn': 'microsoft-china',
}

/** Older names of the same endpoints. */
const otherHosts: Readonly<Record<string, string>> = {
  'accounts.google.com': 'google',
  'www.googleapis.com': 'google',
  'login.live.com': 'outlook',
}

/** Tenants that are not one organisation. */
const shared = ['common', 'organizations', 'consumers']

/** The preset whose token endpoint this is, by its host. */
export function presetAtEndpoint(tokenEndpoint: string, address?: string): KnownProvider | undefined {
  const url = readUrl(tokenEndpoint)
  if (!url) return undefined
  const cloud = clouds[url.hostname]
  if (cloud !== undefined) return inCloud(cloud, url.pathname.split('/')[1] || 'common', address)
  const id =
    otherHosts[url.hostname] ??
    allPresets().find(({ oauth }) => oauth.tokenEndpoint && new URL(oauth.tokenEndpoint).host === url.host)
      ?.id
  return id === undefined ? undefined : { id }
}

function inCloud(cloud: string, tenant: string, address: string | undefined): KnownProvider {
  const isPersonal = cloud === 'microsoft' && shared.includes(tenant) && isAtOutlook(address)
  return tenant === 'consumers' || isPersonal ? { id: 'outlook' } : { id: cloud, tenant }
}

function isAtOutlook(address = ''): boolean {
  const domain = address.split('@').at(-1)?.toLowerCase() ?? ''
  const { domains = [] } = allPresets().find(({ id }) => id === 'outlook') ?? {}
  return domains.some((one) => (one.endsWith('.*') ? domain.startsWith(one.slice(0, -1)) : domain === one))
}

/** The preset that a mail server belongs to. */
export function presetAtHost(host: string): string | undefined {
  const known: Readonly<Record<string, string>> = {
    'smtp-mail.outlook.com': 'outlook',
    'smtp.googlemail.com': 'google',
  }
  const lower = host.toLowerCase()
  return known[lower] ?? allPresets().find(({ submission }) => submission.host === lower)?.id
}

export function isPresetHost(host: string): boolean {
  return presetAtHost(host) !== undefined
}

/**
 * The registration of a client, for a mailbox at this address; or why there can be none. What a
 * preset knows is left to it: scopes of another program often ask for IMAP, too.
 */
export function registrationOf(
  client: FoundClient,
  address?: string,
): { id: string; request: RegistrationRequest } | { why: string } {
  const { clientId, clientSecret, certificate, serviceAccount, tokenEndpoint, proxy } = client
  const credentials = {
    ...(serviceAccount ? { serviceAccount } : { clientId }),
    ...(clientSecret && clientSecret.reveal() !== '' && { clientSecrets: [{ value: clientSecret }] }),
    ...(certificate && { certificate }),
    ...(proxy !== undefined && { proxy }),
  }
  if (serviceAccount) {
    const id = 'google-service-account'
    return { id, request: { preset: id, ...credentials } }
  }
  if (tokenEndpoint === undefined) return { why: 'nothing says which provider it is at' }
  const preset = presetAtEndpoint(tokenEndpoint, address)
  if (preset) {
    const { id, tenant } = preset
    return { id, request: { preset: id, ...(tenant !== undefined && { tenant }), ...credentials } }
  }
  return atOwnProvider(client, tokenEndpoint, credentials)
}

function atOwnProvider(
  client: FoundClient,
  tokenEndpoint: string,
  credentials: RegistrationRequest,
): { id: string; request: RegistrationRequest } | { why: string } {
  const { authorizationEndpoint, deviceAuthorizationEndpoint, scopes, smtp } = client
  const url = readUrl(tokenEndpoint)
  if (!url) return { why: 'its token endpoint is no address of the web' }
  if (!smtp)
    return {
      why: `which mail server belongs to ${url.hostname} is not in the files (add it by "postern registration add")`,
    }
  if (!scopes)
    return {
      why: `the scopes at ${url.hostname} are not in the files (add it by "postern registration add")`,
    }
  const id = url.hostname
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
  return {
    id: id || 'provider',
    request: {
      name: url.hostname,
      tokenEndpoint,
      ...(authorizationEndpoint !== undefined && { authorizationEndpoint }),
      ...(deviceAuthorizationEndpoint !== undefined && { deviceAuthorizationEndpoint }),
      scopes,
      smtp,
      mechanisms: ['XOAUTH2'],
      ...credentials,
    },
  }
}
