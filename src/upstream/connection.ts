import type { Socket } from 'node:net'
import { asFailure, type Failure, failure, type Sentence } from '../base/failure.ts'
import { text } from '../failures/texts.ts'
import type { ProviderTap } from '../traces/traces.ts'
import type { ReplyParser } from '../wire/reply.ts'
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
  /** Whoever follows the dialogue. */
  tap?: ProviderTap | undefined
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
export function createProviderConnection(
  socket: Socket,
  limits: ReplyLimits,
  tap?: ProviderTap,
): ProviderConnection {
  return new ServerConnection(socket, limits, tap)
}

class ServerConnection implements ProviderConnection {
  tap: ProviderTap | undefined
  readonly #socket: Socket
  readonly #listeners: (() => void)[] = []
  #lost: ConnectionLost | undefined
  #unasked: Reply | undefined
  readonly #writers: Writer[] = []
  #writeTimer: NodeJS.Timeout | undefined
  #streaming = false
  readonly #queue: ReplyQueue
  readonly #events: Record<'data' | 'end' | 'close', (octets: Buffer) => void>
  readonly #written = (error?: Error | null) => this.#taken(error)

  constructor(socket: Socket, limits: ReplyLimits, tap: ProviderTap | undefined) {
    this.#socket = socket
    this.tap = tap
    this.#queue = new ReplyQueue(limits, {
      broken: (reason, why) => this.#lose(reason, why),
      replied: (reply) => this.tap?.replied(reply),
      unasked: (reply) => this.#cameUnasked(reply),
    })
    const closed = () => this.#lose('closed', text('lost.closed'))
    this.#events = { data: (octets: Buffer) => this.#read(octets), end: closed, close: closed }
    for (const [name, listener] of Object.entries(this.#events)) socket.on(name, listener)
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#lose('closed', error.code ?? text('lost.network')),
    )
  }

  get alive(): boolean {
    return !this.#lost && !this.#queue.closing
  }

  get unasked(): Reply | undefined {
    return this.#unasked
  }

  ask(octets: Buffer | string, seconds: number, replies: number): Promise<Reply>[] {
    this.#streaming = false
    this.#refuseUnread()
    const refusal = this.#blockedBy()
    const owed = this.#queue.expect(seconds, replies)
    if (refusal) this.#queue.fail(() => refusal)
    else {
      this.tap?.asked(octets)
      this.#socket.write(octets)
    }
    return owed
  }

  command(octets: Buffer | string, seconds: number): Promise<Reply> {
    return this.#only(this.ask(octets, seconds, 1))
  }

  greeting(seconds: number): Promise<Reply> {
    const owed = this.#queue.expect(seconds, 1)
    const lost = this.#lost
    if (lost) this.#queue.fail(() => lost)
    return this.#only(owed)
  }

  async write(octets: Buffer, seconds: number): Promise<void> {
    const refusal = this.#blockedBy()
    if (refusal) throw refusal
    this.#streaming = true
    this.tap?.wrote(octets.length)
    await new Promise<void>((resolve, reject) => {
      this.#writers.push({ resolve, reject })
      const late = () => this.#lose('timed-out', text('lost.nothing-taken', { seconds }))
      if (this.#writers.length === 1) this.#writeTimer = setTimeout(late, seconds * 1000).unref()
      this.#socket.write(octets, this.#written)
    })
  }

  onLost(listener: () => void): void {
    if (this.#lost) listener()
    else this.#listeners.push(listener)
  }

  destroy(): void {
    this.#lose('destroyed', text('lost.ended-here'))
  }

  detach(): Socket {
    const refusal = this.#blockedBy()
    if (refusal) throw refusal
    for (const [name, listener] of Object.entries(this.#events)) this.#socket.off(name, listener)
    this.#queue.fail(() => new ConnectionLost('destroyed', text('lost.handed-over')))
    return this.#socket
  }

  #read(octets: Buffer): void {
    this.#queue.take(octets)
    if (!this.#streaming) this.#refuseUnread()
  }

  #cameUnasked(reply: Reply): void {
    this.#unasked = reply
    if (reply.code === 421) this.#lose('closed', text('lost.closed-421'))
    else this.#lose('protocol', text('lost.reply-unasked', { code: reply.code }))
  }

  #lose(reason: CloseReason, why: Sentence | string): void {
    if (this.#lost) return
    const lost = new ConnectionLost(reason, why)
    this.#lost = lost
    this.tap?.note(`the connection to the provider is over: ${lost.message}`)
    this.#socket.destroy()
    this.#queue.fail(() => lost)
    clearTimeout(this.#writeTimer)
    for (const { reject } of this.#writers.splice(0)) reject(lost)
    for (const listener of this.#listeners.splice(0)) listener()
  }

  #refuseUnread(): void {
    if (this.#queue.unread()) this.#lose('protocol', text('lost.reply-begun'))
  }

  /** The octets that were written first of those under way have been taken. */
  #taken(error?: Error | null): void {
    // Its cause is told by other events.
    if (error || this.#lost) return
    this.#writers.shift()?.resolve()
    if (this.#writers.length > 0) this.#writeTimer?.refresh()
    else clearTimeout(this.#writeTimer)
  }

  /** Why nothing can be written now. */
  #blockedBy(): ConnectionLost | undefined {
    if (this.#queue.closing) this.#lose('closed', text('lost.closed-421'))
    return this.#lost
  }

  async #only(replies: readonly Promise<Reply>[]): Promise<Reply> {
    const [reply] = replies
    if (!reply) throw new ConnectionLost('protocol', text('lost.nothing-asked'))
    return reply
  }
}

/** How long to wait for the reply to QUIT, in seconds. Nothing depends on it. */
const goodbyeSeconds = 2

/** Ends a connection with QUIT (RFC 5321, section 4.1.1.10). Never throws. */
export async function quit(connection: ProviderConnection): Promise<void> {
  if (connection.alive) await connection.command('QUIT\r\n', goodbyeSeconds).catch(() => {})
  connection.destroy()
}

interface QueueListener {
  broken(reason: CloseReason, why: Sentence): void
  /** A reply that was asked for. */
  replied(reply: Reply): void
  /** An unsolicited reply. */
  unasked(reply: Reply): void
}

interface Awaited {
  seconds: number
  resolve(reply: Reply): void
  reject(lost: ConnectionLost): void
}

/** The replies that a provider owes us: first asked, first answered. */
class ReplyQueue {
  readonly #listener: QueueListener
  readonly #parser: ReplyParser
  readonly #awaited: Awaited[] = []
  #closing = false
  readonly #timers = new Map<number, NodeJS.Timeout>()

  constructor(limits: ReplyLimits, listener: QueueListener) {
    this.#listener = listener
    this.#parser = createReplyParser(limits)
  }

  /**
   * Registers so many more replies that are owed. Each may take `seconds` from the moment that the
   * one before it came.
   */
  expect(seconds: number, replies: number): Promise<Reply>[] {
    const owed = Array.from({ length: replies }, () => {
      const reply = new Promise<Reply>((resolve, reject) => this.#awaited.push({ seconds, resolve, reject }))
      // A caller that awaits several replies may stop at the first that fails.
      reply.catch(() => {})
      return reply
    })
    if (this.#awaited.length === replies) this.#startTimer()
    return owed
  }

  /** Octets that came from the provider. */
  take(octets: Buffer): void {
    const parsed = this.#parser.push(octets)
    parsed.every((item, index) => this.#deliver(item, parsed[index + 1]))
  }

  /** Nothing more will come: rejects every reply that is owed, and asks why only if one is. */
  fail(why: () => ConnectionLost): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    if (this.#awaited.length === 0) return
    const lost = why()
    for (const { reject } of this.#awaited.splice(0)) reject(lost)
  }

  /** Whether an unsolicited reply has begun. */
  unread(): boolean {
    return this.#awaited.length === 0 && this.#parser.pending()
  }

  /** The provider has said 421: it will close. */
  get closing(): boolean {
    return this.#closing
  }

  /**
   * Starts the timer of the next reply. One timer for each length is kept and refreshed: a new one
   * for each reply would cost ten times as much.
   */
  #startTimer(): void {
    const seconds = this.#awaited[0]?.seconds
    if (seconds === undefined) return
    const known = this.#timers.get(seconds)
    if (known) known.refresh()
    else this.#timers.set(seconds, setTimeout(() => this.#late(seconds), seconds * 1000).unref())
  }

  /** A timer that was not refreshed may fire while another reply is awaited, or none. */
  #late(seconds: number): void {
    if (this.#awaited[0]?.seconds === seconds)
      this.#listener.broken('timed-out', text('lost.no-reply', { seconds }))
  }

  /** False when nothing behind it may be read any more. */
  #deliver(item: ParsedReply, behind: ParsedReply | undefined): boolean {
    if (item.kind === 'protocol-error') {
      this.#listener.broken('protocol', text(item.reason))
      return false
    }
    // A positive reply that is followed at once by another is not to be trusted: which of the two
    // is the answer?
    if (this.#awaited.length === 1 && item.reply.code < 400 && isMoreThanGoodbye(behind)) {
      this.#listener.broken('protocol', text('lost.too-many-replies'))
      return false
    }
    if (item.reply.code === 421) this.#closing = true
    const next = this.#awaited.shift()
    if (next) {
      this.#listener.replied(item.reply)
      next.resolve(item.reply)
    } else this.#listener.unasked(item.reply)
    this.#startTimer()
    return next !== undefined
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
  /** The same as the message. A text is the code of the system's error. */
  readonly why: Sentence | string

  constructor(reason: CloseReason, why: Sentence | string) {
    super(typeof why === 'string' ? why : why.message)
    this.why = why
    this.name = 'ConnectionLost'
    this.reason = reason
  }
}

/**
 * A lost connection is a passing fault while nothing is committed. Other errors stay what they are.
 */
export function lossAsFailure(error: unknown, host: string): Failure {
  if (!(error instanceof ConnectionLost)) return asFailure(error)
  return failure('upstream.connection-lost', { host, reason: error.why, cause: error })
}
