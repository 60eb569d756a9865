import type { Request, Response } from 'express'
import type { Clock } from '../base/clock.ts'
import { filled } from '../base/failure.ts'
import { type KeyedHash, Secret } from '../base/secret.ts'
import { freshId, freshSecret, sameHash } from '../credentials/credential.ts'
import type { Address } from '../model/address.ts'
import type { PageRole, PageSession } from '../model/page-access.ts'
import type { PageAccessStore } from '../store/ports.ts'
import type { MarkAuthenticated } from './connections.ts'
import { cookieValues, ownCookie } from './cookies.ts'
import { HttpRefusal } from './http-errors.ts'
import { sourceKey } from './request-source.ts'
import { bareAddress, isToken } from './sign-in-links.ts'

const lifeMilliseconds = 12 * 3_600_000
const longestBrowser = 200

/** A signed-in browser. */
export interface BrowserSession {
  id: string
  role: PageRole
  means: PageSession['means']
  /** The person, if a provider has identified them. */
  person?: Address | undefined
  /** The CSRF token: stands in every form of this session's pages, and comes back with it. */
  csrf: Secret
}

/**
 * The signed-in browsers. A session lasts twelve hours. It is stored under the hash of its cookie,
 * so that it survives a restart and an administrator can end it.
 */
export interface Sessions {
  /**
   * Signs this browser in, always with a new cookie (no session fixation).
   * @throws HttpRefusal 403 when a password was set since `generation`
   */
  begin(
    request: Request,
    response: Response,
    as: Pick<PageSession, 'role' | 'means' | 'person' | 'provider'>,
    generation: string,
  ): Promise<void>
  /** As `PageAccessStore.generation`. */
  generation(): Promise<string>
  of(request: Request): Promise<BrowserSession | undefined>
  /** All open sessions. */
  all(): Promise<PageSession[]>
  /** @throws HttpRefusal 401 with what to do */
  require(request: Request): Promise<BrowserSession>
  end(request: Request, response: Response): Promise<void>
}

export interface SessionsDeps {
  publicUrl: URL
  store: PageAccessStore
  keyedHash: KeyedHash
  markAuthenticated: MarkAuthenticated
  clock: Clock
  /** The present role of a person whom a provider has identified; undefined for none. */
  roleOf(person: Address, providerId: string): PageRole | undefined
}

export function createSessions({
  publicUrl,
  store,
  keyedHash,
  markAuthenticated,
  clock,
  roleOf,
}: SessionsDeps): Sessions {
  const cookie = ownCookie('postern_session', { publicUrl, sameSite: 'strict', maxAge: lifeMilliseconds })
  const hashOf = (token: string) => keyedHash('page-session', token)

  async function of(request: Request): Promise<BrowserSession | undefined> {
    for (const token of cookieValues(request, cookie).filter(isToken)) {
      const found = await store.session(hashOf(token))
      if (!found || !isOpen(found)) continue
      markAuthenticated(request)
      await store.used(found.id, clock.now())
      const { id, role, means, person } = found
      return { id, role, means, person, csrf: new Secret(keyedHash('page-form', token)) }
    }
    return undefined
  }

  function isOpen({ expiresAt, means, person, provider, role }: PageSession): boolean {
    if (expiresAt <= clock.now()) return false
    if (means !== 'provider') return true
    // A person who was removed from the settings is signed out, and so is everyone of a removed
    // provider.
    return person !== undefined && provider !== undefined && roleOf(person, provider) === role
  }

  return {
    of,
    all: async () => (await store.sessions()).filter(isOpen),
    generation: () => store.generation(),
    async begin(request, response, { role, means, person, provider }, generation) {
      const token = freshSecret().reveal()
      const now = clock.now()
      const session: PageSession = {
        id: freshId(),
        hash: hashOf(token),
        role,
        means,
        ...(person !== undefined && { person }),
        ...(provider !== undefined && { provider }),
        source: sourceKey(request),
        browser: (request.get('user-agent') ?? '').slice(0, longestBrowser),
        createdAt: now,
        lastUsedAt: now,
        expiresAt: now + lifeMilliseconds,
      }
      if (!(await store.begin(session, generation))) {
        throw new HttpRefusal(403, filled('page.password-changed'))
      }
      response.cookie(cookie.name, token, cookie.options)
    },
    async require(request) {
      const session = await of(request)
      if (session) return session
      // RFC 9110, section 15.5.2: a 401 names a challenge. The pages themselves take the cookie that
      // a sign-in gives.
      throw new HttpRefusal(401, filled('page.sign-in-needed', { address: bareAddress(publicUrl) }), {
        'WWW-Authenticate': 'Bearer realm="postern"',
      })
    },
    async end(request, response) {
      const session = await of(request)
      if (session) await store.end(session.id)
      const { maxAge, ...options } = cookie.options
      response.clearCookie(cookie.name, options)
    },
  }
}

/** @throws HttpRefusal 403 when a form does not carry the token of this session */
export function checkCsrf(session: BrowserSession, body: unknown): void {
  const sent = typeof body === 'object' && body !== null && 'csrf' in body ? body.csrf : undefined
  if (typeof sent === 'string' && sameHash(sent, session.csrf.reveal())) return
  throw new HttpRefusal(403, filled('page.form-of-other-session'))
}

/**
 * Checked before every change and before every page that holds a secret: a viewer may only look.
 * @throws HttpRefusal 403, also as `checkCsrf`
 */
export function checkChange(session: BrowserSession, body: unknown): void {
  checkCsrf(session, body)
  requireAdministrator(session)
}

export function requireAdministrator({ role }: Pick<BrowserSession, 'role'>): void {
  if (role === 'administrator') return
  throw new HttpRefusal(403, filled('page.viewer'))
}
