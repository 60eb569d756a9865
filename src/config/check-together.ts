import { checkListeners } from './check-listeners.ts'
import type { Source } from './read-values.ts'
import { type SettingKey, settings, type Values } from './settings.ts'

/** What no setting shows by itself: every mistake, one sentence each. Looks only at what could be read. */
export function checkTogether(
  values: Partial<Values>,
  sources: Partial<Record<SettingKey, Source>>,
): string[] {
  return [
    ...checkListeners(values),
    ...secretWithoutId(values, sources, 'microsoftClientSecret', 'microsoftClientId'),
    ...secretWithoutId(values, sources, 'googleClientSecret', 'googleClientId'),
    ...halves(values, sources, 'notifyWebhookUrl', 'notifyWebhookSecret', 'a notice is always signed'),
    ...halves(values, sources, 'notifyMailFrom', 'notifyMailTo', 'a mail needs a sender and a recipient'),
  ]
}

/** Two that mean nothing without each other. */
function halves(
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

function secretWithoutId(
  values: Partial<Values>,
  sources: Partial<Record<SettingKey, Source>>,
  secret: SettingKey,
  id: SettingKey,
): string[] {
  // An identifier that was given and is wrong has its own mistake, and so has a secret.
  const idIsMissing = id in values && values[id] === undefined
  const isSecretGiven = sources[secret] !== undefined && sources[secret] !== 'default'
  if (!idIsMissing || !isSecretGiven) return []
  return [
    `${settings[secret].name} is given without ${settings[id].name}: a secret is of no use without its client ID.`,
  ]
}
