import { createHash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { Secret } from '../base/secret.ts'
import { freshSecret } from '../credentials/credential.ts'
import type { Address } from '../model/address.ts'
import type { PageRole } from '../model/page-access.ts'
import type { PassingStore } from '../store/ports.ts'

const lifeSeconds = 15 * 60

/** The one-time URLs that sign a browser in. Where there is one process, a restart forgets them. */
export interface SignInLinks {
  /**
   * @param proven the person whom a provider has identified, where the pages have an address of
   * their own
   */
  create(role: PageRole, proven?: ProvenPerson): Promise<CreatedSignInLink>
  /** The role that the link signs in as; undefined when it is not valid. */
  roleOf(token: string): Promise<PageRole | undefined>
  /** Uses the link up, and returns the role that it signs in as. */
  redeem(token: string): Promise<Redeemed | undefined>
  /** Invalidates all links that exist. */
  endAll(): Promise<void>
}

interface CreatedSignInLink {
  url: string
  role: PageRole
  /** ISO 8601. */
  expiresAt: string
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

interface SignInLinksDeps {
  /** The address of the pages; no trailing slash in its path. */
  publicUrl: URL
  passing: PassingStore
  clock: Pick<Clock, 'now'>
}

export function createSignInLinks({ publicUrl, passing, clock }: SignInLinksDeps): SignInLinks {
  function linkIn(kept: Secret | undefined): Redeemed | undefined {
    return kept && (JSON.parse(kept.reveal()) as Redeemed)
  }

  return {
    async create(role, proven) {
      const token = freshSecret().reveal()
      const link = new Secret(JSON.stringify({ role, proven }))
      await passing.put('sign-in-link', tokenHash(token), link, lifeSeconds)
      return {
        url: `${publicUrl.href.replace(/\/$/, '')}/sign-in/${token}`,
        role,
        expiresAt: new Date(clock.now() + lifeSeconds * 1000).toISOString(),
      }
    },
    async roleOf(token) {
      if (!isToken(token)) return undefined
      return linkIn(await passing.find('sign-in-link', tokenHash(token)))?.role
    },
    endAll: () => passing.removeAll('sign-in-link'),
    async redeem(token) {
      return isToken(token) ? linkIn(await passing.take('sign-in-link', tokenHash(token))) : undefined
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
