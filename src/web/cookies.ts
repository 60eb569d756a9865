import type { CookieOptions, Request } from 'express'

/** A cookie of ours: how it is called and what it is set with. */
export interface OwnCookie {
  name: string
  options: CookieOptions
}

/**
 * HttpOnly, for this host only. With TLS also `Secure` and the `__Host-` prefix, which no other host and no page
 * without TLS can set (RFC 6265bis, section 4.1.3.2).
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
