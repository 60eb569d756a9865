import type { FailureDetails } from '../base/failure.ts'
import { asFailure, Failure } from '../base/failure.ts'
import { failureStatus } from './failure-status.ts'

/** A refusal by the HTTP door itself, where the status or a header says more than the failure code. */
export class HttpRefusal extends Failure {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    message: string,
    details: FailureDetails & { headers?: Record<string, string> } = {},
  ) {
    super(codeOf(status), message, details)
    this.name = 'HttpRefusal'
    this.status = status
    this.headers = details.headers ?? {}
  }
}

export interface ErrorAnswer {
  status: number
  failure: Failure
  headers: Readonly<Record<string, string>>
}

/** What was thrown, as status, failure and headers: for problem documents and error pages alike. */
export function errorAnswer(error: unknown): ErrorAnswer {
  const failure = error instanceof Failure ? error : (refusalOfExpress(error) ?? asFailure(error))
  const refusal = failure instanceof HttpRefusal ? failure : undefined
  const wait = failure.retryAfterSeconds
  const retryAfter: Record<string, string> =
    wait === undefined ? {} : { 'Retry-After': String(Math.ceil(wait)) }
  return {
    status: refusal?.status ?? failureStatus[failure.code],
    failure,
    headers: { ...retryAfter, ...refusal?.headers },
  }
}

// Express and its parsers mark the mistakes of the client with a status of 4xx. Their own texts are not shown: they
// quote the input, and a body may hold a refresh token.
function refusalOfExpress(error: unknown): HttpRefusal | undefined {
  const status = error instanceof Error && 'status' in error ? error.status : undefined
  if (typeof status !== 'number' || status < 400 || status > 499) return undefined
  if (status === 413) return new HttpRefusal(413, 'The request body is larger than what is read here')
  if (status === 415) {
    return new HttpRefusal(415, 'The encoding of the request body is not understood', {
      fix: 'Send it as UTF-8.',
    })
  }
  return new HttpRefusal(400, 'The request cannot be read', {
    fix: 'Check that its address is well encoded and its body complete.',
  })
}

function codeOf(status: number) {
  if (status === 401) return 'wrong-credentials'
  if (status === 403) return 'forbidden'
  return status === 404 ? 'not-found' : 'invalid'
}
