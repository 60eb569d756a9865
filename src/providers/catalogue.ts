import { printable } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { Config } from '../config/config.ts'
import { customProvider } from './custom.ts'
import { google } from './google.ts'
import { microsoft, outlook } from './microsoft.ts'
import { withOverride } from './override.ts'
import type { Catalogue, Provider, RegisteredProvider, Registration } from './provider.ts'

/** A provider, and its registration or what to set to have one. */
interface Entry {
  provider: Provider
  registration?: Registration
  /** One imperative sentence. */
  fix: string
}

/** The presets, in the order in which people are shown them. The providers file may not use their ids. */
export const presetIds: readonly string[] = ['microsoft', 'outlook', 'google']

type CatalogueConfig = Pick<Config, 'registrations' | 'customProviders' | 'providerOverrides'>

export function createCatalogue(config: CatalogueConfig): Catalogue {
  const entries = new Map(allEntries(config).map((entry) => [entry.provider.id, entry]))

  return {
    registered(id) {
      const entry = entries.get(id)
      if (!entry) throw unknown(id, [...entries.keys()])
      const { provider, registration, fix } = entry
      if (!registration)
        throw new Failure('configuration', `There is no app registration for ${provider.name}`, { fix })
      return withRegistration(provider, registration)
    },

    list: () =>
      [...entries.values()].map(({ provider, registration }) => ({
        provider,
        registered: registration !== undefined,
      })),
  }
}

function allEntries({ registrations, customProviders, providerOverrides }: CatalogueConfig): Entry[] {
  const { microsoft: entra, google: googleClient } = registrations
  const tenant = entra?.tenant ?? 'common'
  // A registration of one organisation knows no personal accounts.
  const reachesPersonal = tenant === 'common' || tenant === 'consumers'
  const custom = customProviders.map((entry): Entry => {
    const provider = customProvider(entry)
    return { provider, registration: provider.registration, fix: '' }
  })
  const builtIn: Entry[] = [
    { provider: microsoft(tenant), ...registrationOf(entra), fix: microsoftFix },
    {
      provider: outlook,
      ...registrationOf(reachesPersonal ? entra : undefined),
      fix: reachesPersonal
        ? microsoftFix
        : 'Set POSTERN_MICROSOFT_TENANT to common or consumers, and restart.',
    },
    { provider: google, ...registrationOf(googleClient), fix: googleFix },
  ]
  const overridden = builtIn.map(({ provider, ...entry }) => ({
    ...entry,
    provider: withOverride(provider, providerOverrides.get(provider.id)),
  }))
  return [...overridden, ...custom]
}

const microsoftFix =
  'Set POSTERN_MICROSOFT_CLIENT_ID (with POSTERN_MICROSOFT_CLIENT_SECRET for a confidential client, and POSTERN_MICROSOFT_TENANT for one organisation), and restart.'
const googleFix = 'Set POSTERN_GOOGLE_CLIENT_ID and POSTERN_GOOGLE_CLIENT_SECRET, and restart.'

function registrationOf(registration: Registration | undefined): Pick<Entry, 'registration'> {
  if (!registration) return {}
  return { registration }
}

/** Without anything to authenticate with, the client is a public one, whatever the provider's usual way is. */
function withRegistration(provider: Provider, registration: Registration): RegisteredProvider {
  const { clientSecrets, certificate } = registration
  const way = certificate ? 'private_key_jwt' : provider.oauth.clientAuthentication
  const clientAuthentication = certificate || clientSecrets.length > 0 ? way : 'none'
  return { ...provider, oauth: { ...provider.oauth, clientAuthentication }, registration }
}

function unknown(id: string, known: readonly string[]): Failure {
  return new Failure('not-found', `There is no provider "${printable(id)}"`, {
    fix: `Use one of ${known.join(', ')}, or describe another in POSTERN_PROVIDERS_FILE.`,
  })
}
