import type { Failure } from '../base/failure.ts'
import type { Offers, Submitter } from '../mailboxes/services.ts'
import type { GivenMail } from './command.ts'
import { type Phase, replies, replyForFailure, senderRefused } from './replies.ts'
import { type Answer, bad, pass } from './session-answer.ts'
import { createSignIn, type SignIn, type SignInOptions } from './session-sign-in.ts'

/** Who the client is: nobody yet, whoever signed in, or a login that its network is enough for. */
export interface SessionClient {
  submitter(): Submitter | undefined
  /** A challenge is out: the next line is a response, not a command. */
  isAnswering(): boolean
  /** Nobody has signed in. A client that was let in without a password still may. */
  maySignIn(): boolean
  auth(mechanism: string, initial: string | undefined): Answer
  respond(line: Buffer): Answer
  /** MAIL from a client that has not signed in: a refusal, or the question who it is, while the command waits. */
  askWhoSends(given: GivenMail): Answer
  /** It is known now. Gives the MAIL command that waited for it, if one did. */
  becomes(submitter: Submitter): GivenMail | undefined
  failed(failure: Failure, at: Phase): Answer
  /** After STARTTLS (RFC 3207, section 4.2). Failures stay counted. */
  forget(): void
}

export function createSessionClient(
  options: Omit<SignInOptions, 'offers'> & { offers: () => Offers },
): SessionClient {
  /** Needed until somebody has signed in: then nothing is left to be kept. */
  let signIn: SignIn | undefined = createSignIn(options)
  let submitter: Submitter | undefined
  /** Asked anew at each MAIL: what lets a client in is its sender, too. */
  let admitted = false
  let waiting: GivenMail | undefined

  return {
    submitter: () => submitter,
    isAnswering: () => signIn?.isUnderWay() === true,
    maySignIn: () => submitter === undefined || admitted,
    auth: (mechanism, initial) => signingIn().begin(mechanism, initial),
    respond: (line) => signingIn().respond(line),

    askWhoSends(given) {
      if (!options.offers().withoutPassword) return bad(replies.signInToSend)
      waiting = given
      return { replies: [], next: { do: 'admit', sender: given.mail.sender } }
    },

    becomes(by) {
      const mail = waiting
      waiting = undefined
      submitter = by
      admitted = mail !== undefined
      if (!admitted) signIn = undefined
      return mail
    },

    failed(failure, at) {
      if (at !== 'admission') return signingIn().failed(failure, at)
      const flaw = waiting?.senderFlaw?.reply
      waiting = undefined
      if (failure.code === 'sender-refused') return pass(flaw ?? senderRefused(failure.message, failure.fix))
      const reply = replyForFailure(failure, at)
      return reply === replies.signInToSend ? { ...pass(reply), bad: true } : pass(reply)
    },

    forget() {
      submitter = undefined
      admitted = false
      signIn?.forget()
    },
  }

  function signingIn(): SignIn {
    signIn ??= createSignIn(options)
    return signIn
  }
}
