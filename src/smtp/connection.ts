import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Limits } from '../config/config.ts'
import type { SignIns } from '../mailboxes/services.ts'
import type { Relay } from '../upstream/relay.ts'
import { createInputBuffer } from '../wire/input-buffer.ts'
import { formatReply, type Reply } from '../wire/reply.ts'
import { createClientSocket } from './client-socket.ts'
import { createIncomingMessage } from './incoming-message.ts'
import { createProviderSide } from './provider-side.ts'
import { createSession } from './session.ts'
import type { MessageOutcome, Next, SessionEvent } from './session-events.ts'
import { createTransactionLog } from './transaction-log.ts'
import { uniqueChallenge } from './unique-challenge.ts'

export interface ConnectionOptions {
  relay: Relay
  signIns: SignIns
  limits: Limits
  log: Log
  clock: Clock
  hostname: string
  remoteAddress: string
  plainAuth: boolean
  secureContext: SecureContext | undefined
}

/** One client's connection. */
export interface Connection {
  /** Resolves when the socket is closed. */
  closed: Promise<void>
  /** 421 as soon as no message is under way. */
  shutDown(): void
  destroy(): void
}

// Replies are collected while input waits, but not without end.
const highWaterOctets = 64 * 1024
const drainSeconds = 30

/** Serves one client: one sequential loop of take input, step, perform. Only this loop writes. */
export function serveConnection(raw: Socket, options: ConnectionOptions): Connection {
  const { relay, limits, secureContext } = options
  const log = options.log.child({ client: options.remoteAddress })
  const client = createClientSocket(raw, limits)
  const input = createInputBuffer()
  const session = createSession({
    hostname: options.hostname,
    limits,
    offered: () => relay.offered(),
    offers: () => options.signIns.offers(options.remoteAddress),
    makeChallenge: () => uniqueChallenge(options.clock, options.hostname),
    startTls: secureContext !== undefined,
    encrypted: false,
    plainAuth: options.plainAuth,
  })
  const record = createTransactionLog(log, options.clock)
  const providerSide = createProviderSide({ ...options, record, signedIn: () => client.signedIn() })
  let outbox: Buffer[] = []
  let outboxOctets = 0

  void serve()
  return {
    closed: client.closed,
    shutDown: () => client.interrupt(),
    destroy: () => client.destroy(),
  }

  async function serve(): Promise<void> {
    try {
      await converse()
      client.end()
    } catch (error) {
      log.error({ err: error }, 'a connection ended by a fault of postern')
      client.destroy()
    }
    await providerSide.giveUp()
  }

  async function converse(): Promise<void> {
    let step = session.greet()
    for (;;) {
      for (const reply of step.replies) say(reply)
      if (outboxOctets > highWaterOctets && !(await flush())) return
      const event = await perform(step.next)
      if (event === undefined) return
      step = session.step(event)
    }
  }

  /** Does what the session asks; undefined when the connection is over. */
  async function perform(next: Next): Promise<SessionEvent | undefined> {
    switch (next.do) {
      case 'line':
        return nextLine(next.limit)
      case 'line-if-here':
        return lineIfHere(next.limit) ?? { kind: 'run-ended' }
      case 'start-tls':
        return startTls()
      case 'sign-in':
        return providerSide.signIn(next)
      case 'admit':
        return providerSide.admit(next.sender)
      case 'begin':
        return providerSide.begin(next)
      case 'add-recipients':
        return providerSide.addRecipients(next.recipients)
      case 'message':
        return passMessage(next.limit)
      case 'reset':
        await providerSide.giveUp()
        return nextLine(next.limit)
      case 'close':
        await flush()
        return undefined
    }
  }

  function lineIfHere(limit: number): SessionEvent | undefined {
    const taken = input.takeLine(limit)
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
      const read = await client.read(true)
      if (read.kind === 'ended') return undefined
      if (read.kind === 'timed-out') return { kind: 'timed-out' }
      if (read.kind === 'interrupted') return { kind: 'shutting-down' }
      input.push(read.octets)
    }
  }

  async function startTls(): Promise<SessionEvent | undefined> {
    // RFC 3207, section 4.2, and every STARTTLS injection since: what stands behind the command in the clear
    // is never read as if it had come through TLS.
    if (secureContext === undefined || input.size() > 0 || client.hasUnread()) return undefined
    if (!(await flush())) return undefined
    return (await client.startTls(secureContext)) ? { kind: 'encrypted' } : undefined
  }

  async function passMessage(limit: number | undefined): Promise<SessionEvent | undefined> {
    if (!(await flush())) return undefined
    const read = () => client.read(false)
    const message = createIncomingMessage({ input, read, limit, drainSeconds })
    const sent = await providerSide.send(message.octets)
    const ended = await message.drain()
    const cut = message.cut()
    const refused = sent.kind === 'answered' && sent.reply.code >= 400
    const outcome: MessageOutcome =
      cut === undefined || cut === 'gone' || refused ? sent : { kind: 'cut', cut }
    record.message(outcome, cut, message.size())
    return cut === 'gone' ? undefined : { kind: 'message-over', outcome, ended }
  }

  function say(reply: Reply): void {
    const octets = formatReply(reply)
    outbox.push(octets)
    outboxOctets += octets.length
  }

  /** Everything that was said since the last time, in one write. False when the client has gone. */
  async function flush(): Promise<boolean> {
    if (outbox.length === 0) return true
    const octets = Buffer.concat(outbox)
    outbox = []
    outboxOctets = 0
    return client.write(octets)
  }
}
