import { type Address, covers, isDomainMailbox, sameAddress } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import { shellWord, userNameKey } from '../base/text.ts'
import { isPersonal } from '../mailboxes/app-only.ts'
import {
  mailboxForSender,
  type OutgoingMessage,
  type SenderMailbox,
  type Submitter,
} from '../mailboxes/sender-policy.ts'
import type { ApiKey, Login, Mailbox, MailboxStore, Store } from '../store/ports.ts'
import { credentialState, isActiveFrom } from './credential.ts'
import type { CredentialIndex, LoginRights } from './credential-index.ts'
import { wrongCredentials } from './login-check.ts'
import { type MailboxRight, sendRights } from './scopes.ts'

/** What a login may do. @throws Failure `wrong-credentials` when its last mailbox was removed meanwhile */
export async function submitterOf(mailboxes: Pick<MailboxStore, 'find'>, login: Login): Promise<Submitter> {
  const { id, userName, senders, rewriteSender, mending } = login
  const own = await senderMailboxes(mailboxes.find, loginRights(login))
  if (own.length === 0) throw wrongCredentials()
  return { userName, login: id, mailboxes: own, senders, rewriteSender, ...(mending && { mending }) }
}

function loginRights({ mailboxes, personal = false }: Pick<Login, 'mailboxes' | 'personal'>): MailboxRight[] {
  return mailboxes.map((address) => ({ address, personal: personal && isDomainMailbox(address) }))
}

/**
 * These mailboxes with their aliases, in this order; those that are gone are left out.
 * @param find a login has mailboxes themselves, an API key also addresses that their domain covers
 */
export async function senderMailboxes(
  find: (address: Address) => Promise<Mailbox | undefined>,
  rights: readonly MailboxRight[],
): Promise<SenderMailbox[]> {
  const found = await Promise.all(
    rights.map(async ({ address, personal }) => ({ mailbox: await find(address), personal })),
  )
  return found.flatMap(({ mailbox, personal }) => {
    if (mailbox === undefined) return []
    const { address, aliases = [] } = mailbox
    return [{ address, aliases, ...(personal && { personal }) }]
  })
}

/**
 * Nobody acts for somebody else here: an authorization identity (RFC 4616) is the login itself, or what it may send from.
 * @throws Failure `wrong-credentials`, with the reason for the log
 */
export function requireItself({ userName, mailboxes }: Submitter, identity: string): void {
  const own = mailboxes.flatMap(({ address, aliases }) => [address, ...aliases])
  if (userNameKey(identity) === userNameKey(userName) || own.some((one) => covers(one, identity))) return
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

/** What somebody who has signed in may do at this moment. */
interface RightsNow {
  mailboxes: readonly MailboxRight[]
  senders: readonly string[]
  rewriteSender: boolean
  find(address: Address): Promise<Mailbox | undefined>
}

/**
 * Whether what a session signed in with still lets this message leave: its end, its networks, its mailboxes and senders, all as they are now; from memory, which the store
 * brings up to date before whoever changes something is answered, and from the store where memory does not know. What was not there at the sign-in is not added.
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
    const { senders, rewriteSender } = rights
    // Of what is mended that holds which held at the sign-in: it gives no right.
    const { mending } = submitter
    const verdict = mailboxForSender({ mailboxes: own, senders, rewriteSender, mending }, givenSender)
    if (!verdict.allowed) throw new Failure('sender-refused', verdict.reason)
    if (!sameAddress(verdict.mailbox, mailbox) || verdict.sender !== sender) throw ended()
    if (!reachesPersonal(own, mailbox) && isPersonal(await store.grants.standing(mailbox)))
      throw notForDomain(mailbox)
  }

  /** Undefined: memory does not know. @throws Failure `wrong-credentials` */
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

/** The usual message: from a mailbox that it signed in for by its name and still has. Nothing more need be asked, nor waited for. */
function isItsOwn(
  submitter: Submitter,
  { mailboxes }: RightsNow,
  { mailbox, sender, givenSender }: OutgoingMessage,
): boolean {
  const isThat = ({ address }: { address: Address }) => address === mailbox
  const changesNothing = givenSender === undefined && submitter.mending === undefined && sender === mailbox
  return (
    changesNothing && !isDomainMailbox(mailbox) && mailboxes.some(isThat) && submitter.mailboxes.some(isThat)
  )
}

/** The mailboxes that it signed in for and still has. The usual message is from one of them, and nothing more need be read of any. */
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
  if (named !== undefined) return [{ address: named.address, aliases: [] }]
  const own = await senderMailboxes(find, kept)
  if (own.length === 0) throw ended()
  return own
}

/** By its name, or by its domain with what is personal there. */
function reachesPersonal(own: readonly SenderMailbox[], mailbox: Address): boolean {
  return own.some(
    ({ address, personal }) => covers(address, mailbox) && (personal === true || !isDomainMailbox(address)),
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
