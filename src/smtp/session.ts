import type { Limits } from '../config/config.ts'
import type { Submitter } from '../mailboxes/services.ts'
import type { Offered } from '../upstream/relay.ts'
import { type Reply, say } from '../wire/reply.ts'
import { type Command, parseCommand } from './command.ts'
import { greeting, replies, replyForFailure } from './replies.ts'
import { type Answer, answer, bad, closeWith } from './session-answer.ts'
import { describeCapabilities } from './session-capabilities.ts'
import { createEnvelope, messageLimit } from './session-envelope.ts'
import type { MessageOutcome, SessionEvent, Step } from './session-events.ts'
import { replyToMessage } from './session-message.ts'
import { createSignIn } from './session-sign-in.ts'

export interface SessionOptions {
  hostname: string
  limits: SessionLimits
  offered: () => Offered
  /** A certificate is there, so STARTTLS is offered until TLS is on. */
  startTls: boolean
  /** AUTH may happen without TLS: the client is on this machine, or it was asked for. */
  plainAuth: boolean
}

export type SessionLimits = Pick<
  Limits,
  | 'commandLineOctets'
  | 'authLineOctets'
  | 'messageOctets'
  | 'recipientsPerMessage'
  | 'badCommands'
  | 'signInFailures'
>

/** One client's session (RFC 5321): every decision, and no I/O. The shell performs each step and reports what came of it. */
export interface Session {
  greet(): Step
  step(event: SessionEvent): Step
}

export function createSession(options: SessionOptions): Session {
  const { limits, offered } = options
  const signIn = createSignIn(limits)
  const envelope = createEnvelope(limits, offered)
  let encrypted = false
  let greeted = false
  let submitter: Submitter | undefined
  let badCommands = 0
  /** What ended a run of recipients: its turn comes when they are answered. */
  let deferred: SessionEvent | undefined

  return {
    greet: () => finish(answer(greeting(options.hostname))),
    step: (event) => finish(handle(event)),
  }

  function handle(event: SessionEvent): Answer {
    switch (event.kind) {
      case 'line':
        return signIn.isUnderWay() ? signIn.respond(event.line) : line(event.line)
      case 'line-too-long':
        if (envelope.isGathering()) return endRunBefore(event)
        return closeWith(signIn.isUnderWay() ? replies.authLineTooLong : replies.lineTooLong)
      case 'line-forbidden':
        return envelope.isGathering() ? endRunBefore(event) : closeWith(replies.bareNewlineInCommand)
      case 'run-ended':
        return envelope.endRun()
      case 'encrypted':
        return startAgain()
      case 'signed-in':
        submitter = event.submitter
        return answer(replies.signedIn)
      case 'recipients-answered':
        return thenDeferred(envelope.recipientsAnswered(event.replies, event.open))
      case 'message-over':
        return messageOver(event.outcome, event.ended)
      case 'failed':
        if (submitter === undefined) return signIn.failed(event.failure)
        return thenDeferred(envelope.recipientsFailed(replyForFailure(event.failure, 'transaction')))
      case 'timed-out':
        return closeWith(replies.timedOut)
      case 'shutting-down':
        return closeWith(replies.closing)
    }
  }

  function finish({ replies: said, next, bad: isBad }: Answer): Step {
    if (isBad) badCommands++
    if (isBad && badCommands >= limits.badCommands) {
      return { replies: [...said.slice(0, -1), replies.tooManyBadCommands], next: { do: 'close' } }
    }
    return { replies: said, next: next ?? nextLine() }
  }

  function nextLine(): Step['next'] {
    if (envelope.isGathering()) return { do: 'line-if-here', limit: limits.commandLineOctets }
    // An initial response may make AUTH longer than any other command (RFC 4954, section 4).
    return { do: 'line', limit: submitter === undefined ? limits.authLineOctets : limits.commandLineOctets }
  }

  function line(octets: Buffer): Answer {
    const command = parseCommand(octets)
    // Possible only before sign-in, when nothing is gathered yet.
    if (octets.length > limits.commandLineOctets && command.verb !== 'AUTH') {
      return closeWith(replies.lineTooLong)
    }
    const recipient = command.verb === 'RCPT' || (command.verb === 'malformed' && command.of === 'RCPT')
    if (!envelope.isGathering() || recipient) return perform(command)
    return endRunBefore({ kind: 'line', line: octets })
  }

  function endRunBefore(event: SessionEvent): Answer {
    deferred = event
    return envelope.endRun()
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
        greeted = true
        return endEnvelope(command.verb === 'EHLO' ? capabilities() : say(250, options.hostname))
      case 'NOOP':
        return answer(replies.ok)
      case 'RSET':
        return endEnvelope(replies.ok)
      case 'QUIT':
        return closeWith(replies.goodbye)
      case 'STARTTLS':
        return startTls()
      case 'AUTH':
        return auth(command.mechanism, command.initial)
      case 'BDAT':
        // The octets behind it would be read as commands (RFC 3030, section 2).
        return closeWith(replies.noChunking)
      case 'cross-protocol':
        return closeWith(replies.notHttp)
      case 'unknown':
        return bad(submitter === undefined ? replies.signInFirst : replies.unknownCommand)
      case 'malformed':
        return malformed(command.of, command.reply)
      default:
        return submitter === undefined ? bad(replies.signInFirst) : transaction(submitter, command)
    }
  }

  function transaction(by: Submitter, command: Command): Answer {
    switch (command.verb) {
      case 'MAIL':
        return envelope.mail(by, command.mail)
      case 'RCPT':
        return envelope.recipient(command.recipient)
      case 'DATA':
        return envelope.data()
      default:
        return bad(replies.unsupportedCommand)
    }
  }

  function malformed(of: string, reply: Reply): Answer {
    const needsLogin = of === 'MAIL' || of === 'RCPT' || of === 'DATA'
    if (needsLogin && submitter === undefined) return bad(replies.signInFirst)
    if (of !== 'RCPT') return bad(reply)
    return { ...(envelope.isOpen() ? envelope.refuseRecipient(reply) : answer(replies.mailFirst)), bad: true }
  }

  function auth(mechanism: string, initial: string | undefined): Answer {
    if (submitter !== undefined) return bad(replies.signedInAlready)
    if (!mayAuth()) return bad(replies.startTlsFirst)
    return greeted ? signIn.begin(mechanism, initial) : bad(replies.helloFirst)
  }

  function startTls(): Answer {
    if (encrypted) return bad(replies.tlsAlready)
    if (!options.startTls) return bad(replies.tlsNotHere)
    if (envelope.isOpen()) return bad(replies.mailAlready)
    return { replies: [replies.readyForTls], next: { do: 'start-tls' } }
  }

  /** RFC 3207, section 4.2: what was learned in the clear is forgotten. */
  function startAgain(): Answer {
    encrypted = true
    greeted = false
    submitter = undefined
    signIn.forget()
    return { replies: [] }
  }

  function endEnvelope(reply: Reply): Answer {
    if (!envelope.isOpen()) return answer(reply)
    envelope.close()
    return { replies: [reply], next: { do: 'reset', limit: limits.commandLineOctets } }
  }

  function messageOver(outcome: MessageOutcome, ended: boolean): Answer {
    envelope.close()
    const reply = replyToMessage(outcome, ended)
    return ended ? answer(reply) : closeWith(reply)
  }

  function capabilities(): Reply {
    return describeCapabilities(options.hostname, offered(), {
      size: messageLimit(limits, offered()),
      startTls: options.startTls && !encrypted,
      auth: mayAuth(),
    })
  }

  function mayAuth(): boolean {
    return encrypted || options.plainAuth
  }
}
