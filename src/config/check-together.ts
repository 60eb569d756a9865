import { checkListeners } from './check-listeners.ts'
import { checkRegistrations } from './check-registrations.ts'
import { halves } from './halves.ts'
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
    ...checkRegistrations(values, sources),
    ...halves(values, sources, 'notifyWebhookUrl', 'notifyWebhookSecret', 'a notice is always signed'),
    ...halves(values, sources, 'notifyMailFrom', 'notifyMailTo', 'a mail needs a sender and a recipient'),
  ]
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
