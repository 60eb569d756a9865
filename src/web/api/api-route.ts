import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import {
  type AnswerOf,
  type LineOf,
  type Method,
  type Need,
  type Operation,
  type OperationName,
  type Operations,
  operations,
  type PathParameters,
  type Read,
} from '../../api/operations.ts'
import type { Gone } from '../../base/async.ts'
import { Failure, filled } from '../../base/failure.ts'
import type { Actor } from '../../base/log.ts'
import { printable } from '../../base/text.ts'
import type { Principal } from '../../credentials/scopes.ts'
import type { Address } from '../../model/address.ts'
import type { Scope } from '../../model/api-key.ts'

/** One operation of the API with what does it. The API is the list of these. */
export interface ApiRoute extends Operation {
  name: OperationName
  method: Method
  /** Below `/api/v1`, as express writes it. */
  path: string
  /** @throws InvalidInput */
  answer(call: ApiCall): Promise<ApiAnswer> | ApiAnswer
}

/** What does an operation. Its query and its body come as its schemas have read them. */
export function route<Name extends OperationName>(
  name: Name,
  answer: (call: CallOf<Name>) => Promise<AnswerTo<Name>> | AnswerTo<Name>,
): ApiRoute {
  const operation: Operation = operations[name]
  return {
    ...operation,
    ...splitName(name),
    name,
    answer(call) {
      const query = operation.query && readInput(operation.query, call.query)
      const body = operation.body && !operation.readsBody && readInput(operation.body, call.body)
      // The schemas of this name are those that its types were inferred from.
      return answer({ ...call, query, body } as CallOf<Name>)
    },
  }
}

function splitName(name: OperationName): { method: Method; path: string } {
  const [method, path = ''] = name.split(' ')
  return { method: method as Method, path }
}

/** An authorized request, with its query and its body as they came. */
interface ApiCall {
  principal: Principal
  /** The caller, as the journal names it. */
  by: Actor
  /** The address that it comes from. */
  address: string
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
  /** The request itself, for an operation that reads its body. */
  incoming: IncomingMessage
  /** Aborts when who asked goes before the answer. */
  gone(): Gone
  /** Plain text is preferred to JSON. */
  prefersText: boolean
}

export type CallOf<Name extends OperationName> = Omit<ApiCall, 'param' | 'query' | 'body'> & {
  param(name: PathParameters<Name>): string
  query: Read<Name, 'query'>
  body: Read<Name, 'body'>
}

export interface ApiAnswer {
  /** Where it is not the usual one of the operation. */
  status?: number
  /** Sent as JSON, or as plain text when it is a string. */
  body?: object | string
  /** Instead of a body: the rows of its list, which may be long, and what else it has. */
  list?: { rows: readonly object[]; beside?: Readonly<Record<string, unknown>> }
  /** Instead of a body: JSON lines, each sent as it comes. */
  lines?: AsyncIterable<object>
  /** Instead of a body: a file, sent as it is read. */
  file?: AsyncIterable<Uint8Array>
  /** Path below `/api/v1` of what was made. */
  location?: string
  headers?: Readonly<Record<string, string>>
}

/** What the schemas of an operation allow it to answer. */
type AnswerTo<Name extends OperationName> = Omit<ApiAnswer, 'body' | 'list' | 'lines'> &
  (Operations[Name]['gives'] extends { list: infer Member extends string }
    ? { list: ListOf<AnswerOf<Name>, Member> }
    : Operations[Name]['gives'] extends { json: string }
      ? { body: AnswerOf<Name> | TextOf<Operations[Name]['gives']> }
      : Operations[Name]['gives'] extends { lines: string }
        ? { lines: AsyncIterable<LineOf<Name>> }
        : unknown)

type TextOf<Given> = Given extends { text: true } ? string : never

type ListOf<Answer, Member extends string> = Answer extends { [M in Member]: infer Rows }
  ? { rows: Rows; beside?: Omit<Answer, Member> }
  : never

/** The scope that an operation needs for the mailbox in its path; undefined: any will do. */
export function scopeFor(need: Exclude<Need, 'send'>, address: Address): Scope | undefined {
  if (need === 'any') return undefined
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
  const result = schema.safeParse(input)
  if (result.success) return result.data
  if (input === undefined)
    throw new InvalidInput([{ member: '', message: 'a JSON object as the body is missing' }])
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
