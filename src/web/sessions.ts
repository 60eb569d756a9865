import type { Request, Response } from 'express'
import type { Clock } from '../base/clock.ts'
import type { Secret } from '../base/secret.ts'
import { freshSecret } from '../mailboxes/fresh-secret.ts'
import { sameHash } from '../mailboxes/same-hash.ts'
import { cookieValues, ownCookie } from './cookies.ts'
import { HttpRefusal } from './http-refusal.ts'
import { newLinkAdvice } from './sign-in-links.ts'
import { isToken, tokenHash } from './token-form.ts'

const lifeMilliseconds = 12 * 3_600_000

/** A signed-in administrator's browser. */
export interface Session {
  /** Stands in every form of this session's pages, and comes back with it. */
  csrf: Secret
}

/** The browsers that are signed in. Held in memory, by the hash of their cookie: a restart signs them all out. */
export interface Sessions {
  /** Signs this browser in, always with a new value: one that it brought along proves nothing. */
  begin(response: Response): void
  of(request: Request): Session | undefined
  /** @throws HttpRefusal 401 with what to do */
  require(request: Request): Session
  end(request: Request, response: Response): void
}

export function createSessions({ publicUrl, clock }: { publicUrl: URL; clock: Clock }): Sessions {
  const cookie = ownCookie('postern_session', { publicUrl, sameSite: 'strict', maxAge: lifeMilliseconds })
  const sessions = new Map<string, { session: Session; deadline: number }>()

  function hashOf(request: Request): string | undefined {
    const hashes = cookieValues(request, cookie).filter(isToken).map(tokenHash)
    return hashes.find((hash) => clock.monotonic() < (sessions.get(hash)?.deadline ?? 0))
  }

  function of(request: Request): Session | undefined {
    const hash = hashOf(request)
    return hash === undefined ? undefined : sessions.get(hash)?.session
  }

  return {
    of,
    begin(response) {
      for (const [hash, { deadline }] of sessions) if (deadline <= clock.monotonic()) sessions.delete(hash)
      const token = freshSecret().reveal()
      const session = { csrf: freshSecret() }
      sessions.set(tokenHash(token), { session, deadline: clock.monotonic() + lifeMilliseconds })
      response.cookie(cookie.name, token, cookie.options)
    },
    require(request) {
      const session = of(request)
      if (session) return session
      throw new HttpRefusal(401, 'This page is for a signed-in administrator', {
        fix: `Open the sign-in link that postern printed when it started; it works once. ${newLinkAdvice(publicUrl)}`,
        // RFC 9110, section 15.5.2: a 401 names a challenge. The pages themselves take the cookie that a sign-in link gives.
        headers: { 'WWW-Authenticate': 'Bearer realm="postern"' },
      })
    },
    end(request, response) {
      const hash = hashOf(request)
      if (hash !== undefined) sessions.delete(hash)
      const { maxAge, ...options } = cookie.options
      response.clearCookie(cookie.name, options)
    },
  }
}

/** @throws HttpRefusal 403 when a form does not carry the token of this session */
export function checkCsrf(session: Session, body: unknown): void {
  const sent = typeof body === 'object' && body !== null && 'csrf' in body ? body.csrf : undefined
  if (typeof sent === 'string' && sameHash(sent, session.csrf.reveal())) return
  throw new HttpRefusal(403, 'This form is not from a page of your session', {
    fix: 'Go back, load the page again, and send the form once more.',
  })
}
