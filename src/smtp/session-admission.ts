import type { Failure } from '../base/failure.ts'
import type { MailCommand } from '../wire/envelope.ts'
import { replies, replyForFailure, senderNotAdmitted } from './replies.ts'
import { type Answer, answer, bad } from './session-answer.ts'

/** MAIL from a client that has not signed in, where its network may do without: the command waits until it is known who that is. */
export interface Admission {
  /** A refusal, or the question who the client is. */
  ask(mail: MailCommand, greeted: boolean): Answer
  /** The command that waited, if one did. */
  take(): MailCommand | undefined
  failed(failure: Failure): Answer
}

/** `offered`: a login without a password is bound to a network that holds this client. */
export function createAdmission(offered: () => boolean): Admission {
  let waiting: MailCommand | undefined

  return {
    ask(mail, greeted) {
      if (!offered()) return bad(replies.signInToSend)
      if (!greeted) return bad(replies.helloFirst)
      waiting = mail
      return { replies: [], next: { do: 'admit', sender: mail.sender } }
    },

    take,

    failed(failure) {
      const sender = take()?.sender ?? ''
      if (failure.code === 'sender-refused') return answer(senderNotAdmitted(sender))
      const reply = replyForFailure(failure, 'admission')
      return reply === replies.signInToSend ? bad(reply) : answer(reply)
    },
  }

  function take(): MailCommand | undefined {
    const mail = waiting
    waiting = undefined
    return mail
  }
}
