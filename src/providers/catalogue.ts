import { printable } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { Config, ProxyChoice } from '../config/config.ts'
import type { HttpProxy } from '../net/http-proxy.ts'
import { isLoopbackHost } from '../net/reach.ts'
import { customProvider, withOverride } from './custom.ts'
import { allPresets } from './presets/presets.ts'
import type { Catalogue, Provider, RegisteredProvider, Registration } from './provider.ts'
import { registrationAt, withRegistration } from './registration.ts'

/** A provider, and its registration or what to set to have one. */
interface Entry {
  provider: Provider
  registration?: Registration
  /** One imperative sentence. */
  fix: string
}

type CatalogueConfig = Pick<Config, 'registrations' | 'customProviders' | 'providerOverrides' | 'proxy'>

export function createCatalogue(config: CatalogueConfig): Catalogue {
  const entries = new Map(allEntries(config).map((entry) => [entry.provider.id, entry]))
  const ownProxies = new Map([
    ...[...config.providerOverrides].map(([id, { proxy }]) => [id, proxy] as const),
    ...config.customProviders.map(({ id, proxy }) => [id, proxy] as const),
  ])

  return {
    registered(id) {
      const entry = entries.get(id)
      if (!entry) throw unknown(id, [...entries.keys()])
      const { provider, registration, fix } = entry
      if (!registration)
        throw new Failure('configuration', `There is no app registration for ${provider.name}`, { fix })
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

function allEntries({ registrations, customProviders, providerOverrides }: CatalogueConfig): Entry[] {
  const own = new Map(customProviders.map((entry) => [entry.id, customProvider(entry)]))
  const builtIn = allPresets(registrations.microsoft?.tenant).map((preset): Entry => {
    // An entry of the file with a preset's own id is that preset, registered.
    const provider = own.get(preset.id)
    if (provider) return ownEntry(provider)
    const overridden = withOverride(preset, providerOverrides.get(preset.id))
    return { provider: overridden, ...registrationAt(preset.id, registrations) }
  })
  const ids = new Set(builtIn.map(({ provider }) => provider.id))
  return [...builtIn, ...[...own.values()].filter(({ id }) => !ids.has(id)).map(ownEntry)]
}

function ownEntry(provider: RegisteredProvider): Entry {
  return { provider, registration: provider.registration, fix: '' }
}

function unknown(id: string, known: readonly string[]): Failure {
  return new Failure('not-found', `There is no provider "${printable(id)}"`, {
    fix: `Use one of ${known.join(', ')}, or describe another in POSTERN_PROVIDERS_FILE.`,
  })
}

/** The provider, if there is one with this id and it has a registration. */
export function findRegistered(catalogue: Catalogue, id: string): RegisteredProvider | undefined {
  const isThere = catalogue.list().some(({ provider, registered }) => registered && provider.id === id)
  return isThere ? catalogue.registered(id) : undefined
}

/** The way to a provider: its own choice, otherwise the one for all, which is not for what is on this machine. */
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
