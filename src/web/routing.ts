import { type RequestHandler, type Response, Router } from 'express'
import { HttpRefusal } from './http-errors.ts'

/** A router whose paths are exactly as they are written: what a proxy in front keeps inside by its path has no second spelling. */
export function exactRouter(): Router {
  return Router({ caseSensitive: true, strict: true })
}

/** For every other method of a path: 405, and `Allow` says which ones there are (RFC 9110, section 15.5.6). */
export function methodNotAllowed(...methods: string[]): RequestHandler {
  return (request) => {
    throw new HttpRefusal(405, `${request.method} is not possible here`, {
      fix: `Use ${methods.join(' or ')}.`,
      headers: { Allow: methods.join(', ') },
    })
  }
}

/**
 * Refuses a path that can be read in more than one way: a proxy that keeps a part of this server inside reads it before us, and not as we do.
 * @throws HttpRefusal 404, and 400 where it is not well encoded
 */
export const plainPath: RequestHandler = ({ url }, _response, next) => {
  const [path = ''] = url.split('?', 1)
  // A fragment is never sent, and the rest is visible ASCII (RFC 9112, section 3.2.1). Where that is not so, the parser below the router takes a
  // backslash for a slash.
  const isPlain = /^[!-~]*$/.test(url) && !url.includes('#') && !path.includes('\\')
  if (isPlain && (path === '/' || pieces(path).every(isName))) return next()
  throw new HttpRefusal(404, 'There is no page at this address')
}

/** Of the decoded path, as whoever decodes all of it first takes it apart. */
function pieces(path: string): string[] {
  try {
    return decodeURIComponent(path).slice(1).split(/[/\\]/)
  } catch {
    throw new HttpRefusal(400, 'The request cannot be read', {
      fix: 'Check that its address is well encoded and its body complete.',
    })
  }
}

/** Empty ones and dots are what proxies take away (RFC 3986, section 6.2.2.3). */
function isName(piece: string): boolean {
  return piece !== '' && piece !== '.' && piece !== '..'
}

/** Aborted when the client leaves before it has its answer: what waits for it waits for nobody. */
export function clientGoneSignal(response: Response): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  return gone.signal
}
