import type { Request } from 'express'
import { asFailure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { errorAnswer } from './http-refusal.ts'

/**
 * Notes what a request ended with. Only the pattern of its route is logged, never its address: sign-in links, consent
 * links and the query of a callback are secrets.
 */
export function logFailure(log: Log, error: unknown, request: Request): void {
  const { status, failure } = errorAnswer(error)
  const fields = { method: request.method, route: routeOf(request), status, code: failure.code }
  if (status < 500) log.debug(fields, failure.message)
  else if (failure.code === 'internal')
    log.error({ ...fields, err: asFailure(error).cause ?? error }, failure.message)
  else log.warn(fields, failure.message)
}

function routeOf(request: Request): string | undefined {
  const path: unknown = request.route?.path
  return typeof path === 'string' ? `${request.baseUrl}${path}` : undefined
}
