import type { Gone } from '../base/async.ts'
import { clientGone, Failure, failure } from '../base/failure.ts'
import { text } from '../failures/texts.ts'
import type { SendPermit } from '../governor/governor.ts'
import { replyClassOf } from '../providers/reply-class.ts'
import { formatMail, formatRecipient, type MailCommand, type RecipientCommand } from '../wire/envelope.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import { ConnectionLost, lossAsFailure } from './connection.ts'
import { type Lease, type LeaseHolder, resetLease } from './lease.ts'
import type { SignedIn } from './open-signed-in.ts'
import type { Begun, MessageOctets, MessageSource, Transaction } from './relay.ts'
import { type MessageHead, readHead, sendMessage, type TransactionContext } from './send-message.ts'

/**
 * Sends MAIL and the first recipients on a lease. `dead`: the connection had died unnoticed since
 * its last use. Nothing is committed then, so all of it may be sent again on another one.
 * @throws Failure `provider-unavailable` or `invalid`; the lease is given back then
 */
export async function beginTransaction(
  lease: Lease,
  mail: MailCommand,
  recipients: readonly RecipientCommand[],
  context: TransactionContext,
  permit: SendPermit,
): Promise<Begun | 'dead'> {
  const [mailCommand, ...recipientCommands] = formatAll(lease, mail, recipients)
  const together = lease.capabilities.pipelining
  const seconds = context.limits.upstreamReplySeconds

  // Without PIPELINING, MAIL goes alone: if it is refused, no recipient has to be sent at all.
  const commands = together ? [mailCommand, ...recipientCommands] : [mailCommand]
  const first = await exchangeEnvelope(lease, commands, seconds, context)
  const [mailReply, ...replies] = first.replies
  // A connection that is closed because we ask too much must not be replaced by another one.
  const quiet = mailReply !== undefined && permit.onReply(mailReply, 'mail')
  if (lease.warm && !quiet && hadDied(first)) {
    lease.discard()
    return 'dead'
  }
  if (mailReply && !isPositive(mailReply))
    return refused(lease, mailReply, replies, recipients.length, seconds)
  const then =
    together || first.lost ? first : await exchangeEnvelope(lease, recipientCommands, seconds, context)
  if (mailReply && !then.lost) {
    const answered = together ? replies : then.replies
    for (const reply of answered) permit.onReply(reply, 'recipient')
    return { replies: answered, transaction: new OpenTransaction(lease, context, permit) }
  }
  lease.discard()
  throw lossAsFailure(then.lost ?? new ConnectionLost('protocol', text('lost.mail-unanswered')), context.host)
}

/**
 * The connection ended before any reply, the reply is a 421 that was under way already, or the
 * provider has forgotten the sign-in. A connection that is only silent may be slow.
 */
function hadDied({ replies, lost }: EnvelopeOutcome): boolean {
  const [first] = replies
  return first ? isUseless(first) : lost !== undefined && lost.reason !== 'timed-out'
}

/**
 * A reply to MAIL that every later MAIL would get too. 530 wants a sign-in (RFC 4954, section 6),
 * and a connection allows only one; some say it by another code.
 */
export function isUseless(mailReply: Reply): boolean {
  return mailReply.code === 421 || mailReply.code === 530 || replyClassOf(mailReply) === 'signed-out'
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
    lease.release(0)
    throw error
  }
}

/**
 * The refusal of MAIL answers every recipient, whatever the provider said to these (usually 503).
 */
function refused(
  lease: Lease,
  mailReply: Reply,
  replies: readonly Reply[],
  recipients: number,
  seconds: number,
): Begun {
  if (isUseless(mailReply)) lease.discard()
  // A provider that accepts a recipient without a sender has something open that the next
  // transaction must not find.
  else if (replies.some(isPositive)) void resetLease(lease, 0, seconds)
  else lease.release(0)
  return { replies: Array.from({ length: recipients }, () => mailReply) }
}

type State = 'open' | 'promised' | 'taken' | 'over'

/**
 * A transaction whose MAIL was accepted. It holds a lease, and is in one of four states:
 *
 * - `open`: the client is waited for, so others may get the connection.
 * - `promised`: the client is sending its message, and keeps the connection.
 * - `taken`: the connection was reclaimed for others. Nothing of a message had left.
 * - `over`: the lease has ended, or ends with the message that is being sent.
 *
 * For each state, what the provider hears or the code of the failure, and the next state if it is
 * another one. `reclaim` comes from the pool, when the client has been silent for too long:
 *
 * | event      | open        | promised   | taken         | over     |
 * |------------|-------------|------------|---------------|----------|
 * | recipients | RCPT        | internal   | limit-reached | internal |
 * | promise    | promised    | internal   | limit-reached | internal |
 * | send       | DATA, over  | DATA, over | limit-reached | internal |
 * | reset      | RSET, over  | RSET, over | nothing       | nothing  |
 * | reclaim    | RSET, taken | nothing    | nothing       | nothing  |
 *
 * While the provider answers `recipients`, the connection is not reclaimed. If it is lost then, the
 * transaction is `over`. More recipients than a day allows are refused, and change nothing.
 *
 * `send` ends the lease and the permit, each once. A connection that does not accept RSET is not
 * kept:
 *
 * | what happens in `send`                        | lease          | permit     |
 * |-----------------------------------------------|----------------|------------|
 * | the message fails before its head is complete | RSET, released | `not-sent` |
 * | the governor holds the message back           | RSET, released | `not-sent` |
 * | the client has gone before anything leaves    | RSET, released | `not-sent` |
 * | the provider answers and is done with it      | released       | `answered` |
 * | the provider refuses DATA, or a chunk         | RSET, released | `answered` |
 * | the provider does not know BDAT               | discarded      | `not-sent` |
 * | the client goes, or the message fails, later  | discarded      | `not-sent` |
 * | the connection fails before octets have left  | discarded      | `not-sent` |
 * | the connection fails after that               | discarded      | `unknown`  |
 */
class OpenTransaction implements Transaction, LeaseHolder {
  readonly #lease: Lease
  readonly #context: TransactionContext
  readonly #permit: SendPermit
  readonly #seconds: number
  #state: State = 'open'

  constructor(lease: Lease, context: TransactionContext, permit: SendPermit) {
    this.#lease = lease
    this.#context = context
    this.#permit = permit
    this.#seconds = context.limits.upstreamReplySeconds
    lease.waitsForClient(this)
  }

  async recipients(commands: readonly RecipientCommand[]): Promise<readonly Reply[]> {
    this.#checkOpen()
    const reserveLater = this.#permit.reserve(commands.length)
    if (reserveLater) {
      await reserveLater()
      // It may have been reclaimed meanwhile.
      this.#checkOpen()
    }
    const octets = commands.map((command) => formatRecipient(command, this.#lease.capabilities))
    this.#lease.waitsForClient(undefined)
    const { replies, lost } = await exchangeEnvelope(this.#lease, octets, this.#seconds, this.#context)
    for (const reply of replies) this.#permit.onReply(reply, 'recipient')
    if (lost) {
      this.#state = 'over'
      this.#lease.discard()
      this.#permit.end('not-sent')
      throw lossAsFailure(lost, this.#context.host)
    }
    this.#lease.waitsForClient(this)
    return replies
  }

  promise(): void {
    this.#checkOpen()
    this.#state = 'promised'
    this.#lease.waitsForClient(undefined)
  }

  async send(message: MessageOctets, gone?: Gone): Promise<Reply> {
    if (this.#state !== 'promised') this.promise()
    this.#state = 'over'
    const source = message[Symbol.asyncIterator]()
    const head = await this.#headOf(source)
    this.#letThrough(head, source, gone)
    const commit = () => {
      if (gone?.aborted) throw clientGone()
      this.#lease.recordSent()
    }
    try {
      const { reply, stillOpen } = await sendMessage(this.#lease, head, source, this.#context, commit)
      this.#permit.onReply(reply, 'message')
      this.#permit.end('answered')
      // The client is answered without waiting for the RSET.
      if (stillOpen) void resetLease(this.#lease, 1, this.#seconds)
      else this.#lease.release(1)
      return reply
    } catch (error) {
      this.#lease.discard()
      this.#permit.end(isUnknown(error) ? 'unknown' : 'not-sent')
      throw error
    }
  }

  async reset(): Promise<void> {
    if (this.#state === 'open' || this.#state === 'promised') await this.#giveUp('over')
  }

  reclaim(): void {
    if (this.#state === 'open') void this.#giveUp('taken')
  }

  #checkOpen(): void {
    if (this.#state === 'taken') throw tooSilent()
    if (this.#state !== 'open') throw failure('upstream.transaction-over')
  }

  /** Nothing of a message has left, so the connection is as good as before. */
  #giveUp(next: 'taken' | 'over'): Promise<void> {
    this.#state = next
    this.#permit.end('not-sent')
    return resetLease(this.#lease, 0, this.#seconds)
  }

  async #headOf(source: MessageSource): Promise<MessageHead> {
    try {
      return await readHead(source)
    } catch (error) {
      void this.#giveUp('over')
      throw error
    }
  }

  /**
   * Holds back what the provider has refused this program repeatedly.
   * @throws Failure `provider-setup`; `invalid` when the client has gone
   */
  #letThrough(head: MessageHead, source: MessageSource, gone: Gone | undefined): void {
    try {
      if (gone?.aborted) throw clientGone()
      this.#permit.carry(head.octets)
    } catch (error) {
      void this.#giveUp('over')
      source.return?.().catch(() => {})
      throw error
    }
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof Failure && error.code === 'outcome-unknown'
}

function tooSilent(): Failure {
  return failure('sending.client-too-slow')
}

interface EnvelopeOutcome {
  /** One for each command, in order. Fewer when the connection was lost. */
  replies: readonly Reply[]
  lost?: ConnectionLost
}

/**
 * Sends commands of the envelope and collects their replies: in one write where PIPELINING is
 * offered (RFC 2920), else one after the other.
 */
async function exchangeEnvelope(
  { connection, capabilities }: Pick<SignedIn, 'connection' | 'capabilities'>,
  commands: readonly Buffer[],
  replySeconds: number,
  { clock, spent }: Pick<TransactionContext, 'clock' | 'spent'>,
): Promise<EnvelopeOutcome> {
  const since = clock.monotonic()
  const groups = capabilities.pipelining ? [commands] : commands.map((command) => [command])
  const replies: Reply[] = []
  try {
    for (const group of groups) {
      const owed = connection.ask(Buffer.concat(group), replySeconds, group.length)
      for (const reply of owed) replies.push(await reply)
    }
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error
    return { replies, lost: error }
  } finally {
    spent.atProvider += clock.monotonic() - since
  }
  // 3xx asks for more, which no command of the envelope has: the replies have slipped.
  const odd = replies.find(({ code }) => code >= 300 && code < 400)
  if (!odd) return { replies }
  connection.destroy()
  return {
    replies: [],
    lost: new ConnectionLost('protocol', text('lost.reply-meaningless', { code: odd.code })),
  }
}
