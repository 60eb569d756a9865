import type { z } from 'zod'
import type { Sentence } from '../../base/failure.ts'
import type { ValuesOf } from '../../failures/entry.ts'
import { type TextEntries, type TextId, text } from '../../failures/texts.ts'

type Issue = z.core.$ZodIssue

/**
 * Describes an issue in sentences: its place, then what is wrong there. Never the value, which may
 * be a secret.
 */
export function describeIssue(issue: Issue): string[] {
  return mistakesOf(issue).map(({ place, mistake }) => `${place}: ${mistake.message}`)
}

/** The same, apart, and by its id. */
export function mistakesOf(issue: Issue): { place: string; mistake: Sentence }[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      place: pathText([...issue.path, key]),
      mistake: text('mistake.unknown'),
    }))
  return [{ place: pathText(issue.path), mistake: whatIsWrong(issue) }]
}

/** What a schema says of a value that it does not take: `refine(isTaken, must('mistake.scope'))`. */
export function must(id: MistakeId): { error: string; params: { mistake: Sentence } } {
  const mistake = text(id)
  return { error: mistake.message, params: { mistake } }
}

/** Those that need no values. */
type MistakeId = {
  [Id in TextId]: keyof ValuesOf<TextEntries[Id]> extends never ? Id : never
}[TextId & `mistake.${string}`]

function whatIsWrong(issue: Issue): Sentence {
  switch (issue.code) {
    case 'custom':
      return (issue.params?.mistake as Sentence | undefined) ?? unfit(issue)
    case 'invalid_type':
      return isMissing(issue) ? text('mistake.missing') : ofType(issue)
    case 'invalid_value':
      return text('mistake.one-of', {
        values: issue.values.map((value) => `"${String(value)}"`).join(' or '),
      })
    case 'invalid_format':
      return issue.format === 'date' ? text('mistake.day') : unfit(issue)
    case 'too_small':
      return isCounted(issue.origin)
        ? text('mistake.empty')
        : text('mistake.at-least', { least: String(issue.minimum) })
    case 'too_big': {
      const most = String(issue.maximum)
      if (!isCounted(issue.origin)) return text('mistake.at-most', { most })
      return text(issue.origin === 'string' ? 'mistake.too-long' : 'mistake.too-many', { most })
    }
    default:
      return unfit(issue)
  }
}

function ofType(issue: Issue & { code: 'invalid_type' }): Sentence {
  const id = types[issue.expected]
  return id === undefined ? unfit(issue) : text(id)
}

/** In English, what the schema itself says. */
function unfit({ message }: Issue): Sentence {
  return { ...text('mistake.unfit'), message }
}

function isCounted(origin: string): boolean {
  return ['array', 'string'].includes(origin)
}

const types: Record<string, MistakeId> = {
  string: 'mistake.text',
  number: 'mistake.number',
  int: 'mistake.whole-number',
  array: 'mistake.list',
  object: 'mistake.object',
  record: 'mistake.object',
}

function isMissing(issue: Issue): boolean {
  return issue.input === undefined && issue.message.endsWith('received undefined')
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'The file'
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? String(part) : `${text}.${String(part)}`
  }, '')
}

/**
 * Finds where a text stops being valid JSON (RFC 8259). The parser of Node.js gives the position
 * only sometimes, and quotes the text, which may contain a secret. Undefined for valid JSON.
 */
export function placeOfJsonMistake(text: string): { line: number; column: number } | undefined {
  const offset = new JsonReader(text).offsetOfMistake()
  if (offset === undefined) return undefined
  const before = text.slice(0, offset).split(/\r\n|\r|\n/)
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

/** Deeper than any file written by hand, and far from the limit of the stack. */
const deepest = 500

const word = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y

class Mistake extends Error {}

class JsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  offsetOfMistake(): number | undefined {
    try {
      this.#value(0)
      this.#blanks()
      return this.#at < this.#text.length ? this.#at : undefined
    } catch (error) {
      if (error instanceof Mistake) return this.#at
      throw error
    }
  }

  #value(depth: number): void {
    this.#blanks()
    if (depth > deepest) throw new Mistake()
    if (this.#take(/\{/y)) this.#list('}', () => this.#member(depth))
    else if (this.#take(/\[/y)) this.#list(']', () => this.#value(depth + 1))
    else if (this.#text[this.#at] === '"') this.#string()
    else if (!this.#take(word)) throw new Mistake()
  }

  #list(end: string, item: () => void): void {
    this.#blanks()
    if (this.#is(end)) return
    do {
      item()
      this.#blanks()
    } while (this.#is(','))
    if (!this.#is(end)) throw new Mistake()
  }

  #member(depth: number): void {
    this.#blanks()
    this.#string()
    this.#blanks()
    if (!this.#is(':')) throw new Mistake()
    this.#value(depth + 1)
  }

  /**
   * The mistake in a string is where it stops being one: at the end of its line, or at an invalid
   * escape.
   */
  #string(): void {
    if (!this.#is('"')) throw new Mistake()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not stand in it.
    while (this.#take(/[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y));
    if (!this.#is('"')) throw new Mistake()
  }

  #blanks(): void {
    this.#take(/[ \t\r\n]+/y)
  }

  #is(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    this.#at += found?.[0].length ?? 0
    return found !== null
  }
}
