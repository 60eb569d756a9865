import { Failure } from '../base/failure.ts'
import { type Address, parseAddress, sameAddress } from '../model/address.ts'
import type { AcceptedName, Mailbox } from '../model/mailbox.ts'
import type { MailboxStore } from '../store/ports.ts'

/**
 * The mailbox that somebody named, in whatever case they typed it.
 * @throws Failure `invalid` or `not-found`
 */
export function existingMailbox(mailboxes: Pick<MailboxStore, 'find'>, text: string): Promise<Mailbox> {
  return required(text, (address) => mailboxes.find(address))
}

/**
 * As `existingMailbox`; an address without an entry of its own is a mailbox where its domain is
 * one.
 */
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

/**
 * A name that may sign in for a mailbox at its mail server: the user of XOAUTH2 and OAUTHBEARER.
 */
export interface SignInName {
  name: string
  of: AcceptedName
}

/**
 * The names that may sign in for a mailbox, the likelier one first. A person who consented signs in
 * by their own name, whatever mailbox is sent from. But some servers, and the documentation of some
 * providers, want the mailbox's address there. The accepted one is remembered (`acceptedName`).
 */
export function namesThatSignIn(
  mailbox: Pick<Mailbox, 'address' | 'signsInAs' | 'saslUser' | 'acceptedName'>,
): readonly [SignInName, ...SignInName[]] {
  const own: SignInName = { name: mailbox.address, of: 'mailbox' }
  const person: SignInName = { name: personOf(mailbox), of: 'person' }
  if (sameAddress(person.name, own.name)) return [own]
  return mailbox.acceptedName === 'mailbox' ? [own, person] : [person, own]
}

/** With a token that no person consented to, only the mailbox's own name signs in. */
export function namesWithToken(
  names: readonly [SignInName, ...SignInName[]],
  token: { grant: { personal: boolean } },
): readonly [SignInName, ...SignInName[]] {
  const [first, second] = names
  const own = [first, second].find((one) => one?.of === 'mailbox')
  return token.grant.personal || !own ? names : [own]
}

function personOf({
  address,
  signsInAs,
  saslUser,
}: Pick<Mailbox, 'address' | 'signsInAs' | 'saslUser'>): string {
  return saslUser ?? signsInAs ?? address
}
