import { join, resolve } from 'node:path'
import { whyUnreadable } from '../base/failure.ts'
import { closestName, printable } from '../base/text.ts'
import { certificatesIn } from '../tls/certificate-pair.ts'
import { type Files, isMissing, readText } from './files.ts'
import { type Environment, type Given, givenValues, readEnvFile, type Source } from './given-values.ts'
import type { Setting } from './setting.ts'
import { type SettingKey, settingList, settings, type Values } from './settings.ts'

interface ReadValues {
  /** Every setting that could be read; all of them when there is no mistake. */
  values: Partial<Values>
  sources: Readonly<Record<SettingKey, Source>>
  mistakes: readonly string[]
  warnings: readonly string[]
  /** What `.env` says to others than postern. */
  foreign: Environment
}

/**
 * Reads each setting by itself, from the environment, from `.env`, or from the file that a secret's
 * `…_FILE` names.
 */
export function readValues(environment: Environment, files: Files): ReadValues {
  const { given, mistakes, warnings, foreign } = gather(environment, files)
  mistakes.push(...unknownNames(given))
  const values: Record<string, unknown> = {}
  const sources: Partial<Record<SettingKey, Source>> = {}
  for (const [key, setting] of settingList) {
    const found = find(setting, given, files)
    if ('mistake' in found) {
      mistakes.push(found.mistake)
      continue
    }
    sources[key] = found.source
    if (found.text === undefined) {
      values[key] = undefined
      continue
    }
    const parsed = setting.parse(found.text, files.workingDirectory)
    if ('value' in parsed) values[key] = parsed.value
    else mistakes.push(sentence(setting, found.text, parsed.must))
  }
  return {
    values: values as Partial<Values>,
    sources: sources as Record<SettingKey, Source>,
    mistakes,
    warnings,
    foreign,
  }
}

/** What the environment and `.env` have, and what the pages have set where neither says it. */
function gather(environment: Environment, files: Files) {
  const found = givenValues(environment, files)
  const { given, mistakes } = found
  for (const [name, text = ''] of Object.entries(madeOnPages(given, files, mistakes)))
    if (!given.has(name)) given.set(name, { text, source: 'pages' })
  return found
}

/** What the pages may set: where programs hand in mail, and with which certificate. */
const settableOnPages: readonly string[] = [
  settings.smtpListen.name,
  settings.tlsCertFile.name,
  settings.tlsKeyFile.name,
]

/** The file in the data directory in which the pages keep what is set on them. */
export function pagesSettingsFile(dataDir: string): string {
  return join(dataDir, 'settings.env')
}

/** Whatever else is given wins over it. */
function madeOnPages(given: ReadonlyMap<string, Given>, files: Files, mistakes: string[]): Environment {
  const dataDir = given.get(settings.dataDir.name)?.text.trim() || (settings.dataDir.default ?? '')
  const path = pagesSettingsFile(resolve(files.workingDirectory, dataDir))
  try {
    const file = readEnvFile(files.read(path))
    const others = Object.keys(file.values).filter((name) => !settableOnPages.includes(name))
    mistakes.push(...file.mistakes.map((mistake) => `${path} ${mistake}.`))
    mistakes.push(...others.map((name) => `${path} may not set ${printable(name)}: set it in .env.`))
    return file.values
  } catch (error) {
    // Whoever may not read it cannot start postern there either.
    const isNone =
      isMissing(error) || ['EACCES', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))
    if (!isNone) mistakes.push(`${path} cannot be read: ${whyUnreadable(error)}.`)
    return {}
  }
}

function unknownNames(given: ReadonlyMap<string, Given>): string[] {
  const known = settingList.flatMap(([, { name, secret }]) => (secret ? [name, `${name}_FILE`] : [name]))
  const unknown = [...given].filter(([name, { text }]) => !known.includes(name) && !isServiceLink(name, text))
  // In the order of the names: Node's versions differ in the order in which they read a .env file.
  const sorted = unknown.sort(([left], [right]) => (left < right ? -1 : 1))
  return sorted.map(([name, { source }]) => {
    const meant = closestName(name, known)
    const advice = meant === undefined ? 'see .env.example for those there are' : `did you mean ${meant}?`
    return `${printable(name)} (${source}) is not a setting of postern: ${advice}${meant === undefined ? '.' : ''}`
  })
}

/**
 * Kubernetes gives every container variables about every service, and a service that is called
 * "postern" has our prefix: POSTERN_SERVICE_HOST, POSTERN_PORT=tcp://…, POSTERN_PORT_2587_TCP_ADDR.
 * Those are not settings.
 */
function isServiceLink(name: string, text: string): boolean {
  // Asked first: where every character fits, no pattern below has to try a second time.
  if (!/^\w+$/.test(name)) return false
  // Images tell their version so.
  if (name === 'POSTERN_VERSION') return true
  // What the verbs that send read by themselves.
  if (/^POSTERN_(API_KEY|API_URL|SENDMAIL_FROM|SENDMAIL_TO)$/.test(name)) return true
  if (/^POSTERN_(\w+_)?SERVICE_(HOST|PORT(_\w+)?)$/.test(name)) return true
  if (/^POSTERN_(\w+_)?PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name)) return true
  return /^POSTERN_(\w+_)?PORT$/.test(name) && /^(tcp|udp|sctp):\/\//.test(text)
}

type Found = { text: string | undefined; source: Source } | { mistake: string }

function find(setting: Setting<unknown>, given: ReadonlyMap<string, Given>, files: Files): Found {
  const direct = given.get(setting.name)
  const fileName = `${setting.name}_FILE`
  const byFile = setting.secret ? given.get(fileName) : undefined
  if (direct && byFile) {
    return {
      mistake: `${setting.name} (${direct.source}) and ${fileName} (${byFile.source}) are both given: keep one of them.`,
    }
  }
  if (byFile) return readSecretFile(fileName, byFile.text, files)
  if (!direct) return { text: setting.default, source: 'default' }
  return { text: setting.secret ? direct.text : direct.text.trim(), source: direct.source }
}

function readSecretFile(fileName: string, named: string, files: Files): Found {
  const path = resolve(files.workingDirectory, named.trim())
  const said = `${fileName} is "${printable(named)}"`
  try {
    const text = files.read(path).replace(/\r?\n$/, '')
    if (text.trim() === '') return { mistake: `${said}, but that file is empty.` }
    return { text, source: `file ${path}` }
  } catch (error) {
    return { mistake: `${said}, which cannot be read: ${whyUnreadable(error)}.` }
  }
}

function sentence(setting: Setting<unknown>, text: string, must: string): string {
  if (setting.secret) return `${setting.name} must ${must}.`
  return `${setting.name} is "${printable(withoutCredentials(text))}", but must ${must}.`
}

/**
 * An address may hold a password where the user name is, whatever else is wrong with it, and a key
 * behind its question mark.
 */
function withoutCredentials(text: string): string {
  const [colon, at] = [text.indexOf(':'), text.lastIndexOf('@')]
  const slashes = text.startsWith('://', colon) ? '//' : ''
  const shown = colon !== -1 && colon < at ? `${text.slice(0, colon + 1)}${slashes}…${text.slice(at)}` : text
  const query = slashes === '' ? -1 : shown.search(/[?#]/)
  return query === -1 ? shown : `${shown.slice(0, query + 1)}…`
}

/**
 * What the environment tells Node itself, or other programs, and what becomes of it here: one
 * sentence each.
 * @param foreign what `.env` holds for them
 */
export function warnOfProcess(
  environment: Environment,
  foreign: Environment,
  { proxy }: Pick<Values, 'proxy'>,
): string[] {
  const warnings: string[] = []
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED === '0')
    warnings.push(
      `NODE_TLS_REJECT_UNAUTHORIZED=0 stands in the environment: postern verifies every certificate all the same. Remove it, and give a private authority in ${settings.extraCaFile.name}.`,
    )
  const isSet = (place: Environment) => (name: string) => (place[name] ?? '') !== ''
  const unread = proxyVariables.find(isSet({ ...foreign, ...environment }))
  // Its value may hold a password.
  if (unread !== undefined && !proxy)
    warnings.push(
      `${unread} stands in ${isSet(environment)(unread) ? 'the environment' : '.env'}, and postern does not read it: it goes to the providers directly. If they are reached by that proxy only, name it in ${settings.proxy.name}.`,
    )
  return warnings
}

const proxyVariables = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'HTTP_PROXY', 'http_proxy']

/**
 * The authorities that the environment gives Node, which trusts them where no others are named.
 * postern names others, so it reads them, too; like Node it starts without those that it cannot
 * read.
 */
export function readNodeAuthorities(
  { NODE_EXTRA_CA_CERTS: path = '' }: Environment,
  files: Files,
): { pem?: string; warnings: string[] } {
  if (path === '') return { warnings: [] }
  const text = readText(resolve(files.workingDirectory, path), files)
  if ('why' in text) return { warnings: [`NODE_EXTRA_CA_CERTS (${path}) cannot be read: ${text.why}.`] }
  const found = certificatesIn(text.text)
  if (found.length === 0) return { warnings: [`NODE_EXTRA_CA_CERTS (${path}) holds no certificate.`] }
  return { pem: text.text, warnings: [] }
}
