import { enhancedStatuses } from '../wire/enhanced-status.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import type { TransactionPhase } from './governor.ts'
import type { Meaning } from './reply-meaning.ts'

/** What a provider refuses for good by one reply, so that nobody but its cause has to wait. */
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
 * By the phase that it comes in, and by its words where they say something else. Undefined for what passes, for 530 and 535, which are about
 * our own sign-in (RFC 4954, section 6), and for what has a meaning beyond the transaction.
 */
export function subjectOf(
  reply: Reply,
  phase: TransactionPhase,
  meaning: Meaning | undefined,
): Subject | undefined {
  if (isPositive(reply) || reply.code < 500 || reply.code === 530 || reply.code === 535) return undefined
  if (meaning === 'sender-refused') return phase === 'message' ? 'header' : 'sender'
  if (meaning !== undefined) return undefined
  const [status] = enhancedStatuses(reply)
  if (phase === 'mail') return 'envelope'
  // RFC 3463, section 3.2: the seventh and the eighth of this class are about the sender. Many a server gives its reason with the first recipient.
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
