import type { Source } from './read-values.ts'
import { type SettingKey, settings, type Values } from './settings.ts'

/** Two that mean nothing without each other. */
export function halves(
  values: Partial<Values>,
  sources: Partial<Record<SettingKey, Source>>,
  one: SettingKey,
  other: SettingKey,
  why: string,
): string[] {
  const isMissing = (key: SettingKey) => key in values && values[key] === undefined
  const isGiven = (key: SettingKey) => sources[key] !== undefined && sources[key] !== 'default'
  const given = [one, other].find(isGiven)
  const missing = [one, other].find(isMissing)
  if (given === undefined || missing === undefined) return []
  return [`${settings[given].name} is given without ${settings[missing].name}: ${why}.`]
}
