import type { Failure } from '../base/failure.ts'
import { withoutEnding } from '../base/text.ts'
import type { Limits } from '../config/config.ts'
import type { AuthMethods } from '../credentials/credential-index.ts'
import type { Submitter } from '../mailboxes/sender-policy.ts'
import { type MechanismOffers, offeredMechanisms } from '../sasl/client-mechanisms.ts'
import { decodeBase64, type Exchange, encodeBase64 } from '../sasl/exchange.ts'
import { type Reply, say } from '../wire/reply.ts'
import type { GivenMail } from './command.ts'
import { type Phase, replies, replyForFailure, senderRefused } from './replies.ts'
import { type Answer, bad, pass, refusalsIn } from './session-events.ts'

/** Who the client is: nobody yet, whoever signed in, or a login that its network is enough for. */
interface SessionClient {
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
  options: Omit<SignInOptions, 'offers'> & { offers: () => AuthMethods },
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

/** AUTH (RFC 4954), from the command to the outcome of the check. */
interface SignIn {
  /** A challenge is out: the next line is a response, not a command. */
  isUnderWay(): boolean
  begin(mechanism: string, initial: string | undefined): Answer
  respond(line: Buffer): Answer
  failed(failure: Failure, at: Phase): Answer
  /** It is over, or begins anew. Failures stay counted. */
  forget(): void
}

interface SignInOptions {
  limits: Pick<Limits, 'authLineOctets' | 'signInFailures'>
  offers: () => MechanismOffers
  makeChallenge: () => string
}

type State =
  | { kind: 'idle' }
  | { kind: 'exchange'; exchange: Exchange }
  | { kind: 'checking'; errorChallenge: string | undefined }
  /** The error challenge is out; whatever the client says to it, this is the answer. */
  | { kind: 'refused'; reply: Reply }

function createSignIn({ limits, offers, makeChallenge }: SignInOptions): SignIn {
  let state: State = { kind: 'idle' }
  let failures = 0

  return {
    isUnderWay: () => state.kind === 'exchange' || state.kind === 'refused',

    begin(name, initial) {
      const mechanism = offeredMechanisms(offers()).find((offered) => offered.name === name)
      if (mechanism === undefined) return bad(replies.mechanismUnknown)
      const exchange = mechanism.begin(makeChallenge)
      if (initial === undefined) return advance(exchange, undefined)
      // RFC 4954, section 4: `=` is an initial response of zero length, not an absent one.
      return initial === '=' ? advance(exchange, Buffer.alloc(0)) : decodeAndAdvance(exchange, initial)
    },

    respond(line) {
      if (state.kind === 'refused') return fail(state.reply)
      // Some devices end every line of theirs with a blank.
      const text = withoutEnding(line.toString('latin1'), ' \t')
      if (state.kind === 'exchange' && text !== '*') return decodeAndAdvance(state.exchange, text)
      state = { kind: 'idle' }
      return bad(replies.cancelled)
    },

    failed(failure, at) {
      const reply = replyForFailure(failure, at)
      const errorChallenge = state.kind === 'checking' ? state.errorChallenge : undefined
      // Passing trouble says nothing about the token, so a client must not be told to throw it away.
      if (errorChallenge === undefined || reply.code !== replies.wrongCredentials.code) return fail(reply)
      state = { kind: 'refused', reply }
      return challenge(errorChallenge)
    },

    forget() {
      state = { kind: 'idle' }
    },
  }

  function decodeAndAdvance(exchange: Exchange, text: string): Answer {
    const response = decodeBase64(text)
    if (response !== undefined) return advance(exchange, response)
    state = { kind: 'idle' }
    return bad(replies.badBase64)
  }

  function advance(exchange: Exchange, response: Buffer | undefined): Answer {
    const outcome = exchange(response)
    switch (outcome.kind) {
      case 'challenge':
        state = { kind: 'exchange', exchange }
        return challenge(outcome.text)
      case 'credentials':
        state = { kind: 'checking', errorChallenge: outcome.errorChallenge }
        return { replies: [], next: { do: 'sign-in', credentials: outcome.credentials } }
      case 'malformed':
        state = { kind: 'idle' }
        return bad(replies.badResponse)
    }
  }

  function challenge(text: string): Answer {
    return { replies: [say(334, encodeBase64(text))], next: { do: 'line', limit: limits.authLineOctets } }
  }

  function fail(reply: Reply): Answer {
    state = { kind: 'idle' }
    failures++
    if (failures < limits.signInFailures) return { replies: [reply] }
    const { refusals } = refusalsIn(replies.tooManySignInFailures)
    return {
      replies: [reply, replies.tooManySignInFailures],
      next: { do: 'close' },
      ...(refusals && { refusals }),
    }
  }
}
