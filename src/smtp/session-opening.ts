import type { Failure } from '../base/failure.ts'
import { withoutEnding } from '../base/text.ts'
import type { AuthMethods } from '../credentials/credential-index.ts'
import type { Submitter } from '../mailboxes/sender-policy.ts'
import type { Limits } from '../model/limits.ts'
import {
  decodeBase64,
  type EnabledMechanisms,
  type Exchange,
  encodeBase64,
  mechanismsFor,
} from '../sasl/mechanisms.ts'
import type { RelayCapabilities } from '../upstream/relay.ts'
import { type Reply, say } from '../wire/reply.ts'
import type { GivenMail } from './command.ts'
import { type Phase, replies, replyForFailure, senderRefused } from './replies.ts'
import { messageLimit } from './session-envelope.ts'
import { type Answer, bad, pass, refusalsIn } from './session-events.ts'

interface SessionOpeningDeps {
  hostname: string
  limits: Pick<Limits, 'messageOctets' | 'heldOctets'>
  capabilities: () => RelayCapabilities
  authMethods: () => EnabledMechanisms
  startTls: boolean
  encrypted: boolean
  plainAuth: boolean
}

/** EHLO and STARTTLS, which come before everything else. */
export class SessionOpening {
  readonly #deps: SessionOpeningDeps
  #encrypted: boolean
  #greeted = false

  constructor(deps: SessionOpeningDeps) {
    this.#deps = deps
    this.#encrypted = deps.encrypted
  }

  hello(verb: 'EHLO' | 'HELO'): Reply {
    this.#greeted = true
    return verb === 'EHLO' ? this.#ehloReply() : say(250, this.#deps.hostname)
  }

  startTls(): Answer {
    if (this.#encrypted) return bad(replies.tlsAlready)
    if (!this.#deps.startTls) return bad(replies.tlsNotHere)
    return { replies: [replies.readyForTls], next: { do: 'start-tls' } }
  }

  /** TLS is on: the client has to send EHLO again (RFC 3207, section 4.2). */
  encrypted(): void {
    this.#encrypted = true
    this.#greeted = false
  }

  /** The reply to AUTH or MAIL when it is not allowed yet; undefined when it is. */
  missing(forWhat: 'AUTH' | 'MAIL'): Reply | undefined {
    if (forWhat === 'AUTH' && !this.#mayAuth()) return replies.startTlsFirst
    return this.#greeted ? undefined : replies.helloFirst
  }

  #ehloReply(): Reply {
    const { hostname, limits, capabilities, authMethods, startTls } = this.#deps
    return describeCapabilities(hostname, capabilities(), {
      size: messageLimit(limits, capabilities(), undefined),
      startTls: startTls && !this.#encrypted,
      mechanisms: this.#mayAuth() ? mechanismsFor(authMethods()).map(({ name }) => name) : [],
    })
  }

  #mayAuth(): boolean {
    return this.#encrypted || this.#deps.plainAuth
  }
}

/**
 * The reply to EHLO: what postern implements, without what a configured provider cannot do.
 * CHUNKING is never in it, because no legacy client needs it.
 */
function describeCapabilities(
  hostname: string,
  capabilities: RelayCapabilities,
  here: { size: number | undefined; startTls: boolean; mechanisms: readonly string[] },
): Reply {
  const keywords = [
    here.size === undefined ? 'SIZE' : `SIZE ${here.size}`,
    capabilities.eightBitMime && '8BITMIME',
    capabilities.smtpUtf8 && 'SMTPUTF8',
    capabilities.dsn && 'DSN',
    capabilities.enhancedStatusCodes && 'ENHANCEDSTATUSCODES',
    here.startTls && 'STARTTLS',
    here.mechanisms.length > 0 && `AUTH ${here.mechanisms.join(' ')}`,
    // Always last, so that AUTH is not: some devices look for `250-AUTH` and do not find `250
    // AUTH`.
    'PIPELINING',
  ]
  return say(250, hostname, ...keywords.filter((keyword) => keyword !== false))
}

/**
 * The client of a session. Its submitter is undefined at first, then an authenticated login, or a
 * login for which the network of the client is enough.
 */
export class SessionClient {
  readonly #deps: SessionClientDeps
  /** Needed until a client is authenticated; released then. */
  #signIn: SignIn | undefined
  #submitter: Submitter | undefined
  /**
   * The submitter comes from the network: it is looked up anew at each MAIL, because it depends on
   * the sender.
   */
  #isAdmitted = false
  /** The MAIL command that is held while the submitter is looked up. */
  #held: GivenMail | undefined

  constructor(deps: SessionClientDeps) {
    this.#deps = deps
    this.#signIn = new SignIn(deps)
  }

  submitter(): Submitter | undefined {
    return this.#submitter
  }

  /** A challenge was sent: the next line is a response, not a command. */
  isAnswering(): boolean {
    return this.#signIn?.isUnderWay() === true
  }

  /**
   * Whether AUTH is allowed: no login is authenticated. A client that is authorised by its network
   * may still authenticate.
   */
  maySignIn(): boolean {
    return this.#submitter === undefined || this.#isAdmitted
  }

  auth(mechanism: string, initial: string | undefined): Answer {
    return this.#signingIn().begin(mechanism, initial)
  }

  respond(line: Buffer): Answer {
    return this.#signingIn().respond(line)
  }

  /** MAIL before authentication: refused, or held while the login of the client is looked up. */
  holdMail(given: GivenMail): Answer {
    if (!this.#deps.authMethods().withoutPassword) return bad(replies.signInToSend)
    this.#held = given
    return { replies: [], next: { do: 'authorize', sender: given.mail.sender } }
  }

  /** Returns the MAIL command that was held, if any. */
  setSubmitter(submitter: Submitter): GivenMail | undefined {
    const mail = this.#held
    this.#held = undefined
    this.#submitter = submitter
    this.#isAdmitted = mail !== undefined
    if (!this.#isAdmitted) this.#signIn = undefined
    return mail
  }

  failed(failure: Failure, at: Phase): Answer {
    if (at !== 'admission') return this.#signingIn().failed(failure, at)
    const flaw = this.#held?.senderFlaw?.reply
    this.#held = undefined
    if (failure.code === 'sender-refused') return pass(flaw ?? senderRefused(failure.message, failure.fix))
    const reply = replyForFailure(failure, at)
    return reply === replies.signInToSend ? { ...pass(reply), bad: true } : pass(reply)
  }

  /** After STARTTLS (RFC 3207, section 4.2). The count of failures is kept. */
  forget(): void {
    this.#submitter = undefined
    this.#isAdmitted = false
    this.#signIn?.forget()
  }

  #signingIn(): SignIn {
    this.#signIn ??= new SignIn(this.#deps)
    return this.#signIn
  }
}

interface SignInDeps {
  limits: Pick<Limits, 'authLineOctets' | 'signInFailures'>
  authMethods: () => EnabledMechanisms
  /** A unique challenge for CRAM-MD5. */
  makeChallenge: () => string
}

interface SessionClientDeps extends SignInDeps {
  authMethods: () => AuthMethods
}

type State =
  | { kind: 'idle' }
  | { kind: 'exchange'; exchange: Exchange }
  | { kind: 'checking'; errorChallenge: string | undefined }
  /** The error challenge was sent; this is the reply to whatever the client answers. */
  | { kind: 'refused'; reply: Reply }

/** AUTH (RFC 4954), from the command to the result of the check. */
class SignIn {
  readonly #deps: SignInDeps
  #state: State = { kind: 'idle' }
  #failures = 0

  constructor(deps: SignInDeps) {
    this.#deps = deps
  }

  /** A challenge was sent: the next line is a response, not a command. */
  isUnderWay(): boolean {
    return this.#state.kind === 'exchange' || this.#state.kind === 'refused'
  }

  begin(name: string, initial: string | undefined): Answer {
    const mechanism = mechanismsFor(this.#deps.authMethods()).find((enabled) => enabled.name === name)
    if (mechanism === undefined) return bad(replies.mechanismUnknown)
    const exchange = mechanism.begin(this.#deps.makeChallenge)
    if (initial === undefined) return this.#advance(exchange, undefined)
    // `=` is an initial response of zero length, not an absent one (RFC 4954, section 4).
    return initial === '='
      ? this.#advance(exchange, Buffer.alloc(0))
      : this.#decodeAndAdvance(exchange, initial)
  }

  respond(line: Buffer): Answer {
    if (this.#state.kind === 'refused') return this.#fail(this.#state.reply)
    // Some devices end every line with a blank.
    const text = withoutEnding(line.toString('latin1'), ' \t')
    if (this.#state.kind === 'exchange' && text !== '*')
      return this.#decodeAndAdvance(this.#state.exchange, text)
    this.#state = { kind: 'idle' }
    return bad(replies.cancelled)
  }

  failed(failure: Failure, at: Phase): Answer {
    const reply = replyForFailure(failure, at)
    const errorChallenge = this.#state.kind === 'checking' ? this.#state.errorChallenge : undefined
    // A temporary failure says nothing about the token, so the client must not discard it.
    if (errorChallenge === undefined || reply.code !== replies.wrongCredentials.code) return this.#fail(reply)
    this.#state = { kind: 'refused', reply }
    return this.#challenge(errorChallenge)
  }

  /** The exchange is over or starts again. The count of failures is kept. */
  forget(): void {
    this.#state = { kind: 'idle' }
  }

  #decodeAndAdvance(exchange: Exchange, text: string): Answer {
    const response = decodeBase64(text)
    if (response !== undefined) return this.#advance(exchange, response)
    this.#state = { kind: 'idle' }
    return bad(replies.badBase64)
  }

  #advance(exchange: Exchange, response: Buffer | undefined): Answer {
    const outcome = exchange(response)
    switch (outcome.kind) {
      case 'challenge':
        this.#state = { kind: 'exchange', exchange }
        return this.#challenge(outcome.text)
      case 'credentials':
        this.#state = { kind: 'checking', errorChallenge: outcome.errorChallenge }
        return { replies: [], next: { do: 'sign-in', credentials: outcome.credentials } }
      case 'malformed':
        this.#state = { kind: 'idle' }
        return bad(replies.badResponse)
    }
  }

  #challenge(text: string): Answer {
    return {
      replies: [say(334, encodeBase64(text))],
      next: { do: 'line', limit: this.#deps.limits.authLineOctets },
    }
  }

  #fail(reply: Reply): Answer {
    this.#state = { kind: 'idle' }
    this.#failures++
    if (this.#failures < this.#deps.limits.signInFailures) return { replies: [reply] }
    const { refusals } = refusalsIn(replies.tooManySignInFailures)
    return {
      replies: [reply, replies.tooManySignInFailures],
      next: { do: 'close' },
      ...(refusals && { refusals }),
    }
  }
}
