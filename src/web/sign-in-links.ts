import { createHash } from 'node:crypto'
import type { Address } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { freshSecret } from '../mailboxes/fresh-secret.ts'
import type { PageRole } from '../store/ports.ts'

const lifeMilliseconds = 15 * 60_000
const mostAtOnce = 100

/** The one-time URLs that sign a browser in. Held in memory: a restart forgets them. */
export interface SignInLinks {
  /** @param proven who has shown at a provider to be that, where this leads from there to the pages */
  create(role: PageRole, proven?: ProvenPerson): { url: string; role: PageRole; expiresAt: string }
  /** As whom it would sign in; undefined when it cannot be used. */
  roleOf(token: string): PageRole | undefined
  /** As whom it signs in, once: the link is used up by asking. */
  redeem(token: string): Redeemed | undefined
  /** Those that were made so far are good for nothing. */
  endAll(): void
}

export interface ProvenPerson {
  person: Address
  provider: string
  /** As whom the provider knows them. */
  account: string
}

interface Redeemed {
  role: PageRole
  proven?: ProvenPerson | undefined
}

/** @param publicUrl the address of the pages; no trailing slash in its path */
export function createSignInLinks({ publicUrl, clock }: { publicUrl: URL; clock: Clock }): SignInLinks {
  const links = new Map<string, Redeemed & { deadline: number }>()

  function usable(token: string): Redeemed | undefined {
    const link = isToken(token) ? links.get(tokenHash(token)) : undefined
    return link && clock.monotonic() < link.deadline ? link : undefined
  }

  function makeRoom(): void {
    for (const [hash, { deadline }] of links) {
      if (deadline <= clock.monotonic() || links.size >= mostAtOnce) links.delete(hash)
    }
  }

  return {
    create(role, proven) {
      makeRoom()
      const token = freshSecret().reveal()
      links.set(tokenHash(token), { role, proven, deadline: clock.monotonic() + lifeMilliseconds })
      return {
        url: `${publicUrl.href.replace(/\/$/, '')}/sign-in/${token}`,
        role,
        expiresAt: new Date(clock.now() + lifeMilliseconds).toISOString(),
      }
    },
    roleOf: (token) => usable(token)?.role,
    endAll: () => links.clear(),
    redeem(token) {
      const link = usable(token)
      links.delete(tokenHash(token))
      return link
    },
  }
}

/** How to come by a new link: one sentence, for whoever stands before a page without one. */
export function newLinkAdvice(publicUrl: URL): string {
  return `For a new link, run "postern sign-in" on the machine where postern runs, and open the address that it prints (it begins with ${publicUrl.href.replace(/\/$/, '')}/).`
}

const tokenShape = /^[A-Za-z0-9_-]{43}$/

/** Whether it has the form of a `freshSecret`, which every URL and cookie can carry. */
export function isToken(text: string): boolean {
  return tokenShape.test(text)
}

/** The form in which a token is remembered: looking it up tells nothing about a near miss, and a dump holds no token. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
