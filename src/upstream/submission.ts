import type { Gone } from '../base/async.ts'
import { Failure, filled } from '../base/failure.ts'
import type { Principal } from '../credentials/scopes.ts'
import type { ProgramUse } from '../governor/governor.ts'
import type { Submitter } from '../mailboxes/sender-policy.ts'
import type { Address, KeyedAddress } from '../model/address.ts'
import type { HeldMessage } from '../model/held-message.ts'
import type { MailCommand, RecipientCommand } from '../wire/envelope.ts'
import type { Reply } from '../wire/reply.ts'
import type { Begun } from './relay.ts'

/** A message to somebody whom the program may not send to: nothing of it is sent. */
export class RecipientsRefused extends Failure {
  readonly recipients: readonly string[]

  constructor(program: string, recipients: readonly string[]) {
    super(filled('limits.recipients-refused', { program, count: recipients.length }))
    this.name = 'RecipientsRefused'
    this.recipients = recipients
  }
}

/** A message that comes by another way than an SMTP session. */
export interface Submission {
  by: Principal
  /** The address that it comes from. */
  source: string
  /** The envelope, as it was given. An empty sender is the null sender. */
  sender: string
  recipients: readonly string[]
  /** The header has characters that are not ASCII (RFC 6531). */
  utf8: boolean
  /** Of the message, in octets, where that is known. */
  size?: number | undefined
  /** Lines end in CRLF, and no dot is stuffed. A message that breaks off has to throw. */
  octets: AsyncIterable<Buffer>
  /** Aborts when whoever wants it sent has gone. */
  gone: Gone
  /** Called when everything has been checked and the recipients are accepted: the message leaves next. */
  leaving?: (() => Promise<void>) | undefined
}

export interface Submitted {
  mailbox: Address
  /** As they left, with what the provider said to each. */
  recipients: readonly { recipient: string; reply: Reply }[]
  /** To the message itself; absent where no recipient was accepted: then nothing was sent. */
  reply?: Reply
  /** It was not sent: it waits for a person, by this id. */
  held?: string
}

/** What would come of a message now. */
export interface Rehearsal {
  /** Absent where the sender may not be used. */
  mailbox?: Address
  /** Of the envelope, as it would leave. */
  sender?: string
  /** As it was given, where another one would leave in its place. */
  givenSender?: string
  /** As they would leave, with why the program may not send there. */
  recipients: readonly { recipient: string; refusal?: Failure }[]
  /** In octets. */
  size: number
  /** The largest that may leave, where that is known. */
  sizeLimit?: number
  /** A person would be asked first. */
  needsApproval: boolean
  /** How much the program has used of limits of its own. */
  use?: ProgramUse
  /** Why it would not leave; empty: it would, as far as the mailbox can send. */
  problems: readonly Failure[]
}

/**
 * Looks at a message as if it were to be sent: nothing leaves, and nothing is counted.
 * @throws Failure `forbidden` for a key that may not send at all; `invalid` for a message that
 * breaks off
 */
export type Rehearse = (submission: Omit<Submission, 'gone' | 'leaving'>) => Promise<Rehearsal>

/**
 * Sends one message as an SMTP session does: by the same sender rules, limits, connections and log.
 * @throws Failure `forbidden` and `sender-refused` for who may not; `invalid` for what cannot be sent;
 * others as `Relay.begin` and `Transaction.send`
 */
export type Submit = (submission: Submission) => Promise<Submitted>

/** Begins a transaction of a message that is held instead of sent. */
export type Hold = (message: MessageToHold) => Promise<Begun>

export interface MessageToHold {
  submitter: Submitter
  /** Where it comes from, as the send log shows it. */
  source: string
  mailbox: KeyedAddress
  mail: MailCommand
  givenSender?: string | undefined
  recipients: readonly RecipientCommand[]
}

/** A message that was held until a person approved it. */
export interface ApprovedMessage {
  message: HeldMessage
  /** As its client sent them: dots are stuffed. */
  octets: AsyncGenerator<Buffer>
  /** As of `Submission`. */
  leaving(): Promise<void>
}

/**
 * Sends it as `Submit` does, if who it came from may still send it.
 * @throws Failure as `Submit`; `wrong-credentials` where the login or API key has ended
 */
export type SendApproved = (approved: ApprovedMessage) => Promise<Submitted>
