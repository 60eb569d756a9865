import { isGuid } from '../providers/presets/microsoft.ts'
import { halves } from './halves.ts'
import type { Source } from './read-values.ts'
import { type SettingKey, settings, type Values } from './settings.ts'

type Sources = Partial<Record<SettingKey, Source>>

/** What must be given with what of the registrations: every mistake, one sentence each. */
export function checkRegistrations(values: Partial<Values>, sources: Sources): string[] {
  return [
    ...neededBy.flatMap(([given, needed, why]) => needs(values, sources, given, needed, why)),
    ...halves(
      values,
      sources,
      'microsoftCertFile',
      'microsoftCertKeyFile',
      'a certificate proves nothing without its key',
    ),
    ...certificateOrSecret(values),
    ...cloudWithoutTenant(values),
  ]
}

const neededBy: readonly (readonly [SettingKey, SettingKey, string])[] = [
  ['microsoftClientSecretExpires', 'microsoftClientSecret', 'it is the day on which that one ends'],
  ['microsoftNextClientSecret', 'microsoftClientSecret', 'it follows that one'],
  ['microsoftNextClientSecretExpires', 'microsoftNextClientSecret', 'it is the day on which that one ends'],
  ['microsoftCertFile', 'microsoftClientId', 'a certificate is of no use without its client ID'],
  ['googleNextClientSecret', 'googleClientSecret', 'it follows that one'],
]

function needs(
  values: Partial<Values>,
  sources: Sources,
  given: SettingKey,
  needed: SettingKey,
  why: string,
): string[] {
  const isGiven = sources[given] !== undefined && sources[given] !== 'default'
  // A value that was given and is wrong has its own mistake.
  const isMissing = needed in values && values[needed] === undefined
  if (!isGiven || !isMissing) return []
  return [`${settings[given].name} is given without ${settings[needed].name}: ${why}.`]
}

function certificateOrSecret({ microsoftCertFile, microsoftClientSecret }: Partial<Values>): string[] {
  if (microsoftCertFile === undefined || microsoftClientSecret === undefined) return []
  return [
    `${settings.microsoftCertFile.name} and ${settings.microsoftClientSecret.name} are both given: keep one of them.`,
  ]
}

/** Only of the worldwide cloud is it known how to check ID tokens of a tenant that goes by a name. */
function cloudWithoutTenant({ microsoftCloud, microsoftTenant }: Partial<Values>): string[] {
  if (microsoftCloud === undefined || microsoftCloud === 'worldwide') return []
  if (microsoftTenant === undefined || isGuid(microsoftTenant)) return []
  return [
    `${settings.microsoftTenant.name} is "${microsoftTenant}", but in the cloud ${microsoftCloud} it must be the tenant ID (a GUID).`,
  ]
}
