import { createHash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { freshSecret } from '../credentials/credential.ts'
import type { Address } from '../model/address.ts'
import type { PageRole } from '../model/page-access.ts'

const lifeMilliseconds = 15 * 60_000
const mostAtOnce = 100

/** The one-time URLs that sign a browser in. Held in memory: a restart forgets them. */
export interface SignInLinks {
  /**
   * @param proven the person whom a provider has identified, where the pages have an address of
   * their own
   */
  create(role: PageRole, proven?: ProvenPerson): { url: string; role: PageRole; expiresAt: string }
  /** The role that the link signs in as; undefined when it is not valid. */
  roleOf(token: string): PageRole | undefined
  /** Uses the link up, and returns the role that it signs in as. */
  redeem(token: string): Redeemed | undefined
  /** Invalidates all links that exist. */
  endAll(): void
}

export interface ProvenPerson {
  person: Address
  provider: string
  /** The person's account name at the provider. */
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

  function evict(): void {
    for (const [hash, { deadline }] of links) {
      if (deadline <= clock.monotonic() || links.size >= mostAtOnce) links.delete(hash)
    }
  }

  return {
    create(role, proven) {
      evict()
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

/** How to get a new link: one sentence for a person who has none. */
export function bareAddress(publicUrl: URL): string {
  return publicUrl.href.replace(/\/$/, '')
}

const tokenShape = /^[A-Za-z0-9_-]{43}$/

/** Whether a text has the form of a `freshSecret`, which is safe in URLs and cookies. */
export function isToken(text: string): boolean {
  return tokenShape.test(text)
}

/**
 * The hash under which a token is kept: a lookup by it leaks no timing, and a memory dump holds no
 * token.
 */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
