import { parseAddress } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { Mailbox, MailboxStore } from '../store/ports.ts'

/**
 * The mailbox that somebody named, in whatever case they typed it.
 * @throws Failure `invalid` or `not-found`
 */
export async function existingMailbox(mailboxes: Pick<MailboxStore, 'find'>, text: string): Promise<Mailbox> {
  const address = parseAddress(text)
  const mailbox = await mailboxes.find(address)
  if (mailbox) return mailbox
  throw new Failure('not-found', `There is no mailbox ${address}`, { fix: 'Add the mailbox first.' })
}
