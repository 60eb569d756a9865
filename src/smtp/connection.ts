import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { setImmediate as turnOfOthers } from 'node:timers/promises'
import { GoneController } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { SignIns } from '../credentials/sign-ins.ts'
import type { Limits } from '../model/limits.ts'
import type { Slot } from '../net/connection-limiter.ts'
import type { Source } from '../net/ip.ts'
import type { SmtpListener } from '../net/listen.ts'
import type { Certificates } from '../tls/certificates.ts'
import type { SessionTrace, Taps } from '../traces/traces.ts'
import type { Relay } from '../upstream/relay.ts'
import type { Hold } from '../upstream/submission.ts'
import { createInputBuffer } from '../wire/input-buffer.ts'
import { type ClientOpening, createClientOpening, enoughOctets } from './client-opening.ts'
import { type ClientSocket, createClientSocket, Outbox } from './client-socket.ts'
import { relayMessage } from './incoming-message.ts'
import { createWork, type Work } from './provider-side.ts'
import {
  commandRefused,
  connectionRefused,
  type DroppedParameters,
  injected,
  type RefusalLog,
  recipientsRefused,
  senderRefused,
} from './refusal-log.ts'
import { replies } from './replies.ts'
import { createSmtpSession, type SmtpSession } from './session.ts'
import { type Next, type SessionEvent, type Step, takeLine } from './session-events.ts'
import { traceEvent, traceStep } from './session-trace.ts'
import type { ClientState } from './transaction-log.ts'

interface ClientConnectionDeps {
  /** Short, and of this connection alone. */
  session: string
  relay: Relay
  hold: Hold | undefined
  signIns: SignIns
  limits: Limits
  log: Log
  clock: Clock
  hostname: string
  remoteAddress: string
  /** The source of the remote address. */
  source: Source
  refusals: RefusalLog
  droppedParameters: DroppedParameters
  listener: SmtpListener
  certificates: Pick<Certificates, 'contextFor'> | undefined
  slot: Pick<Slot, 'beginCheck' | 'authenticated' | 'unauthenticated'>
  taps: Taps | undefined
}

// A message with a few recipients, pipelined, takes no more steps than this. A flood of NOOP does,
// and would delay all other clients.
const commandsInARow = 16

/** The connection of one client. */
export interface ClientConnection {
  /** Resolves when the socket is closed. */
  closed: Promise<void>
  /** Sends 421 and closes as soon as no message is under way. */
  shutDown(): void
  /**
   * Sends 421 and closes at once, even while the client is authenticating: its slot is needed, and
   * the client is not authenticated.
   */
  evict(): void
  destroy(): void
  /** A trace was asked for, perhaps of this client. */
  beginTrace(): void
}

/**
 * Serves one client in a sequential loop: take input, step the session, perform what it asks. Only
 * this loop writes.
 */
export function serveConnection(raw: Socket, deps: ClientConnectionDeps): ClientConnection {
  const connection = new ServedConnection(raw, deps)
  void connection.serve()
  return connection
}

/**
 * A class, because a server holds thousands of these, and a dozen closures each would be a
 * kilobyte.
 */
class ServedConnection implements ClientConnection {
  readonly closed: Promise<void>
  readonly #deps: ClientConnectionDeps
  readonly #client: ClientSocket
  readonly #outbox: Outbox
  readonly #input = createInputBuffer()
  readonly #state: ClientState
  // Most clients are idle: what only an active one needs is created on demand and released.
  #work: Work | undefined
  #isEvicted = false
  /** Steps since the last wait for input. */
  #inARow = 0
  /** Aborts the wait for an authentication. */
  #abortCheck = nothing
  /** Plaintext input since the greeting, until it is known whether it is TLS. */
  #beginning: Buffer | undefined = noOctets
  /** Undefined: nobody wants to see this dialogue. */
  #trace: SessionTrace | undefined

  constructor(raw: Socket, deps: ClientConnectionDeps) {
    this.#deps = deps
    this.#state = { address: deps.remoteAddress, session: deps.session, transactions: 0, warned: false }
    this.#client = createClientSocket(raw, deps.limits)
    this.#outbox = new Outbox(this.#client)
    this.closed = this.#client.closed
    if (deps.taps?.isOn) this.beginTrace()
  }

  beginTrace(): void {
    const { taps, session, remoteAddress: address, hostname } = this.#deps
    if (taps === undefined || this.#trace?.isWanted) return
    const trace = taps.session({ session, address, hostname })
    this.#trace = trace
    const { submitter } = this.#state
    if (submitter !== undefined) trace.signsIn(submitter.userName)
    void this.closed.then(() => trace.over('the connection is over'))
  }

  shutDown(): void {
    this.#client.interrupt()
  }

  evict(): void {
    this.#isEvicted = true
    this.#client.interrupt()
    this.#client.closeSoon()
    this.#abortCheck()
  }

  destroy(): void {
    this.#client.destroy()
  }

  async serve(): Promise<void> {
    try {
      const session = await this.#open()
      if (session !== undefined) await this.#converse(session)
      if (this.#isEvicted) this.#client.endAtOnce()
      else this.#client.end()
    } catch (error) {
      this.#log().error({ event: 'connection.fault', err: error }, 'a connection ended by a fault of postern')
      this.#client.destroy()
    }
    await this.#work?.providerSide.giveUp()
  }

  /** Undefined when the connection is to be closed. */
  async #open(): Promise<SmtpSession | undefined> {
    const begun = await this.#opening().begin()
    if (typeof begun === 'object') {
      if (begun.over) {
        this.#trace?.said(begun.over)
        this.#outbox.say(begun.over)
      }
      await this.#outbox.flush()
      return undefined
    }
    if (begun === 'encrypted') this.#beginning = undefined
    return this.#newSession(begun === 'encrypted')
  }

  #opening(): ClientOpening {
    const { listener, certificates, limits, source, refusals, remoteAddress } = this.#deps
    const log = () => this.#log()
    return createClientOpening({
      client: this.#client,
      listener,
      loopback: source.loopback,
      certificates,
      limits,
      log,
      encrypted: (how) => this.#trace?.note(how),
      logRefusal: (about, message) => {
        this.#trace?.note(about.why === undefined ? message : `${message}: ${about.why}`)
        const fields = { event: 'connection.refused', source: remoteAddress, ...about }
        refusals.note({ why: message, fields, message })
      },
    })
  }

  #newSession(encrypted: boolean): SmtpSession {
    const { hostname, limits, relay, signIns, clock, remoteAddress, listener, certificates, source } =
      this.#deps
    return createSmtpSession({
      hostname,
      limits,
      capabilities: (mailbox) => relay.capabilities(mailbox),
      limitsOf: (by) => signIns.limitsOf(by),
      authMethods: () => signIns.authMethods(remoteAddress),
      makeChallenge: () => uniqueChallenge(clock, hostname),
      startTls: listener.tls !== 'none' && certificates !== undefined,
      encrypted,
      plainAuth: source.loopback || listener.plainAuth,
    })
  }

  async #converse(session: SmtpSession): Promise<void> {
    let step = session.greet()
    for (;;) {
      for (const reply of step.replies) this.#outbox.say(reply)
      if (this.#trace) traceStep(this.#trace, step)
      this.#note(step)
      const isFull = this.#outbox.size() > this.#deps.limits.bufferOctets
      if (isFull && !(await this.#outbox.flush())) return
      if (++this.#inARow % commandsInARow === 0) await turnOfOthers()
      const performed = this.#perform(step.next)
      const event = performed instanceof Promise ? await performed : performed
      if (this.#trace) this.#trace = traceEvent(this.#trace, step.next, event)
      if (event === undefined) return
      step = session.step(event)
    }
  }

  /** Logs what the session refused or dropped by itself. */
  #note({ refused, refusedRecipients, refusals = [], dropped }: Step): void {
    const { refusals: log, droppedParameters, remoteAddress } = this.#deps
    if (dropped) droppedParameters.note(remoteAddress, dropped)
    if (refusedRecipients)
      log.note(recipientsRefused(remoteAddress, this.#state.submitter, refusedRecipients))
    if (refused) log.note(senderRefused(remoteAddress, this.#state.submitter, refused))
    else
      for (const refusal of refusals) log.note(commandRefused(remoteAddress, this.#state.submitter, refusal))
  }

  /** Performs what the session asks; undefined when the connection is over. */
  #perform(next: Next): SessionEvent | undefined | Promise<SessionEvent | undefined> {
    switch (next.do) {
      case 'line':
        return this.#nextLine(next.limit)
      case 'line-if-here':
        return takeLine(this.#input, next.limit) ?? { kind: 'run-ended' }
      case 'start-tls':
        return this.#startTls()
      case 'sign-in':
        return this.#signIn(next)
      case 'authorize':
        return this.#checkingClient(this.#atWork().providerSide.authorize(next.sender))
      case 'begin':
        return this.#begin(next)
      case 'add-recipients':
        return this.#atWork().providerSide.addRecipients(next.recipients)
      case 'promise':
        return this.#atWork().providerSide.promise()
      case 'message':
        return this.#relayMessage(next.limit)
      case 'reset':
        // Not awaited: the client already has its reply.
        void this.#work?.providerSide.giveUp()
        this.#transactionOver()
        return this.#nextLine(next.limit)
      case 'close':
        return this.#sayGoodbye()
    }
  }

  #signIn(next: Next & { do: 'sign-in' }): Promise<SessionEvent | undefined> {
    const leaving = new GoneController()
    return this.#checkingClient(this.#atWork().providerSide.signIn(next, leaving), leaving)
  }

  /**
   * A connection that is authenticating is evicted last; undefined when it is evicted all the same.
   * @param leaving aborted when the client has disconnected or is evicted
   */
  async #checkingClient(
    check: Promise<SessionEvent>,
    leaving = new GoneController(),
  ): Promise<SessionEvent | undefined> {
    const { slot } = this.#deps
    slot.beginCheck()
    const stopWatching = this.#watch(leaving, () => this.#input.size() > 0)
    const evicted = new Promise<undefined>((resolve) => {
      this.#abortCheck = () => {
        leaving.abort()
        resolve(undefined)
      }
    })
    const event = await Promise.race([evicted, check])
    stopWatching()
    this.#abortCheck = nothing
    this.#work = undefined
    if (this.#isEvicted) return this.#interrupted()
    if (event?.kind === 'failed') slot.unauthenticated()
    return event
  }

  /** Stops waiting for the provider when the client disconnects. */
  async #begin(next: Next & { do: 'begin' }): Promise<SessionEvent | undefined> {
    const leaving = new GoneController()
    // A client that has half-closed may have sent its whole message before.
    const stopWatching = this.#watch(leaving, () => this.#input.holdsEndOfData())
    const inGroups = this.#outbox.size() > 0
    const event = await this.#atWork().providerSide.begin(next, {
      inGroups,
      gone: leaving,
      tap: this.#trace?.provider(),
    })
    stopWatching()
    return leaving.aborted ? undefined : event
  }

  /**
   * Watches for the client's disconnect while the provider's side is being waited for.
   * @param goesOn whether a client that has half-closed has sent something to be performed
   */
  #watch(leaving: GoneController, goesOn: () => boolean): () => void {
    const { bufferOctets } = this.#deps.limits
    return this.#client.watch({
      take: (octets) => {
        this.#input.push(octets)
        return this.#input.size() < bufferOctets
      },
      gone: () => leaving.abort(),
      ended() {
        if (!goesOn()) leaving.abort()
      },
    })
  }

  #atWork(): Work {
    this.#work ??= createWork(this.#deps, this.#state, {
      authenticated: (submitter) => {
        this.#deps.slot.authenticated()
        this.#trace?.signsIn(submitter.userName)
        this.#trace?.waitsFor(submitter.mailboxes.map(({ key }) => key))
      },
      signedIn: () => this.#client.liftDeadline(),
    })
    return this.#work
  }

  #log(): Log {
    return this.#deps.log.child({ source: this.#deps.remoteAddress, session: this.#deps.session })
  }

  async #sayGoodbye(): Promise<undefined> {
    await this.#outbox.flush()
  }

  #nextLine(limit: number): SessionEvent | Promise<SessionEvent | undefined> {
    return takeLine(this.#input, limit) ?? this.#readLine(limit)
  }

  async #readLine(limit: number): Promise<SessionEvent | undefined> {
    for (;;) {
      const flushed = this.#outbox.flush()
      // An `await` without need is a turn of promises for each command.
      if (flushed !== true && !(await flushed)) return undefined
      this.#inARow = 0
      const here = this.#client.read(true)
      const read = here instanceof Promise ? await here : here
      if (read.kind === 'ended') return undefined
      if (read.kind === 'timed-out') return read
      if (read.kind === 'interrupted') return this.#interrupted()
      if (this.#beginning && this.#isLateTls(this.#beginning, read.octets)) return undefined
      this.#input.push(read.octets)
      const event = takeLine(this.#input, limit)
      if (event !== undefined) return event
    }
  }

  #isLateTls(before: Buffer, octets: Buffer): boolean {
    const beginning = Buffer.concat([before, octets.subarray(0, enoughOctets)])
    const isTls = this.#opening().isLateTls(beginning)
    this.#beginning = isTls === undefined ? beginning : undefined
    return isTls === true
  }

  async #interrupted(): Promise<SessionEvent | undefined> {
    if (!this.#isEvicted) return { kind: 'shutting-down' }
    this.#trace?.said(replies.evicted)
    this.#outbox.say(replies.evicted)
    this.#deps.refusals.note(connectionRefused(this.#deps.remoteAddress, replies.evicted))
    await this.#outbox.flush()
    return undefined
  }

  async #startTls(): Promise<SessionEvent | undefined> {
    // Input that arrived in the clear behind STARTTLS is never read as if it had come through TLS
    // (RFC 3207, section 4.2).
    if (this.#input.size() > 0 || this.#client.hasUnread()) {
      this.#deps.refusals.note(injected(this.#deps.remoteAddress))
      return undefined
    }
    if (!(await this.#outbox.flush())) return undefined
    return (await this.#opening().startTls()) ? { kind: 'encrypted' } : undefined
  }

  async #relayMessage(limit: number | undefined): Promise<SessionEvent | undefined> {
    if (!(await this.#outbox.flush())) return undefined
    const { limits, clock } = this.#deps
    const [client, input, work] = [this.#client, this.#input, this.#atWork()]
    const watch = (leaving: GoneController, goesOn: () => boolean) => this.#watch(leaving, goesOn)
    const mendLineEnds = this.#state.submitter?.mending?.mendLineEnds === true
    const trace = this.#trace
    const ended = trace && ((octets: number) => trace.message(octets))
    const event = await relayMessage({
      client,
      input,
      work,
      limits,
      limit,
      mendLineEnds,
      clock,
      watch,
      ended,
    })
    this.#transactionOver()
    return event
  }

  /**
   * A client authorised by its network alone is not authenticated, so its connection may be evicted
   * again.
   */
  #transactionOver(): void {
    this.#work = undefined
    this.#deps.slot.unauthenticated()
  }
}

const noOctets = Buffer.alloc(0)

function nothing(): void {}

/**
 * A challenge for CRAM-MD5 in the form of a message id (RFC 2195, section 2), unique by its 128
 * random bits.
 */
function uniqueChallenge(clock: Pick<Clock, 'now'>, hostname: string): string {
  return `<${randomBytes(16).toString('hex')}.${clock.now()}@${hostname}>`
}
