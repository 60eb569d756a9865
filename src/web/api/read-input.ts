import type { z } from 'zod'
import { printable } from '../../base/address.ts'
import { Failure } from '../../base/failure.ts'

/** One thing that is wrong with the input, and where. */
export interface Mistake {
  member: string
  message: string
}

/** Input that does not have the shape it should have. Names every mistake at once, and never quotes a value. */
export class InvalidInput extends Failure {
  readonly mistakes: readonly Mistake[]

  constructor(mistakes: readonly Mistake[]) {
    const list = mistakes.map(({ member, message }) => (member === '' ? message : `${member}: ${message}`))
    super('invalid', `The request is not right: ${list.join('; ')}`, { fix: 'Correct it and send it again.' })
    this.name = 'InvalidInput'
    this.mistakes = mistakes
  }
}

/**
 * Reads a body or a query as the schema says.
 * @throws InvalidInput with every mistake
 */
export function readInput<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  if (input === undefined) {
    throw new InvalidInput([{ member: '', message: 'a JSON object as the body is missing' }])
  }
  const result = schema.safeParse(input)
  if (result.success) return result.data
  throw new InvalidInput(result.error.issues.flatMap(mistakesOf))
}

function mistakesOf(issue: z.core.$ZodIssue): Mistake[] {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      member: [...path, printable(key)].join('.'),
      message: 'there is no such member',
    }))
  }
  return [{ member: path.join('.'), message: sentence(issue) }]
}

function sentence(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' ? `must be ${article(issue.expected)}` : issue.message
}

function article(type: string): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`
}
