import type { Clock } from '../base/clock.ts'
import { freshSecret } from '../mailboxes/fresh-secret.ts'
import { isToken, tokenHash } from './token-form.ts'

const lifeMilliseconds = 15 * 60_000
const mostAtOnce = 100

/** The one-time URLs by which an administrator signs a browser in. Held in memory: a restart forgets them. */
export interface SignInLinks {
  create(): { url: string; expiresAt: string }
  isUsable(token: string): boolean
  /** True once: the link is used up by asking. */
  redeem(token: string): boolean
}

/** @param publicUrl the address that browsers use; no trailing slash in its path */
export function createSignInLinks({ publicUrl, clock }: { publicUrl: URL; clock: Clock }): SignInLinks {
  const deadlines = new Map<string, number>()

  function isUsable(token: string): boolean {
    const deadline = isToken(token) ? deadlines.get(tokenHash(token)) : undefined
    return deadline !== undefined && clock.monotonic() < deadline
  }

  function makeRoom(): void {
    for (const [hash, deadline] of deadlines) {
      if (deadline <= clock.monotonic() || deadlines.size >= mostAtOnce) deadlines.delete(hash)
    }
  }

  return {
    create() {
      makeRoom()
      const token = freshSecret().reveal()
      deadlines.set(tokenHash(token), clock.monotonic() + lifeMilliseconds)
      return {
        url: `${publicUrl.href.replace(/\/$/, '')}/sign-in/${token}`,
        expiresAt: new Date(clock.now() + lifeMilliseconds).toISOString(),
      }
    },
    isUsable,
    redeem(token) {
      const usable = isUsable(token)
      deadlines.delete(tokenHash(token))
      return usable
    },
  }
}

/** How to come by a new link: one sentence, for whoever stands before a page without one. */
export function newLinkAdvice(publicUrl: URL): string {
  const operation = `${publicUrl.href.replace(/\/$/, '')}/api/v1/sign-in-links`
  return (
    'For a new link, restart postern; or run this where its directory "data" is, and open the address that it answers: ' +
    `curl -X POST -H "Authorization: Bearer $(cat data/owner.key)" ${operation}`
  )
}
