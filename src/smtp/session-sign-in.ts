import type { Failure } from '../base/failure.ts'
import type { Limits } from '../config/config.ts'
import { decodeBase64, encodeBase64 } from '../sasl/base64.ts'
import { clientMechanisms } from '../sasl/client-mechanisms.ts'
import type { Exchange } from '../sasl/exchange.ts'
import { type Reply, say } from '../wire/reply.ts'
import { replies, replyForFailure } from './replies.ts'
import { type Answer, bad } from './session-answer.ts'

/** AUTH (RFC 4954), from the command to the outcome of the check. */
export interface SignIn {
  /** A challenge is out: the next line is a response, not a command. */
  isUnderWay(): boolean
  begin(mechanism: string, initial: string | undefined): Answer
  respond(line: Buffer): Answer
  failed(failure: Failure): Answer
  /** After STARTTLS (RFC 3207, section 4.2). Failures stay counted. */
  forget(): void
}

export function createSignIn(limits: Pick<Limits, 'authLineOctets' | 'signInFailures'>): SignIn {
  let exchange: Exchange | undefined
  let failures = 0

  return {
    isUnderWay: () => exchange !== undefined,

    begin(mechanism, initial) {
      exchange = clientMechanisms.get(mechanism)?.()
      if (exchange === undefined) return bad(replies.mechanismUnknown)
      if (initial === undefined) return advance(undefined)
      // RFC 4954, section 4: `=` is an initial response of zero length, not an absent one.
      return initial === '=' ? advance(Buffer.alloc(0)) : decodeAndAdvance(initial)
    },

    respond(line) {
      const text = line.toString('latin1')
      if (text !== '*') return decodeAndAdvance(text)
      exchange = undefined
      return bad(replies.cancelled)
    },

    failed: (failure) => fail(replyForFailure(failure, 'sign-in')),

    forget() {
      exchange = undefined
    },
  }

  function decodeAndAdvance(text: string): Answer {
    const response = decodeBase64(text)
    if (response !== undefined) return advance(response)
    exchange = undefined
    return bad(replies.badBase64)
  }

  function advance(response: Buffer | undefined): Answer {
    const outcome = exchange?.(response) ?? { kind: 'malformed' }
    if (outcome.kind === 'challenge') {
      const challenge = say(334, encodeBase64(outcome.text))
      return { replies: [challenge], next: { do: 'line', limit: limits.authLineOctets } }
    }
    exchange = undefined
    if (outcome.kind === 'malformed') return bad(replies.badResponse)
    if (outcome.kind === 'refused') return fail(replies.wrongCredentials)
    return { replies: [], next: { do: 'sign-in', credentials: outcome.credentials } }
  }

  function fail(reply: Reply): Answer {
    failures++
    if (failures < limits.signInFailures) return { replies: [reply] }
    return { replies: [reply, replies.tooManySignInFailures], next: { do: 'close' } }
  }
}
