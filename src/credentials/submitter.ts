import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import { shellWord, userNameKey, withoutCase } from '../base/text.ts'
import { isPersonal } from '../mailboxes/app-only.ts'
import {
  mailboxForSender,
  type OutgoingMessage,
  type SenderMailbox,
  type Submitter,
} from '../mailboxes/sender-policy.ts'
import {
  type Address,
  addressKey,
  isDomainMailbox,
  type KeyedAddress,
  keyCovers,
  keyed,
  sameAddress,
} from '../model/address.ts'
import type { ApiKey } from '../model/api-key.ts'
import type { Login } from '../model/login.ts'
import type { StoredMailbox } from '../model/mailbox.ts'
import type { MailboxStore, Store } from '../store/ports.ts'
import { credentialState, isActiveFrom } from './credential.ts'
import type { CredentialIndex, LoginRights } from './credential-index.ts'
import { wrongCredentials } from './login-check.ts'
import { type MailboxRight, sendRights } from './scopes.ts'

/**
 * The rights of a login at its sign-in.
 * @throws Failure `wrong-credentials` when its last mailbox was removed meanwhile
 */
export async function submitterOf(mailboxes: Pick<MailboxStore, 'find'>, login: Login): Promise<Submitter> {
  const { id, userName, senders, rewriteSender, mending } = login
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
export async function senderMailboxes(
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
  throw new Failure('wrong-credentials', 'The client asks to act for somebody else than its login')
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
export function createRevalidation({ index, store, clock }: RevalidationDeps) {
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
    if (!verdict.allowed) throw new Failure('sender-refused', verdict.reason)
    if (verdict.mailbox.key !== mailbox.key || verdict.sender !== sender) throw ended()
    if (!reachesPersonal(own, mailbox) && isPersonal(await store.grants.standing(mailbox.address)))
      throw notForDomain(mailbox.address)
  }

  /** From the index; undefined while it is stale. @throws Failure `wrong-credentials` */
  function rightsInMemory({ login, apiKey }: Submitter, remoteAddress: string): RightsNow | undefined {
    if (apiKey !== undefined) {
      const found = index.apiKey(apiKey)
      return found && rightsOfKey(found)
    }
    const found = index.login(login ?? '')
    return found && rightsOfLogin(found, remoteAddress)
  }

  async function rightsInStore(submitter: Submitter, remoteAddress: string): Promise<RightsNow> {
    const { apiKey } = submitter
    if (apiKey === undefined) return rightsOfLogin(await loginInStore(submitter), remoteAddress)
    return rightsOfKey(await store.apiKeys.find(apiKey))
  }

  function rightsOfLogin(found: LoginRights | undefined, remoteAddress: string): RightsNow {
    if (found === undefined || !isActiveFrom(found, remoteAddress, clock.now())) throw ended()
    const { senders, rewriteSender } = found
    return { mailboxes: loginRights(found), senders, rewriteSender, find: store.mailboxes.find }
  }

  function rightsOfKey(found: ApiKey | undefined): RightsNow {
    if (found === undefined || credentialState(found, clock.now()) !== 'active') throw ended()
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
  return new Failure(
    'wrong-credentials',
    'The login or API key of this session has ended, or lost this mailbox',
  )
}

function notForDomain(mailbox: Address): Failure {
  return new Failure(
    'sender-refused',
    `A login or API key for the whole domain does not reach ${mailbox}, which is a person's own`,
    {
      fix: `Allow it with: postern login add ${shellWord(mailbox)}`,
    },
  )
}
