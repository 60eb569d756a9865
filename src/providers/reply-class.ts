import { enhancedStatuses, isPositive, type Reply } from '../wire/reply.ts'

/** The part of a transaction that a reply answers. */
export type TransactionPhase = 'mail' | 'recipient' | 'message'

/** What a provider's reply inside a transaction says beyond this transaction. */
export type ReplyClass =
  /** The quota of the day is used up. Often said by a permanent code, though it passes. */
  | 'quota'
  /** Too many messages in too short a time. */
  | 'rate'
  /** Too many connections, or too many messages at the same moment. */
  | 'too-many-at-once'
  /** The provider punishes earlier mistakes: it refuses good messages, too. */
  | 'throttled'
  /**
   * The provider takes nothing from this mailbox for a while, because of volume, complaints or
   * suspicion.
   */
  | 'deferred'
  /** The mailbox takes no more (its copies of sent mail count). */
  | 'mailbox-full'
  /** The account, or the organisation, may not send until a person has repaired it. */
  | 'blocked'
  /** Our own network address is not taken. */
  | 'address-blocked'
  /** The mailbox cannot be opened at the provider. */
  | 'no-logon'
  /** This sender address is not the mailbox's to use. */
  | 'sender-refused'
  /** The provider has forgotten our sign-in. */
  | 'signed-out'

interface Row {
  replyClass: ReplyClass
  codes: RegExp
  /** Of the first line that has one. `/^/`: any or none. */
  statuses: RegExp
  /** What the text has to contain, where code and status say too little. */
  words?: RegExp
}

/** The first row that fits counts. */
const rows: readonly Row[] = [
  // Exchange Online: a daily limit of recipients, over 24 rolling hours.
  { replyClass: 'quota', codes: /^554$/, statuses: /^5\.2\.0$/, words: /SubmissionQuotaExceeded/i },
  { replyClass: 'quota', codes: /^5/, statuses: /^5\.2\.2$/, words: /submission quota (was )?exceeded/i },
  // Gmail: daily sending limits, and those of the relay.
  { replyClass: 'quota', codes: /^550$/, statuses: /^5\.4\.5$/ },
  {
    replyClass: 'quota',
    codes: /^550$/,
    statuses: /^5\.7\.1$/,
    words: /rate limited|SMTP relay limit exceeded/i,
  },
  // Exchange Online: 30 messages a minute. 421, 432 and 451 are all seen.
  { replyClass: 'rate', codes: /^4/, statuses: /^4\.4\.2$/, words: /Message submission rate/i },
  // Exchange Online: three connections. The limit of a recipient's mailbox has the same code and
  // status, and is about that message only.
  {
    replyClass: 'too-many-at-once',
    codes: /^4/,
    statuses: /^4\.3\.2$/,
    words: /sender thread limit|concurrent connections? limit/i,
  },
  // Exchange Online, after continuous errors: full mailbox, send-as denied, licence, too many
  // recipients, invalid recipients.
  { replyClass: 'throttled', codes: /^550$/, statuses: /^5\.2\.25[1-5]$/ },
  // Exchange Online: suspicious activity; Yahoo: temporarily deferred.
  { replyClass: 'deferred', codes: /^4/, statuses: /^4\.7\.[56]\d\d$/ },
  { replyClass: 'deferred', codes: /^421$/, statuses: /^/, words: /\bTSS0\d/i },
  // Exchange Online, about its own store. Elsewhere a full mailbox is that of a recipient.
  {
    replyClass: 'mailbox-full',
    codes: /^554$/,
    statuses: /^5\.2\.2$/,
    words: /STOREDRV\.Submission|QuotaExceeded/i,
  },
  { replyClass: 'blocked', codes: /^5/, statuses: /^5\.7\.50[123]$|^5\.7\.511$|^5\.7\.705$/ },
  // Elsewhere the same status is about the domain of the sender (RFC 3463, section 3.2).
  { replyClass: 'blocked', codes: /^5/, statuses: /^5\.1\.8$/, words: /bad outbound sender/i },
  { replyClass: 'address-blocked', codes: /^5/, statuses: /^5\.7\.708$/ },
  { replyClass: 'no-logon', codes: /^430$/, statuses: /^4\.2\.0$/, words: /mailbox logon failure/i },
  { replyClass: 'sender-refused', codes: /^5/, statuses: /^5\.7\.60$/ },
  { replyClass: 'sender-refused', codes: /^554$/, statuses: /^5\.2\.(252|0)$/, words: /SendAsDenied/i },
  // Exchange's words, with any status.
  {
    replyClass: 'sender-refused',
    codes: /^5/,
    statuses: /^/,
    words: /not allowed to send as|not have permissions? to send as/i,
  },
  // Postfix and what is built on it, Fastmail, iCloud, Zoho, Mail.ru.
  {
    replyClass: 'sender-refused',
    codes: /^5/,
    statuses: /^$|^5\.7\.[01]$/,
    words:
      /sender address rejected: not owned|not authori[sz]ed to send from|from address is not one of your|relaying disallowed as|not local sender/i,
  },
  // RFC 4954, section 6: inside a transaction these codes are about our own sign-in.
  { replyClass: 'signed-out', codes: /^53[05]$/, statuses: /^/ },
  { replyClass: 'signed-out', codes: /^550$/, statuses: /^5\.7\.57$/ },
]

/** Undefined for a reply about this one message, as almost every reply is. For replies inside a transaction. */
export function replyClassOf(reply: Reply): ReplyClass | undefined {
  if (isPositive(reply)) return undefined
  const code = String(reply.code)
  const [status = ''] = enhancedStatuses(reply)
  const text = reply.lines.join(' ')
  return rows.find(
    ({ codes, statuses, words }) =>
      codes.test(code) && statuses.test(status) && (words === undefined || words.test(text)),
  )?.replyClass
}

/** What a provider refuses for good by one reply, so that only its cause has to wait. */
export type Subject =
  /** The sender address, which this mailbox may not use. */
  | 'sender'
  /** MAIL, for another reason. */
  | 'envelope'
  /** There is no such recipient. */
  | 'unknown-recipient'
  /** A recipient that is there, and takes nothing from us. */
  | 'recipient'
  /** An address in the header of the message. */
  | 'header'
  /** The message, for what it is. */
  | 'message'

/**
 * Decided by the phase, and by the words where they say otherwise. Undefined for what passes, for
 * 530 and 535, which are about our own sign-in (RFC 4954, section 6), and for replies that say
 * something beyond the transaction.
 */
export function subjectOf(
  reply: Reply,
  phase: TransactionPhase,
  replyClass: ReplyClass | undefined,
): Subject | undefined {
  if (isPositive(reply) || reply.code < 500 || reply.code === 530 || reply.code === 535) return undefined
  if (replyClass === 'sender-refused') return phase === 'message' ? 'header' : 'sender'
  if (replyClass !== undefined) return undefined
  const [status] = enhancedStatuses(reply)
  if (phase === 'mail') return 'envelope'
  // RFC 3463, section 3.2: x.1.7 and x.1.8 are about the sender. Many servers give this reason only
  // with the first recipient.
  if (phase === 'recipient' && isOfSender(status, reply)) return 'envelope'
  if (phase === 'recipient')
    return status === undefined || isOfRecipient(status) ? 'unknown-recipient' : 'recipient'
  if (isOfRecipient(status) || /InvalidRecipientsException/i.test(reply.lines.join(' ')))
    return 'unknown-recipient'
  return 'message'
}

function isOfSender(status: string | undefined, reply: Reply): boolean {
  return /^5\.1\.[78]$/.test(status ?? '') || /\bsender address rejected\b/i.test(reply.lines.join(' '))
}

function isOfRecipient(status: string | undefined): boolean {
  return status !== undefined && /^5\.1\.\d/.test(status) && !/^5\.1\.[78]$/.test(status)
}
