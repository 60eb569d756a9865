import type { Request, Response } from 'express'
import { Secret } from '../../base/secret.ts'
import { freshSecret } from '../../mailboxes/fresh-secret.ts'
import { cookieValues, ownCookie } from '../cookies.ts'
import { isToken } from '../token-form.ts'

const dayMilliseconds = 24 * 3_600_000

/** What ties a consent to the browser that began it. */
export interface ConsentCookie {
  of(request: Request): Secret | undefined
  /** The browser's value; a new one when it has none. One value serves several consents that are under way at once. */
  ensure(request: Request, response: Response): Secret
}

export function createConsentCookie(publicUrl: URL): ConsentCookie {
  // Lax: the callback is a navigation that the provider's site begins, and Strict would leave the cookie at home.
  const cookie = ownCookie('postern_consent', { publicUrl, sameSite: 'lax', maxAge: dayMilliseconds })

  function of(request: Request): Secret | undefined {
    const value = cookieValues(request, cookie).find(isToken)
    return value === undefined ? undefined : new Secret(value)
  }

  return {
    of,
    ensure(request, response) {
      const browser = of(request) ?? freshSecret()
      response.cookie(cookie.name, browser.reveal(), cookie.options)
      return browser
    },
  }
}
