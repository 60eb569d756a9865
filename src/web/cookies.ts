import type { CookieOptions, Request, Response } from 'express'
import type { Clock } from '../base/clock.ts'
import type { KeyedHash } from '../base/secret.ts'
import { freshId, sameHash } from '../credentials/credential.ts'
import type { PageRole } from '../model/page-access.ts'

/** The name and the options of one of our cookies. */
interface OwnCookie {
  name: string
  options: CookieOptions
}

/**
 * HttpOnly, for this host only. With TLS also `Secure` and the `__Host-` prefix, which no other
 * host and no page without TLS can set (RFC 6265bis, section 4.1.3.2).
 * @param maxAge milliseconds
 */
export function ownCookie(
  name: string,
  { publicUrl, sameSite, maxAge }: { publicUrl: URL; sameSite: 'strict' | 'lax'; maxAge: number },
): OwnCookie {
  const secure = publicUrl.protocol === 'https:'
  return {
    name: secure ? `__Host-${name}` : name,
    options: { httpOnly: true, secure, sameSite, path: '/', maxAge },
  }
}

/** The values that the browser sent for this name (RFC 6265, section 4.2.1), in its order. */
export function cookieValues(request: Request, { name }: OwnCookie): string[] {
  return (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
}

const lifeMilliseconds = 90 * 86_400_000
/** So many cookies of one request are checked. */
const mostValues = 8

/**
 * The browsers that have signed in before. Their cookie grants nothing: it only tells them apart
 * from unknown clients that guess passwords, so that those neither lock them out nor delay them.
 */
export interface KnownBrowsers {
  /** The id of a browser that has signed in with this role. */
  idOf(request: Request, role: string): string | undefined
  remember(request: Request, response: Response, role: PageRole): void
}

interface KnownBrowsersDeps {
  publicUrl: URL
  keyedHash: KeyedHash
  clock: Clock
}

export function createKnownBrowsers({ publicUrl, keyedHash, clock }: KnownBrowsersDeps): KnownBrowsers {
  const cookie = ownCookie('postern_browser', { publicUrl, sameSite: 'strict', maxAge: lifeMilliseconds })
  const sign = (role: string, id: string, until: string) =>
    keyedHash('page-browser', `${role} ${id} ${until}`)

  function idOf(request: Request, role: string): string | undefined {
    for (const value of cookieValues(request, cookie).slice(0, mostValues)) {
      const [, id = '', until = '', signature = ''] =
        /^([0-9a-f]{16})\.(\d{1,15})\.([\w-]{43})$/.exec(value) ?? []
      if (Number(until) > clock.now() && sameHash(signature, sign(role, id, until))) return id
    }
    return undefined
  }

  return {
    idOf,
    remember(request, response, role) {
      // A known browser keeps its id: a sign-in does not reset its count of wrong guesses.
      const id = idOf(request, role) ?? freshId()
      const until = String(clock.now() + lifeMilliseconds)
      response.cookie(cookie.name, `${id}.${until}.${sign(role, id, until)}`, cookie.options)
    },
  }
}
