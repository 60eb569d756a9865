import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { whyUnreadable } from '../base/failure.ts'
import { closestName, printable } from '../base/text.ts'
import { certificatesIn } from '../tls/certificate-pair.ts'
import { type Files, isMissing, readText } from './files.ts'
import type { Setting } from './setting.ts'
import { type SettingKey, settingList, settings, type Values } from './settings.ts'

/**
 * Where a value came from: `pages` is the file in the data directory that the pages write; `file` followed by the path that a `…_FILE` variable named.
 */
export type Source = 'default' | 'environment' | '.env' | 'pages' | `file ${string}`

interface ReadValues {
  /** Every setting that could be read; all of them when there is no mistake. */
  values: Partial<Values>
  sources: Readonly<Record<SettingKey, Source>>
  mistakes: readonly string[]
  warnings: readonly string[]
  /** What `.env` says to others than postern. */
  foreign: Environment
}

export type Environment = Readonly<Record<string, string | undefined>>

interface Given {
  text: string
  source: Source
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

/** Everything with our prefix. What the real environment says wins over `.env`. */
function gather(environment: Environment, files: Files) {
  const given = new Map<string, Given>()
  const add = (values: Environment, source: Source) => {
    for (const [name, text] of Object.entries(values)) {
      // As compose files and charts write what nobody has set.
      if (text !== undefined && text.trim() !== '' && isOurs(name)) given.set(name, { text, source })
    }
  }
  const { POSTERN_ENV_FILE: named = '' } = environment
  const isNamed = named.trim() !== ''
  const path = resolve(files.workingDirectory, isNamed ? named.trim() : '.env')
  const mistakes: string[] = []
  const warnings: string[] = []
  let foreign: Environment = {}
  try {
    const file = readEnvFile(files.read(path))
    add(file.values, '.env')
    foreign = Object.fromEntries(Object.entries(file.values).filter(([name]) => !isOurs(name)))
    mistakes.push(...file.mistakes.map((mistake) => `${path} ${mistake}.`))
  } catch (error) {
    const why = `${path} cannot be read: ${whyUnreadable(error)}.`
    if (isNamed) mistakes.push(`POSTERN_ENV_FILE: ${why}`)
    // Whose it is nobody knows: postern is started in folders of others, too.
    else if (!isMissing(error)) warnings.push(`${why} It is not used; POSTERN_ENV_FILE names another one.`)
  }
  add(environment, 'environment')
  given.delete('POSTERN_ENV_FILE')
  for (const [name, text = ''] of Object.entries(madeOnPages(given, files, mistakes)))
    if (!given.has(name)) given.set(name, { text, source: 'pages' })
  return { given, mistakes, warnings, foreign }
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

function isOurs(name: string): boolean {
  return /^postern_/i.test(name)
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

interface EnvFile {
  values: Readonly<Record<string, string>>
  /** Sentences without the file's name in front; they hold no values, which may be secret. */
  mistakes: readonly string[]
}

/**
 * Reads the text of a `.env` file. Node's own reader decides what a value is, but it is silent
 * where it cannot read on: a line without `=` swallows the next one, and a `#` inside a bare value
 * cuts it. Both are found here first.
 */
export function readEnvFile(text: string): EnvFile {
  if (text.includes('\0')) return { values: {}, mistakes: ['is not text in UTF-8'] }
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const mistakes: string[] = []
  const good: string[] = []
  for (let at = 0; at < lines.length; ) {
    const entry = entryAt(lines, at)
    if (entry.mistake === undefined) good.push(...lines.slice(at, entry.end))
    else mistakes.push(`line ${at + 1} ${entry.mistake}`)
    at = entry.end
  }
  const values: Record<string, string> = {}
  for (const [name, value] of Object.entries(parseEnv(good.join('\n')))) values[name] = value ?? ''
  return { values, mistakes }
}

/** One entry and the line after its last; a quoted value may span several lines. */
function entryAt(lines: readonly string[], at: number): { end: number; mistake?: string } {
  const line = lines[at] ?? ''
  if (/^\s*(#|$)/.test(line)) return { end: at + 1 }
  const match = /^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*(.*)$/s.exec(line)
  if (!match || /[\r\u2028\u2029]/.test(line))
    return { end: at + 1, mistake: 'is not of the form NAME=value' }
  const value = match[1] ?? ''
  const quote = value[0]
  if (quote === '"' || quote === "'" || quote === '`') return quotedEntry(lines, at, value.slice(1), quote)
  if (/^[^#]*[^#\s]#/.test(value)) {
    return { end: at + 1, mistake: 'has a # inside its value, which would be cut there: put it in quotes' }
  }
  return { end: at + 1 }
}

function quotedEntry(lines: readonly string[], at: number, rest: string, quote: string) {
  if (rest.includes(quote)) return { end: at + 1 }
  let closing = at + 1
  while (closing < lines.length && !lines[closing]?.includes(quote)) closing++
  if (closing === lines.length) return { end: at + 1, mistake: 'opens a quote that is never closed' }
  return { end: closing + 1 }
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
