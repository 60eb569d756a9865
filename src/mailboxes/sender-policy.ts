import { type Address, addressKey, parseAddress, printable, sameAddress } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { Submitter } from './services.ts'

export type SenderVerdict =
  /** `sender`: the one to use. It differs from what was asked for only where `rewriteSender` replaced it. */
  { allowed: true; mailbox: Address; sender: string } | { allowed: false; reason: string }

/**
 * Which of a submitter's mailboxes an envelope sender leaves through, if it may at all. Its own mailboxes, their aliases and the null
 * sender (`''`, RFC 5321 section 4.5.5: bounces and receipts) are always allowed; others only by the login's patterns, or
 * replaced by the first mailbox where the login says so.
 * A sender that is one of the mailboxes leaves through that one, though it were an alias of another, too; an alias through its mailbox, anything
 * else through the first.
 */
export function mailboxForSender(
  { mailboxes, senders, rewriteSender }: Pick<Submitter, 'mailboxes' | 'senders' | 'rewriteSender'>,
  sender: string,
): SenderVerdict {
  const [first] = mailboxes
  if (first === undefined) return { allowed: false, reason: 'This login has no mailbox' }
  const isSender = (one: Address) => sameAddress(one, sender)
  const own =
    mailboxes.find(({ address }) => isSender(address)) ??
    mailboxes.find(({ aliases }) => aliases.some(isSender))
  if (own !== undefined) return { allowed: true, mailbox: own.address, sender }
  if (sender === '' || senders.some((pattern) => matches(pattern, sender))) {
    return { allowed: true, mailbox: first.address, sender }
  }
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

function matches(pattern: string, sender: string): boolean {
  if (!pattern.startsWith('*@')) return sameAddress(pattern, sender)
  const domain = sender.slice(sender.lastIndexOf('@'))
  // A sender without a domain is no member of any.
  return sender.lastIndexOf('@') > 0 && addressKey(domain) === addressKey(pattern.slice(1))
}
