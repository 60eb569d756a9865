import { parseEnv } from 'node:util'

export interface EnvFile {
  values: Readonly<Record<string, string>>
  /** Sentences without the file's name in front; they hold no values, which may be secret. */
  mistakes: readonly string[]
}

/**
 * Reads the text of a `.env` file. Node's own reader decides what a value is, but it is silent where it cannot read
 * on: a line without `=` swallows the next one, and a `#` inside a bare value cuts it. Both are found here first.
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
