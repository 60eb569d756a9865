import { asFailure, Failure, failure } from '../base/failure.ts'
import type { Refusals } from './sqlite.ts'

/*
 * What the errors of PostgreSQL mean (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */

const [uniqueViolation, foreignKeyViolation] = ['23505', '23503']

type ServerFailure = `database.server-${'busy' | 'full' | 'read-only' | 'refuses'}`

/** By the code, or by its first two characters. */
const failures: Readonly<Record<string, ServerFailure>> = {
  '25006': 'database.server-read-only',
  '28': 'database.server-refuses',
  '3D': 'database.server-refuses',
  '40': 'database.server-busy',
  '42501': 'database.server-refuses',
  '53100': 'database.server-full',
  '53': 'database.server-busy',
  '55P03': 'database.server-busy',
  '57014': 'database.server-busy',
}

/**
 * The one place where an error of PostgreSQL becomes a Failure. A Failure passes unchanged.
 * @param server its host
 */
export function postgresFailure(error: unknown, server: string, refusals: Refusals = {}): Failure {
  if (error instanceof Failure) return error
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string }
  if (typeof code !== 'string') return isOfConnection(message) ? unreachable(error, server) : asFailure(error)
  if (code === uniqueViolation && refusals.taken) return refusals.taken()
  if (code === foreignKeyViolation && refusals.missing) return refusals.missing()
  const id = failures[code] ?? failures[code.slice(0, 2)]
  if (id) return failure(id, { server, said: message, cause: error })
  // 08: of the connection. 57P: the server is ended, or has not begun yet. E…: of the system.
  if (/^(?:08|57P|25P03|E)/.test(code) && code !== 'EXXXX') return unreachable(error, server)
  return failure('database.query-refused', { cause: error })
}

function unreachable(cause: unknown, server: string): Failure {
  const { message, code } = cause as { message?: string; code?: unknown }
  return failure('database.server-unreachable', { server, reason: message || String(code), cause })
}

/** What `pg` says without a code. */
function isOfConnection(message: string | undefined): boolean {
  return message !== undefined && /connection|timeout|socket|self-signed|certificate/i.test(message)
}
