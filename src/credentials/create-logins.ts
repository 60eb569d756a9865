import type { Clock } from '../base/clock.ts'
import { Failure, failure } from '../base/failure.ts'
import { type Actor, actorFields, type Log } from '../base/log.ts'
import type { KeyedHash } from '../base/secret.ts'
import { printable, withoutCase } from '../base/text.ts'
import { existingMailbox } from '../mailboxes/mailboxes.ts'
import { changedMending, describeMending } from '../mailboxes/mending-options.ts'
import { parseAddressPattern } from '../mailboxes/sender-policy.ts'
import { type Address, isDomainMailbox } from '../model/address.ts'
import type { ListedLogin, Login } from '../model/login.ts'
import { isWiderThan, parseNetwork } from '../net/ip.ts'
import type { MailboxStore, Store } from '../store/ports.ts'
import {
  credentialState,
  freshId,
  loadLimits,
  parseDisplayName,
  parseExpiry,
  parseUserName,
  readLimits,
} from './credential.ts'
import type { LoginRequest, LoginStatus, Logins } from './logins.ts'
import { createChosenPasswords, makeVerifier, type Scrypt, scryptCost as usualCost } from './verifiers.ts'

interface LoginsDeps {
  store: Pick<Store, 'logins' | 'mailboxes'>
  keyedHash: KeyedHash
  clock: Clock
  log: Log
  /** scrypt's N for chosen passwords. */
  scryptCost?: number
  scrypt?: Scrypt
}

/** Makes, lists, extends and revokes logins. `sign-ins.ts` verifies them. */
export function createLogins(deps: LoginsDeps): Logins {
  const { store, keyedHash, clock, log } = deps
  const chosenPasswords = createChosenPasswords(deps.scryptCost ?? usualCost, deps.scrypt)

  return {
    async add(request, by) {
      const plan = await readLoginRequest(request, store.mailboxes, clock.now())
      const id = freshId()
      const names = [...(plan.userName === undefined ? [] : [plan.userName]), ...plan.mailboxes]
      const { verifier, password } = await makeVerifier({ keyedHash, chosenPasswords }, request, id, names)
      const login = await addUnderFreeName(plan, (userName) => ({
        ...plan,
        id,
        userName,
        name: parseDisplayName(request.name, userName),
        verifier,
        createdAt: clock.now(),
      }))
      await logAdded(login, by)
      return { login: loginStatus(login, clock.now()), ...(password ? { password } : {}) }
    },
    async list(mailbox) {
      const named = mailbox === undefined ? undefined : await existingMailbox(store.mailboxes, mailbox)
      const logins = await store.logins.list(named?.address)
      const sources = await store.logins.sources(named && logins.map(({ id }) => id))
      return logins.map((login) => usedStatus(login, clock.now(), sources))
    },
    async anyActive() {
      const now = clock.now()
      const login = await store.logins.anyActive(now)
      return login && loginStatus(login, now)
    },
    async page(query) {
      const now = clock.now()
      const { logins, sources, counts } = await store.logins.part(query, now)
      const found = counts[query.group ?? 'all']
      return { counts, found, logins: logins.map((login) => usedStatus(login, now, sources)) }
    },
    async show(id) {
      const login = await store.logins.find(id)
      if (login === undefined) throw failure('login.none-named', { login: printable(id) })
      return usedStatus(login, clock.now(), await store.logins.sources([id]))
    },
    async revoke(id, by) {
      if (!(await store.logins.revoke(id, clock.now()))) throw noSuch(id, 'revoked')
      // The login is revoked at this point. A store error here must not look like a failed
      // revocation.
      const { userName, mailboxes } = (await store.logins.find(id).catch(() => undefined)) ?? {}
      const fields = { event: 'login.revoked', login: id, userName, mailboxes, ...actorFields(by) }
      log.info(fields, 'Login revoked')
    },
    async allow(id, texts, by) {
      const senders = readSenders(texts)
      if (senders.length === 0) {
        throw failure('login.no-sender-to-allow')
      }
      const login = await store.logins.allow(id, senders)
      if (login === undefined) throw noSuch(id, 'extended')
      const { userName } = login
      const fields = { event: 'login.allowed', login: id, userName, senders, ...actorFields(by) }
      log.info(fields, 'Login may use further senders')
      return loginStatus(login, clock.now())
    },
    async set(id, options, by) {
      const login = await store.logins.mend(id, (mending) => changedMending(mending, options))
      if (login === undefined) throw noSuch(id, 'changed')
      const { userName, mending = {} } = login
      const fields = { event: 'login.set', login: id, userName, mends: describeMending(mending) }
      log.info({ ...fields, ...actorFields(by) }, 'What is mended of the mail of a login was set')
      return loginStatus(login, clock.now())
    },
    async limit(id, options, by) {
      const { changedLimits, describeLimits } = await loadLimits()
      const login = await store.logins.limit(id, (limits) => changedLimits(limits, options))
      if (login === undefined) throw noSuch(id, 'changed')
      const { userName, limits = {} } = login
      const fields = { event: 'login.limited', login: id, userName, limits: describeLimits(limits) }
      log.info({ ...fields, ...actorFields(by) }, 'What a login may send was limited anew')
      return loginStatus(login, clock.now())
    },
  }

  async function logAdded(login: Login, by: Actor | undefined): Promise<void> {
    const { id, userName, mailboxes, networks, verifier, mending, limits } = login
    const mends = mending && { mends: describeMending(mending) }
    const limited = limits && { limits: (await loadLimits()).describeLimits(limits) }
    const fields = {
      event: 'login.added',
      login: id,
      userName,
      mailboxes,
      networks,
      ...mends,
      ...limited,
      ...actorFields(by),
    }
    if (verifier.kind === 'none') log.warn(fields, 'Login added that needs no password')
    else log.info({ ...fields, cramMd5: verifier.kind === 'sealed' }, 'Login added')
  }

  /**
   * The user name defaults to the first mailbox: `a@b`, then `a@b-2`, `a@b-3` and so on; `b` for a
   * whole domain.
   */
  async function addUnderFreeName(plan: LoginPlan, named: (userName: string) => Login): Promise<Login> {
    const first = plan.mailboxes[0]?.replace(/^\*@/, '') ?? ''
    for (let count = 1; ; count += 1) {
      const login = named(plan.userName ?? parseUserName(count === 1 ? first : `${first}-${count}`))
      try {
        await store.logins.add(login)
        return login
      } catch (error) {
        const taken = error instanceof Failure && error.code === 'already-exists'
        if (!taken || plan.userName !== undefined) throw error
      }
    }
  }
}

function noSuch(id: string, participle: string): Failure {
  return failure('login.unknown', { id: printable(id), participle })
}

/**
 * A parsed request for a login. Its display name is not part of it, because that defaults to the
 * user name, which is not known yet.
 */
type LoginPlan = Pick<
  Login,
  'mailboxes' | 'senders' | 'networks' | 'rewriteSender' | 'personal' | 'mending' | 'limits' | 'expiresAt'
> & {
  userName?: string
}

/**
 * Reads a request for a login, and finds its mailboxes.
 * @throws Failure `invalid`, or `not-found` for a mailbox
 */
async function readLoginRequest(
  request: LoginRequest,
  mailboxes: Pick<MailboxStore, 'find'>,
  now: number,
): Promise<LoginPlan> {
  if (request.mailboxes.length === 0) {
    throw failure('login.without-mailbox')
  }
  const addresses: Address[] = []
  for (const text of request.mailboxes) addresses.push((await existingMailbox(mailboxes, text)).address)
  if (addresses.every(isDomainMailbox)) requireNoOtherSenders(request)
  if (request.personal && !addresses.some(isDomainMailbox)) throw noDomain()
  const networks = unique((request.networks ?? []).map(parseNetwork))
  if (request.withoutPassword) requireBound(request, networks)
  else if (request.cramMd5) requireNamed(networks)
  const mending = changedMending({}, request)
  const limits = await readLimits(request.limits)
  return {
    mailboxes: unique(addresses),
    senders: readSenders(request.senders ?? []),
    networks,
    rewriteSender: request.rewriteSender ?? false,
    ...(request.personal && { personal: true }),
    ...(Object.keys(mending).length > 0 && { mending }),
    ...(limits && { limits }),
    ...(request.expires === undefined ? {} : { expiresAt: parseExpiry(request.expires, now) }),
    ...(request.userName === undefined ? {} : { userName: parseUserName(request.userName) }),
  }
}

function noDomain(): Failure {
  return failure('login.no-domain-mailbox')
}

/** Other senders leave through a mailbox, and a whole domain is none. */
function requireNoOtherSenders({ rewriteSender, senders = [] }: LoginRequest): void {
  if (!rewriteSender && senders.length === 0) return
  throw failure('login.only-domain-mailbox')
}

/** @throws Failure `invalid` */
function readSenders(texts: readonly string[]): Address[] {
  return unique(texts.map((text) => parseAddressPattern(text)))
}

// A slip such as 0.0.0.0/0 would make an open relay; no organisation owns a network wider than
// these.
const widest = { ipv4: 8, ipv6: 32 }

/**
 * A login without a password is proved by its address alone, so its networks must be given and
 * small.
 */
function requireBound({ password, cramMd5 }: LoginRequest, networks: readonly string[]): void {
  if (password !== undefined || cramMd5) {
    throw failure('login.password-not-wanted')
  }
  if (networks.length === 0) {
    throw failure('login.network-needed')
  }
  const wide = networks.find((network) => isWiderThan(network, widest))
  if (wide === undefined) return
  throw failure('login.network-too-wide', { network: wide, widest4: widest.ipv4, widest6: widest.ipv6 })
}

/**
 * Programs such as curl and PHPMailer choose CRAM-MD5 whenever EHLO announces it, and try nothing
 * else when their login does not support it. So it is announced to named networks only.
 */
function requireNamed(networks: readonly string[]): void {
  if (networks.length > 0) return
  throw failure('login.network-needed-for-cram-md5')
}

function unique<Text extends string>(texts: readonly Text[]): Text[] {
  return [...new Map(texts.map((text) => [withoutCase(text), text])).values()]
}

/** The login as pages, API and command show it, without its verifier. */
function loginStatus(login: ListedLogin, now: number): LoginStatus {
  const { id, userName, name, mailboxes, senders, networks, rewriteSender } = login
  const { personal, mending, limits, verifier } = login
  return {
    id,
    userName,
    name,
    mailboxes,
    senders,
    networks,
    password: originOf(verifier),
    cramMd5: verifier.kind === 'sealed',
    rewriteSender,
    ...(personal && { personal }),
    ...mending,
    ...(limits && { limits }),
    state: credentialState(login, now),
    createdAt: new Date(login.createdAt).toISOString(),
    ...(login.expiresAt === undefined ? {} : { expiresAt: new Date(login.expiresAt).toISOString() }),
    ...(login.lastUsedAt === undefined ? {} : { lastUsedAt: new Date(login.lastUsedAt).toISOString() }),
  }
}

/** With from where it was used. */
function usedStatus(
  login: ListedLogin,
  now: number,
  sources: ReadonlyMap<string, readonly string[]>,
): LoginStatus {
  const usedFrom = sources.get(login.id)
  return { ...loginStatus(login, now), ...(usedFrom && { usedFrom }) }
}

function originOf(verifier: ListedLogin['verifier']): LoginStatus['password'] {
  switch (verifier.kind) {
    case 'keyed':
      return 'generated'
    case 'scrypt':
      return 'chosen'
    case 'sealed':
      return verifier.generated ? 'generated' : 'chosen'
    case 'none':
      return 'none'
  }
}
