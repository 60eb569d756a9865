import type { Gone } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { Failure, failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { KeyedHash } from '../base/secret.ts'
import { printable, shellWord, userNameKey, withoutCase } from '../base/text.ts'
import { isPersonal } from '../mailboxes/app-only.ts'
import {
  commandToAllow,
  mailboxForSender,
  type OutgoingMessage,
  type SenderMailbox,
  type Submitter,
} from '../mailboxes/sender-policy.ts'
import {
  type Address,
  addressKey,
  covers,
  isDomainMailbox,
  type KeyedAddress,
  keyCovers,
  keyed,
  sameAddress,
} from '../model/address.ts'
import type { ApiKey } from '../model/api-key.ts'
import type { Login } from '../model/login.ts'
import type { StoredMailbox } from '../model/mailbox.ts'
import type { SendingLimits } from '../model/sending-limits.ts'
import { sourceOf } from '../net/ip.ts'
import type { Credentials } from '../sasl/mechanisms.ts'
import type { MailboxStore, Store } from '../store/ports.ts'
import { isMailbox } from '../wire/envelope.ts'
import type { ApiKeys } from './api-keys.ts'
import { createUseRecorder, isActiveFrom } from './credential.ts'
import type { AuthMethods, CredentialIndex, LoginRights } from './credential-index.ts'
import { cramMd5Proof, createLoginCheck, createPasswordProofs, wrongCredentials } from './login-check.ts'
import type { LoginThrottle } from './login-throttle.ts'
import { type MailboxRight, type Principal, sendRights } from './scopes.ts'
import { createChosenPasswords, type Scrypt, scryptCost as usualCost } from './verifiers.ts'

/**
 * Authentication for the SMTP server. All refusals have the same text and the same cost.
 * `remoteAddress`: as the socket gives it.
 */
export interface SignIns {
  /**
   * Authenticates a client. `gone`: aborted when the client disconnects.
   * @throws Failure `wrong-credentials`; `limit-reached` for a blocked source, after a delay, or
   * when too many attempts wait
   */
  check(credentials: Credentials, remoteAddress: string, gone?: Gone): Promise<Submitter>
  /**
   * Authorizes a client by its address: finds the login without a password whose networks hold the
   * address and which may use the envelope sender.
   * @throws Failure `wrong-credentials` when there is none, `sender-refused` when none of them may
   * use the sender
   */
  authorize(sender: string, remoteAddress: string): Promise<Submitter>
  /**
   * Checks again that the submitter may send the message. Called for each message before it begins
   * and before it is sent, because a session may stay open long after its login was revoked or lost
   * a mailbox. Returns undefined when the index could answer, so that the usual message waits for
   * nothing.
   * @throws Failure `wrong-credentials` when the login or API key was revoked, has expired, or has
   * lost the mailbox; `sender-refused` when it may not use the sender any more. Thrown
   * synchronously, or as a rejection
   */
  revalidate(submitter: Submitter, message: OutgoingMessage, remoteAddress: string): Promise<void> | undefined
  /** What a submitter may send now; undefined without limits of its own. From memory. */
  limitsOf(submitter: Submitter): SendingLimits | undefined
  /**
   * Who wants to sign in, as logs may show it. A name that no login has may be a password in the
   * wrong field, and is replaced.
   */
  loggable(userName: string): LoggableLogin
  /**
   * The ways to sign in that EHLO may announce to this address. From the index, without waiting.
   */
  authMethods(remoteAddress: string): AuthMethods
}

export interface LoggableLogin {
  userName: string
  /** Of the login with this name; none where there is no such login. */
  mailboxes: readonly Address[]
}

/** Who asks by HTTP, as one who sends. */
export interface PrincipalSubmitters {
  /**
   * An API key with its `send:` scopes, which nothing else implies; or the owner, who may send from
   * every mailbox.
   * @param sender of the message
   * @throws Failure `forbidden` for a key that may send from no mailbox that there is
   */
  submitterOf(principal: Principal, sender: string): Promise<Submitter>
  /**
   * A login or an API key with the rights that it has now, by its id.
   * @throws Failure `wrong-credentials` for one that was revoked, has expired or has no mailbox any more
   */
  submitterNow(of: { login: string } | { apiKey: string }, remoteAddress: string): Promise<Submitter>
}

interface SignInsDeps {
  store: Pick<Store, 'logins' | 'mailboxes' | 'apiKeys' | 'grants'>
  apiKeys: Pick<ApiKeys, 'check'>
  index: CredentialIndex
  throttle: LoginThrottle
  keyedHash: KeyedHash
  clock: Clock
  log: Log
  /** scrypt's N for refusals. */
  scryptCost?: number
  scrypt?: Scrypt
}

/** Authenticates clients of the SMTP server, by passwords, CRAM-MD5, API keys or their address. */
export function createSignIns(deps: SignInsDeps): SignIns & PrincipalSubmitters {
  const { store, apiKeys, index, throttle, keyedHash, clock, log } = deps
  const { logins, mailboxes } = store
  const chosenPasswords = createChosenPasswords(deps.scryptCost ?? usualCost, deps.scrypt)
  const passwordProof = createPasswordProofs(keyedHash, chosenPasswords)
  const checkLogin = createLoginCheck({ logins, index, throttle, clock, chosenPasswords })
  const checkBearer = createBearerCheck({ apiKeys, mailboxes, throttle })
  const authorize = createNetworkAuthorization({ store, index, clock })
  const recordUse = createUseRecorder((id, at, source) => logins.used(id, at, source), log)
  const noteUse = (login: Login, remoteAddress: string) =>
    recordUse(login.id, clock.now(), sourceOf(remoteAddress).key)

  return {
    async check(credentials, remoteAddress, gone) {
      if (credentials.kind === 'bearer') return checkBearer(credentials, remoteAddress)
      const proof =
        credentials.kind === 'password' ? passwordProof(credentials.password) : cramMd5Proof(credentials)
      const login = await checkLogin(credentials.userName, proof, remoteAddress, gone)
      const submitter = await submitterOf(mailboxes, login)
      if (credentials.kind === 'password' && credentials.actsAs !== undefined)
        requireItself(submitter, credentials.actsAs)
      noteUse(login, remoteAddress)
      return submitter
    },
    async authorize(sender, remoteAddress) {
      const { login, submitter } = await authorize(sender, remoteAddress)
      noteUse(login, remoteAddress)
      return submitter
    },
    async submitterOf(principal, sender) {
      const submitter =
        principal.apiKey === undefined
          ? await ownerSubmitter(mailboxes, principal, sender)
          : await keySubmitter(mailboxes, principal, sendRights(principal.scopes))
      if (submitter === undefined) throw failure('sending.no-right')
      return submitter
    },
    async submitterNow(of, remoteAddress) {
      if ('login' in of) {
        const listed = await logins.find(of.login)
        const login = listed && (await logins.findByUserName(listed.userName))
        if (login?.id !== of.login || !isActiveFrom(login, remoteAddress, clock.now())) throw ended()
        return submitterOf(mailboxes, login)
      }
      const key = await store.apiKeys.find(of.apiKey)
      if (!key || !isActiveFrom(key, remoteAddress, clock.now())) throw ended()
      const submitter = await keySubmitter(
        mailboxes,
        { name: key.name, apiKey: key.id, scopes: key.scopes, ...(key.limits && { limits: key.limits }) },
        sendRights(key.scopes),
      )
      if (!submitter) throw ended()
      return submitter
    },
    revalidate: createRevalidation({ index, store, clock }),
    limitsOf: (submitter) => index.limitsOf(submitter),
    loggable: (userName) => ({
      userName: index.loggableName(userName),
      mailboxes: index.mailboxesOf(userName),
    }),
    authMethods: (remoteAddress) => index.authMethods(remoteAddress),
  }
}

interface BearerCheckDeps {
  apiKeys: Pick<ApiKeys, 'check'>
  mailboxes: Pick<MailboxStore, 'covering'>
  throttle: LoginThrottle
}

type Bearer = Extract<Credentials, { kind: 'bearer' }>

/**
 * Authenticates by an API key in place of an access token (XOAUTH2, OAUTHBEARER). Only its `send:`
 * scopes count. `admin` allows nothing here, because a key in the settings of a mail program should
 * be worth no more than what that program does (least privilege).
 */
function createBearerCheck({ apiKeys, mailboxes, throttle }: BearerCheckDeps) {
  return async ({ userName, token }: Bearer, remoteAddress: string): Promise<Submitter> => {
    const principal = await principalOf(token, remoteAddress)
    const rights = sendRights(principal.scopes).filter(
      ({ address }) => userName === '' || covers(address, userName),
    )
    const submitter = await keySubmitter(mailboxes, principal, rights)
    if (submitter === undefined) throw wrongCredentials()
    return submitter
  }

  /** The throttle sees wrong keys only; right ones cannot be guessed (256 bits). */
  async function principalOf(token: Bearer['token'], remoteAddress: string): Promise<Principal> {
    try {
      return await apiKeys.check(token, remoteAddress)
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'wrong-credentials') throw error
      throttle.refused(sourceOf(remoteAddress).key, token)
      throw wrongCredentials()
    }
  }
}

/** Undefined where none of these mailboxes is there. */
async function keySubmitter(
  mailboxes: Pick<MailboxStore, 'covering'>,
  { name, apiKey, limits }: Principal,
  rights: readonly MailboxRight[],
): Promise<Submitter | undefined> {
  const own = await senderMailboxes(mailboxes.covering, rights)
  if (own.length === 0) return undefined
  const further = { senders: [], rewriteSender: false }
  return {
    userName: `api-key ${name}`,
    ...(apiKey === undefined ? {} : { apiKey }),
    mailboxes: own,
    ...further,
    ...(limits && { limits }),
  }
}

/** The owner with the mailbox of this sender; for an alias, with all. */
async function ownerSubmitter(
  mailboxes: Pick<MailboxStore, 'covering' | 'list'>,
  { name }: Principal,
  sender: string,
): Promise<Submitter | undefined> {
  const named = isMailbox(sender) ? await mailboxes.covering(sender as Address) : undefined
  const all = named ? [named] : await mailboxes.list()
  if (all.length === 0) return undefined
  const own = all.map(({ address, key, aliases = [] }) => ({
    ...{ address, key, personal: true },
    aliases: aliases.map(keyed),
  }))
  return { userName: name, isOwner: true, mailboxes: own, senders: [], rewriteSender: false }
}

interface NetworkAuthorizationDeps {
  store: { logins: Pick<Store['logins'], 'findByUserName'>; mailboxes: Pick<Store['mailboxes'], 'find'> }
  index: Pick<CredentialIndex, 'withoutPassword'>
  clock: Clock
}

interface AuthorizedLogin {
  login: Login
  submitter: Submitter
}

/**
 * Authorizes clients that cannot sign in, by their address and envelope sender, as POP-before-SMTP
 * did.
 */
function createNetworkAuthorization({ store, index, clock }: NetworkAuthorizationDeps) {
  return async (sender: string, remoteAddress: string): Promise<AuthorizedLogin> => {
    const candidates = await candidatesFrom(remoteAddress)
    const [first] = candidates
    if (first === undefined) throw wrongCredentials()
    const allowed = candidates.flatMap((candidate) => {
      const verdict = mailboxForSender(candidate.submitter, sender)
      return verdict.allowed ? [{ candidate, asGiven: verdict.sender === sender }] : []
    })
    // A login that may use the sender as given is preferred to one that would replace it.
    const chosen = allowed.find(({ asGiven }) => asGiven) ?? allowed[0]
    if (chosen) return chosen.candidate
    const shown = printable(sender, 254)
    const command = commandToAllow(first.submitter, sender)
    throw command === undefined
      ? failure('sender.none-without-password', { sender: shown })
      : failure('sender.none-without-password-yet', { sender: shown, command })
  }

  async function candidatesFrom(remoteAddress: string): Promise<AuthorizedLogin[]> {
    const candidates: AuthorizedLogin[] = []
    for (const { userName } of index.withoutPassword(remoteAddress)) {
      const login = await store.logins.findByUserName(userName)
      // Another login may have this name since the index was read.
      if (login?.verifier.kind !== 'none' || !isActiveFrom(login, remoteAddress, clock.now())) continue
      candidates.push({ login, submitter: await submitterOf(store.mailboxes, login) })
    }
    return candidates
  }
}

/**
 * The rights of a login at its sign-in.
 * @throws Failure `wrong-credentials` when its last mailbox was removed meanwhile
 */
async function submitterOf(mailboxes: Pick<MailboxStore, 'find'>, login: Login): Promise<Submitter> {
  const { id, userName, senders, rewriteSender, mending, limits } = login
  const own = await senderMailboxes(mailboxes.find, loginRights(login))
  if (own.length === 0) throw wrongCredentials()
  const patterns = senders.map(addressKey)
  return {
    userName,
    login: id,
    mailboxes: own,
    senders: patterns,
    rewriteSender,
    ...(mending && { mending }),
    ...(limits && { limits }),
  }
}

function loginRights({ mailboxes, personal = false }: Pick<Login, 'mailboxes' | 'personal'>): MailboxRight[] {
  return mailboxes.map((address) => ({ address, personal: personal && isDomainMailbox(address) }))
}

/**
 * These mailboxes with their aliases, in the same order, without those that were removed.
 * @param find the mailbox of an address: a login needs entries of their own, an API key also takes
 * addresses that a domain mailbox covers
 */
async function senderMailboxes(
  find: (address: Address) => Promise<StoredMailbox | undefined>,
  rights: readonly MailboxRight[],
): Promise<SenderMailbox[]> {
  const found = await Promise.all(
    rights.map(async ({ address, personal }) => ({ mailbox: await find(address), personal })),
  )
  return found.flatMap(({ mailbox, personal }) => {
    if (mailbox === undefined) return []
    const { address, key, aliases = [] } = mailbox
    return [{ address, key, aliases: aliases.map(keyed), ...(personal && { personal }) }]
  })
}

/**
 * Checks an authorization identity (RFC 4616). It has to be the login itself or an address that it
 * may send from, because no login acts for another.
 * @throws Failure `wrong-credentials`, with the reason for the log
 */
export function requireItself({ userName, mailboxes }: Submitter, identity: string): void {
  const own = mailboxes.flatMap(({ key, aliases }) => [key, ...aliases.map((alias) => alias.key)])
  const key = withoutCase(identity)
  if (userNameKey(identity) === userNameKey(userName) || own.some((one) => keyCovers(one, key))) return
  throw failure('sign-in.for-somebody-else')
}

interface RevalidationDeps {
  index: Pick<CredentialIndex, 'login' | 'apiKey'>
  store: {
    logins: Pick<Store['logins'], 'findByUserName'>
    apiKeys: Pick<Store['apiKeys'], 'find'>
    mailboxes: Pick<Store['mailboxes'], 'find' | 'covering'>
    grants: Pick<Store['grants'], 'standing'>
  }
  clock: Clock
}

/** The rights of a submitter at this moment. */
interface RightsNow {
  mailboxes: readonly MailboxRight[]
  senders: readonly Address[]
  rewriteSender: boolean
  find(address: Address): Promise<StoredMailbox | undefined>
}

/**
 * Checks that a submitter may still send a message: its expiry, networks, mailboxes and senders as
 * they are now. Answers from the index, which is refreshed before a change is answered; asks the
 * store while the index is stale. Rights that were added after the sign-in do not count.
 */
function createRevalidation({ index, store, clock }: RevalidationDeps) {
  return (
    submitter: Submitter,
    message: OutgoingMessage,
    remoteAddress: string,
  ): Promise<void> | undefined => {
    const rights = rightsInMemory(submitter, remoteAddress)
    return rights !== undefined && isItsOwn(submitter, rights, message)
      ? undefined
      : askAll(submitter, rights, message, remoteAddress)
  }

  async function askAll(
    submitter: Submitter,
    known: RightsNow | undefined,
    message: OutgoingMessage,
    remoteAddress: string,
  ): Promise<void> {
    const rights = known ?? (await rightsInStore(submitter, remoteAddress))
    const own = await ownNow(submitter, rights, message)
    const { mailbox, sender, givenSender = sender } = message
    const senders = rights.senders.map(addressKey)
    const { rewriteSender } = rights
    // What is mended is that of the sign-in, because it gives no right.
    const { mending } = submitter
    const verdict = mailboxForSender({ mailboxes: own, senders, rewriteSender, mending }, givenSender)
    if (!verdict.allowed) throw new Failure(verdict.refusal)
    if (verdict.mailbox.key !== mailbox.key || verdict.sender !== sender) throw ended()
    if (!reachesPersonal(own, mailbox) && isPersonal(await store.grants.standing(mailbox.address)))
      throw notForDomain(mailbox.address)
  }

  /** From the index; undefined while it is stale. @throws Failure `wrong-credentials` */
  function rightsInMemory(submitter: Submitter, remoteAddress: string): RightsNow | undefined {
    const { login, apiKey, isOwner } = submitter
    if (isOwner) return rightsOfOwner(submitter)
    if (apiKey !== undefined) {
      const found = index.apiKey(apiKey)
      return found && rightsOfKey(found, remoteAddress)
    }
    const found = index.login(login ?? '')
    return found && rightsOfLogin(found, remoteAddress)
  }

  async function rightsInStore(submitter: Submitter, remoteAddress: string): Promise<RightsNow> {
    const { apiKey } = submitter
    if (apiKey === undefined) return rightsOfLogin(await loginInStore(submitter), remoteAddress)
    return rightsOfKey(await store.apiKeys.find(apiKey), remoteAddress)
  }

  function rightsOfLogin(found: LoginRights | undefined, remoteAddress: string): RightsNow {
    if (found === undefined || !isActiveFrom(found, remoteAddress, clock.now())) throw ended()
    const { senders, rewriteSender } = found
    return { mailboxes: loginRights(found), senders, rewriteSender, find: store.mailboxes.find }
  }

  /** Whoever holds the data directory keeps every right. */
  function rightsOfOwner({ mailboxes }: Submitter): RightsNow {
    const rights = mailboxes.map(({ address }) => ({ address, personal: true }))
    return { mailboxes: rights, senders: [], rewriteSender: false, find: store.mailboxes.covering }
  }

  function rightsOfKey(found: ApiKey | undefined, remoteAddress: string): RightsNow {
    if (found === undefined || !isActiveFrom(found, remoteAddress, clock.now())) throw ended()
    const { covering } = store.mailboxes
    return { mailboxes: sendRights(found.scopes), senders: [], rewriteSender: false, find: covering }
  }

  /** The name of a revoked login may have been given to another. */
  async function loginInStore({ userName, login }: Submitter): Promise<LoginRights | undefined> {
    const found = await store.logins.findByUserName(userName)
    return found?.id === login ? found : undefined
  }
}

/**
 * Whether this is the usual message: from a mailbox that the submitter signed in with, by its own
 * address, and still has. Nothing else needs to be asked.
 */
function isItsOwn(
  submitter: Submitter,
  { mailboxes }: RightsNow,
  { mailbox, sender, givenSender }: OutgoingMessage,
): boolean {
  const isThat = ({ address }: { address: Address }) => address === mailbox.address
  const { address } = mailbox
  const changesNothing = givenSender === undefined && submitter.mending === undefined && sender === address
  return (
    changesNothing && !isDomainMailbox(address) && mailboxes.some(isThat) && submitter.mailboxes.some(isThat)
  )
}

/**
 * The mailboxes that the submitter signed in with and still has. Only the named one where that
 * suffices, which spares reading the others.
 */
async function ownNow(
  submitter: Submitter,
  { mailboxes, find }: RightsNow,
  { sender, givenSender }: OutgoingMessage,
): Promise<SenderMailbox[]> {
  const kept = mailboxes.filter(({ address }) =>
    submitter.mailboxes.some((one) => sameAddress(one.address, address)),
  )
  const named =
    givenSender === undefined ? kept.find(({ address }) => sameAddress(address, sender)) : undefined
  if (named !== undefined) return [{ ...keyed(named.address), aliases: [] }]
  const own = await senderMailboxes(find, kept)
  if (own.length === 0) throw ended()
  return own
}

/** By its own address, or by its domain with `personal`. */
function reachesPersonal(own: readonly SenderMailbox[], mailbox: KeyedAddress): boolean {
  return own.some(
    ({ address, key, personal }) =>
      keyCovers(key, mailbox.key) && (personal === true || !isDomainMailbox(address)),
  )
}

function ended(): Failure {
  return failure('sign-in.ended')
}

function notForDomain(mailbox: Address): Failure {
  return failure('sender.personal-mailbox', { mailbox, word: shellWord(mailbox) })
}
