import type { z } from 'zod'
import { Failure, filled } from '../../base/failure.ts'
import type { Actor } from '../../base/log.ts'
import { printable } from '../../base/text.ts'
import type { Principal } from '../../credentials/scopes.ts'
import type { Address } from '../../model/address.ts'
import type { Scope } from '../../model/api-key.ts'

/** One operation of the API, as data. The API is the list of these. */
export interface ApiRoute {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `/api/v1`, as express writes it. */
  path: string
  needs: Need
  answer(call: ApiCall): Promise<ApiAnswer> | ApiAnswer
}

/**
 * The right that an operation needs. `token` is the right to the tokens of the mailbox in the path;
 * `admin` includes every right.
 */
type Need = 'read' | 'admin' | 'token'

/** An authorized request. */
interface ApiCall {
  principal: Principal
  /** The caller, as the journal names it. */
  by: Actor
  /**
   * The caller with its present rights, after a wait in which they may have changed.
   * @throws HttpRefusal
   */
  principalNow(): Promise<Principal>
  /** The named parameter of the path, decoded. */
  param(name: string): string
  query: unknown
  /** The parsed JSON; undefined when the request had no body. */
  body: unknown
  /** Plain text is preferred to JSON. */
  prefersText: boolean
}

export interface ApiAnswer {
  status?: number
  /** Sent as JSON, or as plain text when it is a string. */
  body?: object | string
  /** Instead of a body: an object with this list, which may be long, and what else it has. */
  list?: { name: string; rows: readonly object[]; beside?: Readonly<Record<string, unknown>> }
  /** Instead of a body: JSON lines, each sent as it comes. */
  lines?: AsyncIterable<object>
  /** Instead of a body: a file, sent as it is read. */
  file?: { type: string; octets: AsyncIterable<Uint8Array> }
  /** Path below `/api/v1` of what was made. */
  location?: string
}

/** The scope that an operation needs for the mailbox in its path. */
export function scopeFor(need: Need, address: Address): Scope {
  return need === 'token' ? `token:${address}` : need
}

/** One thing that is wrong with the input, and where. */
export interface Mistake {
  member: string
  message: string
}

/** Input that does not fit its schema. Names every mistake at once, and never quotes a value. */
export class InvalidInput extends Failure {
  readonly mistakes: readonly Mistake[]

  constructor(mistakes: readonly Mistake[]) {
    const list = mistakes.map(({ member, message }) => (member === '' ? message : `${member}: ${message}`))
    super(filled('web.request-not-right', { mistakes: list.join('; ') }))
    this.name = 'InvalidInput'
    this.mistakes = mistakes
  }
}

/**
 * Validates a body or a query.
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
