import { type RequestHandler, type Response, Router } from 'express'
import { filled } from '../base/failure.ts'
import { HttpRefusal } from './http-errors.ts'

/**
 * A router with exact paths (case and trailing slash): a path that a proxy in front blocks must
 * have no second spelling.
 */
export function exactRouter(): Router {
  return Router({ caseSensitive: true, strict: true })
}

/**
 * Answers every other method of a path: 405, with the allowed ones in `Allow` (RFC 9110, section
 * 15.5.6).
 */
export function methodNotAllowed(...methods: string[]): RequestHandler {
  return (request) => {
    throw new HttpRefusal(
      405,
      filled('web.method-not-allowed', { method: request.method, methods: methods.join(' or ') }),
      { Allow: methods.join(', ') },
    )
  }
}

/**
 * Refuses an ambiguous path: a proxy that blocks a part of this server may parse it differently.
 * @throws HttpRefusal 404, or 400 for a path that is not well encoded
 */
export const plainPath: RequestHandler = ({ url }, _response, next) => {
  const [path = ''] = url.split('?', 1)
  // A request target has no fragment and only visible ASCII (RFC 9112, section 3.2.1). For others,
  // the parser below the router takes a backslash for a slash.
  const isPlain = /^[!-~]*$/.test(url) && !url.includes('#') && !path.includes('\\')
  if (isPlain && (path === '/' || pieces(path).every(isName))) return next()
  throw new HttpRefusal(404, filled('web.no-such-page'))
}

/** The segments of the path for a parser that decodes the whole path first. */
function pieces(path: string): string[] {
  try {
    return decodeURIComponent(path).slice(1).split(/[/\\]/)
  } catch {
    throw new HttpRefusal(400, filled('web.request-unreadable'))
  }
}

/** Proxies remove empty segments and dot segments (RFC 3986, section 6.2.2.3). */
function isName(piece: string): boolean {
  return piece !== '' && piece !== '.' && piece !== '..'
}

/** Aborted when the client disconnects before its response is complete. */
export function clientGoneSignal(response: Response): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  return gone.signal
}
