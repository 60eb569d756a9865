import type { Provider } from '../provider.ts'
import type { MicrosoftCloud } from '../settings.ts'
import { google, googleServiceAccount } from './google.ts'
import { microsoft, microsoftHighVolume, outlook } from './microsoft.ts'
import { aol, att, comcast, fastmail, mailru, thundermail, yahoo, yandex } from './others.ts'

/**
 * The built-in providers, in the order in which people see them. A new one is a preset and a line
 * here.
 */
const presets: readonly ((tenant: string) => Provider)[] = [
  microsoft,
  ...(['gcc-high', 'dod', 'china'] as const).map(
    (cloud: MicrosoftCloud) => (tenant: string) => microsoft(tenant, cloud),
  ),
  microsoftHighVolume,
  () => outlook,
  () => google,
  () => googleServiceAccount,
  ...[yahoo, aol, att, yandex, mailru, fastmail, comcast, thundermail].map((preset) => () => preset),
]

/** @param tenant for Microsoft, whose endpoints contain it */
export function allPresets(tenant = 'common'): Provider[] {
  return presets.map((preset) => preset(tenant))
}

export const presetIds: readonly string[] = allPresets().map(({ id }) => id)

export function presetOf(id: string, tenant?: string): Provider | undefined {
  return allPresets(tenant).find((preset) => preset.id === id)
}
