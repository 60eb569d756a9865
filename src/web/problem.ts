import { STATUS_CODES } from 'node:http'
import type { ErrorRequestHandler, Response } from 'express'
import type { Log } from '../base/log.ts'
import type { Mistake } from './api/read-input.ts'
import { InvalidInput } from './api/read-input.ts'
import { errorAnswer } from './http-refusal.ts'
import { logFailure } from './log-failure.ts'

/** A problem document (RFC 9457) with postern's members. */
export interface Problem {
  /** `about:blank`: the status says what kind of problem it is (RFC 9457, section 4.2.1), `code` says it closer. */
  type: 'about:blank'
  title: string
  status: number
  detail: string
  code: string
  fix?: string
  retryAfterSeconds?: number
  mistakes?: readonly Mistake[]
}

/** The last handler of the API: whatever was thrown becomes a problem document. */
export function problemHandler(log: Log): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error)
    logFailure(log, error, request)
    sendProblem(response, error)
  }
}

export function sendProblem(response: Response, error: unknown): void {
  const { status, failure, headers } = errorAnswer(error)
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: failure.message,
    code: failure.code,
    ...(failure.fix !== undefined && { fix: failure.fix }),
    ...(failure.retryAfterSeconds !== undefined && { retryAfterSeconds: failure.retryAfterSeconds }),
    ...(failure instanceof InvalidInput && { mistakes: failure.mistakes }),
  }
  response.status(status).set(headers).type('application/problem+json').send(JSON.stringify(problem))
}
