import type { Failure } from '../base/failure.ts'
import type { Submitter } from '../mailboxes/sender-policy.ts'
import type { Address, KeyedAddress } from '../model/address.ts'
import type { Credentials } from '../sasl/mechanisms.ts'
import type { FinalReply } from '../upstream/relay.ts'
import type { MailCommand, RecipientCommand } from '../wire/envelope.ts'
import type { InputBuffer } from '../wire/input-buffer.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import { type Phase, relayedReply, replies, replyInTransaction } from './replies.ts'

/** The replies of the session, and what has to happen before it can go on. */
export interface Step {
  replies: readonly Reply[]
  next: Next
  /** For the log: a refused sender, and other refusals that were decided here. */
  refused?: RefusedSender
  refusedRecipients?: RefusedRecipients
  refusals?: readonly OwnRefusal[]
  /** Keywords of unknown parameters, which are accepted and not sent on. */
  dropped?: readonly string[]
}

export interface OwnRefusal {
  reply: Reply
  /** The command, as far as it holds no secret. */
  command?: string
}

/** A sender that the login may not use. */
export interface RefusedSender {
  sender: string
  reason: string
}

/** Recipients that the login may not send to. */
export interface RefusedRecipients {
  mailbox: Address
  sender: string
  recipients: readonly RecipientCommand[]
}

export type Next =
  /** Waits for a line of at most `limit` octets: `line`, `line-too-long`, `line-forbidden`. */
  | { do: 'line'; limit: number }
  /** Takes a line if a whole one is buffered; otherwise `run-ended`. */
  | { do: 'line-if-here'; limit: number }
  | { do: 'start-tls' }
  /**
   * Verifies the credentials and, for a single mailbox, that the provider accepts ours: `signed-in`
   * or `failed`.
   */
  | { do: 'sign-in'; credentials: Credentials }
  /**
   * Looks for the login of a client without a password, for this envelope sender: `signed-in` or
   * `failed`.
   */
  | { do: 'authorize'; sender: string }
  /**
   * Begins the transaction at the provider: `recipients-answered` or `failed`. `givenSender`: the
   * client's sender, where it was replaced.
   */
  | {
      do: 'begin'
      mailbox: KeyedAddress
      mail: MailCommand
      givenSender?: string | undefined
      recipients: readonly RecipientCommand[]
    }
  /** Adds recipients to it: `recipients-answered` or `failed`. */
  | { do: 'add-recipients'; recipients: readonly RecipientCommand[] }
  /**
   * Keeps the connection to the provider for this client, which gets 354 then: `promised` or
   * `failed`.
   */
  | { do: 'promise' }
  /** Relays the message: `message-over`. `limit` in octets (RFC 1870). */
  | { do: 'message'; limit: number | undefined }
  /** Abandons the transaction, then waits for a line. */
  | { do: 'reset'; limit: number }
  | { do: 'close' }

export type SessionEvent =
  | { kind: 'line'; line: Buffer }
  /** `start`: its first octets. */
  | { kind: 'line-too-long'; start: Buffer }
  | { kind: 'line-forbidden'; start: Buffer }
  | { kind: 'run-ended' }
  | { kind: 'encrypted' }
  | { kind: 'signed-in'; submitter: Submitter }
  /** `open`: the transaction goes on. */
  | { kind: 'recipients-answered'; replies: readonly Reply[]; open: boolean }
  | { kind: 'promised' }
  /**
   * `ended`: the end of data was read; otherwise the rest of the input cannot be read as commands.
   */
  | { kind: 'message-over'; outcome: MessageOutcome; ended: boolean }
  | { kind: 'failed'; failure: Failure; at: Phase }
  /**
   * `late`: the client did not authenticate before the deadline; otherwise it was idle for too
   * long.
   */
  | { kind: 'timed-out'; late: boolean }
  | { kind: 'shutting-down' }

/** The provider's final reply, why there is none, or why the message was cut off here. */
export type MessageOutcome =
  | { kind: 'answered'; reply: FinalReply }
  | { kind: 'failed'; failure: Failure }
  | { kind: 'cut'; cut: MessageCut }

export type MessageCut = 'bare-newline' | 'too-large' | 'timed-out' | 'too-slow'

/**
 * The answer of one part of the session. Without `next`, the session waits for the next command.
 */
export interface Answer {
  replies: readonly Reply[]
  next?: Next
  /** Counts against the limit of bad commands. */
  bad?: true
  refused?: RefusedSender
  refusedRecipients?: RefusedRecipients
  refusals?: readonly OwnRefusal[]
  dropped?: readonly string[]
}

/** Our own reply; a refusal is logged. */
export function answer(reply: Reply): Answer {
  return reply.code < 400 ? pass(reply) : { replies: [reply], refusals: [{ reply }] }
}

export function bad(reply: Reply): Answer {
  return { ...answer(reply), bad: true }
}

export function closeWith(reply: Reply): Answer {
  return { ...answer(reply), next: { do: 'close' } }
}

/**
 * A reply that is logged elsewhere: of the provider, of a failure, or one that follows from an
 * earlier refusal.
 */
export function pass(reply: Reply): Answer {
  return { replies: [reply] }
}

export function passAndClose(reply: Reply): Answer {
  return { replies: [reply], next: { do: 'close' } }
}

/** Our own refusal, for the log. */
export function refusalsIn(reply: Reply): Pick<Answer, 'refusals'> {
  return reply.code >= 400 ? { refusals: [{ reply }] } : {}
}

/**
 * The reply to a message. A positive reply of the provider to a message whose end was not read is
 * not passed on.
 */
export function replyToMessage(outcome: MessageOutcome, ended: boolean): Reply {
  if (outcome.kind === 'cut') return cutReplies[outcome.cut]
  if (outcome.kind === 'failed') return replyInTransaction(outcome.failure)
  return !ended && isPositive(outcome.reply) ? replies.messageLost : relayedReply(outcome.reply)
}

export const cutReplies: Record<MessageCut, Reply> = {
  'bare-newline': replies.bareNewline,
  'too-large': replies.tooLarge,
  'timed-out': replies.timedOut,
  'too-slow': replies.tooSlow,
}

/**
 * The next line of the input as an event; undefined while none is complete. `limit` in octets,
 * without the CRLF.
 */
export function takeLine(input: InputBuffer, limit: number): SessionEvent | undefined {
  const taken = input.takeLine(limit)
  switch (taken.kind) {
    case 'line':
      return taken
    case 'too-long':
      return { kind: 'line-too-long', start: taken.start }
    case 'forbidden':
      return { kind: 'line-forbidden', start: taken.start }
    case 'more':
      return undefined
  }
}
