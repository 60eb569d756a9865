import type { Failure } from '../base/failure.ts'
import type { Submitter } from '../mailboxes/sender-policy.ts'
import type { Credentials } from '../sasl/exchange.ts'
import type { MailCommand, RecipientCommand } from '../wire/envelope.ts'
import type { InputBuffer } from '../wire/input-buffer.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import { type Phase, relayedReply, replies, replyInTransaction } from './replies.ts'

/** What the session answers, and what has to happen before it can go on. */
export interface Step {
  replies: readonly Reply[]
  next: Next
  /** For those who look after postern: a sender that is refused, and whatever else is refused here without asking anybody. */
  refused?: RefusedSender
  refusals?: readonly OwnRefusal[]
  /** Keywords of parameters that were taken and go no further, because nobody here knows them. */
  dropped?: readonly string[]
}

export interface OwnRefusal {
  reply: Reply
  /** The command, as far as it can be shown: nothing of it is a secret. */
  command?: string
}

/** A sender that the login may not use. */
export interface RefusedSender {
  sender: string
  reason: string
}

export type Next =
  /** Wait for a line of at most `limit` octets: `line`, `line-too-long`, `line-forbidden`. */
  | { do: 'line'; limit: number }
  /** Take a line if a whole one is here already; `run-ended` otherwise. */
  | { do: 'line-if-here'; limit: number }
  | { do: 'start-tls' }
  /** Check the credentials and, where they are for one mailbox, that the provider accepts us: `signed-in` or `failed`. */
  | { do: 'sign-in'; credentials: Credentials }
  /** Who a client without a password is, for this envelope sender: `signed-in` or `failed`. */
  | { do: 'admit'; sender: string }
  /** Begin the transaction at the provider: `recipients-answered` or `failed`. `givenSender`: the client's, where another one replaced it. */
  | {
      do: 'begin'
      mailbox: string
      mail: MailCommand
      givenSender?: string | undefined
      recipients: readonly RecipientCommand[]
    }
  /** More recipients for it: `recipients-answered` or `failed`. */
  | { do: 'add-recipients'; recipients: readonly RecipientCommand[] }
  /** Keep the connection to the provider for the client, which will hear that its message is taken: `promised` or `failed`. */
  | { do: 'promise' }
  /** Pass the message on: `message-over`. `limit` in octets (RFC 1870). */
  | { do: 'message'; limit: number | undefined }
  /** Give the transaction up, then wait for a line. */
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
  /** `ended`: the client's input stands behind the end of data; otherwise nothing of it can be read as commands. */
  | { kind: 'message-over'; outcome: MessageOutcome; ended: boolean }
  | { kind: 'failed'; failure: Failure; at: Phase }
  /** `late`: nobody signed in before the deadline; otherwise the client was silent for too long. */
  | { kind: 'timed-out'; late: boolean }
  | { kind: 'shutting-down' }

/** The provider's final reply, why there is none, or why the message was cut off on our side. */
export type MessageOutcome =
  | { kind: 'answered'; reply: Reply }
  | { kind: 'failed'; failure: Failure }
  | { kind: 'cut'; cut: MessageCut }

export type MessageCut = 'bare-newline' | 'too-large' | 'timed-out' | 'too-slow'

/** What one part of the session says. Without `next`, the session goes on with the next command. */
export interface Answer {
  replies: readonly Reply[]
  next?: Next
  /** Counts against the limit of commands that mean nothing. */
  bad?: true
  refused?: RefusedSender
  refusals?: readonly OwnRefusal[]
  dropped?: readonly string[]
}

/** A reply of our own. */
export function answer(reply: Reply): Answer {
  return reply.code < 400 ? pass(reply) : { replies: [reply], refusals: [{ reply }] }
}

export function bad(reply: Reply): Answer {
  return { ...answer(reply), bad: true }
}

export function closeWith(reply: Reply): Answer {
  return { ...answer(reply), next: { do: 'close' } }
}

/** A reply that is told of elsewhere: the provider's, that of a failure, or one that follows from what was refused before. */
export function pass(reply: Reply): Answer {
  return { replies: [reply] }
}

export function passAndClose(reply: Reply): Answer {
  return { replies: [reply], next: { do: 'close' } }
}

/** A refusal of our own, for those who look after postern. */
export function refusalsIn(reply: Reply): Pick<Answer, 'refusals'> {
  return reply.code >= 400 ? { refusals: [{ reply }] } : {}
}

/** What the client gets for its message. A yes to a message whose end never came would be a yes to something else. */
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

/** The next line of the input, as the session wants it; undefined while none is whole. `limit` in octets, its CRLF not counted. */
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
