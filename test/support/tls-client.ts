import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import type { Endpoint } from '../../src/net/endpoint.ts'

/** What a TLS client met. */
export interface TlsMeeting {
  /** The first line that the server says through TLS; undefined when the handshake failed. */
  greeting?: string
  protocol?: string | null
  /** The common name of the certificate that it was shown. */
  commonName?: string
  serialNumber?: string
  error?: string
}

/** Connects, begins with TLS at once, reads the greeting and leaves. */
export async function meetWithTls(endpoint: Endpoint, options: ConnectionOptions): Promise<TlsMeeting> {
  return meet(connect(endpoint), options)
}

/** The same, with every octet of the client in a segment of its own. */
export async function meetInPieces(endpoint: Endpoint, options: ConnectionOptions): Promise<TlsMeeting> {
  const raw = connect({ ...endpoint, noDelay: true })
  return meet(inPieces(raw), options).finally(() => raw.destroy())
}

function meet(transport: Socket | Duplex, options: ConnectionOptions): Promise<TlsMeeting> {
  return new Promise((resolve) => {
    const socket = connectTls({ socket: transport, servername: 'localhost', ...options })
    const settle = (meeting: TlsMeeting) => {
      socket.destroy()
      transport.destroy()
      resolve(meeting)
    }
    socket.once('data', (octets: Buffer) => settle(seen(socket, octets)))
    socket.once('error', (error: NodeJS.ErrnoException) => settle({ error: error.code ?? error.message }))
    socket.once('close', () => settle({ error: 'closed' }))
  })
}

function seen(socket: TLSSocket, octets: Buffer): TlsMeeting {
  const { subject, serialNumber } = socket.getPeerCertificate()
  return {
    greeting: octets.toString('latin1').trim(),
    protocol: socket.getProtocol(),
    commonName: String(subject.CN),
    serialNumber,
  }
}

function inPieces(raw: Socket): Duplex {
  const pieces = new Duplex({
    read() {},
    write(octets: Buffer, _encoding, done) {
      void (async () => {
        for (const octet of octets) {
          raw.write(Buffer.from([octet]))
          await new Promise((resolve) => setImmediate(resolve))
        }
      })().then(() => done())
    },
  })
  raw.on('data', (octets) => pieces.push(octets))
  raw.on('error', () => {})
  raw.once('close', () => pieces.push(null))
  return pieces
}
