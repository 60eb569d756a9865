import type { Clock } from '../base/clock.ts'
import { freshSecret } from '../mailboxes/fresh-secret.ts'
import type { PageRole } from '../store/ports.ts'
import { isToken, tokenHash } from './token-form.ts'

const lifeMilliseconds = 15 * 60_000
const mostAtOnce = 100

/** The one-time URLs that sign a browser in. Held in memory: a restart forgets them. */
export interface SignInLinks {
  create(role: PageRole): { url: string; role: PageRole; expiresAt: string }
  /** As whom it would sign in; undefined when it cannot be used. */
  roleOf(token: string): PageRole | undefined
  /** As whom it signs in, once: the link is used up by asking. */
  redeem(token: string): PageRole | undefined
  /** Those that were made so far are good for nothing. */
  endAll(): void
}

/** @param publicUrl the address that browsers use; no trailing slash in its path */
export function createSignInLinks({ publicUrl, clock }: { publicUrl: URL; clock: Clock }): SignInLinks {
  const links = new Map<string, { role: PageRole; deadline: number }>()

  function roleOf(token: string): PageRole | undefined {
    const link = isToken(token) ? links.get(tokenHash(token)) : undefined
    return link && clock.monotonic() < link.deadline ? link.role : undefined
  }

  function makeRoom(): void {
    for (const [hash, { deadline }] of links) {
      if (deadline <= clock.monotonic() || links.size >= mostAtOnce) links.delete(hash)
    }
  }

  return {
    create(role) {
      makeRoom()
      const token = freshSecret().reveal()
      links.set(tokenHash(token), { role, deadline: clock.monotonic() + lifeMilliseconds })
      return {
        url: `${publicUrl.href.replace(/\/$/, '')}/sign-in/${token}`,
        role,
        expiresAt: new Date(clock.now() + lifeMilliseconds).toISOString(),
      }
    },
    roleOf,
    endAll: () => links.clear(),
    redeem(token) {
      const role = roleOf(token)
      links.delete(tokenHash(token))
      return role
    },
  }
}

/** How to come by a new link: one sentence, for whoever stands before a page without one. */
export function newLinkAdvice(publicUrl: URL): string {
  return `For a new link, run "postern sign-in" on the machine where postern runs, and open the address that it prints (it begins with ${publicUrl.href.replace(/\/$/, '')}/).`
}
