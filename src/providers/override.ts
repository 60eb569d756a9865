import type { LimitOverrides, ProviderOverride } from '../config/config.ts'
import type { Provider, ProviderLimits } from './provider.ts'
import { withScopes } from './with-scopes.ts'

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

export function limitsWith(
  own: ProviderLimits,
  { connections = own.connections, ...others }: LimitOverrides,
): ProviderLimits {
  const kept = Object.entries({ ...own, ...others }).filter(([, limit]) => limit !== null)
  return { ...(Object.fromEntries(kept) as Omit<ProviderLimits, 'connections'>), connections }
}
