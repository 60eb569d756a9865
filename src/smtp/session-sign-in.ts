import type { Failure } from '../base/failure.ts'
import { withoutEnding } from '../base/text.ts'
import type { Limits } from '../config/config.ts'
import type { AuthMethods } from '../credentials/credential-index.ts'
import type { Submitter } from '../mailboxes/sender-policy.ts'
import { type EnabledMechanisms, mechanismsFor } from '../sasl/client-mechanisms.ts'
import { decodeBase64, type Exchange, encodeBase64 } from '../sasl/exchange.ts'
import { type Reply, say } from '../wire/reply.ts'
import type { GivenMail } from './command.ts'
import { type Phase, replies, replyForFailure, senderRefused } from './replies.ts'
import { type Answer, bad, pass, refusalsIn } from './session-events.ts'

/**
 * The client of a session. Its submitter is undefined at first, then an authenticated login, or a
 * login for which the network of the client is enough.
 */
interface SessionClient {
  submitter(): Submitter | undefined
  /** A challenge was sent: the next line is a response, not a command. */
  isAnswering(): boolean
  /**
   * Whether AUTH is allowed: no login is authenticated. A client that is authorised by its network
   * may still authenticate.
   */
  maySignIn(): boolean
  auth(mechanism: string, initial: string | undefined): Answer
  respond(line: Buffer): Answer
  /** MAIL before authentication: refused, or held while the login of the client is looked up. */
  holdMail(given: GivenMail): Answer
  /** Sets the submitter. Returns the MAIL command that was held, if any. */
  setSubmitter(submitter: Submitter): GivenMail | undefined
  failed(failure: Failure, at: Phase): Answer
  /** After STARTTLS (RFC 3207, section 4.2). The count of failures is kept. */
  forget(): void
}

export function createSessionClient(
  deps: Omit<SignInDeps, 'authMethods'> & { authMethods: () => AuthMethods },
): SessionClient {
  /** Needed until a client is authenticated; released then. */
  let signIn: SignIn | undefined = createSignIn(deps)
  let submitter: Submitter | undefined
  /**
   * The submitter comes from the network: it is looked up anew at each MAIL, because it depends on
   * the sender.
   */
  let admitted = false
  let waiting: GivenMail | undefined

  return {
    submitter: () => submitter,
    isAnswering: () => signIn?.isUnderWay() === true,
    maySignIn: () => submitter === undefined || admitted,
    auth: (mechanism, initial) => signingIn().begin(mechanism, initial),
    respond: (line) => signingIn().respond(line),

    holdMail(given) {
      if (!deps.authMethods().withoutPassword) return bad(replies.signInToSend)
      waiting = given
      return { replies: [], next: { do: 'authorize', sender: given.mail.sender } }
    },

    setSubmitter(by) {
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
    signIn ??= createSignIn(deps)
    return signIn
  }
}

/** AUTH (RFC 4954), from the command to the result of the check. */
interface SignIn {
  /** A challenge was sent: the next line is a response, not a command. */
  isUnderWay(): boolean
  begin(mechanism: string, initial: string | undefined): Answer
  respond(line: Buffer): Answer
  failed(failure: Failure, at: Phase): Answer
  /** The exchange is over or starts again. The count of failures is kept. */
  forget(): void
}

interface SignInDeps {
  limits: Pick<Limits, 'authLineOctets' | 'signInFailures'>
  authMethods: () => EnabledMechanisms
  makeChallenge: () => string
}

type State =
  | { kind: 'idle' }
  | { kind: 'exchange'; exchange: Exchange }
  | { kind: 'checking'; errorChallenge: string | undefined }
  /** The error challenge was sent; this is the reply to whatever the client answers. */
  | { kind: 'refused'; reply: Reply }

function createSignIn({ limits, authMethods, makeChallenge }: SignInDeps): SignIn {
  let state: State = { kind: 'idle' }
  let failures = 0

  return {
    isUnderWay: () => state.kind === 'exchange' || state.kind === 'refused',

    begin(name, initial) {
      const mechanism = mechanismsFor(authMethods()).find((offered) => offered.name === name)
      if (mechanism === undefined) return bad(replies.mechanismUnknown)
      const exchange = mechanism.begin(makeChallenge)
      if (initial === undefined) return advance(exchange, undefined)
      // `=` is an initial response of zero length, not an absent one (RFC 4954, section 4).
      return initial === '=' ? advance(exchange, Buffer.alloc(0)) : decodeAndAdvance(exchange, initial)
    },

    respond(line) {
      if (state.kind === 'refused') return fail(state.reply)
      // Some devices end every line with a blank.
      const text = withoutEnding(line.toString('latin1'), ' \t')
      if (state.kind === 'exchange' && text !== '*') return decodeAndAdvance(state.exchange, text)
      state = { kind: 'idle' }
      return bad(replies.cancelled)
    },

    failed(failure, at) {
      const reply = replyForFailure(failure, at)
      const errorChallenge = state.kind === 'checking' ? state.errorChallenge : undefined
      // A temporary failure says nothing about the token, so the client must not discard it.
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
