import type { Endpoint, SmtpListener, WebListener } from './config.ts'
import { formatEndpoint } from './endpoint.ts'
import { collide, formatListener, formatWebListener, isReachable } from './listeners.ts'
import { type SettingKey, settings, type Values } from './settings.ts'

/** What is wrong with the addresses of both doors and the certificate, taken together: one sentence each. */
export function checkListeners(values: Partial<Values>): string[] {
  const { smtpListen = [], smtpsListen = [] } = values
  return [
    ...halfACertificate(values),
    ...(isGiven(values, 'tlsCertFile') || isGiven(values, 'tlsKeyFile')
      ? []
      : withoutCertificate(smtpListen, smtpsListen)),
    ...plainWeb(values),
    ...sharedAddresses(values, 'smtpListen', 'smtpsListen'),
    ...sharedAddresses(values, 'smtpListen', 'webListen'),
    ...sharedAddresses(values, 'smtpsListen', 'webListen'),
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

/** With https in front, whoever takes TLS there stands between. */
function plainWeb({ webListen = [], publicUrl }: Partial<Values>): string[] {
  const plain = beyondLoopback(webListen).filter(({ plainHttp }) => !plainHttp)
  // One that was given and is wrong has its own mistake.
  if (plain.length === 0 || publicUrl === undefined || publicUrl.protocol === 'https:') return []
  return [
    `${settings.webListen.name} names ${plain.map(formatEndpoint).join(',')}, which other machines can reach, and passwords, API keys and tokens would cross the network unencrypted: let a proxy take TLS and name its https address in ${settings.publicUrl.name}; or listen on 127.0.0.1 or [::1]; or accept that with +plain-http behind the address.`,
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

type ListKey = 'smtpListen' | 'smtpsListen' | 'webListen'

function beyondLoopback<L extends Endpoint>(listeners: readonly L[]): L[] {
  return listeners.filter(isReachable)
}

/** One that was given and is wrong has its own mistake. */
function isGiven(values: Partial<Values>, key: SettingKey): boolean {
  return !(key in values) || values[key] !== undefined
}
