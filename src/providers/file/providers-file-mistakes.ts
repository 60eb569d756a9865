import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/**
 * Describes an issue in sentences: its place, then what is wrong there. Never the value, which may
 * be a secret.
 */
export function describeIssue(issue: Issue): string[] {
  return mistakesOf(issue).map(({ place, message }) => `${place}: ${message}`)
}

/** The same, apart. */
export function mistakesOf(issue: Issue): { place: string; message: string }[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      place: pathText([...issue.path, key]),
      message: 'there is no such setting',
    }))
  return [{ place: pathText(issue.path), message: whatIsWrong(issue) }]
}

function whatIsWrong(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return isMissing(issue) ? 'is missing' : `must be ${articles[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be ${issue.values.map((value) => `"${String(value)}"`).join(' or ')}`
    case 'too_small':
      return ['array', 'string'].includes(issue.origin)
        ? 'must not be empty'
        : `must be at least ${issue.minimum}`
    case 'too_big':
      return issue.origin === 'string'
        ? `must have at most ${issue.maximum} characters`
        : `must be at most ${issue.maximum}`
    default:
      return issue.message
  }
}

const articles: Record<string, string> = {
  string: 'a text in quotes',
  number: 'a number',
  int: 'a whole number',
  array: 'a list in [ ]',
  object: 'an object in { }',
  record: 'an object in { }',
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
