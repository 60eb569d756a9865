import type { Failure } from '../base/failure.ts'
import type { Limits } from '../config/config.ts'
import type { AuthMethods } from '../credentials/credential-index.ts'
import type { Submitter } from '../mailboxes/sender-policy.ts'
import type { RelayCapabilities } from '../upstream/relay.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import { type Command, type GivenMail, parseCommand, shownCommand } from './command.ts'
import { foreignText, isHttpInPlaceOfBase64 } from './foreign-protocols.ts'
import { mendedRecipients } from './mending.ts'
import { greeting, type Phase, replies, replyInTransaction } from './replies.ts'
import { createEnvelope, type Envelope } from './session-envelope.ts'
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
import { createOpening } from './session-opening.ts'
import { createSessionClient } from './session-sign-in.ts'

export interface SmtpSessionDeps {
  hostname: string
  limits: SmtpSessionLimits
  /** What is offered to all clients, or the capabilities of the provider of this mailbox. */
  capabilities: (mailbox?: string) => RelayCapabilities
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
  const { limits, capabilities } = deps
  const opening = createOpening(deps)
  const client = createSessionClient(deps)
  /**
   * From MAIL to the end of its transaction. Most sessions of a busy server are idle and have none.
   */
  let envelope: Envelope | undefined
  /** Counted since the last accepted message. */
  let badCommands = 0
  /** The last MAIL was refused: RCPT and DATA that a client pipelined behind it are not logged. */
  let mailRefused = false
  /** The event that ended a run of recipients; it is handled when they are answered. */
  let deferred: SessionEvent | undefined

  return {
    greet: () => finish(answer(greeting(deps.hostname))),
    step: (event) => finish(handle(event)),
  }

  function handle(event: SessionEvent): Answer {
    switch (event.kind) {
      case 'line':
        return client.isAnswering() ? response(event.line) : line(event.line)
      case 'line-too-long':
        if (envelope?.isGathering()) return endRunBefore(event)
        if (isAuthLine(event.start)) return closeWith(replies.authLineTooLong)
        return closeWith(foreignText(event.start) ?? replies.lineTooLong)
      case 'line-forbidden':
        if (envelope?.isGathering()) return endRunBefore(event)
        return closeWith(foreignText(event.start) ?? replies.bareNewlineInCommand)
      case 'run-ended':
        return theEnvelope().endRun()
      case 'encrypted':
        return startAgain()
      case 'signed-in':
        return signedIn(event.submitter)
      case 'recipients-answered':
        return thenDeferred(theEnvelope().recipientsAnswered(event.replies, event.open))
      case 'promised':
        return theEnvelope().promised()
      case 'message-over':
        return messageOver(event.outcome, event.ended)
      case 'failed':
        return failed(event.failure, event.at)
      case 'timed-out':
        if (event.late) return closeWith(replies.notSignedIn)
        return client.submitter() === undefined || envelope?.isOpen()
          ? closeWith(replies.timedOut)
          : passAndClose(replies.timedOut)
      case 'shutting-down':
        return passAndClose(replies.closing)
    }
  }

  function finish({ replies: answered, next, bad: isBad, refused, refusals, dropped }: Answer): Step {
    if (isBad) badCommands++
    if (isBad && badCommands >= limits.badCommands) {
      const last = closeWith(replies.tooManyBadCommands)
      const { refusals: also = [] } = last
      return {
        replies: [...answered.slice(0, -1), ...last.replies],
        next: { do: 'close' },
        refusals: [...(refusals ?? []), ...also],
      }
    }
    const step = { replies: answered, next: next ?? nextLine() }
    // The usual case: nothing was refused or dropped.
    if (refused === undefined && refusals === undefined && !dropped?.length) return step
    return {
      ...step,
      ...(refused && { refused }),
      ...(refusals && { refusals }),
      ...(dropped?.length && { dropped }),
    }
  }

  function nextLine(): Step['next'] {
    if (envelope?.isGathering()) return { do: 'line-if-here', limit: limits.commandLineOctets }
    return { do: 'line', limit: lineLimit() }
  }

  /** An initial response may make AUTH longer than any other command (RFC 4954, section 4). */
  function lineLimit(): number {
    return client.maySignIn() && !envelope?.isOpen() ? limits.authLineOctets : limits.commandLineOctets
  }

  function isAuthLine(start: Buffer): boolean {
    return client.isAnswering() || /^AUTH /i.test(start.toString('latin1', 0, 5))
  }

  function response(octets: Buffer): Answer {
    return isHttpInPlaceOfBase64(octets) ? closeWith(replies.notHttp) : client.respond(octets)
  }

  function line(octets: Buffer): Answer {
    // A line this long is read only where AUTH is allowed, so no recipients are gathered.
    if (octets.length > limits.commandLineOctets && !isAuthLine(octets)) return closeWith(replies.lineTooLong)
    const command = asLoginWants(parseCommand(octets), octets)
    const recipient = command.verb === 'RCPT' || (command.verb === 'malformed' && command.of === 'RCPT')
    if (!envelope?.isGathering() || recipient) return withCommand(perform(command), octets)
    return endRunBefore({ kind: 'line', line: octets })
  }

  function asLoginWants(command: Command, octets: Buffer): Command {
    const of = command.verb === 'malformed' ? command.of : command.verb
    const mended = of === 'RCPT' ? mendedRecipients(octets, client.submitter()?.mending) : undefined
    return mended === undefined ? command : { verb: 'RCPT', ...mended }
  }

  function endRunBefore(event: SessionEvent): Answer {
    deferred = event
    return theEnvelope().endRun()
  }

  function thenDeferred(first: Answer): Answer {
    if (deferred === undefined) return first
    const event = deferred
    deferred = undefined
    const second = handle(event)
    return { ...second, replies: [...first.replies, ...second.replies] }
  }

  function perform(command: Command): Answer {
    switch (command.verb) {
      case 'EHLO':
      case 'HELO':
        return endEnvelope(opening.hello(command.verb))
      case 'NOOP':
        return answer(replies.ok)
      case 'VRFY':
        // Before authentication this is answered 530 as well (RFC 4954, section 6).
        return answer(client.submitter() === undefined ? replies.signInFirst : replies.cannotVerify)
      case 'HELP':
        return answer(replies.help)
      case 'RSET':
        return endEnvelope(replies.ok)
      case 'QUIT':
        return closeWith(replies.goodbye)
      case 'STARTTLS':
        return envelope?.isOpen() ? bad(replies.mailAlready) : opening.startTls()
      case 'AUTH':
        return auth(command.mechanism, command.initial)
      case 'BDAT':
        // The octets behind it would be read as commands (RFC 3030, section 2).
        return closeWith(replies.noChunking)
      case 'cross-protocol':
        return closeWith(replies.notHttp)
      case 'unknown':
        return bad(client.submitter() === undefined ? replies.signInFirst : replies.unknownCommand)
      case 'malformed':
        return malformed(command.of, command.reply)
      case 'MAIL':
        return mail(command)
      case 'RCPT':
      case 'DATA':
        return behindMail(transaction(command))
      default:
        return transaction(command)
    }
  }

  function transaction(command: Command): Answer {
    if (client.submitter() === undefined) return bad(replies.signInFirst)
    switch (command.verb) {
      case 'RCPT':
        return theEnvelope().recipient(command)
      case 'DATA':
        return theEnvelope().data()
      default:
        return bad(replies.unsupportedCommand)
    }
  }

  function behindMail(answered: Answer): Answer {
    return mailRefused && !envelope?.isOpen() ? { replies: answered.replies } : answered
  }

  function mail(command: GivenMail): Answer {
    const by = client.submitter()
    if (by !== undefined && (!client.maySignIn() || envelope?.isOpen())) return open(by, command)
    const missing = deps.authMethods().withoutPassword ? opening.missing('MAIL') : undefined
    return missing === undefined ? client.holdMail(command) : bad(missing)
  }

  function signedIn(by: Submitter): Answer {
    const waiting = client.setSubmitter(by)
    return waiting === undefined ? answer(replies.signedIn) : open(by, waiting)
  }

  function open(by: Submitter, command: GivenMail): Answer {
    const answered = theEnvelope().mail(by, command)
    mailRefused = !theEnvelope().isOpen()
    return answered
  }

  function failed(failure: Failure, at: Phase): Answer {
    if (at === 'admission') mailRefused = true
    if (at !== 'transaction') return client.failed(failure, at)
    return thenDeferred(theEnvelope().failed(replyInTransaction(failure)))
  }

  function malformed(of: string, reply: Reply): Answer {
    if (client.submitter() === undefined && of === 'MAIL' && !deps.authMethods().withoutPassword) {
      return bad(replies.signInToSend)
    }
    if (client.submitter() === undefined && (of === 'RCPT' || of === 'DATA')) {
      return behindMail(bad(replies.signInFirst))
    }
    if (of === 'MAIL') return refuseMail(reply)
    if (of !== 'RCPT') return bad(reply)
    return envelope?.isOpen() ? envelope.refuseRecipient(reply) : behindMail(bad(replies.mailFirst))
  }

  /** An address that cannot be parsed is a fault of that message, not of the connection. */
  function refuseMail(reply: Reply): Answer {
    if (envelope?.isOpen()) return bad(replies.mailAlready)
    mailRefused = true
    return answer(reply)
  }

  function auth(mechanism: string, initial: string | undefined): Answer {
    if (!client.maySignIn()) return bad(replies.signedInAlready)
    // AUTH is not allowed during a transaction (RFC 4954, section 4).
    if (envelope?.isOpen()) return bad(replies.mailAlready)
    const missing = opening.missing('AUTH')
    return missing === undefined ? client.auth(mechanism, initial) : bad(missing)
  }

  /** What was learned in the clear is discarded (RFC 3207, section 4.2). */
  function startAgain(): Answer {
    opening.encrypted()
    client.forget()
    return { replies: [] }
  }

  function endEnvelope(reply: Reply): Answer {
    mailRefused = false
    if (!envelope?.isOpen()) return answer(reply)
    envelope = undefined
    return { replies: [reply], next: { do: 'reset', limit: lineLimit() } }
  }

  function theEnvelope(): Envelope {
    envelope ??= createEnvelope(limits, capabilities)
    return envelope
  }

  function messageOver(outcome: MessageOutcome, ended: boolean): Answer {
    envelope = undefined
    const reply = replyToMessage(outcome, ended)
    if (isPositive(reply)) badCommands = 0
    return ended ? pass(reply) : passAndClose(reply)
  }
}

function withCommand(given: Answer, line: Buffer): Answer {
  if (given.refusals === undefined) return given
  const command = shownCommand(line)
  if (command === undefined) return given
  return { ...given, refusals: given.refusals.map((refusal) => ({ ...refusal, command })) }
}
