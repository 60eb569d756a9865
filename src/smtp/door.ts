import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import { sourceOf } from '../base/source.ts'
import type { Endpoint, Limits } from '../config/config.ts'
import { formatEndpoint } from '../config/endpoint.ts'
import type { SignIns } from '../mailboxes/services.ts'
import type { Relay } from '../upstream/relay.ts'
import { formatReply } from '../wire/reply.ts'
import { type Connection, serveConnection } from './connection.ts'
import { createConnectionCount } from './connection-count.ts'
import { replies } from './replies.ts'

export interface SmtpDoorOptions {
  listen: readonly Endpoint[]
  relay: Relay
  signIns: SignIns
  limits: Limits
  log: Log
  clock: Clock
  /** PEM texts; with them STARTTLS is offered. */
  tls?: { cert: string; key: string }
  /** The name in the greeting; `localhost` without one. */
  hostname?: string
  /** Passwords in the clear from other machines were asked for explicitly. */
  allowPlainAuthBeyondLoopback?: boolean
}

/** The SMTP door for legacy software. */
export interface SmtpDoor {
  /** Resolves with the addresses that it listens on. @throws Failure `configuration` when one of them cannot be had; then it listens on none */
  start(): Promise<Endpoint[]>
  /** No new connections; idle clients get 421; messages under way have `graceSeconds` to finish, then they are cut off. */
  stop(graceSeconds: number): Promise<void>
}

export function createSmtpDoor(options: SmtpDoorOptions): SmtpDoor {
  const { limits, log } = options
  const secureContext = options.tls && createSecureContext(options.tls)
  const count = createConnectionCount(limits)
  const connections = new Set<Connection>()
  let servers: Server[] = []

  return {
    async start() {
      try {
        for (const endpoint of options.listen) servers.push(await listen(endpoint, accept, log))
      } catch (error) {
        await Promise.all(servers.map(closeServer))
        servers = []
        throw error
      }
      return servers.map((server) => {
        const { address, port } = server.address() as AddressInfo
        return { host: address, port }
      })
    },

    async stop(graceSeconds) {
      const closing = servers.map(closeServer)
      for (const connection of connections) connection.shutDown()
      const grace = setTimeout(() => {
        for (const connection of connections) connection.destroy()
      }, graceSeconds * 1000)
      await Promise.all([...connections].map(({ closed }) => closed))
      clearTimeout(grace)
      await Promise.all(closing)
      servers = []
    },
  }

  function accept(socket: Socket): void {
    const { remoteAddress } = socket
    // Undefined when the client was gone before we looked.
    if (remoteAddress === undefined) {
      socket.destroy()
      return
    }
    const source = sourceOf(remoteAddress)
    const leave = count.admit(source)
    if (leave === undefined) turnAway(socket)
    else serve(socket, remoteAddress, source.loopback, leave)
  }

  function serve(socket: Socket, remoteAddress: string, loopback: boolean, leave: () => void): void {
    const connection = serveConnection(socket, {
      ...options,
      hostname: options.hostname ?? 'localhost',
      remoteAddress,
      plainAuth: loopback || options.allowPlainAuthBeyondLoopback === true,
      secureContext,
    })
    connections.add(connection)
    void connection.closed.then(() => {
      connections.delete(connection)
      leave()
    })
  }
}

// How long one who is turned away may take to read why.
const turnAwayMilliseconds = 2_000

function turnAway(socket: Socket): void {
  socket.on('error', () => {})
  socket.end(formatReply(replies.tooManyConnections))
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), turnAwayMilliseconds)
  socket.once('close', () => clearTimeout(timer))
}

function listen(endpoint: Endpoint, accept: (socket: Socket) => void, log: Log): Promise<Server> {
  return new Promise((resolve, reject) => {
    // A client may end its side behind QUIT and still wait for the replies, so only we close.
    const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, accept)
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(endpoint, error)))
    server.listen(endpoint.port, endpoint.host, () => {
      server.on('error', (error) => log.error({ err: error }, 'the SMTP door cannot accept a connection'))
      resolve(server)
    })
  })
}

function cannotListen(endpoint: Endpoint, error: NodeJS.ErrnoException): Failure {
  const where = formatEndpoint(endpoint)
  if (error.code === 'EADDRINUSE') {
    return new Failure(
      'configuration',
      `The SMTP door cannot listen on ${where}: another program does already`,
      {
        cause: error,
        fix: 'Stop the other program, or set POSTERN_SMTP_LISTEN to another address or port.',
      },
    )
  }
  const reason = error.code === 'EACCES' ? 'not allowed for this user' : (error.code ?? 'unknown reason')
  return new Failure('configuration', `The SMTP door cannot listen on ${where}: ${reason}`, {
    cause: error,
    fix: 'Set POSTERN_SMTP_LISTEN to an address of this machine and a port above 1023.',
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
