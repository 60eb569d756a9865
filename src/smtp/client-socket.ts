import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { createClientTls, type Handshake } from './client-tls.ts'

/** What came of waiting for input. */
export type Read =
  | { kind: 'octets'; octets: Buffer }
  /** The client has gone, or will send nothing more. */
  | { kind: 'ended' }
  | { kind: 'timed-out' }
  | { kind: 'interrupted' }

/** One client's socket, pulled instead of pushed: what nobody reads stays in the kernel, and the client has to wait. */
export interface ClientSocket {
  /** The next input. `interruptible`: `interrupt` may end the wait. One reader at a time. */
  read(interruptible: boolean): Promise<Read>
  /** The first octet of the next input, which stays to be read; undefined when none comes in time. */
  peek(milliseconds: number): Promise<number | undefined>
  /** Resolves when more may be written; false when the client has gone or takes nothing. */
  write(octets: Buffer): Promise<boolean>
  /** Input that has arrived and was not read. */
  hasUnread(): boolean
  /** The handshake; input that was not read is its beginning. `interrupt` ends it. */
  startTls(context: SecureContext): Promise<Handshake>
  /** The sign-in deadline no longer counts. */
  signedIn(): void
  interrupt(): void
  /** Sends what was written, then closes. */
  end(): void
  /** The same without waiting for the client to have read it. */
  endAtOnce(): void
  /** Closes within two seconds, whatever goes on. */
  closeSoon(): void
  destroy(): void
  /** Resolves when the socket is closed. */
  closed: Promise<void>
}

export interface ClientSocketOptions {
  /** Counts from now, in total, however often something arrives. */
  signInSeconds: number
  idleSeconds: number
  /** How much is held in each direction. */
  bufferOctets: number
}

// After our last reply the client's unread input is thrown away for so long: closing at once would make the
// kernel send a reset, which can overtake the reply.
const lingerMilliseconds = 2_000

export function createClientSocket(raw: Socket, options: ClientSocketOptions): ClientSocket {
  let socket: Socket = raw
  let wake = () => {}
  const state = { ended: false, interrupted: false, late: false, idle: false }
  const deadline = setTimeout(() => notice('late'), options.signInSeconds * 1000)
  // One timer for the whole connection, moved on by each wait: cheaper than a new one each time.
  const idle = setTimeout(() => notice('idle'), options.idleSeconds * 1000)
  const closed = new Promise<void>((resolve) => raw.once('close', () => resolve()))
  raw.once('close', () => {
    clearTimeout(deadline)
    clearTimeout(idle)
    notice('ended')
  })
  // A reset is told by the close that follows it; without a listener it would end the process.
  raw.on('error', () => {})
  attach()

  return {
    closed,
    hasUnread: () => socket.readableLength > 0,
    interrupt: () => notice('interrupted'),
    destroy: () => void socket.destroy(),

    async read(interruptible) {
      beginWait()
      for (;;) {
        if (state.late || state.idle) return { kind: 'timed-out' }
        const octets: Buffer | null = socket.read()
        if (octets !== null) return { kind: 'octets', octets }
        if (state.ended) return { kind: 'ended' }
        if (interruptible && state.interrupted) return { kind: 'interrupted' }
        await event()
      }
    },

    async peek(milliseconds) {
      let waiting = true
      const timer = setTimeout(() => {
        waiting = false
        wake()
      }, milliseconds)
      while (socket.readableLength === 0 && waiting && !state.ended && !state.interrupted) await event()
      clearTimeout(timer)
      const octets: Buffer | null = socket.read()
      if (octets !== null) socket.unshift(octets)
      return octets?.[0]
    },

    async write(octets) {
      if (socket.destroyed) return false
      if (socket.write(octets)) return true
      beginWait()
      while (socket.writableNeedDrain && !socket.destroyed && !state.idle && !state.late) await event()
      return !socket.writableNeedDrain && !socket.destroyed
    },

    async startTls(context) {
      detach()
      const highWaterMark = options.bufferOctets
      const tls = createClientTls(raw, { context, highWaterMark, onEstablished: () => wake() })
      socket = tls.socket
      attach()
      socket.once('close', onEnd)
      beginWait()
      const goesOn = () => !tls.isEstablished() && !state.late && !state.idle && !state.interrupted
      while (goesOn() && !state.ended) await event()
      if (tls.isEstablished() || state.ended) return tls.outcome()
      return { kind: state.interrupted ? 'interrupted' : 'timed-out' }
    },

    signedIn() {
      clearTimeout(deadline)
      // The provider may have taken longer for its yes than the client had for asking.
      state.late = false
    },

    end() {
      socket.removeListener('readable', onReadable)
      socket.end()
      socket.resume()
      closeSoon()
    },

    endAtOnce: () => socket.destroySoon(),
    closeSoon,
  }

  function attach(): void {
    socket.on('readable', onReadable)
    socket.on('drain', onReadable)
    socket.once('end', onEnd)
  }

  function detach(): void {
    for (const event of ['readable', 'drain'] as const) socket.removeListener(event, onReadable)
    socket.removeListener('end', onEnd)
  }

  function onReadable(): void {
    wake()
  }

  function onEnd(): void {
    notice('ended')
  }

  function notice(what: keyof typeof state): void {
    state[what] = true
    wake()
  }

  function beginWait(): void {
    state.idle = false
    idle.refresh()
  }

  function closeSoon(): void {
    const timer = setTimeout(() => socket.destroy(), lingerMilliseconds)
    raw.once('close', () => clearTimeout(timer))
  }

  function event(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve
    })
  }
}
