import { type Failure, failure } from '../base/failure.ts'
import { printable } from '../base/text.ts'
import { isLoopbackHost } from '../net/connect.ts'
import type { HttpProxy } from '../net/http-fetch.ts'
import { customProvider, withOverride } from './custom.ts'
import { allPresets } from './presets/presets.ts'
import type { Catalogue, Provider, RegisteredProvider, Registration } from './provider.ts'
import { type Missing, registrationAt, withRegistration } from './registration.ts'
import type { ProviderSettings, ProxyChoice } from './settings.ts'

/** A provider with its registration, or with what to set to have one. */
interface Entry {
  provider: Provider
  registration?: Registration
  missing: Missing
}

export function createCatalogue(config: ProviderSettings): Catalogue {
  const entries = new Map(allEntries(config).map((entry) => [entry.provider.id, entry]))
  const ownProxies = new Map([
    ...[...config.providerOverrides].map(([id, { proxy }]) => [id, proxy] as const),
    ...config.customProviders.map(({ id, proxy }) => [id, proxy] as const),
  ])

  return {
    registered(id) {
      const entry = entries.get(id)
      if (!entry) throw unknown(id, [...entries.keys()])
      const { provider, registration, missing } = entry
      if (!registration) throw missing(provider.name)
      const proxy = chooseProxy(provider, ownProxies.get(id), config.proxy)
      return { ...withRegistration(provider, registration), ...(proxy && { proxy }) }
    },

    list: () =>
      [...entries.values()].map(({ provider, registration }) => ({
        provider,
        registered: registration !== undefined,
      })),
  }
}

function allEntries({ registrations, customProviders, providerOverrides }: ProviderSettings): Entry[] {
  const own = new Map(customProviders.map((entry) => [entry.id, customProvider(entry)]))
  const builtIn = allPresets(registrations.microsoft?.tenant).map((preset): Entry => {
    // An entry of the providers file with the id of a preset replaces that preset.
    const provider = own.get(preset.id)
    if (provider) return ownEntry(provider)
    const overridden = withOverride(preset, providerOverrides.get(preset.id))
    return { provider: overridden, ...registrationAt(preset.id, registrations) }
  })
  const ids = new Set(builtIn.map(({ provider }) => provider.id))
  return [...builtIn, ...[...own.values()].filter(({ id }) => !ids.has(id)).map(ownEntry)]
}

function ownEntry(provider: RegisteredProvider): Entry {
  return { provider, registration: provider.registration, missing: () => failure('postern.fault') }
}

function unknown(id: string, known: readonly string[]): Failure {
  return failure('provider.unknown', { id: printable(id), names: known.join(', ') })
}

/** The provider with this id, if it exists and has a registration. */
export function findRegistered(catalogue: Catalogue, id: string): RegisteredProvider | undefined {
  const isThere = catalogue.list().some(({ provider, registered }) => registered && provider.id === id)
  return isThere ? catalogue.registered(id) : undefined
}

/**
 * The proxy for a provider: its own setting, otherwise the general one, which does not apply to
 * hosts on this machine.
 */
export function chooseProxy(
  { oauth, submission }: Pick<Provider, 'oauth' | 'submission'>,
  own: ProxyChoice | undefined,
  general: HttpProxy | undefined,
): HttpProxy | undefined {
  if (own !== undefined) return own === 'direct' ? undefined : own
  const endpoint = oauth.tokenEndpoint ?? oauth.issuer
  const hosts = [submission.host, ...(endpoint === undefined ? [] : [new URL(endpoint).hostname])]
  return hosts.some(isLoopbackHost) ? undefined : general
}

/** The provider that probably hosts the mailboxes of a domain. */
export type Suggestion =
  | { kind: 'provider'; id: string; name: string; by: 'domain' | 'mx' }
  /** Its servers accept passwords only. */
  | { kind: 'without-oauth'; name: string; reason: string }
  | { kind: 'unknown' }

/**
 * Suggests a provider for an address: by its domain if that belongs to a provider, otherwise by the
 * domain's MX hosts (RFC 5321, section 5.1). It is only a suggestion, because mail may be received
 * elsewhere than it is sent.
 * @param mxHostsOf the domain's MX hosts; empty where none is found
 */
export async function suggestProvider(
  address: string,
  mxHostsOf: (domain: string) => Promise<readonly string[]>,
): Promise<Suggestion> {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase()
  const own = suggestionWhere(({ domains }) => domains.some((one) => fitsDomain(domain, one)), 'domain')
  if (own) return own
  const hosts = (await mxHostsOf(domain)).map((host) => host.toLowerCase().replace(/\.$/, ''))
  const takesMail = (suffix: string) => hosts.some((host) => host.endsWith(suffix))
  return suggestionWhere(({ mxSuffixes }) => mxSuffixes.some(takesMail), 'mx') ?? { kind: 'unknown' }
}

interface Recognised {
  domains: readonly string[]
  mxSuffixes: readonly string[]
}

function suggestionWhere(
  fits: (one: Recognised) => boolean,
  by: 'domain' | 'mx',
): Exclude<Suggestion, { kind: 'unknown' }> | undefined {
  const provider = allPresets().find(fits)
  if (provider) return { kind: 'provider', id: provider.id, name: provider.name, by }
  const other = withoutOAuth.find(fits)
  return other && { kind: 'without-oauth', name: other.name, reason: other.reason }
}

/** `yahoo.*` matches country domains: `yahoo.fr`, `yahoo.co.uk`, `yahoo.com.br`. */
function fitsDomain(domain: string, pattern: string): boolean {
  if (!pattern.endsWith('.*')) return domain === pattern
  const name = pattern.slice(0, -1)
  return domain.startsWith(name) && /^(?:(?:co|com)\.)?[a-z]{2}$/.test(domain.slice(name.length))
}

/**
 * A mail provider that postern cannot send through, because its SMTP servers take passwords only.
 */
interface WithoutOAuth {
  name: string
  domains: readonly string[]
  mxSuffixes: readonly string[]
  /** Whole sentences: why, and what to do instead. */
  reason: string
}

export const withoutOAuth: readonly WithoutOAuth[] = [
  {
    name: 'iCloud Mail',
    domains: ['icloud.com', 'me.com', 'mac.com'],
    mxSuffixes: ['.mail.icloud.com'],
    reason:
      'Apple has no OAuth for mail. Use an app-specific password at smtp.mail.me.com, port 587, in the program itself.',
  },
  {
    name: 'Zoho Mail',
    domains: ['zoho.com', 'zohomail.com', 'zoho.eu', 'zoho.in'],
    mxSuffixes: ['.zoho.com', '.zoho.eu', '.zoho.in'],
    reason:
      "Zoho's OAuth is for its HTTP API; nobody has seen it work for SMTP. Use an application-specific password at smtp.zoho.com, port 465, in the program itself.",
  },
  {
    name: 'GMX, WEB.DE and mail.com',
    domains: ['gmx.com', 'gmx.net', 'gmx.de', 'web.de', 'mail.com'],
    mxSuffixes: ['.gmx.net', '.web.de', '.mail.com'],
    reason:
      'No OAuth is known for the mail programs of others. Use an application-specific password in the program itself.',
  },
]
