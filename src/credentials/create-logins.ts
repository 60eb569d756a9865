import { addressKey, isDomainMailbox, printable } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import { type Actor, actorFields, type Log } from '../base/log.ts'
import type { KeyedHash } from '../base/secret.ts'
import { existingMailbox } from '../mailboxes/existing-mailbox.ts'
import { changedMending, describeMending } from '../mailboxes/mending-options.ts'
import { parseSenderPattern } from '../mailboxes/sender-policy.ts'
import { isWiderThan, parseNetwork } from '../net/ip.ts'
import type { ListedLogin, Login, MailboxStore, Store } from '../store/ports.ts'
import { credentialState, parseDisplayName, parseExpiry, parseUserName } from './credential.ts'
import type { LoginRequest, LoginStatus, Logins } from './logins.ts'
import { freshId } from './secrets.ts'
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

/** Local credentials: made, listed, extended and revoked. sign-ins.ts checks them. */
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
      logAdded(login, by)
      return { login: loginStatus(login, clock.now()), ...(password ? { password } : {}) }
    },
    async list(mailbox) {
      const named = mailbox === undefined ? undefined : await existingMailbox(store.mailboxes, mailbox)
      const logins = await store.logins.list(named?.address)
      const sources = await store.logins.sources()
      return logins.map((login) => {
        const usedFrom = sources.get(login.id)
        return { ...loginStatus(login, clock.now()), ...(usedFrom && { usedFrom }) }
      })
    },
    async revoke(id, by) {
      if (!(await store.logins.revoke(id, clock.now()))) throw noSuch(id, 'revoked')
      // It is revoked by now: a store that has trouble with this question must not make it look otherwise.
      const all = await store.logins.list().catch(() => [])
      const { userName, mailboxes } = all.find((login) => login.id === id) ?? {}
      const fields = { event: 'login.revoked', login: id, userName, mailboxes, ...actorFields(by) }
      log.info(fields, 'Login revoked')
    },
    async allow(id, texts, by) {
      const senders = readSenders(texts)
      if (senders.length === 0) {
        throw new Failure('invalid', 'There is no sender to allow', { fix: 'Name at least one sender.' })
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
  }

  function logAdded(login: Login, by: Actor | undefined): void {
    const { id, userName, mailboxes, networks, verifier, mending } = login
    const mends = mending && { mends: describeMending(mending) }
    const fields = {
      event: 'login.added',
      login: id,
      userName,
      mailboxes,
      networks,
      ...mends,
      ...actorFields(by),
    }
    if (verifier.kind === 'none') log.warn(fields, 'Login added that needs no password')
    else log.info({ ...fields, cramMd5: verifier.kind === 'sealed' }, 'Login added')
  }

  /** Without a name of its own a login is called by its first mailbox: `a@b`, then `a@b-2`, `a@b-3`, ...; by `b` for the whole domain. */
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
  return new Failure('not-found', `There is no login ${printable(id)} that could be ${participle}`)
}

/** A login's request, read and checked; the name that people call it by follows the user name and so comes later. */
type LoginPlan = Pick<
  Login,
  'mailboxes' | 'senders' | 'networks' | 'rewriteSender' | 'personal' | 'mending' | 'expiresAt'
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
    throw new Failure('invalid', 'A login needs a mailbox', { fix: 'Name at least one mailbox address.' })
  }
  const addresses: string[] = []
  for (const text of request.mailboxes) addresses.push((await existingMailbox(mailboxes, text)).address)
  if (addresses.every(isDomainMailbox)) requireNoOtherSenders(request)
  if (request.personal && !addresses.some(isDomainMailbox)) throw noDomain()
  const networks = unique((request.networks ?? []).map(parseNetwork))
  if (request.withoutPassword) requireBound(request, networks)
  else if (request.cramMd5) requireNamed(networks)
  const mending = changedMending({}, request)
  return {
    mailboxes: unique(addresses),
    senders: readSenders(request.senders ?? []),
    networks,
    rewriteSender: request.rewriteSender ?? false,
    ...(request.personal && { personal: true }),
    ...(Object.keys(mending).length > 0 && { mending }),
    ...(request.expires === undefined ? {} : { expiresAt: parseExpiry(request.expires, now) }),
    ...(request.userName === undefined ? {} : { userName: parseUserName(request.userName) }),
  }
}

function noDomain(): Failure {
  return new Failure(
    'invalid',
    'None of the mailboxes is a whole domain, whose personal mailboxes could be meant',
    {
      fix: 'Leave that out, or give the login a domain mailbox such as "*@example.com".',
    },
  )
}

/** What is not of the domain needs a mailbox that it leaves through. */
function requireNoOtherSenders({ rewriteSender, senders = [] }: LoginRequest): void {
  if (!rewriteSender && senders.length === 0) return
  throw new Failure('invalid', 'A whole domain is no mailbox that other senders could leave through', {
    fix: 'Give the login a mailbox by its own address as well, or leave out further senders and their replacement.',
  })
}

/** @throws Failure `invalid` */
function readSenders(texts: readonly string[]): string[] {
  return unique(texts.map(parseSenderPattern))
}

// A slip such as 0.0.0.0/0 would make an open relay; nobody owns a network that is wider than these.
const widest = { ipv4: 8, ipv6: 32 }

/** Where nothing is proved but the address, the addresses must be few and named. */
function requireBound({ password, cramMd5 }: LoginRequest, networks: readonly string[]): void {
  if (password !== undefined || cramMd5) {
    throw new Failure('invalid', 'A login without a password has none to choose, and none for CRAM-MD5', {
      fix: 'Leave out the password and CRAM-MD5, or make a login that signs in.',
    })
  }
  if (networks.length === 0) {
    throw new Failure('invalid', 'A login without a password must be bound to a network', {
      fix: 'Name the address of the device or its network, such as 192.0.2.7 or 192.0.2.0/28.',
    })
  }
  const wide = networks.find((network) => isWiderThan(network, widest))
  if (wide === undefined) return
  throw new Failure('invalid', `The network ${wide} is too wide for a login without a password`, {
    fix: `Name the addresses of the devices themselves; /${widest.ipv4} is the widest of IPv4, /${widest.ipv6} of IPv6.`,
  })
}

/** Every program that meets CRAM-MD5 in EHLO may choose it, for a login that cannot do it, and try nothing else then: curl and PHPMailer do. */
function requireNamed(networks: readonly string[]): void {
  if (networks.length > 0) return
  throw new Failure('invalid', 'A login for CRAM-MD5 must be bound to a network', {
    fix: 'Name the address of the device, such as 192.0.2.7: only there is CRAM-MD5 offered, which other programs would choose for logins that cannot use it.',
  })
}

function unique(texts: readonly string[]): string[] {
  return [...new Map(texts.map((text) => [addressKey(text), text])).values()]
}

/** A login as pages, API and command show it: without its verifier. */
function loginStatus(login: ListedLogin, now: number): LoginStatus {
  const { id, userName, name, mailboxes, senders, networks, rewriteSender, personal, mending, verifier } =
    login
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
    state: credentialState(login, now),
    createdAt: new Date(login.createdAt).toISOString(),
    ...(login.expiresAt === undefined ? {} : { expiresAt: new Date(login.expiresAt).toISOString() }),
    ...(login.lastUsedAt === undefined ? {} : { lastUsedAt: new Date(login.lastUsedAt).toISOString() }),
  }
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
