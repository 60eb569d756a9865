import {
  type Address,
  covers,
  isDomainMailbox,
  parseAddress,
  printable,
  sameAddress,
} from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import { isMailbox } from '../wire/envelope.ts'
import { completeAddress } from './complete-address.ts'
import type { Submitter } from './services.ts'

export type SenderVerdict =
  /** `sender`: the one to use. It differs from what was asked for only where `rewriteSender` replaced it, or the login completes or maps it. */
  { allowed: true; mailbox: Address; sender: string } | { allowed: false; reason: string }

/**
 * Which of a submitter's mailboxes an envelope sender leaves through, if it may at all. Its own mailboxes, their aliases and the null
 * sender (`''`, RFC 5321 section 4.5.5: bounces and receipts) are always allowed; others only by the login's patterns, or
 * replaced by the first mailbox where the login says so.
 * A sender may be any text: what is no address cannot be used, but be replaced. `' '` is one that has nothing but blanks: the null sender, to be read kindly.
 * A mailbox that is a whole domain (`*@example.com`) lets each address of it be the sender, and the mailbox; nothing else leaves through it.
 * A sender that is one of the mailboxes leaves through that one, though it were an alias of another, too; an alias through its mailbox, anything
 * else through the first.
 */
export function mailboxForSender(
  {
    mailboxes,
    senders,
    rewriteSender,
    mending,
  }: Pick<Submitter, 'mailboxes' | 'senders' | 'rewriteSender' | 'mending'>,
  givenSender: string,
): SenderVerdict {
  const sender = completeAddress(mending, givenSender)
  if (mailboxes.length === 0) return { allowed: false, reason: 'This login has no mailbox' }
  const isSender = (one: Address) => sameAddress(one, sender)
  const own =
    mailboxes.find(({ address }) => !isDomainMailbox(address) && isSender(address)) ??
    mailboxes.find(({ aliases }) => aliases.some(isSender))
  if (own !== undefined) return { allowed: true, mailbox: own.address, sender }
  // A domain is no mailbox to sign in to: the sender says which one.
  const mailbox = mailboxes.some(({ address }) => isDomainMailbox(address) && covers(address, sender))
    ? asMailbox(sender)
    : undefined
  if (mailbox !== undefined) return { allowed: true, mailbox, sender }
  const first = mailboxes.find(({ address }) => !isDomainMailbox(address))
  if (first === undefined) return { allowed: false, reason: notOfDomain(sender) }
  if (sender === '' || (isMailbox(sender) && senders.some((pattern) => covers(pattern, sender)))) {
    return { allowed: true, mailbox: first.address, sender }
  }
  if (sender === ' ' && !rewriteSender) return { allowed: true, mailbox: first.address, sender: '' }
  if (rewriteSender) return { allowed: true, mailbox: first.address, sender: first.address }
  return { allowed: false, reason: `This login may not send as ${printable(sender, 254)}` }
}

/**
 * Reads a sender pattern: an address, or `*@domain` for every address of exactly that domain.
 * @throws Failure `invalid`
 */
export function parseSenderPattern(text: string): string {
  // `*` is a lawful local part (RFC 5321, section 4.1.2), so the domain is checked with it in place.
  const pattern = parseAddress(text.trim())
  if (pattern.lastIndexOf('*') > 0 || (pattern.startsWith('*') && !pattern.startsWith('*@'))) {
    throw new Failure('invalid', `"${printable(text)}" is not a sender that postern can match`, {
      fix: 'Give an address, or *@example.com for every address of that domain.',
    })
  }
  return pattern
}

/** Not every sender that SMTP knows is an address that somebody has: a quoted one, or the domain itself. */
function asMailbox(sender: string): Address | undefined {
  try {
    const address = parseAddress(sender)
    return isDomainMailbox(address) ? undefined : address
  } catch {
    return undefined
  }
}

function notOfDomain(sender: string): string {
  if (sender === '') return 'This login has a whole domain, and an empty sender names no mailbox of it'
  return `This login may not send as ${printable(sender, 254)}`
}
