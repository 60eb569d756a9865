import { printable } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { normalForm } from '../base/normal-form.ts'
import type { ApiKey, ListedLogin, Login, Store } from '../store/ports.ts'
import { credentialState } from './expiry.ts'
import { isUsable } from './is-usable.ts'
import { sendRights } from './scopes.ts'
import type { Offers } from './services.ts'

export interface SignInOffersNeeds {
  store: { logins: Pick<Store['logins'], 'list'>; apiKeys: Pick<Store['apiKeys'], 'list'> }
  clock: Clock
  log: Log
}

/** What is remembered of a login: enough to say where and until when it works. */
export type OfferedLogin = Pick<Login, 'userName' | 'mailboxes' | 'networks' | 'expiresAt'>

/** What a login may do, from where and until when. */
export type LoginRights = Omit<Login, 'verifier'>

/** Which ways to sign in exist beside PLAIN and LOGIN, in memory, because every EHLO asks. */
export interface SignInOffers {
  from(remoteAddress: string): Offers
  /** The logins without a password whose networks hold this address, as they were remembered: ask the store before trusting one. */
  withoutPassword(remoteAddress: string): readonly OfferedLogin[]
  /** Every login without a password that has not ended. */
  allWithoutPassword(): readonly OfferedLogin[]
  /** The login of this name whose password was generated and is kept as a keyed hash. Undefined when there is none, or that is not known from memory: ask the store. */
  generated(userName: string): Login | undefined
  /** The API key with this id. Undefined when there is none, or that is not known from memory: ask the store. */
  apiKey(id: string): ApiKey | undefined
  /** The login with this id, whatever became of it. Undefined when there is none, or that is not known from memory: ask the store. */
  login(id: string): LoginRights | undefined
  /** As `SignIns.shownName`. */
  shownName(userName: string): string
  /** Reads them again. Never rejects: a store that does not answer is logged, and asked again at the next question. */
  refresh(): Promise<void>
}

interface Remembered {
  userNames: ReadonlySet<string>
  logins: ReadonlyMap<string, LoginRights>
  generated: ReadonlyMap<string, Login>
  cramMd5: readonly OfferedLogin[]
  withoutPassword: readonly OfferedLogin[]
  apiKeys: ReadonlyMap<string, ApiKey>
  bearers: readonly Pick<ApiKey, 'expiresAt'>[]
}

export function createSignInOffers({ store, clock, log }: SignInOffersNeeds): SignInOffers {
  let remembered: Remembered = {
    userNames: new Set(),
    logins: new Map(),
    generated: new Map(),
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
  const reaching = (logins: readonly OfferedLogin[], remoteAddress: string) =>
    logins.filter((login) => isUsable(login, remoteAddress, clock.now()))
  const isActive = (credential: { expiresAt?: number }) =>
    credentialState(credential, clock.now()) === 'active'

  return {
    from(remoteAddress) {
      const { cramMd5, withoutPassword, bearers } = current()
      return {
        // A login that is bound to the address of one old device changes nothing for the others.
        cramMd5: reaching(cramMd5, remoteAddress).length > 0,
        withoutPassword: reaching(withoutPassword, remoteAddress).length > 0,
        bearer: bearers.some(isActive),
      }
    },
    withoutPassword: (remoteAddress) => reaching(current().withoutPassword, remoteAddress),
    allWithoutPassword: () => current().withoutPassword.filter(isActive),
    generated: (userName) => (isCurrent() ? remembered.generated.get(userName) : undefined),
    apiKey: (id) => (isCurrent() ? remembered.apiKeys.get(id) : undefined),
    login: (id) => (isCurrent() ? remembered.logins.get(id) : undefined),
    shownName: (userName) =>
      current().userNames.has(normalForm(userName)) ? printable(userName) : 'no such login',
    refresh,
  }

  /** While a reading is under way, or has failed, something may have ended that is not remembered yet. */
  function isCurrent(): boolean {
    return answered === asked
  }

  async function refresh(): Promise<void> {
    asked += 1
    const mine = asked
    stale = false
    try {
      const [logins, apiKeys] = await Promise.all([store.logins.list(), store.apiKeys.list()])
      // A slower reading that began earlier must not replace a later one.
      if (mine < answered) return
      answered = mine
      remembered = rememberedOf(logins, apiKeys)
    } catch (error) {
      stale = true
      log.error({ event: 'sign-ins.not-read', err: error }, 'The ways to sign in could not be read')
    }
  }
}

/** Says loudly, at each start, who may send without proving anything but its address. */
export function warnOfOpenLogins(offers: Pick<SignInOffers, 'allWithoutPassword'>, log: Log): void {
  for (const { userName, mailboxes, networks } of offers.allWithoutPassword()) {
    const fields = { event: 'login.without-password', userName, mailboxes, networks }
    log.warn(fields, 'This login needs no password: whoever comes from its networks may send')
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
  const valid = apiKeys.filter(({ revokedAt }) => revokedAt === undefined)
  return {
    userNames: new Set(logins.map(({ userName }) => userName)),
    generated: new Map(logins.filter(isGenerated).map((login) => [login.userName, login])),
    logins: new Map(logins.map((login) => [login.id, login])),
    cramMd5: ofKind('sealed'),
    withoutPassword: ofKind('none'),
    apiKeys: new Map(valid.map((apiKey) => [apiKey.id, apiKey])),
    bearers: valid.filter(({ scopes }) => sendRights(scopes).length > 0),
  }
}

function isGenerated(login: ListedLogin): login is ListedLogin & Login {
  return login.verifier.kind === 'keyed' && login.revokedAt === undefined
}
