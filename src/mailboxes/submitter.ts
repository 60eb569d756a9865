import type { Address } from '../base/address.ts'
import type { Login, MailboxStore } from '../store/ports.ts'
import { wrongCredentials } from './login-check.ts'
import type { SenderMailbox, Submitter } from './services.ts'

/** What a login may do. @throws Failure `wrong-credentials` when its last mailbox was removed meanwhile */
export async function submitterOf(
  mailboxes: Pick<MailboxStore, 'covering'>,
  { id, userName, mailboxes: addresses, senders, rewriteSender }: Login,
): Promise<Submitter> {
  const own = await senderMailboxes(mailboxes, addresses)
  if (own.length === 0) throw wrongCredentials()
  return { userName, login: id, mailboxes: own, senders, rewriteSender }
}

/** These mailboxes with their aliases, in this order; those that are gone are left out. */
export async function senderMailboxes(
  mailboxes: Pick<MailboxStore, 'covering'>,
  addresses: readonly Address[],
): Promise<SenderMailbox[]> {
  const found = await Promise.all(addresses.map((address) => mailboxes.covering(address)))
  return found
    .filter((mailbox) => mailbox !== undefined)
    .map(({ address, aliases = [] }) => ({ address, aliases }))
}
