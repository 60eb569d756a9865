import type { Socket } from 'node:net'
import { asFailure, type Failure, failure } from '../base/failure.ts'
import { createReplyParser, type ParsedReply, type Reply, type ReplyLimits } from '../wire/reply.ts'

/**
 * One connection to a provider. An unsolicited reply ends it, and so does its first octet:
 * otherwise that reply would be taken for the answer to the next command, and every later one would
 * slip by one.
 */
export interface ProviderConnection {
  /** False once the connection is lost, or once the provider has said 421. */
  readonly alive: boolean
  /** The unsolicited reply that ended the connection. */
  readonly unasked: Reply | undefined
  /**
   * Writes in one go and returns the replies that the provider owes for it, in order. Each may take
   * `seconds` from the moment that the one before it came. All reject with ConnectionLost when the
   * connection ends.
   */
  ask(octets: Buffer, seconds: number, replies: number): Promise<Reply>[]
  /** Writes one command, its CRLF included, and resolves with its reply. */
  command(octets: Buffer | string, seconds: number): Promise<Reply>
  /** Waits for the greeting. */
  greeting(seconds: number): Promise<Reply>
  /**
   * Writes octets that get no reply. Resolves when they have been taken and their memory may be used
   * again; the provider has `seconds` for that. Until the next `ask`, a refusal may come in several
   * pieces; it ends the connection when it is whole.
   */
  write(octets: Buffer, seconds: number): Promise<void>
  /** Called once, when the connection has ended. */
  onLost(listener: () => void): void
  destroy(): void
  /**
   * Hands the socket over for TLS.
   * @throws ConnectionLost when anything came behind the last reply (RFC 3207, section 4.2)
   */
  detach(): Socket
}

interface Writer {
  resolve(): void
  reject(lost: ConnectionLost): void
}

/** Speaks over a connected socket. From here on the socket belongs to the connection. */
export function createProviderConnection(socket: Socket, limits: ReplyLimits): ProviderConnection {
  const listeners: (() => void)[] = []
  let lost: ConnectionLost | undefined
  let unasked: Reply | undefined
  const writers: Writer[] = []
  let writeTimer: NodeJS.Timeout | undefined
  let streaming = false

  const queue = createReplyQueue(limits, {
    broken: lose,
    unasked(reply) {
      unasked = reply
      if (reply.code === 421) lose('closed', 'the provider closed it (421)')
      else lose('protocol', `a ${reply.code} came that nobody had asked for`)
    },
  })

  function lose(reason: CloseReason, message: string): void {
    if (lost) return
    lost = new ConnectionLost(reason, message)
    socket.destroy()
    queue.fail(lost)
    clearTimeout(writeTimer)
    for (const { reject } of writers.splice(0)) reject(lost)
    for (const listener of listeners.splice(0)) listener()
  }

  const events = {
    data(octets: Buffer) {
      queue.take(octets)
      if (!streaming) refuseUnread()
    },
    end: () => lose('closed', 'the provider closed it'),
    close: () => lose('closed', 'the provider closed it'),
  }
  for (const [name, listener] of Object.entries(events)) socket.on(name, listener)
  // This listener stays until the end: a socket may report an error after it was destroyed, and an
  // unhandled one ends the process.
  socket.on('error', (error: NodeJS.ErrnoException) => lose('closed', error.code ?? 'network error'))

  function refuseUnread(): void {
    if (queue.unread()) lose('protocol', 'a reply began that nobody had asked for')
  }

  /** The octets that were written first of those under way have been taken. */
  function written(error?: Error | null): void {
    // Its cause is told by other events.
    if (error || lost) return
    writers.shift()?.resolve()
    if (writers.length > 0) writeTimer?.refresh()
    else clearTimeout(writeTimer)
  }

  /** Why nothing can be written now. */
  function blockedBy(): ConnectionLost | undefined {
    if (queue.closing) lose('closed', 'the provider closed it (421)')
    return lost
  }

  function ask(octets: Buffer | string, seconds: number, replies: number): Promise<Reply>[] {
    streaming = false
    refuseUnread()
    const refusal = blockedBy()
    const owed = queue.expect(seconds, replies)
    if (refusal) queue.fail(refusal)
    else socket.write(octets)
    return owed
  }

  async function only(replies: readonly Promise<Reply>[]): Promise<Reply> {
    const [reply] = replies
    if (!reply) throw new ConnectionLost('protocol', 'nothing was asked')
    return reply
  }

  return {
    get alive() {
      return !lost && !queue.closing
    },
    get unasked() {
      return unasked
    },
    ask,
    command: (octets, seconds) => only(ask(octets, seconds, 1)),
    greeting(seconds) {
      const owed = queue.expect(seconds, 1)
      if (lost) queue.fail(lost)
      return only(owed)
    },
    async write(octets, seconds) {
      const refusal = blockedBy()
      if (refusal) throw refusal
      streaming = true
      await new Promise<void>((resolve, reject) => {
        writers.push({ resolve, reject })
        const late = () => lose('timed-out', `nothing was taken for ${seconds} seconds`)
        if (writers.length === 1) writeTimer = setTimeout(late, seconds * 1000).unref()
        socket.write(octets, written)
      })
    },
    onLost(listener) {
      if (lost) listener()
      else listeners.push(listener)
    },
    destroy: () => lose('destroyed', 'postern ended it'),
    detach() {
      const refusal = blockedBy()
      if (refusal) throw refusal
      for (const [name, listener] of Object.entries(events)) socket.off(name, listener)
      queue.fail(new ConnectionLost('destroyed', 'the socket was handed over'))
      return socket
    },
  }
}

/** How long to wait for the reply to QUIT, in seconds. Nothing depends on it. */
const goodbyeSeconds = 2

/** Ends a connection with QUIT (RFC 5321, section 4.1.1.10). Never throws. */
export async function quit(connection: ProviderConnection): Promise<void> {
  if (connection.alive) await connection.command('QUIT\r\n', goodbyeSeconds).catch(() => {})
  connection.destroy()
}

/** The replies that a provider owes us: first asked, first answered. */
interface ReplyQueue {
  /**
   * Registers so many more replies that are owed. Each may take `seconds` from the moment that the
   * one before it came.
   */
  expect(seconds: number, replies: number): Promise<Reply>[]
  /** Octets that came from the provider. */
  take(octets: Buffer): void
  /** Nothing more will come: rejects every reply that is owed. */
  fail(lost: ConnectionLost): void
  /** Whether an unsolicited reply has begun. */
  unread(): boolean
  /** The provider has said 421: it will close. */
  readonly closing: boolean
}

interface QueueListener {
  broken(reason: CloseReason, message: string): void
  /** An unsolicited reply. */
  unasked(reply: Reply): void
}

interface Awaited {
  seconds: number
  resolve(reply: Reply): void
  reject(lost: ConnectionLost): void
}

function createReplyQueue(limits: ReplyLimits, listener: QueueListener): ReplyQueue {
  const parser = createReplyParser(limits)
  const awaited: Awaited[] = []
  let closing = false
  const timers = new Map<number, NodeJS.Timeout>()

  /**
   * Starts the timer of the next reply. One timer for each length is kept and refreshed: a new one
   * for each reply would cost ten times as much.
   */
  function startTimer(): void {
    const seconds = awaited[0]?.seconds
    if (seconds === undefined) return
    const known = timers.get(seconds)
    if (known) known.refresh()
    else timers.set(seconds, setTimeout(late, seconds * 1000, seconds).unref())
  }

  /** A timer that was not refreshed may fire while another reply is awaited, or none. */
  function late(seconds: number): void {
    if (awaited[0]?.seconds === seconds) listener.broken('timed-out', `no reply within ${seconds} seconds`)
  }

  /** False when nothing behind it may be read any more. */
  function deliver(item: ParsedReply, behind: ParsedReply | undefined): boolean {
    if (item.kind === 'protocol-error') {
      listener.broken('protocol', item.reason)
      return false
    }
    // A positive reply that is followed at once by another is not to be trusted: which of the two
    // is the answer?
    if (awaited.length === 1 && item.reply.code < 400 && isMoreThanGoodbye(behind)) {
      listener.broken('protocol', 'more replies came than were asked for')
      return false
    }
    if (item.reply.code === 421) closing = true
    const next = awaited.shift()
    if (next) next.resolve(item.reply)
    else listener.unasked(item.reply)
    startTimer()
    return next !== undefined
  }

  return {
    expect(seconds, replies) {
      const owed = Array.from({ length: replies }, () => {
        const reply = new Promise<Reply>((resolve, reject) => awaited.push({ seconds, resolve, reject }))
        // A caller that awaits several replies may stop at the first that fails.
        reply.catch(() => {})
        return reply
      })
      if (awaited.length === replies) startTimer()
      return owed
    },
    take(octets) {
      const parsed = parser.push(octets)
      parsed.every((item, index) => deliver(item, parsed[index + 1]))
    },
    fail(lost) {
      for (const timer of timers.values()) clearTimeout(timer)
      timers.clear()
      for (const { reject } of awaited.splice(0)) reject(lost)
    },
    unread: () => awaited.length === 0 && parser.pending(),
    get closing() {
      return closing
    },
  }
}

function isMoreThanGoodbye(behind: ParsedReply | undefined): boolean {
  return behind !== undefined && (behind.kind === 'protocol-error' || behind.reply.code !== 421)
}

/** Why a connection ended. `closed`: by the other side or the network; `destroyed`: by us. */
type CloseReason = 'closed' | 'timed-out' | 'protocol' | 'destroyed'

/**
 * A provider's connection is gone, and with it every reply that was owed. Never leaves this room:
 * see `lossAsFailure`.
 */
export class ConnectionLost extends Error {
  readonly reason: CloseReason

  constructor(reason: CloseReason, message: string) {
    super(message)
    this.name = 'ConnectionLost'
    this.reason = reason
  }
}

/**
 * A lost connection is a passing fault while nothing is committed. Other errors stay what they are.
 */
export function lossAsFailure(error: unknown, host: string): Failure {
  if (!(error instanceof ConnectionLost)) return asFailure(error)
  return failure('upstream.connection-lost', { host, reason: error.message, cause: error })
}
