import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Source } from '../base/source.ts'
import type { Limits, SmtpListener } from '../config/config.ts'
import type { SignIns } from '../mailboxes/services.ts'
import type { Certificates } from '../tls/certificates.ts'
import type { Relay } from '../upstream/relay.ts'
import { createInputBuffer, type InputBuffer } from '../wire/input-buffer.ts'
import { type ClientOpening, createClientOpening } from './client-opening.ts'
import { createClientSocket } from './client-socket.ts'
import type { Place } from './connection-count.ts'
import { createIncomingMessage } from './incoming-message.ts'
import { createOutbox } from './outbox.ts'
import { replies } from './replies.ts'
import { createSession, type Session } from './session.ts'
import type { MessageOutcome, Next, SessionEvent } from './session-events.ts'
import type { TlsTroubles } from './tls-troubles.ts'
import type { KnownClient } from './transaction-log.ts'
import { uniqueChallenge } from './unique-challenge.ts'
import { createWork, type Work } from './work.ts'

export interface ConnectionOptions {
  relay: Relay
  signIns: SignIns
  limits: Limits
  log: Log
  clock: Clock
  hostname: string
  remoteAddress: string
  /** Of the remote address. */
  source: Source
  tlsTroubles: TlsTroubles
  listener: SmtpListener
  certificates: Pick<Certificates, 'contextFor'> | undefined
  place: Pick<Place, 'keep' | 'expose'>
}

/** One client's connection. */
export interface Connection {
  /** Resolves when the socket is closed. */
  closed: Promise<void>
  /** 421 as soon as no message is under way. */
  shutDown(): void
  /** 421 at once: others want its place, and nobody has signed in on it. */
  makeRoom(): void
  destroy(): void
}

const nothingHere = { kind: 'more' } as const

/** Serves one client: one sequential loop of take input, step, perform. Only this loop writes. */
export function serveConnection(raw: Socket, options: ConnectionOptions): Connection {
  const { limits, remoteAddress, source, listener, certificates, place } = options
  const client = createClientSocket(raw, limits)
  const offersTls = listener.tls !== 'none' && certificates !== undefined
  const { say, flush, isFull } = createOutbox(client, limits.bufferOctets)
  const known: KnownClient = { warned: false }
  // Most clients are silent: what only a busy one needs is made when it is, and let go.
  let input: InputBuffer | undefined
  let work: Work | undefined
  let makesRoom = false
  /** Nothing was read yet since the greeting in the clear. */
  let fresh = true

  void serve()
  return {
    closed: client.closed,
    shutDown: () => client.interrupt(),
    makeRoom() {
      makesRoom = true
      client.interrupt()
      client.closeSoon()
    },
    destroy: () => client.destroy(),
  }

  async function serve(): Promise<void> {
    try {
      const session = await open()
      if (session !== undefined) await converse(session)
      if (makesRoom) client.endAtOnce()
      else client.end()
    } catch (error) {
      log().error({ err: error }, 'a connection ended by a fault of postern')
      client.destroy()
    }
    await work?.providerSide.giveUp()
  }

  /** Undefined when nothing more is to be said. */
  async function open(): Promise<Session | undefined> {
    const begun = await opening().begin()
    if (begun === 'over') return undefined
    if (begun === 'too-early') {
      say(replies.tooEarly)
      await flush()
      return undefined
    }
    fresh = begun === 'plain'
    return newSession(begun === 'encrypted')
  }

  function opening(): ClientOpening {
    const { loopback, key } = source
    const trouble = (fields: object, message: string) => options.tlsTroubles(log(), key, fields, message)
    return createClientOpening({ client, listener, loopback, certificates, limits, log, trouble })
  }

  function newSession(encrypted: boolean): Session {
    return createSession({
      hostname: options.hostname,
      limits,
      offered: (mailbox) => options.relay.offered(mailbox),
      offers: () => options.signIns.offers(remoteAddress),
      makeChallenge: () => uniqueChallenge(options.clock, options.hostname),
      startTls: offersTls,
      encrypted,
      plainAuth: source.loopback || listener.plainAuth,
    })
  }

  async function converse(session: Session): Promise<void> {
    let step = session.greet()
    for (;;) {
      for (const reply of step.replies) say(reply)
      if (isFull() && !(await flush())) return
      const event = await perform(step.next)
      if (event === undefined) return
      step = session.step(event)
    }
  }

  /** Does what the session asks; undefined when the connection is over. */
  function perform(next: Next): SessionEvent | undefined | Promise<SessionEvent | undefined> {
    switch (next.do) {
      case 'line':
        return nextLine(next.limit)
      case 'line-if-here':
        return lineIfHere(next.limit) ?? { kind: 'run-ended' }
      case 'start-tls':
        return startTls()
      case 'sign-in':
        return keepingPlace(atWork().providerSide.signIn(next))
      case 'admit':
        return keepingPlace(atWork().providerSide.admit(next.sender))
      case 'begin':
        return atWork().providerSide.begin(next)
      case 'add-recipients':
        return atWork().providerSide.addRecipients(next.recipients)
      case 'message':
        return passMessage(next.limit)
      case 'reset':
        // The client has its answer: how long a provider takes to forget is nothing to it.
        void work?.providerSide.giveUp()
        work = undefined
        return nextLine(next.limit)
      case 'close':
        return flush().then(() => undefined)
    }
  }

  /** Whoever is being checked is not ended for those who only wait. */
  async function keepingPlace(check: Promise<SessionEvent>): Promise<SessionEvent> {
    place.keep()
    const event = await check
    work = undefined
    if (event.kind === 'failed') place.expose()
    return event
  }

  function atWork(): Work {
    const signedIn = () => client.liftDeadline()
    work ??= createWork({ ...options, log: log(), client: known, signedIn })
    return work
  }

  function log(): Log {
    return options.log.child({ client: remoteAddress })
  }

  function lineIfHere(limit: number): SessionEvent | undefined {
    const taken = input?.takeLine(limit) ?? nothingHere
    switch (taken.kind) {
      case 'line':
        return taken
      case 'too-long':
        return { kind: 'line-too-long', start: taken.start }
      case 'forbidden':
        return { kind: 'line-forbidden' }
      case 'more':
        return undefined
    }
  }

  async function nextLine(limit: number): Promise<SessionEvent | undefined> {
    for (;;) {
      const event = lineIfHere(limit)
      if (event !== undefined) return event
      if (!(await flush())) return undefined
      if (input?.size() === 0) input = undefined
      const read = await client.read(true)
      if (read.kind === 'ended') return undefined
      if (read.kind === 'timed-out') return { kind: 'timed-out' }
      if (read.kind === 'interrupted') return interrupted()
      if (fresh && opening().isLateTls(read.octets)) return undefined
      fresh = false
      input ??= createInputBuffer()
      input.push(read.octets)
    }
  }

  async function interrupted(): Promise<SessionEvent | undefined> {
    if (!makesRoom) return { kind: 'shutting-down' }
    say(replies.makesRoom)
    await flush()
    return undefined
  }

  async function startTls(): Promise<SessionEvent | undefined> {
    // RFC 3207, section 4.2, and every STARTTLS injection since: what stands behind the command in the clear
    // is never read as if it had come through TLS.
    if ((input?.size() ?? 0) > 0 || client.hasUnread()) return undefined
    if (!(await flush())) return undefined
    return (await opening().startTls()) ? { kind: 'encrypted' } : undefined
  }

  async function passMessage(limit: number | undefined): Promise<SessionEvent | undefined> {
    if (!(await flush())) return undefined
    const read = () => client.read(false)
    input ??= createInputBuffer()
    const message = createIncomingMessage({ input, read, limit, drainSeconds: limits.drainSeconds })
    const { providerSide, record } = atWork()
    client.setDeadline(limits.messageSeconds)
    const sent = await providerSide.send(message.octets)
    const ended = await message.drain()
    client.liftDeadline()
    const cut = message.cut()
    const refused = sent.kind === 'answered' && sent.reply.code >= 400
    const outcome: MessageOutcome =
      cut === undefined || cut === 'gone' || refused ? sent : { kind: 'cut', cut }
    record.message(outcome, cut, message.size())
    work = undefined
    return cut === 'gone' ? undefined : { kind: 'message-over', outcome, ended }
  }
}
