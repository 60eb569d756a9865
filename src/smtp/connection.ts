import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { setImmediate as turnOfOthers } from 'node:timers/promises'
import { Leaving } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Limits, SmtpListener } from '../config/config.ts'
import type { SignIns } from '../credentials/sign-ins.ts'
import type { Slot } from '../net/connection-limiter.ts'
import type { Source } from '../net/ip.ts'
import type { Certificates } from '../tls/certificates.ts'
import type { Relay } from '../upstream/relay.ts'
import { createInputBuffer } from '../wire/input-buffer.ts'
import { type ClientOpening, createClientOpening } from './client-opening.ts'
import { type ClientSocket, createClientSocket, Outbox } from './client-socket.ts'
import { enoughOctets } from './foreign-protocols.ts'
import { passMessage } from './incoming-message.ts'
import { createWork, type Work } from './provider-side.ts'
import {
  commandRefused,
  connectionRefused,
  type DroppedParameters,
  injected,
  type RefusalLog,
  senderRefused,
} from './refusal-log.ts'
import { replies } from './replies.ts'
import { createSession, type Session } from './session.ts'
import { type Next, type SessionEvent, type Step, takeLine } from './session-events.ts'
import type { KnownClient } from './transaction-log.ts'

interface ConnectionOptions {
  relay: Relay
  signIns: SignIns
  limits: Limits
  log: Log
  clock: Clock
  hostname: string
  remoteAddress: string
  /** Of the remote address. */
  source: Source
  refusals: RefusalLog
  droppedParameters: DroppedParameters
  listener: SmtpListener
  certificates: Pick<Certificates, 'contextFor'> | undefined
  place: Pick<Slot, 'beginCheck' | 'authenticated' | 'unauthenticated'>
}

// A few recipients and their message in one piece are no more; a flood of NOOP is, and would keep everybody else waiting.
const commandsInARow = 16

/** One client's connection. */
export interface Connection {
  /** Resolves when the socket is closed. */
  closed: Promise<void>
  /** 421 as soon as no message is under way. */
  shutDown(): void
  /** 421 at once, also in the middle of a check: others want its place, and nobody has signed in on it. */
  makeRoom(): void
  destroy(): void
}

/** Serves one client: one sequential loop of take input, step, perform. Only this loop writes. */
export function serveConnection(raw: Socket, options: ConnectionOptions): Connection {
  const connection = new ServedConnection(raw, options)
  void connection.serve()
  return connection
}

/** A class, unlike its neighbours: a door holds thousands of these, and a dozen closures each would be a kilobyte. */
class ServedConnection implements Connection {
  readonly closed: Promise<void>
  readonly #options: ConnectionOptions
  readonly #client: ClientSocket
  readonly #outbox: Outbox
  readonly #input = createInputBuffer()
  readonly #known: KnownClient
  // Most clients are silent: what only a busy one needs is made when it is, and let go.
  #work: Work | undefined
  #makesRoom = false
  /** Steps since it had to wait for its client. */
  #inARow = 0
  /** Ends the wait for a check. */
  #giveUpCheck = nothing
  /** What was read since the greeting in the clear, until it is known whether it is TLS. */
  #beginning: Buffer | undefined = noOctets

  constructor(raw: Socket, options: ConnectionOptions) {
    this.#options = options
    this.#known = { address: options.remoteAddress, warned: false }
    this.#client = createClientSocket(raw, options.limits)
    this.#outbox = new Outbox(this.#client)
    this.closed = this.#client.closed
  }

  shutDown(): void {
    this.#client.interrupt()
  }

  makeRoom(): void {
    this.#makesRoom = true
    this.#client.interrupt()
    this.#client.closeSoon()
    this.#giveUpCheck()
  }

  destroy(): void {
    this.#client.destroy()
  }

  async serve(): Promise<void> {
    try {
      const session = await this.#open()
      if (session !== undefined) await this.#converse(session)
      if (this.#makesRoom) this.#client.endAtOnce()
      else this.#client.end()
    } catch (error) {
      this.#log().error({ err: error }, 'a connection ended by a fault of postern')
      this.#client.destroy()
    }
    await this.#work?.providerSide.giveUp()
  }

  /** Undefined when nothing more is to be said. */
  async #open(): Promise<Session | undefined> {
    const begun = await this.#opening().begin()
    if (typeof begun === 'object') {
      if (begun.over) this.#outbox.say(begun.over)
      await this.#outbox.flush()
      return undefined
    }
    if (begun === 'encrypted') this.#beginning = undefined
    return this.#newSession(begun === 'encrypted')
  }

  #opening(): ClientOpening {
    const { listener, certificates, limits, source, refusals, remoteAddress } = this.#options
    const log = () => this.#log()
    return createClientOpening({
      client: this.#client,
      listener,
      loopback: source.loopback,
      certificates,
      limits,
      log,
      trouble(about, message) {
        const fields = { event: 'connection.refused', client: remoteAddress, ...about }
        refusals.note({ why: message, fields, message })
      },
    })
  }

  #newSession(encrypted: boolean): Session {
    const { hostname, limits, relay, signIns, clock, remoteAddress, listener, certificates, source } =
      this.#options
    return createSession({
      hostname,
      limits,
      offered: (mailbox) => relay.capabilities(mailbox),
      offers: () => signIns.authMethods(remoteAddress),
      makeChallenge: () => uniqueChallenge(clock, hostname),
      startTls: listener.tls !== 'none' && certificates !== undefined,
      encrypted,
      plainAuth: source.loopback || listener.plainAuth,
    })
  }

  async #converse(session: Session): Promise<void> {
    let step = session.greet()
    for (;;) {
      for (const reply of step.replies) this.#outbox.say(reply)
      this.#note(step)
      const isFull = this.#outbox.size() > this.#options.limits.bufferOctets
      if (isFull && !(await this.#outbox.flush())) return
      if (++this.#inARow % commandsInARow === 0) await turnOfOthers()
      const event = await this.#perform(step.next)
      if (event === undefined) return
      step = session.step(event)
    }
  }

  /** What was refused or dropped without asking anybody leaves a line. */
  #note({ refused, refusals = [], dropped }: Step): void {
    const { refusals: log, droppedParameters, remoteAddress } = this.#options
    if (dropped) droppedParameters.note(remoteAddress, dropped)
    if (refused) log.note(senderRefused(remoteAddress, this.#known.submitter, refused))
    else
      for (const refusal of refusals) log.note(commandRefused(remoteAddress, this.#known.submitter, refusal))
  }

  /** Does what the session asks; undefined when the connection is over. */
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
      case 'admit':
        return this.#keepingPlace(this.#atWork().providerSide.admit(next.sender))
      case 'begin':
        return this.#begin(next)
      case 'add-recipients':
        return this.#atWork().providerSide.addRecipients(next.recipients)
      case 'promise':
        return this.#atWork().providerSide.promise()
      case 'message':
        return this.#passMessage(next.limit)
      case 'reset':
        // The client has its answer: how long a provider takes to forget is nothing to it.
        void this.#work?.providerSide.giveUp()
        this.#transactionOver()
        return this.#nextLine(next.limit)
      case 'close':
        return this.#outbox.flush().then(() => undefined)
    }
  }

  #signIn(next: Next & { do: 'sign-in' }): Promise<SessionEvent | undefined> {
    const leaving = new Leaving()
    return this.#keepingPlace(this.#atWork().providerSide.signIn(next, leaving), leaving)
  }

  /**
   * Whoever is being checked is not ended for those who only wait; undefined when it had to make room all the same.
   * @param leaving aborted when the client has gone or has to
   */
  async #keepingPlace(
    check: Promise<SessionEvent>,
    leaving = new Leaving(),
  ): Promise<SessionEvent | undefined> {
    const { place } = this.#options
    place.beginCheck()
    const stopWatching = this.#watch(leaving, () => this.#input.size() > 0)
    const roomMade = new Promise<undefined>((resolve) => {
      this.#giveUpCheck = () => {
        leaving.abort()
        resolve(undefined)
      }
    })
    const event = await Promise.race([roomMade, check])
    stopWatching()
    this.#giveUpCheck = nothing
    this.#work = undefined
    if (this.#makesRoom) return this.#interrupted()
    if (event?.kind === 'failed') place.unauthenticated()
    return event
  }

  /** A client may have to wait here, and need not. */
  async #begin(next: Next & { do: 'begin' }): Promise<SessionEvent | undefined> {
    const leaving = new Leaving()
    // One that has ended its side may have said all of its message before.
    const stopWatching = this.#watch(leaving, () => this.#input.holdsEndOfData())
    const inGroups = this.#outbox.size() > 0
    const event = await this.#atWork().providerSide.begin(next, { inGroups, gone: leaving })
    stopWatching()
    return leaving.aborted ? undefined : event
  }

  /** While others have the word. @param goesOn whether there is something to be done for a client that has ended its side */
  #watch(leaving: Leaving, goesOn: () => boolean): () => void {
    const { bufferOctets } = this.#options.limits
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
    this.#work ??= createWork(this.#options, this.#known, {
      proven: () => this.#options.place.authenticated(),
      signedIn: () => this.#client.liftDeadline(),
    })
    return this.#work
  }

  #log(): Log {
    return this.#options.log.child({ client: this.#options.remoteAddress })
  }

  async #nextLine(limit: number): Promise<SessionEvent | undefined> {
    for (;;) {
      const event = takeLine(this.#input, limit)
      if (event !== undefined) return event
      if (!(await this.#outbox.flush())) return undefined
      this.#inARow = 0
      const read = await this.#client.read(true)
      if (read.kind === 'ended') return undefined
      if (read.kind === 'timed-out') return read
      if (read.kind === 'interrupted') return this.#interrupted()
      if (this.#beginning && this.#isLateTls(this.#beginning, read.octets)) return undefined
      this.#input.push(read.octets)
    }
  }

  #isLateTls(before: Buffer, octets: Buffer): boolean {
    const beginning = Buffer.concat([before, octets.subarray(0, enoughOctets)])
    const isTls = this.#opening().isLateTls(beginning)
    this.#beginning = isTls === undefined ? beginning : undefined
    return isTls === true
  }

  async #interrupted(): Promise<SessionEvent | undefined> {
    if (!this.#makesRoom) return { kind: 'shutting-down' }
    this.#outbox.say(replies.makesRoom)
    this.#options.refusals.note(connectionRefused(this.#options.remoteAddress, replies.makesRoom))
    await this.#outbox.flush()
    return undefined
  }

  async #startTls(): Promise<SessionEvent | undefined> {
    // RFC 3207, section 4.2, and every STARTTLS injection since: what stands behind the command in the clear
    // is never read as if it had come through TLS.
    if (this.#input.size() > 0 || this.#client.hasUnread()) {
      this.#options.refusals.note(injected(this.#options.remoteAddress))
      return undefined
    }
    if (!(await this.#outbox.flush())) return undefined
    return (await this.#opening().startTls()) ? { kind: 'encrypted' } : undefined
  }

  async #passMessage(limit: number | undefined): Promise<SessionEvent | undefined> {
    if (!(await this.#outbox.flush())) return undefined
    const { limits, clock } = this.#options
    const [client, input, work] = [this.#client, this.#input, this.#atWork()]
    const watch = (leaving: Leaving, goesOn: () => boolean) => this.#watch(leaving, goesOn)
    const mendLineEnds = this.#known.submitter?.mending?.mendLineEnds === true
    const event = await passMessage({ client, input, work, limits, limit, mendLineEnds, clock, watch })
    this.#transactionOver()
    return event
  }

  /** Whoever was let in without a password has proven nothing, and makes room again. */
  #transactionOver(): void {
    this.#work = undefined
    this.#options.place.unauthenticated()
  }
}

const noOctets = Buffer.alloc(0)

function nothing(): void {}

/** A challenge for CRAM-MD5 of the form of a message id (RFC 2195, section 2). 128 random bits: none is ever made twice. */
function uniqueChallenge(clock: Pick<Clock, 'now'>, hostname: string): string {
  return `<${randomBytes(16).toString('hex')}.${clock.now()}@${hostname}>`
}
