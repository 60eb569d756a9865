import { isGuid } from '../base/text.ts'
import { type Endpoint, formatEndpoint } from '../net/endpoint.ts'
import { isReachable, type SmtpListener, type WebListener } from '../net/listen.ts'
import { readCertificatePair, validityWarning } from '../tls/certificate-pair.ts'
import { type Files, readText } from './files.ts'
import type { Source } from './given-values.ts'
import { collide, formatListener, formatWebListener } from './listeners.ts'
import { type SettingKey, settings, type Values } from './settings.ts'

/**
 * What no setting shows by itself: every mistake, one sentence each. Looks only at what could be
 * read.
 */
export function crossCheck(values: Partial<Values>, sources: Partial<Record<SettingKey, Source>>): string[] {
  return [
    ...checkListeners(values),
    ...twoKeys(sources),
    ...checkWorkers(values),
    ...secretWithoutId(values, sources, 'microsoftClientSecret', 'microsoftClientId'),
    ...secretWithoutId(values, sources, 'googleClientSecret', 'googleClientId'),
    ...checkRegistrations(values, sources),
    ...requireBoth(values, sources, 'notifyWebhookUrl', 'notifyWebhookSecret', 'a notice is always signed'),
    ...requireBoth(
      values,
      sources,
      'notifyMailFrom',
      'notifyMailTo',
      'a mail needs a sender and a recipient',
    ),
  ]
}

/** Which of two is meant nobody can tell, and the wrong one would be found out by a store that does not open. */
function twoKeys({ key, keyCommand }: Partial<Record<SettingKey, Source>>): string[] {
  const isGiven = (source: Source | undefined) => source !== undefined && source !== 'default'
  if (!isGiven(key) || !isGiven(keyCommand)) return []
  const name = key?.startsWith('file ') ? `${settings.key.name}_FILE` : settings.key.name
  return [
    `${name} (${key}) and ${settings.keyCommand.name} (${keyCommand}) are both given: keep one of them.`,
  ]
}

/** Processes that share a SQLite file would each remember another store; and a port that the system chooses is another for each. */
function checkWorkers(values: Partial<Values>): string[] {
  const { workers = 1, smtpListen = [], smtpsListen = [], webListen = [], metricsListen = [] } = values
  if (workers === 1) return []
  const several = `${settings.workers.name} is ${workers}`
  const isChosen = [...smtpListen, ...smtpsListen, ...webListen, ...metricsListen].some(
    ({ port }) => port === 0,
  )
  return [
    ...('databaseUrl' in values && values.databaseUrl === undefined
      ? [
          `${several}, which needs a database that several processes can use: set ${settings.databaseUrl.name}.`,
        ]
      : []),
    ...(isChosen ? [`${several}, but a port of this host is 0: processes share ports that are known.`] : []),
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

/**
 * What is wrong with the addresses of both servers and the certificate, taken together: one
 * sentence each.
 */
function checkListeners(values: Partial<Values>): string[] {
  const { smtpListen = [], smtpsListen = [] } = values
  return [
    ...halfACertificate(values),
    ...(isGiven(values, 'tlsCertFile') || isGiven(values, 'tlsKeyFile')
      ? []
      : withoutCertificate(smtpListen, smtpsListen)),
    ...plainWeb(values),
    ...plainMetrics(values),
    ...sharedAddresses(values, 'smtpListen', 'smtpsListen'),
    ...sharedAddresses(values, 'smtpListen', 'webListen'),
    ...sharedAddresses(values, 'smtpsListen', 'webListen'),
    ...sharedAddresses(values, 'metricsListen', 'smtpListen'),
    ...sharedAddresses(values, 'metricsListen', 'smtpsListen'),
    ...sharedAddresses(values, 'metricsListen', 'webListen'),
  ]
}

/** What is allowed there but should be known: one sentence each. */
export function warnOfListeners({ smtpListen, smtpsListen = [], webListen }: Values): string[] {
  const plain = beyondLoopback(smtpListen).filter(({ plainAuth }) => plainAuth)
  const old = [smtpListen, smtpsListen].map((all) => all.filter(({ oldTls }) => oldTls))
  const [oldSmtp = [], oldSmtps = []] = old
  return [
    ...about('smtpListen', plain, 'who listens on the network there reads the password and the mail'),
    ...about('smtpListen', oldSmtp, oldTlsRisk),
    ...about('smtpsListen', oldSmtps, oldTlsRisk),
    ...about(
      'webListen',
      beyondLoopback(webListen).filter(({ plainHttp }) => plainHttp),
      'who listens on the network there reads passwords, API keys and tokens',
    ),
  ]
}

const oldTlsRisk =
  'TLS 1.0 and 1.1, which are spoken there, can be broken; keep it to devices that know nothing newer'

function about(key: SettingKey, listeners: readonly (SmtpListener | WebListener)[], risk: string): string[] {
  if (listeners.length === 0) return []
  const shown = listeners.map((one) => ('tls' in one ? formatListener(one) : formatWebListener(one)))
  return [`${settings[key].name} has ${shown.join(',')}: ${risk}.`]
}

/** With an https address, a reverse proxy that takes TLS stands in front. */
function plainWeb({ webListen = [], publicUrl }: Partial<Values>): string[] {
  const plain = beyondLoopback(webListen).filter(({ plainHttp }) => !plainHttp)
  // One that was given and is wrong has its own mistake.
  if (plain.length === 0 || publicUrl === undefined || publicUrl.protocol === 'https:') return []
  return [
    `${settings.webListen.name} names ${plain.map(formatEndpoint).join(',')}, which other machines can reach, and passwords, API keys and tokens would cross the network unencrypted: let a proxy take TLS and name its https address in ${settings.publicUrl.name}; or listen on 127.0.0.1 or [::1]; or accept that with +plain-http behind the address.`,
  ]
}

/** No password and no token is there, but how much is sent, and by which providers. */
function plainMetrics({ metricsListen = [] }: Partial<Values>): string[] {
  const plain = beyondLoopback(metricsListen).filter(({ plainHttp }) => !plainHttp)
  if (plain.length === 0) return []
  return [
    `${settings.metricsListen.name} names ${plain.map(formatEndpoint).join(',')}, which other machines can reach, and whoever does would read the numbers without a key: listen on 127.0.0.1 or [::1]; or accept that with +plain-http behind the address; or leave it out and give Prometheus an API key for the web listener.`,
  ]
}

function halfACertificate(values: Partial<Values>): string[] {
  const [cert, key] = [isGiven(values, 'tlsCertFile'), isGiven(values, 'tlsKeyFile')]
  if (cert === key) return []
  const [given, missing] = cert
    ? (['tlsCertFile', 'tlsKeyFile'] as const)
    : (['tlsKeyFile', 'tlsCertFile'] as const)
  return [
    `${settings[given].name} is given without ${settings[missing].name}: name the certificate and its key.`,
  ]
}

function withoutCertificate(smtp: readonly SmtpListener[], smtps: readonly SmtpListener[]): string[] {
  const { name: certificate } = settings.tlsCertFile
  const makeOne = 'and its key; "postern tls make" makes both'
  const old = smtp.filter(({ oldTls }) => oldTls)
  const clear = beyondLoopback(smtp).filter(({ plainAuth }) => !plainAuth)
  const mistakes: string[] = []
  if (smtps.length > 0) {
    mistakes.push(`${settings.smtpsListen.name} needs a certificate: name it in ${certificate}, ${makeOne}.`)
  }
  if (old.length > 0) {
    mistakes.push(
      `${settings.smtpListen.name} has +old-tls, which needs a certificate: name it in ${certificate}, ${makeOne}.`,
    )
  }
  if (clear.length > 0) {
    mistakes.push(
      `${settings.smtpListen.name} names ${clear.map(formatEndpoint).join(',')}, which other machines can reach, and passwords would cross the network unencrypted: name a certificate in ${certificate}, ${makeOne}; or listen on 127.0.0.1 or [::1]${clear.some(({ frontEnds }) => frontEnds) ? ' without +proxy' : ''}; or accept that with +plain-auth behind the address.`,
    )
  }
  return mistakes
}

function sharedAddresses(values: Partial<Values>, one: ListKey, other: ListKey): string[] {
  const others: readonly Endpoint[] = values[other] ?? []
  const shared = (values[one] ?? []).filter((endpoint) => others.some((its) => collide(endpoint, its)))
  return shared.map(
    (endpoint) =>
      `${settings[one].name} and ${settings[other].name} both take ${formatEndpoint(endpoint)}: give each its own port.`,
  )
}

type ListKey = 'smtpListen' | 'smtpsListen' | 'webListen' | 'metricsListen'

function beyondLoopback<L extends Endpoint>(listeners: readonly L[]): L[] {
  return listeners.filter(isReachable)
}

/** One that was given and is wrong has its own mistake. */
function isGiven(values: Partial<Values>, key: SettingKey): boolean {
  return !(key in values) || values[key] !== undefined
}

/**
 * What is wrong with the certificate and key that the settings name, and what should be known of
 * them: one sentence each.
 */
interface CertificateJudgement {
  mistakes: readonly string[]
  warnings: readonly string[]
}

/** `now` in milliseconds since 1970. */
export function judgeCertificate(
  { tlsCertFile, tlsKeyFile }: Partial<Values>,
  files: Files,
  now: number,
): CertificateJudgement {
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return { mistakes: [], warnings: [] }
  const said = {
    cert: `${settings.tlsCertFile.name} (${tlsCertFile})`,
    key: `${settings.tlsKeyFile.name} (${tlsKeyFile})`,
  }
  const [cert, key] = [readText(tlsCertFile, files), readText(tlsKeyFile, files)]
  if ('why' in cert || 'why' in key) {
    const mistakes: string[] = []
    if ('why' in cert) mistakes.push(`${said.cert} cannot be read: ${cert.why}.`)
    if ('why' in key) mistakes.push(`${said.key} cannot be read: ${key.why}.`)
    return { mistakes, warnings: [] }
  }
  const reading = readCertificatePair(cert.text, key.text)
  if ('mistakes' in reading) {
    return { mistakes: reading.mistakes.map(({ of, must }) => `${said[of]} ${must}.`), warnings: [] }
  }
  const warning = validityWarning(reading.pair, now)
  return { mistakes: [], warnings: warning === undefined ? [] : [`${said.cert} ${warning}.`] }
}

type Sources = Partial<Record<SettingKey, Source>>

/** What must be given with what of the registrations: every mistake, one sentence each. */
function checkRegistrations(values: Partial<Values>, sources: Sources): string[] {
  return [
    ...neededBy.flatMap(([given, needed, why]) => needs(values, sources, given, needed, why)),
    ...requireBoth(
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

/**
 * Only of the worldwide cloud is it known how to check ID tokens of a tenant that goes by a name.
 */
function cloudWithoutTenant({ microsoftCloud, microsoftTenant }: Partial<Values>): string[] {
  if (microsoftCloud === undefined || microsoftCloud === 'worldwide') return []
  if (microsoftTenant === undefined || isGuid(microsoftTenant)) return []
  return [
    `${settings.microsoftTenant.name} is "${microsoftTenant}", but in the cloud ${microsoftCloud} it must be the tenant ID (a GUID).`,
  ]
}

/** Two that mean nothing without each other. */
function requireBoth(
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
