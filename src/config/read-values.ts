import { resolve } from 'node:path'
import { printable } from '../base/address.ts'
import { whyUnreadable } from '../base/failure.ts'
import { closestName } from '../base/text.ts'
import { readEnvFile } from './env-file.ts'
import { type Files, isMissing } from './files.ts'
import type { Setting } from './setting.ts'
import { type SettingKey, settingList, type Values } from './settings.ts'

/** Where a value came from; `file` is followed by the path that a `…_FILE` variable named. */
export type Source = 'default' | 'environment' | '.env' | `file ${string}`

export interface ReadValues {
  /** Every setting that could be read; all of them when there is no mistake. */
  values: Partial<Values>
  sources: Readonly<Record<SettingKey, Source>>
  mistakes: readonly string[]
  /** What `.env` says to others than postern. */
  foreign: Environment
}

export type Environment = Readonly<Record<string, string | undefined>>

interface Given {
  text: string
  source: Source
}

/** Reads each setting by itself, from the environment, from `.env`, or from the file that a secret's `…_FILE` names. */
export function readValues(environment: Environment, files: Files): ReadValues {
  const { given, mistakes, foreign } = gather(environment, files)
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
    foreign,
  }
}

/** Everything with our prefix. What the real environment says wins over `.env`. */
function gather(environment: Environment, files: Files) {
  const given = new Map<string, Given>()
  const add = (values: Environment, source: Source) => {
    for (const [name, text] of Object.entries(values)) {
      if (text !== undefined && isOurs(name)) given.set(name, { text, source })
    }
  }
  const path = resolve(files.workingDirectory, '.env')
  const mistakes: string[] = []
  let foreign: Environment = {}
  try {
    const file = readEnvFile(files.read(path))
    add(file.values, '.env')
    foreign = Object.fromEntries(Object.entries(file.values).filter(([name]) => !isOurs(name)))
    mistakes.push(...file.mistakes.map((mistake) => `${path} ${mistake}.`))
  } catch (error) {
    if (!isMissing(error)) mistakes.push(`${path} cannot be read: ${whyUnreadable(error)}.`)
  }
  add(environment, 'environment')
  return { given, mistakes, foreign }
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
 * Kubernetes gives every container variables about every service, and a service that is called "postern" has our
 * prefix: POSTERN_SERVICE_HOST, POSTERN_PORT=tcp://…, POSTERN_PORT_2587_TCP_ADDR. Nobody wrote those.
 */
function isServiceLink(name: string, text: string): boolean {
  // Asked first: where every character fits, no pattern below has to try a second time.
  if (!/^\w+$/.test(name)) return false
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
  if (direct?.text.trim() === '') {
    return { mistake: `${setting.name} is empty: give it a value, or remove it for the default.` }
  }
  if (!direct) return { text: setting.default, source: 'default' }
  return { text: setting.secret ? direct.text : direct.text.trim(), source: direct.source }
}

function readSecretFile(fileName: string, named: string, files: Files): Found {
  if (named.trim() === '')
    return { mistake: `${fileName} is empty: give it the path of a file, or remove it.` }
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

/** An address may hold a password where the user name is, whatever else is wrong with it, and a key behind its question mark. */
function withoutCredentials(text: string): string {
  const [colon, at] = [text.indexOf(':'), text.lastIndexOf('@')]
  const slashes = text.startsWith('://', colon) ? '//' : ''
  const shown = colon !== -1 && colon < at ? `${text.slice(0, colon + 1)}${slashes}…${text.slice(at)}` : text
  const query = slashes === '' ? -1 : shown.search(/[?#]/)
  return query === -1 ? shown : `${shown.slice(0, query + 1)}…`
}
