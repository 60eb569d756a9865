import type { Gone } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { KeyedHash } from '../base/secret.ts'
import { printable } from '../base/text.ts'
import {
  howToAllow,
  mailboxForSender,
  type OutgoingMessage,
  type Submitter,
} from '../mailboxes/sender-policy.ts'
import { covers } from '../model/address.ts'
import type { Login } from '../model/login.ts'
import { sourceOf } from '../net/ip.ts'
import type { Credentials } from '../sasl/mechanisms.ts'
import type { MailboxStore, Store } from '../store/ports.ts'
import type { ApiKeys } from './api-keys.ts'
import { createUseRecorder, isActiveFrom } from './credential.ts'
import type { AuthMethods, CredentialIndex } from './credential-index.ts'
import { cramMd5Proof, createLoginCheck, createPasswordProofs, wrongCredentials } from './login-check.ts'
import type { LoginThrottle } from './login-throttle.ts'
import { type Principal, sendRights } from './scopes.ts'
import { createRevalidation, requireItself, senderMailboxes, submitterOf } from './submitter.ts'
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
  /**
   * A user name as logs may show it. A name that no login has may be a password in the wrong field,
   * and is replaced.
   */
  loggableName(userName: string): string
  /**
   * The ways to sign in that EHLO may announce to this address. From the index, without waiting.
   */
  authMethods(remoteAddress: string): AuthMethods
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
export function createSignIns(deps: SignInsDeps): SignIns {
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
      if (credentials.kind === 'bearer') return checkBearer(credentials, sourceOf(remoteAddress).key)
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
    revalidate: createRevalidation({ index, store, clock }),
    loggableName: index.loggableName,
    authMethods: index.authMethods,
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
  return async ({ userName, token }: Bearer, source: string): Promise<Submitter> => {
    const { name, apiKey, scopes } = await principalOf(token, source)
    const rights = sendRights(scopes).filter(({ address }) => userName === '' || covers(address, userName))
    const own = await senderMailboxes(mailboxes.covering, rights)
    if (own.length === 0) throw wrongCredentials()
    const further = { senders: [], rewriteSender: false }
    return {
      userName: `api-key ${name}`,
      ...(apiKey === undefined ? {} : { apiKey }),
      mailboxes: own,
      ...further,
    }
  }

  /** The throttle sees wrong keys only; right ones cannot be guessed (256 bits). */
  async function principalOf(token: Bearer['token'], source: string): Promise<Principal> {
    try {
      return await apiKeys.check(token)
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'wrong-credentials') throw error
      throttle.refused(source, token)
      throw wrongCredentials()
    }
  }
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
    const message = `No login without a password may send as ${printable(sender, 254)} from here`
    const fix = howToAllow(first.submitter, sender)
    throw new Failure('sender-refused', message, fix === undefined ? {} : { fix })
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
