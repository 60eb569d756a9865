import type { Clock } from '../../base/clock.ts'
import type { Secret } from '../../base/secret.ts'
import { tokenHash } from '../token-form.ts'

const lifeMilliseconds = 60 * 60_000
const mostAtOnce = 1000

/** Where a consent began. */
export type ConsentOrigin = { link: string } | { mailbox: string }

/**
 * Remembers where consents began, so that a page about a refused one can offer the way back. A comfort only: what a
 * consent may do is decided by what is stored about it, and after a restart the way back is just not offered.
 */
export interface BegunConsents {
  remember(authorizationUrl: URL, browser: Secret, origin: ConsentOrigin): void
  /** Only for the browser that began it: the link is a secret. */
  find(callback: URL, browser: Secret | undefined): ConsentOrigin | undefined
}

export function createBegunConsents(clock: Clock): BegunConsents {
  const begun = new Map<string, { browser: string; origin: ConsentOrigin; deadline: number }>()
  // `state` (RFC 6749, section 4.1.1) comes back with every callback, a refused one too.
  const keyOf = (url: URL) => tokenHash(url.searchParams.get('state') ?? '')

  return {
    remember(authorizationUrl, browser, origin) {
      for (const [key, { deadline }] of begun) {
        if (deadline <= clock.monotonic() || begun.size >= mostAtOnce) begun.delete(key)
      }
      const deadline = clock.monotonic() + lifeMilliseconds
      begun.set(keyOf(authorizationUrl), { browser: tokenHash(browser.reveal()), origin, deadline })
    },
    find(callback, browser) {
      const found = begun.get(keyOf(callback))
      const usable = found && browser && found.browser === tokenHash(browser.reveal())
      return usable && clock.monotonic() < found.deadline ? found.origin : undefined
    },
  }
}
