import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'

/** What came of a TLS handshake. */
export type Handshake =
  | { kind: 'done'; protocol: string; cipher: string }
  /** `error`: undefined when the client went away without a word. */
  | { kind: 'failed'; error: Error | undefined }
  | { kind: 'timed-out' }
  | { kind: 'interrupted' }

/** Our side of TLS with a client. */
export interface ClientTls {
  socket: TLSSocket
  /** The handshake is done. */
  isEstablished(): boolean
  /** What came of it when it was, or when the socket is closed. */
  outcome(): Handshake
}

export interface ClientTlsOptions {
  context: SecureContext
  highWaterMark: number
  onEstablished: () => void
}

/** TLS over a socket that nobody reads any more: what it holds is the beginning of the handshake. */
export function createClientTls(raw: Socket, options: ClientTlsOptions): ClientTls {
  const { context, highWaterMark, onEstablished } = options
  // It begins with what the raw socket holds, and only then takes what arrives.
  const use = { isServer: true, secureContext: context, highWaterMark }
  const socket = new TLSSocket(raw, use)
  let established = false
  let error: Error | undefined
  socket.on('error', (reported) => {
    error ??= reported
  })
  // Whatever goes wrong behind the handshake is told to the server that the socket belongs to, and there is none: without this it
  // would stay open and deaf until its time is over.
  socket.on('_tlsError', (reported: Error) => void socket.destroy(reported))
  socket.once('secure', () => {
    established = true
    onEstablished()
  })

  return {
    socket,
    isEstablished: () => established,
    outcome() {
      if (!established) return { kind: 'failed', error }
      return { kind: 'done', protocol: socket.getProtocol() ?? '', cipher: socket.getCipher().name }
    },
  }
}
