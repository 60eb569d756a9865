import type { LimitOverrides, ProviderOverride } from '../config/config.ts'
import type { Provider, ProviderLimits } from './provider.ts'

/** A built-in provider as the administrator has it: by contract, tenant or experience its limits may be others. */
export function withOverride(provider: Provider, { limits = {}, chunking }: ProviderOverride = {}): Provider {
  return {
    ...provider,
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
