import { type Address, covers, isDomainMailbox } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import { userNameKey } from '../base/text.ts'
import type { Login, Mailbox, MailboxStore } from '../store/ports.ts'
import { wrongCredentials } from './login-check.ts'
import type { MailboxRight } from './scopes.ts'
import type { SenderMailbox, Submitter } from './services.ts'

/** What a login may do. @throws Failure `wrong-credentials` when its last mailbox was removed meanwhile */
export async function submitterOf(mailboxes: Pick<MailboxStore, 'find'>, login: Login): Promise<Submitter> {
  const { id, userName, senders, rewriteSender, mending } = login
  const own = await senderMailboxes(mailboxes.find, loginRights(login))
  if (own.length === 0) throw wrongCredentials()
  return { userName, login: id, mailboxes: own, senders, rewriteSender, ...(mending && { mending }) }
}

export function loginRights({
  mailboxes,
  personal = false,
}: Pick<Login, 'mailboxes' | 'personal'>): MailboxRight[] {
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
