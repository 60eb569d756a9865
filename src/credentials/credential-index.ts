import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { meantBy, printable, userNameKey } from '../base/text.ts'
import type { ApiKey } from '../model/api-key.ts'
import type { ListedLogin, Login } from '../model/login.ts'
import type { SendingLimits } from '../model/sending-limits.ts'
import type { Store } from '../store/ports.ts'
import { credentialState, isActiveFrom } from './credential.ts'
import { sendRights } from './scopes.ts'

/** Ways to sign in beside PLAIN and LOGIN, which are always there. */
export interface AuthMethods {
  /** A login with CRAM-MD5 may sign in from this address. */
  cramMd5: boolean
  /** An API key with `send:` may be used from this address: XOAUTH2 and OAUTHBEARER. */
  bearer: boolean
  /** A login without a password is bound to a network that holds this address. */
  withoutPassword: boolean
}

export interface CredentialIndexDeps {
  store: { logins: Pick<Store['logins'], 'list'>; apiKeys: Pick<Store['apiKeys'], 'list'> }
  /** Called before it is said whether the index is stale. */
  look?: () => void
  clock: Clock
  log: Log
}

/** What the index keeps of a login without a password, or with CRAM-MD5. */
export type IndexedLogin = Pick<Login, 'userName' | 'mailboxes' | 'networks' | 'expiresAt'>

/** The rights of a login, with its networks and its expiry. */
export type LoginRights = Omit<Login, 'verifier'>

/**
 * An index of all logins and API keys in memory, because each EHLO and each message asks for them.
 * The store refreshes it before a change is answered (`store/followed-store.ts`).
 */
export interface CredentialIndex {
  authMethods(remoteAddress: string): AuthMethods
  /**
   * The logins without a password whose networks hold this address. Confirm a login with the store
   * before trusting it.
   */
  withoutPassword(remoteAddress: string): readonly IndexedLogin[]
  /** All logins without a password that are active. */
  allWithoutPassword(): readonly IndexedLogin[]
  /**
   * The login of this name, if its password was generated and is kept as a keyed hash. Undefined
   * when there is none, or while the index is stale: ask the store then.
   */
  generated(userName: string): Login | undefined
  /** As `generated`, if its password was chosen by somebody. */
  chosen(userName: string): Login | undefined
  /**
   * The API key with this id. Undefined when there is none, or while the index is stale: ask the
   * store then.
   */
  apiKey(id: string): ApiKey | undefined
  /**
   * The login with this id, revoked or not. Undefined when there is none, or while the index is
   * stale: ask the store then.
   */
  login(id: string): LoginRights | undefined
  /**
   * What this submitter may send, as it was read last; as it was at the sign-in, where it is not
   * known here.
   */
  limitsOf(by: Limited): SendingLimits | undefined
  /** Groups of logins whose user names differ in case only. */
  alike(): readonly (readonly Pick<Login, 'userName'>[])[]
  /** A user name as logs may show it. */
  loggableName(userName: string): string
  /** The mailboxes of the login that a user name means, revoked or not; none where it means none. */
  mailboxesOf(userName: string): Login['mailboxes']
  /**
   * Reads all credentials again. Never rejects: a store error is logged, and the next question
   * reads again.
   */
  refresh(): Promise<void>
}

/** A login or an API key that has signed in. */
interface Limited {
  login?: string
  apiKey?: string
  limits?: SendingLimits | undefined
}

/** Addresses of clients whose ways to sign in are remembered. */
const rememberedAddresses = 1000

interface Remembered {
  /** All logins, by `userNameKey`. */
  named: ReadonlyMap<string, readonly Pick<Login, 'userName' | 'mailboxes'>[]>
  /**
   * Logins that are not revoked, by `userNameKey`. Several share a key where an earlier release
   * accepted names that differ in case only.
   */
  valid: ReadonlyMap<string, readonly ListedLogin[]>
  logins: ReadonlyMap<string, LoginRights>
  cramMd5: readonly IndexedLogin[]
  withoutPassword: readonly IndexedLogin[]
  apiKeys: ReadonlyMap<string, ApiKey>
  bearers: readonly Pick<ApiKey, 'expiresAt' | 'networks'>[]
}

export function createCredentialIndex(deps: CredentialIndexDeps): CredentialIndex {
  return new RememberedCredentials(deps)
}

class RememberedCredentials implements CredentialIndex {
  readonly #deps: CredentialIndexDeps
  #remembered: Remembered = {
    named: new Map(),
    valid: new Map(),
    logins: new Map(),
    cramMd5: [],
    withoutPassword: [],
    apiKeys: new Map(),
    bearers: [],
  }
  #asked = 0
  #answered = 0
  #stale = false
  /**
   * By the client's address, as long as nothing changes and nothing expires: EHLO must not wait for
   * each login to be looked at.
   */
  readonly #offered = new LRUCache<string, Offered>({
    max: rememberedAddresses,
  })

  constructor(deps: CredentialIndexDeps) {
    this.#deps = deps
  }

  authMethods(remoteAddress: string): AuthMethods {
    this.#current()
    const known = this.#offered.get(remoteAddress)
    const now = this.#deps.clock.now()
    if (known !== undefined && now >= known.since && now < known.until) return known.methods
    const found = this.#offeredTo(remoteAddress, now)
    this.#offered.set(remoteAddress, found)
    return found.methods
  }

  withoutPassword(remoteAddress: string): readonly IndexedLogin[] {
    return this.#reaching(this.#current().withoutPassword, remoteAddress)
  }

  allWithoutPassword(): readonly IndexedLogin[] {
    return this.#current().withoutPassword.filter((login) => this.#isActive(login))
  }

  generated(userName: string): Login | undefined {
    return this.#kept(userName, 'keyed')
  }

  chosen(userName: string): Login | undefined {
    return this.#kept(userName, 'scrypt')
  }

  alike(): readonly (readonly Pick<Login, 'userName'>[])[] {
    return [...this.#current().valid.values()].filter((logins) => logins.length > 1)
  }

  apiKey(id: string): ApiKey | undefined {
    return this.#isCurrent() ? this.#remembered.apiKeys.get(id) : undefined
  }

  login(id: string): LoginRights | undefined {
    return this.#isCurrent() ? this.#remembered.logins.get(id) : undefined
  }

  limitsOf({ login = '', apiKey = '', limits }: Limited): SendingLimits | undefined {
    const { logins, apiKeys } = this.#current()
    const known = logins.get(login) ?? apiKeys.get(apiKey)
    return known ? known.limits : limits
  }

  loggableName(userName: string): string {
    const alike = this.#current().named.get(userNameKey(userName))
    return alike ? printable(meantBy(alike, userName)?.userName ?? userName) : 'no such login'
  }

  mailboxesOf(userName: string): Login['mailboxes'] {
    const alike = this.#current().named.get(userNameKey(userName)) ?? []
    return meantBy(alike, userName)?.mailboxes ?? []
  }

  async refresh(): Promise<void> {
    this.#asked += 1
    const mine = this.#asked
    this.#stale = false
    try {
      const [logins, apiKeys] = await Promise.all([
        this.#deps.store.logins.list(),
        this.#deps.store.apiKeys.list(),
      ])
      // A slower read that started earlier must not replace a later one.
      if (mine < this.#answered) return
      this.#answered = mine
      this.#remembered = rememberedOf(logins, apiKeys)
      this.#offered.clear()
    } catch (error) {
      this.#stale = true
      this.#deps.log.error(
        { event: 'sign-ins.not-read', err: error },
        'The ways to sign in could not be read',
      )
    }
  }

  /** With its verifier, which is a hash. */
  #kept(userName: string, kind: 'keyed' | 'scrypt'): Login | undefined {
    if (!this.#isCurrent()) return undefined
    const login = meantBy(this.#remembered.valid.get(userNameKey(userName)) ?? [], userName)
    return login && isHashed(login) && login.verifier.kind === kind ? login : undefined
  }

  #current(): Remembered {
    if (this.#stale) void this.refresh()
    return this.#remembered
  }

  #reaching(logins: readonly IndexedLogin[], remoteAddress: string): IndexedLogin[] {
    return logins.filter((login) => isActiveFrom(login, remoteAddress, this.#deps.clock.now()))
  }

  #isActive(credential: { expiresAt?: number }): boolean {
    return credentialState(credential, this.#deps.clock.now()) === 'active'
  }

  #offeredTo(remoteAddress: string, now: number): Offered {
    const { cramMd5, withoutPassword, bearers } = this.#remembered
    const isOffered = (login: IndexedLogin) => isActiveFrom(login, remoteAddress, now)
    // A CRAM-MD5 login or a key that is bound to another address changes nothing here.
    const methods = {
      cramMd5: cramMd5.some(isOffered),
      withoutPassword: withoutPassword.some(isOffered),
      bearer: bearers.some((key) => isActiveFrom(key, remoteAddress, now)),
    }
    const until = Math.min(
      nextExpiry([...cramMd5, ...withoutPassword, ...bearers], now),
      now + offeredMilliseconds,
    )
    return { methods, since: now, until }
  }

  /**
   * False while a read is running or has failed: a credential may have ended that the index still
   * holds.
   */
  #isCurrent(): boolean {
    this.#deps.look?.()
    return this.#answered === this.#asked
  }
}

/** What one address is offered, and during which time of the wall clock, which may be set. */
interface Offered {
  methods: AuthMethods
  since: number
  until: number
}

const offeredMilliseconds = 300_000

/** When the next of them expires, in milliseconds since 1970. */
function nextExpiry(credentials: readonly { expiresAt?: number }[], now: number): number {
  const later = credentials.flatMap(({ expiresAt }) =>
    expiresAt !== undefined && expiresAt > now ? expiresAt : [],
  )
  return later.reduce((next, one) => Math.min(next, one), Number.POSITIVE_INFINITY)
}

/** Warns at each start of the logins that need no password. */
export function warnOfOpenLogins(index: Pick<CredentialIndex, 'allWithoutPassword'>, log: Log): void {
  for (const { userName, mailboxes, networks } of index.allWithoutPassword()) {
    const fields = { event: 'login.without-password', userName, mailboxes, networks }
    log.warn(fields, 'This login needs no password: whoever comes from its networks may send')
  }
}

/**
 * Warns of user names that differ in case only, which an earlier release accepted. Each is found by
 * its exact spelling only.
 */
export function warnOfNamesAlike(index: Pick<CredentialIndex, 'alike'>, log: Log): void {
  for (const alike of index.alike()) {
    const userNames = alike.map(({ userName }) => userName)
    const fix =
      'Revoke all but one of them and give their programs new logins: postern login list, postern login revoke ID.'
    const fields = { event: 'login.names-alike', userNames, fix }
    log.warn(fields, 'These user names differ in case only, so each of them works in its exact spelling only')
  }
}

function rememberedOf(logins: readonly ListedLogin[], apiKeys: readonly ApiKey[]): Remembered {
  const ofKind = (kind: Login['verifier']['kind']) =>
    logins
      .filter(({ verifier, revokedAt }) => verifier.kind === kind && revokedAt === undefined)
      .map(({ userName, mailboxes, networks, expiresAt }) => ({
        userName,
        mailboxes,
        networks,
        ...(expiresAt === undefined ? {} : { expiresAt }),
      }))
  const isValid = ({ revokedAt }: Pick<Login, 'revokedAt'>) => revokedAt === undefined
  const valid = apiKeys.filter(isValid)
  return {
    named: byKey(distinctNames(logins)),
    valid: byKey(logins.filter(isValid)),
    logins: new Map(logins.map((login) => [login.id, login])),
    cramMd5: ofKind('sealed'),
    withoutPassword: ofKind('none'),
    apiKeys: new Map(valid.map((apiKey) => [apiKey.id, apiKey])),
    bearers: valid.filter(({ scopes }) => sendRights(scopes).length > 0),
  }
}

function isHashed(login: ListedLogin): login is ListedLogin & Login {
  return login.verifier.kind !== 'sealed'
}

function byKey<Named extends { userName: string }>(all: readonly Named[]): Map<string, Named[]> {
  const found = new Map<string, Named[]>()
  for (const one of all) {
    const key = userNameKey(one.userName)
    const alike = found.get(key)
    if (alike === undefined) found.set(key, [one])
    else alike.push(one)
  }
  return found
}

/** Several logins may have had the same name, one after the other: the one that is not revoked, or the last. */
function distinctNames(logins: readonly ListedLogin[]): Pick<Login, 'userName' | 'mailboxes'>[] {
  const named = new Map<string, ListedLogin>()
  for (const login of logins) {
    const known = named.get(login.userName)
    if (known === undefined || known.revokedAt !== undefined) named.set(login.userName, login)
  }
  return [...named.values()]
}
