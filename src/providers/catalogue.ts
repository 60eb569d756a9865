import { Failure, failure } from '../base/failure.ts'
import { canonicalText } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import type { Mailbox } from '../model/mailbox.ts'
import { isLoopbackHost } from '../net/connect.ts'
import type { HttpProxy } from '../net/http-fetch.ts'
import { customProvider, withOverride } from './custom.ts'
import type { Words } from './errors/known-error.ts'
import { allPresets } from './presets/presets.ts'
import type { Catalogue, Provider, RegisteredProvider } from './provider.ts'
import {
  type Missing,
  providersFileSetting,
  registrationAt,
  settingOfPreset,
  withRegistration,
} from './registration.ts'
import type { CustomProvider, ProviderSettings, ProxyChoice } from './settings.ts'

/** A provider with its registration, or with what to set to have one. */
export interface CatalogueEntry {
  provider: Provider
  registered?: RegisteredProvider
  /** The setting that the registration comes from. */
  setting?: string
  /** What was said of it, where it is not one of the settings for Microsoft and Google. */
  entry?: CustomProvider
  missing: Missing
}

/** A provider that is not what it was. Without `after` it has no registration any more. */
export interface ProviderChange {
  id: string
  before?: RegisteredProvider
  after?: RegisteredProvider
}

/** What remembers something of providers, and is told of each that changes. */
export interface ProviderFollower {
  providerChanged(change: ProviderChange): void
}

/** A catalogue that follows the registrations of the store while postern runs. */
export interface LiveCatalogue extends Catalogue {
  entries(): readonly CatalogueEntry[]
  /**
   * From now on these are the registrations of the store. Gives what has changed by that; what has
   * not is the same object as before.
   */
  use(stored: readonly CustomProvider[]): readonly ProviderChange[]
}

/**
 * The settings count before the store, and the store before what is shipped with the installation:
 * of each id there is one registration.
 */
export function createCatalogue(
  config: ProviderSettings,
  stored: readonly CustomProvider[] = [],
): LiveCatalogue {
  let entries = new Map<string, CatalogueEntry>()

  function use(now: readonly CustomProvider[]): ProviderChange[] {
    const before = entries
    entries = new Map(allEntries(config, now).map((entry) => [entry.provider.id, entry]))
    const changes: ProviderChange[] = []
    for (const id of new Set([...before.keys(), ...entries.keys()])) {
      const [old, fresh] = [before.get(id)?.registered, entries.get(id)?.registered]
      if (old && fresh && canonicalText(old) === canonicalText(fresh))
        entries.set(id, { ...(entries.get(id) as CatalogueEntry), provider: old, registered: old })
      else if (old || fresh) changes.push({ id, ...(old && { before: old }), ...(fresh && { after: fresh }) })
    }
    return changes
  }

  use(stored)
  return {
    registered(id) {
      const entry = entries.get(id)
      if (!entry) throw unknown(id, [...entries.keys()])
      const { provider, registered, missing } = entry
      if (!registered) throw missing(provider.name)
      return registered
    },

    list: () =>
      [...entries.values()].map(({ provider, registered }) => ({
        provider,
        registered: registered !== undefined,
      })),

    entries: () => [...entries.values()],
    use,
  }
}

function allEntries(config: ProviderSettings, stored: readonly CustomProvider[]): CatalogueEntry[] {
  const own = new Map<string, CatalogueEntry>()
  for (const entry of config.customProviders)
    own.set(entry.id, ownEntry(config, entry, { setting: providersFileSetting }))
  for (const [source, entries] of [
    ['stored', stored] as const,
    ['shipped', config.shippedProviders ?? []] as const,
  ])
    for (const entry of entries)
      if (!own.has(entry.id) && !isInSettings(entry.id, config))
        own.set(entry.id, ownEntry(config, entry, { source }))
  const builtIn = allPresets(config.registrations.microsoft?.tenant).map(
    // One with the id of a preset replaces that preset.
    (preset) => own.get(preset.id) ?? presetEntry(config, preset),
  )
  const ids = new Set(builtIn.map(({ provider }) => provider.id))
  return [...builtIn, ...[...own.values()].filter(({ provider }) => !ids.has(provider.id))]
}

function presetEntry(
  { registrations, providerOverrides, proxy }: ProviderSettings,
  preset: Provider,
): CatalogueEntry {
  const override = providerOverrides.get(preset.id)
  const provider = withOverride(preset, override)
  const { registration, missing } = registrationAt(preset.id, registrations)
  if (!registration) return { provider, missing }
  const registered = withProxy(withRegistration(provider, registration), override?.proxy, proxy)
  return { provider: registered, registered, missing, setting: settingOfPreset(preset.id) }
}

function ownEntry(
  { providerOverrides, proxy }: ProviderSettings,
  entry: CustomProvider,
  { source, setting }: { source?: 'stored' | 'shipped'; setting?: string },
): CatalogueEntry {
  // The providers file itself says what is to differ in its entry.
  const override = source && providerOverrides.get(entry.id)
  const provider = customProvider(entry, { override, source })
  const registered = withProxy(provider, entry.proxy ?? override?.proxy, proxy)
  const missing = () => failure('postern.fault')
  return { provider: registered, registered, missing, entry, ...(setting !== undefined && { setting }) }
}

/** The id of one of the settings for Microsoft and Google, or of an entry of the providers file. */
function isInSettings(id: string, { registrations, customProviders }: ProviderSettings): boolean {
  return (
    registrationAt(id, registrations).registration !== undefined ||
    customProviders.some((entry) => entry.id === id)
  )
}

function withProxy(
  provider: RegisteredProvider,
  own: ProxyChoice | undefined,
  general: HttpProxy | undefined,
): RegisteredProvider {
  const proxy = chooseProxy(provider, own, general)
  return proxy ? { ...provider, proxy } : provider
}

function unknown(id: string, known: readonly string[]): Failure {
  return failure('provider.unknown', { id: printable(id), names: known.join(', ') })
}

/**
 * The provider of a mailbox that is there already.
 * @throws Failure `configuration`
 */
export function registeredFor(
  catalogue: Pick<Catalogue, 'registered'>,
  { address, providerId }: Pick<Mailbox, 'address' | 'providerId'>,
): RegisteredProvider {
  try {
    return catalogue.registered(providerId)
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'not-found')) throw error
    throw failure('registration.gone', { mailbox: address, id: printable(providerId) })
  }
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
  | { kind: 'without-oauth'; name: string; reason: Words }
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
  reason: Words
}

export const withoutOAuth: readonly WithoutOAuth[] = [
  {
    name: 'iCloud Mail',
    domains: ['icloud.com', 'me.com', 'mac.com'],
    mxSuffixes: ['.mail.icloud.com'],
    reason: {
      en: 'Apple has no OAuth for mail. Use an app-specific password at smtp.mail.me.com, port 587, in the program itself.',
      ja: 'Apple のメールには OAuth がありません。プログラム側で、smtp.mail.me.com のポート 587 と App 用パスワードを使ってください。',
    },
  },
  {
    name: 'Zoho Mail',
    domains: ['zoho.com', 'zohomail.com', 'zoho.eu', 'zoho.in'],
    mxSuffixes: ['.zoho.com', '.zoho.eu', '.zoho.in'],
    reason: {
      en: "Zoho's OAuth is for its HTTP API; nobody has seen it work for SMTP. Use an application-specific password at smtp.zoho.com, port 465, in the program itself.",
      ja: 'Zoho の OAuth は HTTP API 用で、SMTP で動作した例はありません。プログラム側で、smtp.zoho.com のポート 465 とアプリ固有のパスワードを使ってください。',
    },
  },
  {
    name: 'GMX, WEB.DE and mail.com',
    domains: ['gmx.com', 'gmx.net', 'gmx.de', 'web.de', 'mail.com'],
    mxSuffixes: ['.gmx.net', '.web.de', '.mail.com'],
    reason: {
      en: 'No OAuth is known for the mail programs of others. Use an application-specific password in the program itself.',
      ja: 'ほかのメールプログラム向けの OAuth は知られていません。プログラム側でアプリ固有のパスワードを使ってください。',
    },
  },
]
