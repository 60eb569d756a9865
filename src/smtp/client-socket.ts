import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'

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
  /** Resolves when more may be written; false when the client has gone or takes nothing. */
  write(octets: Buffer): Promise<boolean>
  /** Input that has arrived and was not read. */
  hasUnread(): boolean
  /** False when the handshake fails or takes too long. */
  startTls(context: SecureContext): Promise<boolean>
  /** The sign-in deadline no longer counts. */
  signedIn(): void
  interrupt(): void
  /** Sends what was written, then closes. */
  end(): void
  destroy(): void
  /** Resolves when the socket is closed. */
  closed: Promise<void>
}

// After our last reply the client's unread input is thrown away for so long: closing at once would make the
// kernel send a reset, which can overtake the reply.
const lingerMilliseconds = 2_000

/** Both times in seconds; the sign-in deadline counts from now, in total, however often something arrives. */
export function createClientSocket(
  raw: Socket,
  { signInSeconds, idleSeconds }: { signInSeconds: number; idleSeconds: number },
): ClientSocket {
  let socket: Socket = raw
  let wake = () => {}
  const state = { ended: false, interrupted: false, late: false, idle: false }
  const deadline = setTimeout(() => notice('late'), signInSeconds * 1000)
  // One timer for the whole connection, moved on by each wait: cheaper than a new one each time.
  const idle = setTimeout(() => notice('idle'), idleSeconds * 1000)
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
    destroy: () => socket.destroy(),

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

    async write(octets) {
      if (socket.destroyed) return false
      if (socket.write(octets)) return true
      beginWait()
      while (socket.writableNeedDrain && !socket.destroyed && !state.idle && !state.late) await event()
      return !socket.writableNeedDrain && !socket.destroyed
    },

    async startTls(context) {
      raw.removeListener('readable', onReadable)
      raw.removeListener('end', onEnd)
      raw.removeListener('drain', onReadable)
      const secure = new TLSSocket(raw, { isServer: true, secureContext: context })
      socket = secure
      secure.on('error', () => {})
      let established = false
      secure.once('secure', () => {
        established = true
        wake()
      })
      secure.once('close', onEnd)
      attach()
      beginWait()
      while (!established && !state.ended && !state.late && !state.idle) await event()
      return established
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
      const linger = setTimeout(() => socket.destroy(), lingerMilliseconds)
      raw.once('close', () => clearTimeout(linger))
    },
  }

  function attach(): void {
    socket.on('readable', onReadable)
    socket.on('drain', onReadable)
    socket.once('end', onEnd)
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

  function event(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve
    })
  }
}
