import type { Passage } from '../governor/governor.ts'
import { meaningOf } from '../governor/reply-meaning.ts'
import { formatMail, formatRecipient, type MailCommand, type RecipientCommand } from '../wire/envelope.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import { ConnectionLost, lossAsFailure } from './connection-lost.ts'
import { type EnvelopeOutcome, exchangeEnvelope } from './envelope-exchange.ts'
import type { Lease } from './lease.ts'
import type { Begun } from './relay.ts'
import { resetLease } from './reset-lease.ts'
import { createTransaction } from './transaction.ts'
import type { TransactionContext } from './transaction-context.ts'

/**
 * Sends MAIL and the first recipients on a lease. `dead`: the connection had served before and died since, unnoticed;
 * nothing is committed, so all of it may be said again on another one.
 * @throws Failure `provider-unavailable` or `invalid`; the lease is given back then
 */
export async function beginTransaction(
  lease: Lease,
  mail: MailCommand,
  recipients: readonly RecipientCommand[],
  context: TransactionContext,
  passage: Passage,
): Promise<Begun | 'dead'> {
  const [mailCommand, ...recipientCommands] = formatAll(lease, mail, recipients)
  const together = lease.capabilities.pipelining
  const seconds = context.limits.upstreamReplySeconds

  // Without PIPELINING, MAIL goes alone: when it is refused, no recipient has to be sent at all.
  const commands = together ? [mailCommand, ...recipientCommands] : [mailCommand]
  const first = await exchangeEnvelope(lease, commands, seconds)
  const [mailReply, ...replies] = first.replies
  // A connection that says goodbye because we ask too much is not to be replaced by another one that asks.
  const quiet = mailReply !== undefined && passage.heard(mailReply, 'mail')
  if (lease.warm && !quiet && hadDied(first)) {
    lease.discard()
    return 'dead'
  }
  if (mailReply && !isPositive(mailReply))
    return refused(lease, mailReply, replies, recipients.length, seconds)
  const then = together || first.lost ? first : await exchangeEnvelope(lease, recipientCommands, seconds)
  if (mailReply && !then.lost) {
    const answered = together ? replies : then.replies
    for (const reply of answered) passage.heard(reply, 'recipient')
    return { replies: answered, transaction: createTransaction(lease, context, passage) }
  }
  lease.discard()
  throw lossAsFailure(then.lost ?? new ConnectionLost('protocol', 'MAIL was not answered'), context.host)
}

/**
 * Gone before it said anything to us, what it said is the goodbye that was under way already, or it no longer knows who we are.
 * One that is only silent may be slow.
 */
function hadDied({ replies, lost }: EnvelopeOutcome): boolean {
  const [first] = replies
  return first ? isUseless(first) : lost !== undefined && lost.ending !== 'timed-out'
}

/** An answer to MAIL that every later MAIL would get too. 530 wants a sign-in (RFC 4954, section 6), and only one is allowed; some say it by
 * another code. */
export function isUseless(mailReply: Reply): boolean {
  return mailReply.code === 421 || mailReply.code === 530 || meaningOf(mailReply) === 'signed-out'
}

function formatAll(
  lease: Lease,
  mail: MailCommand,
  recipients: readonly RecipientCommand[],
): [Buffer, ...Buffer[]] {
  try {
    return [
      formatMail(mail, lease.capabilities),
      ...recipients.map((recipient) => formatRecipient(recipient, lease.capabilities)),
    ]
  } catch (error) {
    lease.giveBack(0)
    throw error
  }
}

/** The refusal of MAIL answers every recipient, whatever the provider said to these (usually 503). */
function refused(
  lease: Lease,
  mailReply: Reply,
  replies: readonly Reply[],
  recipients: number,
  seconds: number,
): Begun {
  if (isUseless(mailReply)) lease.discard()
  // A provider that takes a recipient without a sender has something open that the next transaction must not find.
  else if (replies.some(isPositive)) void resetLease(lease, 0, seconds)
  else lease.giveBack(0)
  return { replies: Array.from({ length: recipients }, () => mailReply) }
}
