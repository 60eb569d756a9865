import type { Clock } from '../base/clock.ts'
import type { Failure } from '../base/failure.ts'
import { causeBeside, type Log, recipientsBeside } from '../base/log.ts'
import { printable } from '../base/text.ts'
import type { LoggableLogin } from '../credentials/sign-ins.ts'
import type { Submitter } from '../mailboxes/sender-policy.ts'
import type { Spent } from '../upstream/relay.ts'
import type { RecipientCommand } from '../wire/envelope.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import type { RefusalLog } from './refusal-log.ts'
import { cutReplies, type MessageCut, type MessageOutcome } from './session-events.ts'

/**
 * One line for each sign-in and each transaction of a connection: the client, the login, the
 * mailbox and the result. Never the content.
 */
export interface TransactionLog {
  signedIn(submitter: Submitter): void
  /** `whose`: as `SignIns.loggable` gives it. */
  signInRefused(whose: LoggableLogin, failure: Failure): void
  /** A warning, once for each connection: the client is authorised by its network alone. */
  admitted(submitter: Submitter): void
  admissionRefused(sender: string, failure: Failure): void
  /**
   * `givenSender`: the client's sender, where it was replaced. Where the time goes is for the relay to fill in.
   */
  begun(mailbox: string, sender: string, givenSender?: string): Spent
  /** These are asked for next. */
  asked(recipients: readonly RecipientCommand[]): void
  /** What was said to those that were asked for. */
  recipients(replies: readonly Reply[]): void
  failed(failure: Failure): void
  message(outcome: MessageOutcome, cut: MessageCut | 'gone' | undefined, octets: number): void
  /** The client sent RSET or disconnected. Logs nothing unless a transaction was open. */
  givenUp(): void
}

/** State of a client that outlives a transaction. */
export interface ClientState {
  /**
   * As its socket reports it. A field of every line, because a child log for each transaction would
   * cost more than the line.
   */
  readonly address: string
  /** The id of its connection: the same in each line about it, and in a trace of it. */
  readonly session: string
  /** How many transactions it has begun. */
  transactions: number
  /** The submitter of the mail (RFC 6409). */
  submitter?: Submitter
  /** The warning about a client without a password was logged. */
  warned: boolean
}

interface OpenTransaction {
  /** Counted within the session. */
  transaction: number
  since: number
  spent: Spent
  login: string
  mailbox: string
  sender: string
  givenSender: string | undefined
  recipients: RecipientCommand[]
  /** To the first of these. */
  replies: Reply[]
}

/** The result of a transaction; absent where a field does not apply. */
interface TransactionResult {
  octets?: number
  code?: number
  reply?: string
  reason?: string
  /** The id by which it waits for a person. */
  approval?: string
  /** The failure, where it is none of the provider's replies. */
  failed?: Failure
}

export function createTransactionLog(
  log: Log,
  clock: Clock,
  client: ClientState,
  refusals: RefusalLog,
): TransactionLog {
  return new LoggedTransaction(log, clock, client, refusals)
}

/** A class, because each transaction has one. */
class LoggedTransaction implements TransactionLog {
  readonly #log: Log
  readonly #clock: Clock
  readonly #client: ClientState
  readonly #refusals: RefusalLog
  #open: OpenTransaction | undefined

  constructor(log: Log, clock: Clock, client: ClientState, refusals: RefusalLog) {
    this.#log = log
    this.#clock = clock
    this.#client = client
    this.#refusals = refusals
  }

  signedIn(submitter: Submitter): void {
    const mailboxes = submitter.mailboxes.map(({ address }) => address)
    const fields = {
      event: 'sign-in.done',
      source: this.#client.address,
      session: this.#client.session,
      login: submitter.userName,
      mailboxes,
    }
    this.#log.info(fields, 'signed in')
  }

  signInRefused({ userName, mailboxes }: LoggableLogin, failure: Failure): void {
    const fields = {
      event: 'sign-in.refused',
      source: this.#client.address,
      session: this.#client.session,
      login: userName,
      ...(mailboxes.length > 0 && { mailboxes }),
      ...whyFailed(failure),
      [causeBeside]: failure,
    }
    this.#log.warn(fields, 'sign-in refused')
  }

  admitted(submitter: Submitter): void {
    if (this.#client.warned) return
    this.#client.warned = true
    const { address: source, session } = this.#client
    const mailboxes = submitter.mailboxes.map(({ address }) => address)
    const fields = { event: 'sign-in.admitted', source, session, login: submitter.userName, mailboxes }
    this.#log.warn(fields, 'admitted without a password')
  }

  admissionRefused(sender: string, failure: Failure): void {
    const { code } = failure
    const shown = printable(sender, 254)
    const fields = {
      event: 'sign-in.not-admitted',
      source: this.#client.address,
      session: this.#client.session,
      sender: shown,
      ...whyFailed(failure),
    }
    this.#refusals.note({ why: code, fields, message: 'not admitted without a password' })
  }

  begun(mailbox: string, sender: string, givenSender?: string): Spent {
    this.#open ??= {
      transaction: ++this.#client.transactions,
      since: this.#clock.monotonic(),
      spent: { provider: '', waiting: 0, atProvider: 0 },
      login: this.#client.submitter?.userName ?? '',
      mailbox,
      sender: printable(sender, 254),
      givenSender: givenSender === undefined ? undefined : printable(givenSender, 254),
      recipients: [],
      replies: [],
    }
    return this.#open.spent
  }

  asked(recipients: readonly RecipientCommand[]): void {
    this.#open?.recipients.push(...recipients)
  }

  recipients(replies: readonly Reply[]): void {
    this.#open?.replies.push(...replies)
  }

  failed(failure: Failure): void {
    this.#finish('message.failed', { reason: failure.code, failed: failure }, 'message not sent')
  }

  message(outcome: MessageOutcome, cut: MessageCut | 'gone' | undefined, octets: number): void {
    if (outcome.kind === 'answered' && outcome.reply.held !== undefined) {
      const { held: approval } = outcome.reply
      this.#finish('message.held', { octets, approval }, 'message waits for approval')
    } else if (outcome.kind === 'answered') {
      const sent = isPositive(outcome.reply)
      this.#finish(
        sent ? 'message.sent' : 'message.refused',
        { octets, ...describe(outcome.reply) },
        sent ? 'message sent' : 'message refused by the provider',
      )
    } else if (cut === 'gone') {
      this.#finish('message.cut', { octets, reason: cut }, 'message cut off by the client')
    } else if (cut !== undefined) {
      const result = { octets, reason: cut, ...describe(cutReplies[cut]) }
      this.#finish('message.not-taken', result, 'message not taken')
    } else if (outcome.kind === 'failed') {
      const { failure: failed } = outcome
      this.#finish('message.failed', { octets, reason: failed.code, failed }, 'message not sent')
    }
  }

  givenUp(): void {
    if (this.#open === undefined) return
    const refusal = this.#open.replies.find((reply) => !isPositive(reply))
    if (refusal === undefined) this.#finish('message.given-up', {}, 'transaction given up')
    else this.#finish('message.refused', describe(refusal), 'refused by the provider')
  }

  #finish(
    event: string,
    { octets, code, reply, reason, approval, failed }: TransactionResult,
    message: string,
  ): void {
    if (this.#open === undefined) return
    const {
      transaction,
      since,
      spent,
      login,
      mailbox,
      sender,
      givenSender,
      recipients: asked,
      replies,
    } = this.#open
    this.#open = undefined
    const milliseconds = Math.round(this.#clock.monotonic() - since)
    // Absent fields are named too: objects of one shape cost a tenth of those with varying members.
    const fields = {
      event,
      source: this.#client.address,
      session: this.#client.session,
      transaction,
      login,
      mailbox,
      provider: spent.provider || undefined,
      sender,
      givenSender,
      recipients: replies.filter(isPositive).length,
      octets,
      code,
      reply,
      reason,
      approval,
      waitingMilliseconds: Math.round(spent.waiting),
      providerMilliseconds: Math.round(spent.atProvider),
      milliseconds,
      [recipientsBeside]: { asked, replies },
      [causeBeside]: failed,
    }
    if (failed !== undefined) this.#log.info({ ...fields, ...whyFailed(failed) }, message)
    else if (event === 'message.not-taken')
      this.#refusals.note({ why: `${login}\n${reason}`, fields, message })
    else this.#log.info(fields, message)
  }
}

/** What is kept of a failure: its id, what is known of the error behind it, and the provider's own words. */
function whyFailed({ id, code, message, said, known }: Failure) {
  return {
    reason: code,
    failure: id,
    ...(known && { known: known.id }),
    ...(said !== undefined && { said }),
    detail: message,
  }
}

/** A provider's text is untrusted: shortened, and without control characters. */
function describe(reply: Reply): Pick<TransactionResult, 'code' | 'reply'> {
  return { code: reply.code, reply: printable(reply.lines[0], 200) }
}
