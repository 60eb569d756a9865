import type { SmtpListener, WebListener } from './config.ts'
import { formatListener, formatWebListener } from './listeners.ts'
import type { EffectiveConfig } from './read-config.ts'
import type { Source } from './read-values.ts'
import { settingList } from './settings.ts'

/** One effective setting as `postern config` shows it. */
export interface SettingDescription {
  name: string
  /** `[secret]` for one that nobody may see; null for one that is not set. */
  value: string | number | boolean | null
  source: Source
}

/** Every effective setting, in the order of the table, with where it came from. Holds no secret. */
export function describeConfig({ values, sources }: EffectiveConfig): SettingDescription[] {
  return settingList.map(([key, { name, secret }]) => {
    const value = values[key]
    return { name, value: secret && value !== undefined ? '[secret]' : shown(value), source: sources[key] }
  })
}

function shown(value: unknown): string | number | boolean | null {
  if (value === undefined) return null
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (value instanceof Date) return value.toISOString().slice(0, 10)
  if (value instanceof URL) return value.href.replace(/\/$/, '')
  if (Array.isArray(value))
    return (value as readonly (WebListener | SmtpListener | string)[]).map(shownItem).join(',')
  return String(value)
}

function shownItem(item: WebListener | SmtpListener | string): string {
  if (typeof item === 'string') return item
  return 'tls' in item ? formatListener(item) : formatWebListener(item)
}
