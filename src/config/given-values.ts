import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { whyUnreadable } from '../base/failure.ts'
import { closestName } from '../base/text.ts'
import { type Files, isMissing, watchFiles } from './files.ts'
import type { Parse } from './setting.ts'

/**
 * Where a value came from: `pages` is the file in the data directory that the pages write; `file` followed by the path that a `…_FILE` variable named.
 */
export type Source = 'default' | 'environment' | '.env' | 'pages' | `file ${string}`

export type Environment = Readonly<Record<string, string | undefined>>

/** A value as it was written. */
export interface Given {
  text: string
  source: Source
}

/** Of all settings the one that is asked for by itself. */
export const dataDirSetting = { name: 'POSTERN_DATA_DIR', default: './data' }

/**
 * The data directory, by its own setting alone: whoever finds a postern that runs there needs no
 * other. Undefined where anything about the setting is in doubt: then `readConfig` says what.
 */
export function dataDirOf(environment: Environment, disk: Files): string | undefined {
  const { files, exposedFiles } = watchFiles(disk)
  const { given, mistakes } = givenValues(environment, files)
  if (mistakes.length > 0 || exposedFiles([]).mistakes.length > 0) return undefined
  // Mistyped, it would be another directory than the one that was meant.
  const others = [...given.keys()].filter((name) => name !== dataDirSetting.name)
  if (others.some((name) => closestName(name, [dataDirSetting.name]) !== undefined)) return undefined
  const text = given.get(dataDirSetting.name)?.text.trim() ?? dataDirSetting.default
  const read = path(text, files.workingDirectory)
  return 'value' in read ? read.value : undefined
}

/** A path, absolute in the end. */
export const path: Parse<string> = (text, workingDirectory) => {
  if (/^~($|\/)/.test(text)) return { must: 'be a path without `~`, which only a shell expands' }
  if (text.includes('\0')) return { must: 'be a path' }
  return { value: resolve(workingDirectory, text) }
}

/** Everything with our prefix. What the real environment says wins over `.env`. */
export function givenValues(environment: Environment, files: Files) {
  const given = new Map<string, Given>()
  const add = (values: Environment, source: Source) => {
    for (const [name, text] of Object.entries(values)) {
      // As compose files and charts write what nobody has set.
      if (text !== undefined && text.trim() !== '' && isOurs(name)) given.set(name, { text, source })
    }
  }
  const { POSTERN_ENV_FILE: named = '' } = environment
  const isNamed = named.trim() !== ''
  const envPath = resolve(files.workingDirectory, isNamed ? named.trim() : '.env')
  const mistakes: string[] = []
  const warnings: string[] = []
  let foreign: Environment = {}
  try {
    const file = readEnvFile(files.read(envPath))
    add(file.values, '.env')
    foreign = Object.fromEntries(Object.entries(file.values).filter(([name]) => !isOurs(name)))
    mistakes.push(...file.mistakes.map((mistake) => `${envPath} ${mistake}.`))
  } catch (error) {
    const why = `${envPath} cannot be read: ${whyUnreadable(error)}.`
    if (isNamed) mistakes.push(`POSTERN_ENV_FILE: ${why}`)
    // Whose it is nobody knows: postern is started in folders of others, too.
    else if (!isMissing(error)) warnings.push(`${why} It is not used; POSTERN_ENV_FILE names another one.`)
  }
  add(environment, 'environment')
  given.delete('POSTERN_ENV_FILE')
  return { given, mistakes, warnings, foreign }
}

function isOurs(name: string): boolean {
  return /^postern_/i.test(name)
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
