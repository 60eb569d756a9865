import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { meantBy, printable, userNameKey } from '../base/text.ts'
import type { ApiKey } from '../model/api-key.ts'
import type { ListedLogin, Login } from '../model/login.ts'
import type { Store } from '../store/ports.ts'
import { credentialState, isActiveFrom } from './credential.ts'
import { sendRights } from './scopes.ts'

/** Ways to sign in beside PLAIN and LOGIN, which are always there. */
export interface AuthMethods {
  /** A login with CRAM-MD5 may sign in from this address. */
  cramMd5: boolean
  /** An API key with `send:` exists: XOAUTH2 and OAUTHBEARER. */
  bearer: boolean
  /** A login without a password is bound to a network that holds this address. */
  withoutPassword: boolean
}

export interface CredentialIndexDeps {
  store: { logins: Pick<Store['logins'], 'list'>; apiKeys: Pick<Store['apiKeys'], 'list'> }
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
  /** Groups of logins whose user names differ in case only. */
  alike(): readonly (readonly Pick<Login, 'userName'>[])[]
  /** As `SignIns.loggableName`. */
  loggableName(userName: string): string
  /**
   * Reads all credentials again. Never rejects: a store error is logged, and the next question
   * reads again.
   */
  refresh(): Promise<void>
}

/** Addresses of clients whose ways to sign in are remembered. */
const rememberedAddresses = 1000

interface Remembered {
  /** All logins, by `userNameKey`. */
  named: ReadonlyMap<string, readonly Pick<Login, 'userName'>[]>
  /**
   * Logins that are not revoked, by `userNameKey`. Several share a key where an earlier release
   * accepted names that differ in case only.
   */
  valid: ReadonlyMap<string, readonly ListedLogin[]>
  logins: ReadonlyMap<string, LoginRights>
  cramMd5: readonly IndexedLogin[]
  withoutPassword: readonly IndexedLogin[]
  apiKeys: ReadonlyMap<string, ApiKey>
  bearers: readonly Pick<ApiKey, 'expiresAt'>[]
}

export function createCredentialIndex({ store, clock, log }: CredentialIndexDeps): CredentialIndex {
  let remembered: Remembered = {
    named: new Map(),
    valid: new Map(),
    logins: new Map(),
    cramMd5: [],
    withoutPassword: [],
    apiKeys: new Map(),
    bearers: [],
  }
  let [asked, answered, stale] = [0, 0, false]

  const current = (): Remembered => {
    if (stale) void refresh()
    return remembered
  }
  const reaching = (logins: readonly IndexedLogin[], remoteAddress: string) =>
    logins.filter((login) => isActiveFrom(login, remoteAddress, clock.now()))
  const isActive = (credential: { expiresAt?: number }) =>
    credentialState(credential, clock.now()) === 'active'
  /** By the client's address, as long as nothing changes and nothing expires: EHLO must not wait for each login to be looked at. */
  const offered = new LRUCache<string, { methods: AuthMethods; until: number }>({ max: rememberedAddresses })

  function offeredTo(remoteAddress: string): { methods: AuthMethods; until: number } {
    const { cramMd5, withoutPassword, bearers } = remembered
    // A CRAM-MD5 login that is bound to another address changes nothing here.
    const methods = {
      cramMd5: cramMd5.some((login) => isActiveFrom(login, remoteAddress, clock.now())),
      withoutPassword: withoutPassword.some((login) => isActiveFrom(login, remoteAddress, clock.now())),
      bearer: bearers.some(isActive),
    }
    return { methods, until: nextExpiry([...cramMd5, ...withoutPassword, ...bearers], clock.now()) }
  }

  return {
    authMethods(remoteAddress) {
      current()
      const known = offered.get(remoteAddress)
      if (known !== undefined && clock.now() < known.until) return known.methods
      const found = offeredTo(remoteAddress)
      offered.set(remoteAddress, found)
      return found.methods
    },
    withoutPassword: (remoteAddress) => reaching(current().withoutPassword, remoteAddress),
    allWithoutPassword: () => current().withoutPassword.filter(isActive),
    generated(userName) {
      if (!isCurrent()) return undefined
      const login = meantBy(remembered.valid.get(userNameKey(userName)) ?? [], userName)
      return login && isGenerated(login) ? login : undefined
    },
    alike: () => [...current().valid.values()].filter((logins) => logins.length > 1),
    apiKey: (id) => (isCurrent() ? remembered.apiKeys.get(id) : undefined),
    login: (id) => (isCurrent() ? remembered.logins.get(id) : undefined),
    loggableName(userName) {
      const alike = current().named.get(userNameKey(userName))
      return alike ? printable(meantBy(alike, userName)?.userName ?? userName) : 'no such login'
    },
    refresh,
  }

  /**
   * False while a read is running or has failed: a credential may have ended that the index still
   * holds.
   */
  function isCurrent(): boolean {
    return answered === asked
  }

  async function refresh(): Promise<void> {
    asked += 1
    const mine = asked
    stale = false
    try {
      const [logins, apiKeys] = await Promise.all([store.logins.list(), store.apiKeys.list()])
      // A slower read that started earlier must not replace a later one.
      if (mine < answered) return
      answered = mine
      remembered = rememberedOf(logins, apiKeys)
      offered.clear()
    } catch (error) {
      stale = true
      log.error({ event: 'sign-ins.not-read', err: error }, 'The ways to sign in could not be read')
    }
  }
}

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

function isGenerated(login: ListedLogin): login is ListedLogin & Login {
  return login.verifier.kind === 'keyed'
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

/** Several logins may have had the same name, one after the other. */
function distinctNames(logins: readonly ListedLogin[]): { userName: string }[] {
  return [...new Set(logins.map(({ userName }) => userName))].map((userName) => ({ userName }))
}
