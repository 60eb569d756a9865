import { type FilledFailure, failure, filled } from '../base/failure.ts'
import { printable, shellWord, withoutCase } from '../base/text.ts'
import {
  type Address,
  type AddressKey,
  isDomainMailbox,
  type KeyedAddress,
  keyCovers,
  keyed,
  parseAddress,
  sameAddress,
} from '../model/address.ts'
import type { Mending } from '../model/login.ts'
import type { AcceptedName, Mailbox } from '../model/mailbox.ts'
import type { SendingLimits } from '../model/sending-limits.ts'
import { isMailbox } from '../wire/envelope.ts'

/**
 * The client of an SMTP session, by the credential it signed in with: a login, or an API key with
 * `send:`.
 */
export interface Submitter {
  /** For the log. An API key's is `api-key NAME`. */
  userName: string
  /** The id of the login; absent for an API key. */
  login?: string
  /** The id of the API key; absent for a login. */
  apiKey?: string
  /** Who holds the data directory, by the socket of the command: neither a login nor an API key. */
  isOwner?: true
  /** At least one. */
  mailboxes: readonly SenderMailbox[]
  /** Envelope senders beside its mailboxes: addresses, or `*@example.com`. */
  senders: readonly AddressKey[]
  /** A sender that the login may not use is replaced by its first mailbox instead of refused. */
  rewriteSender: boolean
  /** What is mended of its mail. Absent: nothing. */
  mending?: Mending | undefined
  /** What it might send at its sign-in. Absent: no limits of its own. */
  limits?: SendingLimits | undefined
}

/** A message that is about to leave. */
export interface OutgoingMessage {
  mailbox: KeyedAddress
  /** The envelope sender as it will leave. */
  sender: string
  /** The envelope sender that the client gave, if it was replaced. */
  givenSender?: string | undefined
}

export interface SenderMailbox extends KeyedAddress {
  /** For a whole domain: includes the mailboxes that a person has consented for. */
  personal?: boolean
  /** Other addresses that the provider accepts from this mailbox. */
  aliases: readonly KeyedAddress[]
}

type SenderVerdict =
  /**
   * `sender`: the envelope sender to use. It differs from the given one where `rewriteSender`
   * replaced it, or where the login completes or maps it.
   */
  { allowed: true; mailbox: KeyedAddress; sender: string } | { allowed: false; refusal: FilledFailure }

/**
 * Decides whether a submitter may use an envelope sender, and through which of its mailboxes the
 * message leaves. Its own mailboxes, their aliases and the null sender (`''`, RFC 5321 section
 * 4.5.5: bounces and receipts) are always allowed. Others need a pattern of the login, or are
 * replaced by the first mailbox with `rewriteSender`.
 *
 * The given sender may be any text. One that is no address cannot be used, but can be replaced. A
 * single space stands for a sender of blanks only, which is read as the null sender.
 *
 * A domain mailbox (`*@example.com`) allows every address of its domain, which is then the mailbox,
 * too; nothing else leaves through it. A sender that is one of the mailboxes leaves through that
 * one, even if it is an alias of another. An alias leaves through its mailbox, anything else
 * through the first.
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
  if (mailboxes.length === 0) return { allowed: false, refusal: filled('sender.no-mailbox') }
  const senderKey = withoutCase(sender)
  const isSender = ({ key }: KeyedAddress) => key === senderKey
  const own =
    mailboxes.find((one) => !isDomainMailbox(one.key) && isSender(one)) ??
    mailboxes.find(({ aliases }) => aliases.some(isSender))
  if (own !== undefined) return { allowed: true, mailbox: own, sender }
  // The sender names the mailbox of the domain.
  const mailbox = mailboxes.some(({ key }) => isDomainMailbox(key) && keyCovers(key, senderKey))
    ? asMailbox(sender)
    : undefined
  if (mailbox !== undefined) return { allowed: true, mailbox, sender }
  const first = mailboxes.find(({ address }) => !isDomainMailbox(address))
  if (first === undefined) return { allowed: false, refusal: notOfDomain(sender) }
  if (sender === '' || (isMailbox(sender) && senders.some((pattern) => keyCovers(pattern, senderKey)))) {
    return { allowed: true, mailbox: first, sender }
  }
  if (sender === ' ' && !rewriteSender) return { allowed: true, mailbox: first, sender: '' }
  if (rewriteSender) return { allowed: true, mailbox: first, sender: first.address }
  return { allowed: false, refusal: notAllowed(sender) }
}

/**
 * Reads a pattern of senders or recipients: an address, or `*@domain` for every address of exactly
 * that domain.
 * @param refusal of what begins like a pattern and is none
 * @throws Failure `invalid`
 */
export function parseAddressPattern(
  text: string,
  refusal: 'sender.no-pattern' | 'limits.no-pattern' = 'sender.no-pattern',
): Address {
  // `*` is a lawful local part (RFC 5321, section 4.1.2), so the domain is checked with it in
  // place.
  const pattern = parseAddress(text.trim())
  if (pattern.lastIndexOf('*') > 0 || (pattern.startsWith('*') && !pattern.startsWith('*@'))) {
    throw failure(refusal, { text: printable(text) })
  }
  return pattern
}

/** Whether a program with these limits may send to this address, as it would leave. */
export function mayReceive({ recipients }: SendingLimits, recipient: string): boolean {
  const key = withoutCase(recipient)
  return recipients === undefined || recipients.some((pattern) => keyCovers(withoutCase(pattern), key))
}

/**
 * Not every envelope sender is the address of a mailbox: it may be quoted, or the domain mailbox
 * itself.
 */
function asMailbox(sender: string): KeyedAddress | undefined {
  try {
    const address = parseAddress(sender)
    return isDomainMailbox(address) ? undefined : keyed(address)
  } catch {
    return undefined
  }
}

function notOfDomain(sender: string): FilledFailure {
  return sender === '' ? filled('sender.empty-for-domain') : notAllowed(sender)
}

function notAllowed(sender: string): FilledFailure {
  return filled('sender.not-allowed', { sender: printable(sender, 254) })
}

/**
 * Completes a sender or recipient as the login asks for: by its map, or by appending its domain to
 * a word without one. Returns the text as given when the result would be no address.
 */
export function completeAddress(mending: Mending | undefined, given: string): string {
  if (mending === undefined || given.trim() === '') return given
  const { completeAddresses: domain, map = {} } = mending
  // Devices send `root@` when their setting for the domain was left empty.
  const name = given.endsWith('@') ? given.slice(0, -1) : given
  const key = withoutCase(name)
  if (Object.hasOwn(map, key)) return map[key] as string
  const whole = `${name}@${domain}`
  const isWord = domain !== undefined && !name.includes('@') && /^[!-~]+$/.test(name)
  return isWord && isMailbox(whole) ? whole : given
}

/** The refusal of a sender, with the command that would allow it if there is one. */
export function refusalWithAdvice(
  refusal: FilledFailure,
  by: Pick<Submitter, 'login' | 'mailboxes'>,
  sender: string,
): FilledFailure {
  const command = refusal.id === 'sender.not-allowed' ? commandToAllow(by, sender) : undefined
  if (command === undefined) return refusal
  return filled('sender.not-allowed-yet', { sender: printable(sender, 254), command })
}

/**
 * The command that allows a refused sender. For an API key, which has no senders, it adds a login.
 * Undefined for a sender that must not be suggested: a quoted one, or `*@example.com`, with which a
 * client could have an administrator allow a whole domain.
 */
export function commandToAllow(
  { login, mailboxes }: Pick<Submitter, 'login' | 'mailboxes'>,
  sender: string,
): string | undefined {
  if (!isNameable(sender)) return undefined
  // A domain mailbox is no mailbox that other senders could leave through.
  if (mailboxes.length > 0 && mailboxes.every(({ address }) => isDomainMailbox(address))) return undefined
  // The client's text ends in a terminal, so it is quoted as one word of the shell.
  const word = shellWord(printable(sender, 254))
  const verb = login === undefined ? `add ${shellWord(mailboxes[0]?.address ?? 'ADDRESS')}` : `allow ${login}`
  return `postern login ${verb} --sender ${word}`
}

function isNameable(sender: string): boolean {
  try {
    return !parseAddressPattern(sender).startsWith('*')
  } catch {
    return false
  }
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
