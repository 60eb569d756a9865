import type { Endpoint } from './config.ts'
import { formatEndpoint, isLoopback } from './endpoint.ts'
import { sameEndpoint } from './parsers.ts'
import type { Source } from './read-values.ts'
import { type SettingKey, settings, type Values } from './settings.ts'

/** What no setting shows by itself: every mistake, one sentence each. Looks only at what could be read. */
export function checkTogether(
  values: Partial<Values>,
  sources: Partial<Record<SettingKey, Source>>,
): string[] {
  return [
    ...plainAuthBeyondLoopback(values),
    ...sharedAddresses(values.smtpListen ?? [], values.webListen ?? []),
    ...secretWithoutId(values, sources, 'microsoftClientSecret', 'microsoftClientId'),
    ...secretWithoutId(values, sources, 'googleClientSecret', 'googleClientId'),
  ]
}

function plainAuthBeyondLoopback({ smtpListen = [], allowPlainAuthBeyondLoopback }: Partial<Values>) {
  if (allowPlainAuthBeyondLoopback !== false) return []
  const beyond = smtpListen.filter(({ host }) => !isLoopback(host))
  if (beyond.length === 0) return []
  const named = beyond.map(formatEndpoint).join(',')
  return [
    `${settings.smtpListen.name} names ${named}, which other machines can reach, and passwords would cross the network unencrypted: listen on 127.0.0.1 or [::1], or accept that with ${settings.allowPlainAuthBeyondLoopback.name}=true.`,
  ]
}

function sharedAddresses(smtp: readonly Endpoint[], web: readonly Endpoint[]): string[] {
  const shared = smtp.filter((endpoint) => web.some((other) => sameEndpoint(endpoint, other)))
  return shared.map(
    (endpoint) =>
      `${settings.smtpListen.name} and ${settings.webListen.name} both name ${formatEndpoint(endpoint)}: give each its own port.`,
  )
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
