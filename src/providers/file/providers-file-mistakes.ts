import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/** An issue as sentences: its place, then what is wrong there. Never the value, which may be a secret. */
export function sayMistake(issue: Issue): string[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${sayPath([...issue.path, key])}: there is no such setting`)
  return [`${sayPath(issue.path)}: ${sayWhat(issue)}`]
}

function sayWhat(issue: Issue): string {
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

function sayPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'The file'
  return path.reduce<string>((said, part) => {
    if (typeof part === 'number') return `${said}[${part}]`
    return said === '' ? String(part) : `${said}.${String(part)}`
  }, '')
}
