import { type Address, parseAddress } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { Mailbox, MailboxStore } from '../store/ports.ts'

/**
 * The mailbox that somebody named, in whatever case they typed it.
 * @throws Failure `invalid` or `not-found`
 */
export function existingMailbox(mailboxes: Pick<MailboxStore, 'find'>, text: string): Promise<Mailbox> {
  return required(text, (address) => mailboxes.find(address))
}

/** As `existingMailbox`; an address without an entry of its own is a mailbox where its domain is one. */
export function coveredMailbox(mailboxes: Pick<MailboxStore, 'covering'>, text: string): Promise<Mailbox> {
  return required(text, (address) => mailboxes.covering(address))
}

async function required(
  text: string,
  find: (address: Address) => Promise<Mailbox | undefined>,
): Promise<Mailbox> {
  const address = parseAddress(text)
  const mailbox = await find(address)
  if (mailbox) return mailbox
  throw new Failure('not-found', `There is no mailbox ${address}`, { fix: 'Add the mailbox first.' })
}
