import {
  type Address,
  addressKey,
  covers,
  isDomainMailbox,
  parseAddress,
  printable,
  sameAddress,
} from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import { shellWord } from '../base/text.ts'
import type { Mending } from '../store/ports.ts'
import { isMailbox } from '../wire/envelope.ts'

/** Who hands in mail during one SMTP session: a login, or an API key with `send:`. */
export interface Submitter {
  /** For the log. An API key's is `api-key NAME`. */
  userName: string
  /** The id of the login; absent for an API key. */
  login?: string
  /** The id of the API key; absent for a login. */
  apiKey?: string
  /** At least one. */
  mailboxes: readonly SenderMailbox[]
  /** Envelope senders beside its mailboxes: addresses, or `*@example.com`. */
  senders: readonly string[]
  /** A sender that it may not use is replaced by its first mailbox, instead of refused. */
  rewriteSender: boolean
  /** What is mended of its mail. Absent: nothing. */
  mending?: Mending | undefined
}

/** What is asked about a message before it leaves. */
export interface OutgoingMessage {
  mailbox: Address
  /** Of the envelope, as it is to leave. */
  sender: string
  /** The client's, where another one replaced it. */
  givenSender?: string | undefined
}

export interface SenderMailbox {
  address: Address
  /** Of a whole domain: the mailboxes that a person has consented for are meant, too. */
  personal?: boolean
  /** Other addresses that the provider accepts from this mailbox. */
  aliases: readonly Address[]
}

type SenderVerdict =
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

/** A sender or recipient as the login wants it: what its map says, or with its domain behind a word that has none. Otherwise, and where that would be no address, as it was given. */
export function completeAddress(mending: Mending | undefined, given: string): string {
  if (mending === undefined || given.trim() === '') return given
  const { completeAddresses: domain, map = {} } = mending
  // `root@` is what a device has whose field for the domain was left empty.
  const name = given.endsWith('@') ? given.slice(0, -1) : given
  const key = addressKey(name)
  if (Object.hasOwn(map, key)) return map[key] as string
  const whole = `${name}@${domain}`
  const isWord = domain !== undefined && !name.includes('@') && /^[!-~]+$/.test(name)
  return isWord && isMailbox(whole) ? whole : given
}

/**
 * The sentence with the command after which somebody may use a sender that was refused: an API key has no senders of its own, so there it is
 * another login. Undefined for a sender that cannot be named alone: a quoted one, or `*@example.com`, with which a client would have somebody allow
 * a whole domain.
 */
export function howToAllow(
  { login, mailboxes }: Pick<Submitter, 'login' | 'mailboxes'>,
  sender: string,
): string | undefined {
  if (!isNameable(sender)) return undefined
  // A whole domain is no mailbox that another sender could leave through.
  if (mailboxes.length > 0 && mailboxes.every(({ address }) => isDomainMailbox(address))) return undefined
  // What a client sent goes into somebody's terminal: no shell may read more in it than a word.
  const word = shellWord(printable(sender, 254))
  const verb = login === undefined ? `add ${shellWord(mailboxes[0]?.address ?? 'ADDRESS')}` : `allow ${login}`
  return `Allow it with: postern login ${verb} --sender ${word}`
}

function isNameable(sender: string): boolean {
  try {
    return !parseSenderPattern(sender).startsWith('*')
  } catch {
    return false
  }
}
