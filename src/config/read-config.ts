import { dirname, isAbsolute, resolve } from 'node:path'
import { type Clock, systemClock } from '../base/clock.ts'
import { closestName } from '../base/text.ts'
import type { Limits } from '../model/limits.ts'
import { isLoopbackHost } from '../net/connect.ts'
import { announcedUrl, type Endpoint, withBothLoopbacks } from '../net/endpoint.ts'
import type { SmtpListener, WebListener } from '../net/listen.ts'
import type { NotifyConfig } from '../notices/notices.ts'
import type { ProvidersFile } from '../providers/file/providers-file.ts'
import { presetIds } from '../providers/presets/presets.ts'
import { certificatesIn } from '../tls/certificate-pair.ts'
import type { Config } from './config.ts'
import { crossCheck, judgeCertificate, warnOfListeners } from './cross-checks.ts'
import { type Files, readText, watchFiles } from './files.ts'
import type { Environment, Source } from './given-values.ts'
import { limitSettings } from './limit-settings.ts'
import { formatListener, formatWebListener } from './listeners.ts'
import { readNodeAuthorities, readValues, warnOfProcess } from './read-values.ts'
import { type SettingKey, settingList, settings, type Values } from './settings.ts'
import { type RegistrationFiles, readRegistrationFiles, toRegistrations } from './to-registrations.ts'

/**
 * The outcome of reading the configuration: all of it, or every mistake as a sentence that holds no
 * secret.
 */
export type ConfigReading =
  | EffectiveConfig
  /** The data directory is known where its own setting is good. */
  | { mistakes: readonly string[]; dataDir?: string }

export interface EffectiveConfig {
  config: Config
  /** As they were set, each with where it came from; for `describeConfig`. */
  values: Values
  sources: Readonly<Record<SettingKey, Source>>
  /** What is allowed but should be known: one sentence each. */
  warnings: readonly string[]
}

/**
 * Reads every setting from the environment and `.env`, and the files that they name. Pure apart
 * from `disk`.
 * @param environment usually `process.env`; it is not changed
 * @param clock for the end of certificates
 */
export async function readConfig(
  environment: Environment,
  disk: Files,
  clock: Pick<Clock, 'now'> = systemClock,
): Promise<ConfigReading> {
  const { files, exposedFiles } = watchFiles(disk)
  const { values, sources, mistakes, foreign, warnings: unread } = readValues(environment, files)
  const providers = await readProviders(settings.providersFile.name, values.providersFile, files)
  const shipped = await readShipped(values.defaultRegistrationsFile, files)
  const extraCa = readExtraCa(values.extraCaFile, files)
  const nodeCa = readNodeAuthorities({ ...foreign, ...environment }, files)
  const registrations = readRegistrationFiles(values, files)
  const certificate = judgeCertificate(values, files, clock.now())
  const exposed = exposedFiles([values.tlsCertFile, values.tlsKeyFile])
  const all = [
    ...mistakes,
    ...crossCheck(values, sources),
    ...sharedName(values, sources),
    ...certificate.mistakes,
    ...registrations.mistakes,
    ...providers.mistakes,
    ...shipped.mistakes,
    ...(providers.mistakes.length > 0 ? [] : unknownSignInProviders(values, providers, shipped)),
    ...extraCa.mistakes,
    ...exposed.mistakes,
  ]
  const { dataDir } = values
  if (all.length > 0) return { mistakes: all, ...(dataDir !== undefined && { dataDir }) }

  // Without a mistake, every value is there.
  const complete = withPublicUrl(values as Values, sources)
  const authorities = [extraCa.pem, nodeCa.pem].filter((pem) => pem !== undefined)
  const read = {
    registrations,
    providers,
    shipped,
    ...(authorities.length > 0 && { extraCa: authorities.join('\n') }),
  }
  const config = toConfig(complete, read, environment)
  const warnings = [
    ...unread,
    ...warningsFor(complete, sources),
    ...warnOfProcess(environment, foreign, complete),
    ...nodeCa.warnings,
    ...warnOfLinks(config),
    ...certificate.warnings,
    ...exposed.warnings,
  ]
  return { config, values: complete, sources, warnings }
}

function toConfig(
  values: Values,
  read: {
    registrations: RegistrationFiles
    providers: ProvidersFile
    shipped: Pick<ProvidersFile, 'providers'>
    extraCa?: string
  },
  environment: Environment,
): Config {
  const { dataDir, trustedProxies, logLevel, journalRecipients, organisation, proxy } = values
  const { tlsCertFile, tlsKeyFile, databaseUrl } = values
  const { extraCa } = read
  return {
    dataDir,
    smtpListen: toListeners(values),
    ...toWeb(values),
    ...(tlsCertFile !== undefined &&
      tlsKeyFile !== undefined && { certificate: { certFile: tlsCertFile, keyFile: tlsKeyFile } }),
    ...(values.hosts && { hosts: values.hosts }),
    ...(trustedProxies && { trustedProxies }),
    ...keyOf(values, environment),
    ...(databaseUrl && { databaseUrl }),
    ...(values.workers > 1 && { workers: values.workers }),
    registrations: toRegistrations(values, read.registrations),
    customProviders: read.providers.providers,
    providerOverrides: read.providers.overrides,
    shippedProviders: read.shipped.providers,
    ...(extraCa !== undefined && { extraCa }),
    ...(proxy && { proxy }),
    metrics: { listen: withoutWords(values.metricsListen ?? []), mailboxes: values.metricsMailboxes },
    notify: toNotify(values, commandEnvironment(environment)),
    pageAccess: toPageAccess(values),
    logLevel,
    journalRecipients,
    ...(organisation !== undefined && { organisation }),
    ...runtimeDirOf(environment),
    limits: Object.fromEntries(limitKeys.map((limit) => [limit, values[limit]])) as unknown as Limits,
  }
}

function keyOf({ key, keyCommand: line }: Values, environment: Environment): Pick<Config, 'key'> {
  if (line) return { key: { line, environment: commandEnvironment(environment) } }
  return key ? { key } : {}
}

/** As systemd names it, for RuntimeDirectory=; of several, the first. */
function runtimeDirOf({ RUNTIME_DIRECTORY: given = '' }: Environment): Pick<Config, 'runtimeDir'> {
  const [runtimeDir = ''] = given.split(':')
  return isAbsolute(runtimeDir) ? { runtimeDir } : {}
}

function toPageAccess({ adminEmails, viewerEmails, signInProviders }: Values): Config['pageAccess'] {
  return {
    administrators: adminEmails ?? [],
    viewers: viewerEmails ?? [],
    ...(signInProviders && { providers: signInProviders }),
  }
}

/**
 * An unknown provider would let no one in. One that is no mistyped name may be in the store: a start
 * says so where it is not.
 */
function unknownSignInProviders(
  values: Partial<Values>,
  ...files: { providers: ProvidersFile['providers'] }[]
): string[] {
  const known = [...presetIds, ...files.flatMap(({ providers }) => providers.map(({ id }) => id))]
  return (values.signInProviders ?? []).flatMap((id) => {
    const meant = known.includes(id) ? undefined : closestName(id, known)
    if (meant === undefined) return []
    return [
      `${settings.signInProviders.name} names "${id}", which is no provider that postern knows; did you mean ${meant}?`,
    ]
  })
}

function toListeners({ smtpListen, smtpsListen = [], tlsCertFile }: Values): SmtpListener[] {
  const smtp =
    tlsCertFile === undefined ? smtpListen.map((one) => ({ ...one, tls: 'none' as const })) : smtpListen
  return [...smtp, ...smtpsListen]
}

const limitKeys = Object.keys(limitSettings) as (keyof Limits)[]

/** Who moves the pages to another address and names no public one means that one. */
function withPublicUrl(values: Values, sources: Readonly<Record<SettingKey, Source>>): Values {
  if (sources.publicUrl !== 'default') return values
  return { ...values, publicUrl: announcedUrl(values.webListen, Number(values.publicUrl.port)) }
}

/** Cookies know no ports: a second address at the same name keeps nothing apart. */
function sharedName(values: Partial<Values>, sources: Readonly<Record<SettingKey, Source>>): string[] {
  const { pagesUrl, publicUrl, webListen } = values
  if (!pagesUrl || !publicUrl || !webListen) return []
  const { hostname, origin } = withPublicUrl(values as Values, sources).publicUrl
  if (pagesUrl.hostname !== hostname) return []
  return [
    `${settings.pagesUrl.name} has the host name of ${origin}, where people consent: give it another one, because a browser sends its cookies to every port of a name.`,
  ]
}

function toWeb({
  webListen,
  publicUrl,
  pagesUrl,
}: Values): Pick<Config, 'webListen' | 'publicUrl' | 'pagesUrl'> {
  const endpoints = withoutWords(webListen)
  const urls = pagesUrl ? [publicUrl, pagesUrl] : [publicUrl]
  return { webListen: withBothLoopbacks(endpoints, urls), publicUrl, ...(pagesUrl && { pagesUrl }) }
}

function withoutWords(listeners: readonly WebListener[]): Endpoint[] {
  return listeners.map(({ host, port }) => ({ host, port }))
}

function warningsFor(values: Values, sources: Readonly<Record<SettingKey, Source>>): string[] {
  const warnings = warnOfListeners(values)
  if (sources.key === 'environment') {
    warnings.push(
      `${settings.key.name} stands in the environment, which child processes inherit and crash reports copy: ${settings.key.name}_FILE is safer.`,
    )
  }
  return warnings
}

/** The links in notices are for people at other machines. */
function warnOfLinks({ publicUrl, notify }: Config): string[] {
  const isTold = Object.values(notify).some((channel) => channel !== undefined)
  if (!isTold || !isLoopbackHost(publicUrl.hostname)) return []
  return [
    `Notices are sent, and the links in them begin with ${publicUrl.origin}, which leads nowhere but on this machine: set ${settings.publicUrl.name} to an address that their readers' browsers reach.`,
  ]
}

async function readProviders(
  name: string,
  path: string | undefined,
  files: Files,
): Promise<ProvidersFile & { mistakes: string[] }> {
  const nothing = { providers: [], overrides: new Map() }
  if (path === undefined) return { ...nothing, mistakes: [] }
  const said = `${name} (${path})`
  const text = readText(path, files)
  if ('why' in text) return { ...nothing, mistakes: [`${said} cannot be read: ${text.why}.`] }
  // Loaded by those alone who have such a file: zod, which checks it, is a good part of the time of
  // any start.
  const { parseProvidersFile } = await import('../providers/file/providers-file.ts')
  // A secret's file stands beside the file that names it.
  const parsed = parseProvidersFile(text.text, (secret) => files.read(resolve(dirname(path), secret)))
  if ('providers' in parsed) return { ...parsed, mistakes: [] }
  return { ...nothing, mistakes: parsed.mistakes.map((mistake) => `${said}: ${mistake}.`) }
}

/** Limits of built-in providers are no registration. */
async function readShipped(path: string | undefined, files: Files) {
  const { name } = settings.defaultRegistrationsFile
  const read = await readProviders(name, path, files)
  if (read.overrides.size === 0) return read
  const mistake = `${name} (${path}): overrides: put it into ${settings.providersFile.name}.`
  return { ...read, mistakes: [...read.mistakes, mistake] }
}

function readExtraCa(path: string | undefined, files: Files): { pem?: string; mistakes: readonly string[] } {
  if (path === undefined) return { mistakes: [] }
  const said = `${settings.extraCaFile.name} (${path})`
  const text = readText(path, files)
  if ('why' in text) return { mistakes: [`${said} cannot be read: ${text.why}.`] }
  const pem = text.text
  if (pem.includes('PRIVATE KEY-----')) {
    return { mistakes: [`${said} holds a private key: give a file with certificates only.`] }
  }
  if (certificatesIn(pem).length === 0) {
    return { mistakes: [`${said} must hold certificates in PEM form ("-----BEGIN CERTIFICATE-----").`] }
  }
  return { pem, mistakes: [] }
}

/** The channels of notices that are set. */
function toNotify(values: Values, environment: Readonly<Record<string, string>>): NotifyConfig {
  const { notifyWebhookUrl, notifyWebhookSecret, notifyMailFrom, notifyMailTo, notifyCommand } = values
  return {
    ...(notifyWebhookUrl &&
      notifyWebhookSecret && {
        webhook: { url: new URL(notifyWebhookUrl.reveal()), secret: notifyWebhookSecret },
      }),
    ...(notifyMailFrom !== undefined &&
      notifyMailTo !== undefined && { mail: { from: notifyMailFrom, to: notifyMailTo } }),
    ...(notifyCommand !== undefined && { command: { line: notifyCommand, environment } }),
  }
}

/** What a program needs to run at all; everything else may be a secret. */
const harmless = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  // Of Windows; PowerShell does not start without the last ones.
  'SystemRoot',
  'ComSpec',
  'PATHEXT',
  'TEMP',
  'TMP',
  'USERPROFILE',
  'windir',
  'SystemDrive',
  'ProgramData',
  'ProgramFiles',
  'LOCALAPPDATA',
  'APPDATA',
  'PSModulePath',
]

function commandEnvironment(environment: Environment): Record<string, string> {
  const given = harmless.map((name) => [name, environment[name]])
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Record<string, string>
}

/** One effective setting as `postern config` shows it. */
interface SettingDescription {
  name: string
  /** `[secret]` for a secret; null for a setting without a value. */
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
