import type { Failure } from '../base/failure.ts'
import type { AuthMethods } from '../credentials/credential-index.ts'
import type { Submitter } from '../mailboxes/sender-policy.ts'
import type { AddressKey } from '../model/address.ts'
import type { Limits } from '../model/limits.ts'
import type { SendingLimits } from '../model/sending-limits.ts'
import type { RelayCapabilities } from '../upstream/relay.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import { foreignText, isHttpInPlaceOfBase64 } from './client-opening.ts'
import { type Command, type GivenMail, parseCommand, shownCommand } from './command.ts'
import { mendedRecipients } from './mending.ts'
import { greeting, type Phase, replies, replyInTransaction } from './replies.ts'
import { Envelope } from './session-envelope.ts'
import {
  type Answer,
  answer,
  bad,
  closeWith,
  type MessageOutcome,
  pass,
  passAndClose,
  replyToMessage,
  type SessionEvent,
  type Step,
} from './session-events.ts'
import { SessionClient, SessionOpening } from './session-opening.ts'

export interface SmtpSessionDeps {
  hostname: string
  limits: SmtpSessionLimits
  /** What is offered to all clients, or the capabilities of the provider of this mailbox. */
  capabilities: (mailbox?: AddressKey) => RelayCapabilities
  /** What a submitter may send now; undefined without limits of its own. */
  limitsOf: (by: Submitter) => SendingLimits | undefined
  /** The authentication methods that this client may use. */
  authMethods: () => AuthMethods
  /** A unique challenge for CRAM-MD5: `<random.time@host>`. */
  makeChallenge: () => string
  /** A certificate exists, so STARTTLS is offered until TLS is on. */
  startTls: boolean
  /** The connection began with TLS (RFC 8314, section 3). */
  encrypted: boolean
  /**
   * AUTH is allowed without TLS: the client is on this machine, or the listener is set to allow it.
   */
  plainAuth: boolean
}

export type SmtpSessionLimits = Pick<
  Limits,
  | 'commandLineOctets'
  | 'authLineOctets'
  | 'messageOctets'
  | 'heldOctets'
  | 'recipientsPerMessage'
  | 'badCommands'
  | 'signInFailures'
>

/**
 * The SMTP session of one client (RFC 5321) as a state machine: all decisions, and no I/O. The
 * connection performs each `Step`, reports the result as a `SessionEvent`, and gets the next step.
 *
 * The phase of a session:
 *
 * - `fresh`: EHLO is missing, or has to be repeated after STARTTLS.
 * - `greeted`: EHLO was answered; the client is not authenticated.
 * - `signed-in`: the client is authenticated and has no transaction.
 * - `mail`: MAIL was accepted.
 * - `rcpt`: pipelined RCPT commands are gathered, to be sent to the provider together. The first
 *   other command ends the run (`begin`, later `add-recipients`), and is handled when the provider
 *   has answered.
 * - `accepted`: the provider has accepted a recipient.
 * - `refused`: the provider has refused the transaction.
 *
 * For each phase, the code of the reply to a command, and the next step unless it is to wait for a
 * line (`gather`: `line-if-here`, `tls`: `start-tls`):
 *
 * |            | fresh     | greeted   | signed-in | mail      | rcpt   | accepted  | refused   |
 * |------------|-----------|-----------|-----------|-----------|--------|-----------|-----------|
 * | EHLO       | 250       | 250       | 250       | 250 reset | begin  | 250 reset | 250 reset |
 * | HELO       | 250       | 250       | 250       | 250 reset | begin  | 250 reset | 250 reset |
 * | STARTTLS   | 220 tls   | 220 tls   | 220 tls   | 503       | begin  | 503       | 503       |
 * | AUTH PLAIN | 503       | sign-in   | 503       | 503       | begin  | 503       | 503       |
 * | AUTH LOGIN | 503       | 334       | 503       | 503       | begin  | 503       | 503       |
 * | MAIL       | 530       | 530       | 250       | 503       | begin  | 503       | 503       |
 * | RCPT       | 530       | 530       | 503       | gather    | gather | gather    | 550       |
 * | DATA       | 530       | 530       | 503       | 503       | begin  | promise   | 554       |
 * | RSET       | 250       | 250       | 250       | 250 reset | begin  | 250 reset | 250 reset |
 * | NOOP       | 250       | 250       | 250       | 250       | begin  | 250       | 250       |
 * | VRFY       | 530       | 530       | 252       | 252       | begin  | 252       | 252       |
 * | HELP       | 214       | 214       | 214       | 214       | begin  | 214       | 214       |
 * | QUIT       | 221 close | 221 close | 221 close | 221 close | begin  | 221 close | 221 close |
 * | BDAT       | 502 close | 502 close | 502 close | 502 close | begin  | 502 close | 502 close |
 * | EXPN       | 530       | 530       | 502       | 502       | begin  | 502       | 502       |
 * | XYZZY      | 530       | 530       | 500       | 500       | begin  | 500       | 500       |
 * | GET        | 554 close | 554 close | 554 close | 554 close | begin  | 554 close | 554 close |
 *
 * While AUTH is under way, a line is a response and not a command. A client whose network is enough
 * for a login need not authenticate: in `greeted`, its MAIL is answered after `authorize`.
 */
export interface SmtpSession {
  greet(): Step
  step(event: SessionEvent): Step
}

export function createSmtpSession(deps: SmtpSessionDeps): SmtpSession {
  return new Session(deps)
}

/** A class, because a server holds one for each of thousands of connections. */
class Session implements SmtpSession {
  readonly #deps: SmtpSessionDeps
  readonly #opening: SessionOpening
  readonly #client: SessionClient
  /** From MAIL to the end of its transaction. Most sessions of a busy server are idle and have none. */
  #envelope: Envelope | undefined
  /** Counted since the last accepted message. */
  #badCommands = 0
  /** The last MAIL was refused: RCPT and DATA that a client pipelined behind it are not logged. */
  #mailRefused = false
  /** The event that ended a run of recipients; it is handled when they are answered. */
  #deferred: SessionEvent | undefined

  constructor(deps: SmtpSessionDeps) {
    this.#deps = deps
    this.#opening = new SessionOpening(deps)
    this.#client = new SessionClient(deps)
  }

  greet(): Step {
    return this.#finish(answer(greeting(this.#deps.hostname)))
  }

  step(event: SessionEvent): Step {
    return this.#finish(this.#handle(event))
  }

  #handle(event: SessionEvent): Answer {
    switch (event.kind) {
      case 'line':
        return this.#client.isAnswering() ? this.#response(event.line) : this.#line(event.line)
      case 'line-too-long':
        if (this.#envelope?.isGathering()) return this.#endRunBefore(event)
        if (this.#isAuthLine(event.start)) return closeWith(replies.authLineTooLong)
        return closeWith(foreignText(event.start) ?? replies.lineTooLong)
      case 'line-forbidden':
        if (this.#envelope?.isGathering()) return this.#endRunBefore(event)
        return closeWith(foreignText(event.start) ?? replies.bareNewlineInCommand)
      case 'run-ended':
        return this.#theEnvelope().endRun()
      case 'encrypted':
        return this.#startAgain()
      case 'signed-in':
        return this.#signedIn(event.submitter)
      case 'recipients-answered':
        return this.#thenDeferred(this.#theEnvelope().recipientsAnswered(event.replies, event.open))
      case 'promised':
        return this.#theEnvelope().promised()
      case 'message-over':
        return this.#messageOver(event.outcome, event.ended)
      case 'failed':
        return this.#failed(event.failure, event.at)
      case 'timed-out':
        if (event.late) return closeWith(replies.notSignedIn)
        return this.#client.submitter() === undefined || this.#envelope?.isOpen()
          ? closeWith(replies.timedOut)
          : passAndClose(replies.timedOut)
      case 'shutting-down':
        return passAndClose(replies.closing)
    }
  }

  #finish({ replies: answered, next, bad: isBad, ...noted }: Answer): Step {
    const { refused, refusedRecipients, refusals, dropped } = noted
    if (isBad) this.#badCommands++
    if (isBad && this.#badCommands >= this.#deps.limits.badCommands) {
      const last = closeWith(replies.tooManyBadCommands)
      const { refusals: also = [] } = last
      return {
        replies: [...answered.slice(0, -1), ...last.replies],
        next: { do: 'close' },
        refusals: [...(refusals ?? []), ...also],
      }
    }
    const step = { replies: answered, next: next ?? this.#nextLine() }
    // The usual case: nothing was refused or dropped.
    if (!refused && !refusedRecipients && refusals === undefined && !dropped?.length) return step
    return {
      ...step,
      ...(refused && { refused }),
      ...(refusedRecipients && { refusedRecipients }),
      ...(refusals && { refusals }),
      ...(dropped?.length && { dropped }),
    }
  }

  #nextLine(): Step['next'] {
    if (this.#envelope?.isGathering())
      return { do: 'line-if-here', limit: this.#deps.limits.commandLineOctets }
    return { do: 'line', limit: this.#lineLimit() }
  }

  /** An initial response may make AUTH longer than any other command (RFC 4954, section 4). */
  #lineLimit(): number {
    return this.#client.maySignIn() && !this.#envelope?.isOpen()
      ? this.#deps.limits.authLineOctets
      : this.#deps.limits.commandLineOctets
  }

  #isAuthLine(start: Buffer): boolean {
    return this.#client.isAnswering() || /^AUTH /i.test(start.toString('latin1', 0, 5))
  }

  #response(octets: Buffer): Answer {
    return isHttpInPlaceOfBase64(octets) ? closeWith(replies.notHttp) : this.#client.respond(octets)
  }

  #line(octets: Buffer): Answer {
    // A line this long is read only where AUTH is allowed, so no recipients are gathered.
    if (octets.length > this.#deps.limits.commandLineOctets && !this.#isAuthLine(octets))
      return closeWith(replies.lineTooLong)
    const command = this.#asLoginWants(parseCommand(octets), octets)
    const recipient = command.verb === 'RCPT' || (command.verb === 'malformed' && command.of === 'RCPT')
    if (!this.#envelope?.isGathering() || recipient) return withCommand(this.#perform(command), octets)
    return this.#endRunBefore({ kind: 'line', line: octets })
  }

  #asLoginWants(command: Command, octets: Buffer): Command {
    const of = command.verb === 'malformed' ? command.of : command.verb
    const mended = of === 'RCPT' ? mendedRecipients(octets, this.#client.submitter()?.mending) : undefined
    return mended === undefined ? command : { verb: 'RCPT', ...mended }
  }

  #endRunBefore(event: SessionEvent): Answer {
    this.#deferred = event
    return this.#theEnvelope().endRun()
  }

  #thenDeferred(first: Answer): Answer {
    if (this.#deferred === undefined) return first
    const event = this.#deferred
    this.#deferred = undefined
    const second = this.#handle(event)
    return { ...second, replies: [...first.replies, ...second.replies] }
  }

  #perform(command: Command): Answer {
    switch (command.verb) {
      case 'EHLO':
      case 'HELO':
        return this.#endEnvelope(this.#opening.hello(command.verb))
      case 'NOOP':
        return answer(replies.ok)
      case 'VRFY':
        // Before authentication this is answered 530 as well (RFC 4954, section 6).
        return answer(this.#client.submitter() === undefined ? replies.signInFirst : replies.cannotVerify)
      case 'HELP':
        return answer(replies.help)
      case 'RSET':
        return this.#endEnvelope(replies.ok)
      case 'QUIT':
        return closeWith(replies.goodbye)
      case 'STARTTLS':
        return this.#envelope?.isOpen() ? bad(replies.mailAlready) : this.#opening.startTls()
      case 'AUTH':
        return this.#auth(command.mechanism, command.initial)
      case 'BDAT':
        // The octets behind it would be read as commands (RFC 3030, section 2).
        return closeWith(replies.noChunking)
      case 'cross-protocol':
        return closeWith(replies.notHttp)
      case 'unknown':
        return bad(this.#client.submitter() === undefined ? replies.signInFirst : replies.unknownCommand)
      case 'malformed':
        return this.#malformed(command.of, command.reply)
      case 'MAIL':
        return this.#mail(command)
      case 'RCPT':
      case 'DATA':
        return this.#behindMail(this.#transaction(command))
      default:
        return this.#transaction(command)
    }
  }

  #transaction(command: Command): Answer {
    const by = this.#client.submitter()
    if (by === undefined) return bad(replies.signInFirst)
    switch (command.verb) {
      case 'RCPT':
        return this.#theEnvelope().recipient(by, command)
      case 'DATA':
        return this.#theEnvelope().data()
      default:
        return bad(replies.unsupportedCommand)
    }
  }

  #behindMail(answered: Answer): Answer {
    return this.#mailRefused && !this.#envelope?.isOpen() ? { replies: answered.replies } : answered
  }

  #mail(command: GivenMail): Answer {
    const by = this.#client.submitter()
    if (by !== undefined && (!this.#client.maySignIn() || this.#envelope?.isOpen()))
      return this.#open(by, command)
    const missing = this.#deps.authMethods().withoutPassword ? this.#opening.missing('MAIL') : undefined
    return missing === undefined ? this.#client.holdMail(command) : bad(missing)
  }

  #signedIn(by: Submitter): Answer {
    const waiting = this.#client.setSubmitter(by)
    return waiting === undefined ? answer(replies.signedIn) : this.#open(by, waiting)
  }

  #open(by: Submitter, command: GivenMail): Answer {
    const answered = this.#theEnvelope().mail(by, command)
    this.#mailRefused = !this.#theEnvelope().isOpen()
    return answered
  }

  #failed(failure: Failure, at: Phase): Answer {
    if (at === 'admission') this.#mailRefused = true
    if (at !== 'transaction') return this.#client.failed(failure, at)
    return this.#thenDeferred(this.#theEnvelope().failed(replyInTransaction(failure)))
  }

  #malformed(of: string, reply: Reply): Answer {
    if (
      this.#client.submitter() === undefined &&
      of === 'MAIL' &&
      !this.#deps.authMethods().withoutPassword
    ) {
      return bad(replies.signInToSend)
    }
    if (this.#client.submitter() === undefined && (of === 'RCPT' || of === 'DATA')) {
      return this.#behindMail(bad(replies.signInFirst))
    }
    if (of === 'MAIL') return this.#refuseMail(reply)
    if (of !== 'RCPT') return bad(reply)
    return this.#envelope?.isOpen()
      ? this.#envelope.refuseRecipient(reply)
      : this.#behindMail(bad(replies.mailFirst))
  }

  /** An address that cannot be parsed is a fault of that message, not of the connection. */
  #refuseMail(reply: Reply): Answer {
    if (this.#envelope?.isOpen()) return bad(replies.mailAlready)
    this.#mailRefused = true
    return answer(reply)
  }

  #auth(mechanism: string, initial: string | undefined): Answer {
    if (!this.#client.maySignIn()) return bad(replies.signedInAlready)
    // AUTH is not allowed during a transaction (RFC 4954, section 4).
    if (this.#envelope?.isOpen()) return bad(replies.mailAlready)
    const missing = this.#opening.missing('AUTH')
    return missing === undefined ? this.#client.auth(mechanism, initial) : bad(missing)
  }

  /** What was learned in the clear is discarded (RFC 3207, section 4.2). */
  #startAgain(): Answer {
    this.#opening.encrypted()
    this.#client.forget()
    return { replies: [] }
  }

  #endEnvelope(reply: Reply): Answer {
    this.#mailRefused = false
    if (!this.#envelope?.isOpen()) return answer(reply)
    this.#envelope = undefined
    return { replies: [reply], next: { do: 'reset', limit: this.#lineLimit() } }
  }

  #theEnvelope(): Envelope {
    const { limits, capabilities, limitsOf } = this.#deps
    this.#envelope ??= new Envelope(limits, capabilities, limitsOf)
    return this.#envelope
  }

  #messageOver(outcome: MessageOutcome, ended: boolean): Answer {
    this.#envelope = undefined
    const reply = replyToMessage(outcome, ended)
    if (isPositive(reply)) this.#badCommands = 0
    return ended ? pass(reply) : passAndClose(reply)
  }
}

function withCommand(given: Answer, line: Buffer): Answer {
  if (given.refusals === undefined) return given
  const command = shownCommand(line)
  if (command === undefined) return given
  return { ...given, refusals: given.refusals.map((refusal) => ({ ...refusal, command })) }
}
