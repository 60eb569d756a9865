import { createCatalogue } from '../providers/catalogue.ts'
import type { Provider } from '../providers/provider.ts'
import type { Config } from './config.ts'

/** One provider as `postern config` shows it, with what the providers file changes of it. */
export interface ProviderDescription extends Pick<Provider, 'id' | 'name' | 'limits' | 'chunking'> {
  /** There is an app registration for it. */
  registered: boolean
}

/** Every provider that mailboxes can have, and what is kept to there. Holds no secret. */
export function describeProviders(config: Config): ProviderDescription[] {
  return createCatalogue(config)
    .list()
    .map(({ provider: { id, name, limits, chunking }, registered }) => ({
      id,
      name,
      registered,
      limits,
      chunking,
    }))
}
