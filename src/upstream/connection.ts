import type { Socket } from 'node:net'
import type { Reply } from '../wire/reply.ts'
import type { ReplyLimits } from '../wire/reply-parser.ts'
import { ConnectionLost, type Ending } from './connection-lost.ts'
import { createReplyQueue } from './reply-queue.ts'

/**
 * One connection to a provider. A reply that nobody asked for ends it, and so does its first octet, for otherwise that reply
 * would be taken for the answer to the next command, and every later one would slip by one.
 */
export interface Connection {
  /** False once it is lost, or once the provider has said 421. */
  readonly alive: boolean
  /** The reply that came unasked and so ended the connection. */
  readonly unasked: Reply | undefined
  /** Writes in one go and returns the replies that this makes the provider owe, in order. Each may take `seconds` from
   * the moment that the one before it came. All reject with ConnectionLost when the connection ends. */
  ask(octets: Buffer, seconds: number, replies: number): Promise<Reply>[]
  /** Writes one command, its CRLF included, and resolves with its reply. */
  command(octets: Buffer | string, seconds: number): Promise<Reply>
  /** Waits for the greeting. */
  greeting(seconds: number): Promise<Reply>
  /**
   * Writes what is not answered. Resolves when there is room for more; the provider has `seconds` to make room. From here to
   * the next `ask` a refusal may come, in as many pieces as it likes: it ends the connection when it is whole.
   */
  write(octets: Buffer, seconds: number): Promise<void>
  /** Called once, when the connection has ended. */
  onLost(listener: () => void): void
  destroy(): void
  /** Hands the socket over for TLS. @throws ConnectionLost when anything came behind the last reply (RFC 3207, section 4.2) */
  detach(): Socket
}

interface Writer {
  resolve(): void
  reject(lost: ConnectionLost): void
  timer: NodeJS.Timeout
}

/** Speaks over a connected socket. From here on the socket belongs to the connection. */
export function createConnection(socket: Socket, limits: ReplyLimits): Connection {
  const listeners: (() => void)[] = []
  let lost: ConnectionLost | undefined
  let unasked: Reply | undefined
  let writer: Writer | undefined
  let streaming = false

  const queue = createReplyQueue(limits, {
    broken: lose,
    unasked(reply) {
      unasked = reply
      if (reply.code === 421) lose('closed', 'the provider closed it (421)')
      else lose('protocol', `a ${reply.code} came that nobody had asked for`)
    },
  })

  function lose(ending: Ending, message: string): void {
    if (lost) return
    lost = new ConnectionLost(ending, message)
    socket.destroy()
    queue.fail(lost)
    if (writer) clearTimeout(writer.timer)
    writer?.reject(lost)
    for (const listener of listeners.splice(0)) listener()
  }

  const events = {
    data(octets: Buffer) {
      queue.take(octets)
      if (!streaming) refuseUnread()
    },
    end: () => lose('closed', 'the provider closed it'),
    close: () => lose('closed', 'the provider closed it'),
    drain() {
      if (writer) clearTimeout(writer.timer)
      writer?.resolve()
      writer = undefined
    },
  }
  for (const [name, listener] of Object.entries(events)) socket.on(name, listener)
  // Stays until the end: a socket may report an error after it was destroyed, and one that nobody hears ends the process.
  socket.on('error', (error: NodeJS.ErrnoException) => lose('closed', error.code ?? 'network error'))

  function refuseUnread(): void {
    if (queue.unread()) lose('protocol', 'a reply began that nobody had asked for')
  }

  /** Why nothing can be written. */
  function obstacle(): ConnectionLost | undefined {
    if (queue.leaving) lose('closed', 'the provider closed it (421)')
    return lost
  }

  function ask(octets: Buffer | string, seconds: number, replies: number): Promise<Reply>[] {
    streaming = false
    refuseUnread()
    const refusal = obstacle()
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
      return !lost && !queue.leaving
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
      const refusal = obstacle()
      if (refusal) throw refusal
      streaming = true
      if (socket.write(octets)) return
      await new Promise<void>((resolve, reject) => {
        const late = () => lose('timed-out', `nothing was taken for ${seconds} seconds`)
        writer = { resolve, reject, timer: setTimeout(late, seconds * 1000).unref() }
      })
    },
    onLost(listener) {
      if (lost) listener()
      else listeners.push(listener)
    },
    destroy: () => lose('destroyed', 'postern ended it'),
    detach() {
      const refusal = obstacle()
      if (refusal) throw refusal
      for (const [name, listener] of Object.entries(events)) socket.off(name, listener)
      queue.fail(new ConnectionLost('destroyed', 'the socket was handed over'))
      return socket
    },
  }
}
