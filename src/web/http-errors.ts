import { STATUS_CODES } from 'node:http'
import type { ErrorRequestHandler, Request, Response } from 'express'
import {
  asFailure,
  Failure,
  type FailureCode,
  type FailureId,
  type FilledFailure,
  failureFields,
  filled,
  partsOf,
} from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { CreatedLink } from '../consent/consent-service.ts'
import { type FieldMistake, RegistrationMistakes } from '../providers/registrations.ts'
import { InvalidInput, type Mistake } from './api/api-route.ts'

/**
 * A refusal by the HTTP server itself, where its status or a header says more than the failure
 * code.
 */
export class HttpRefusal extends Failure {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** What a problem document has beside: for programs. */
  readonly members: Readonly<Record<string, unknown>>

  constructor(
    status: number,
    filled: FilledFailure,
    headers: Readonly<Record<string, string>> = {},
    members: Readonly<Record<string, unknown>> = {},
  ) {
    super(filled)
    this.members = members
    this.name = 'HttpRefusal'
    this.status = status
    this.headers = headers
  }
}

/** A consent is needed, and who asks may see the link to it. */
export class ConsentWanted extends Failure {
  readonly link: CreatedLink

  constructor(wanted: Failure, link: CreatedLink) {
    super(partsOf(wanted))
    this.name = 'ConsentWanted'
    this.link = link
  }
}

export interface ErrorAnswer {
  status: number
  failure: Failure
  headers: Readonly<Record<string, string>>
}

/** In seconds: where nobody knows how long it will be. */
const usualWait = 30

/** A thrown value as status, failure and headers, for problem documents and for error pages. */
export function errorAnswer(error: unknown): ErrorAnswer {
  const failure = error instanceof Failure ? error : (refusalOfExpress(error) ?? asFailure(error))
  const refusal = failure instanceof HttpRefusal ? failure : undefined
  const status = refusal?.status ?? failureStatus[failure.code]
  const wait = failure.retryAfterSeconds ?? (status === 503 ? usualWait : undefined)
  const retryAfter: Record<string, string> =
    wait === undefined ? {} : { 'Retry-After': String(Math.ceil(wait)) }
  return {
    status,
    failure,
    headers: { ...retryAfter, ...refusal?.headers },
  }
}

// Express and its parsers mark client errors with a 4xx status. Their own messages are not shown:
// they quote the input, and a body may hold a refresh token.
function refusalOfExpress(error: unknown): HttpRefusal | undefined {
  const status = error instanceof Error && 'status' in error ? error.status : undefined
  if (typeof status !== 'number' || status < 400 || status > 499) return undefined
  if (status === 413) return new HttpRefusal(413, filled('web.body-too-large'))
  if (status === 415) {
    return new HttpRefusal(415, filled('web.body-encoding'))
  }
  return new HttpRefusal(400, filled('web.request-unreadable'))
}

/** The HTTP status of each failure code (RFC 9110, section 15). */
export const failureStatus: Record<FailureCode, number> = {
  'wrong-credentials': 401,
  forbidden: 403,
  'sender-refused': 403,
  // The request is valid but conflicts with the state of the mailbox, which a person can change.
  'consent-needed': 409,
  'provider-unavailable': 503,
  'provider-setup': 502,
  'limit-reached': 429,
  'outcome-unknown': 504,
  invalid: 400,
  'not-found': 404,
  'already-exists': 409,
  'store-unavailable': 503,
  configuration: 409,
  internal: 500,
}

/** A problem document (RFC 9457) with postern's members. */
interface Problem {
  /**
   * `about:blank`: the status is the kind of problem (RFC 9457, section 4.2.1), and `code` refines
   * it.
   */
  type: 'about:blank'
  title: string
  status: number
  detail: string
  /** As docs/errors.md has it: stable. */
  failure: FailureId
  code: string
  fix?: string
  retryAfterSeconds?: number
  mistakes?: readonly Mistake[]
  consentLink?: CreatedLink
}

/** The last handler of the API: every thrown value becomes a problem document. */
export function problemHandler(log: Log): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error)
    logFailure(log, error, request)
    sendProblem(response, error)
  }
}

export function sendProblem(response: Response, error: unknown): void {
  const { status, headers } = errorAnswer(error)
  const body = JSON.stringify(problemOf(error))
  response.status(status).set(headers).type('application/problem+json').send(body)
}

function problemOf(error: unknown): Problem {
  const { status, failure } = errorAnswer(error)
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: failure.message,
    failure: failure.id,
    code: failure.code,
    ...(failure.fix !== undefined && { fix: failure.fix }),
    ...(failure.retryAfterSeconds !== undefined && { retryAfterSeconds: failure.retryAfterSeconds }),
    ...(failure instanceof HttpRefusal && failure.members),
    ...(failure instanceof InvalidInput && { mistakes: failure.mistakes }),
    ...(failure instanceof ConsentWanted && { consentLink: failure.link }),
    ...(failure instanceof RegistrationMistakes && { mistakes: failure.mistakes.map(toMistake) }),
  }
}

/** What Node's own reading of a request ends with, before there is a request to answer. */
const unread: Readonly<Record<string, HttpRefusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: new HttpRefusal(408, filled('web.request-slow')),
  HPE_HEADER_OVERFLOW: new HttpRefusal(431, filled('web.head-too-large')),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: new HttpRefusal(413, filled('web.body-too-large')),
}

/** A whole answer, as it goes over the wire, to what could not be read as a request. */
export function answerToUnread({ code = '' }: NodeJS.ErrnoException): string {
  const refusal = unread[code] ?? new HttpRefusal(400, filled('web.request-unreadable'))
  const body = JSON.stringify(problemOf(refusal))
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

function toMistake({ field: member, message }: FieldMistake): Mistake {
  return { member, message }
}

/**
 * Logs how a request failed. Only the pattern of its route is logged, never its address: sign-in
 * links, consent links and the query of a callback are secrets.
 */
export function logFailure(log: Log, error: unknown, request: Request): void {
  const { status, failure } = errorAnswer(error)
  const fields = {
    event: 'request.failed',
    method: request.method,
    route: routeOf(request),
    status,
    ...failureFields(failure),
  }
  if (status < 500) log.debug(fields, failure.message)
  else if (failure.code === 'internal')
    log.error({ ...fields, err: asFailure(error).cause ?? error }, failure.message)
  else log.warn(fields, failure.message)
}

function routeOf(request: Request): string | undefined {
  const path: unknown = request.route?.path
  return typeof path === 'string' ? `${request.baseUrl}${path}` : undefined
}
