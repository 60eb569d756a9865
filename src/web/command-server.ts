import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, ListenOptions, Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import { type ConnectionLimiter, createConnectionLimiter, type Slot } from '../net/connection-limiter.ts'
import type { Endpoint } from '../net/endpoint.ts'
import { sourceOf } from '../net/ip.ts'
import { dataFiles, socketPathFits } from '../store/data-dir.ts'
import { ownerProof } from '../store/owner-key.ts'

/**
 * Generous for unauthenticated connections: a burst of them lasts a second, and must not evict a
 * client that is about to prove that it holds the key.
 */
const limits = {
  connections: 1_000,
  connectionsPerLoopbackSource: 200,
  strangersOnLoopback: 200,
  connectionsPerSource: 200,
  unauthenticatedPerSource: 64,
}

/** The server of the `postern` command: the API, asked by the owner of the data directory. */
export interface CommandServer {
  /**
   * Opens the socket in the data directory. Where that is impossible, returns the loopback port
   * that is used instead.
   */
  start(): Promise<Endpoint | undefined>
  stop(): Promise<void>
}

interface CommandServerDeps {
  /** This process holds its lock, and no other user can enter it. */
  dataDir: string
  ownerKey: Secret
  app: RequestListener
  /** Somebody who may wants all of it to end in good order. */
  stopAsked?: () => void
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

/**
 * A UNIX socket that only the owner can reach, so every client of it is the owner. Windows, long
 * paths and some file systems have no such sockets: there it is a loopback port, on which both
 * sides prove that they hold the owner key.
 */
export function createCommandServer({
  dataDir,
  ownerKey,
  app,
  stopAsked = () => {},
  clock,
  log,
}: CommandServerDeps): CommandServer {
  const { socket: path } = dataFiles(dataDir)
  let open: Server | undefined
  const limiter = createConnectionLimiter(limits, clock)
  const unproven = new Map<string, Unproven>()

  const answer: RequestListener = (request, response) => {
    // No operation of the API: a key of whatever scope ends nothing.
    if (request.method === 'POST' && request.url === '/stop') {
      response.writeHead(202).end()
      stopAsked()
      return
    }
    // Pages are for browsers, and no browser connects here.
    if (!request.url?.startsWith('/api/')) {
      response.writeHead(404).end()
      return
    }
    markAsCommand(request)
    app(request, response)
  }

  async function openSocket(): Promise<boolean> {
    // A killed postern left it behind: no other one runs on this data directory.
    await rm(path, { force: true })
    if (!socketPathFits(path)) return false
    const server = createServer(serverOptions, answer)
    try {
      await listening(server, { path })
      await chmod(path, 0o600)
      open = server
      return true
    } catch (error) {
      server.close()
      log.warn(
        { event: 'listener.no-socket', err: error, path },
        'there can be no socket here: the command comes by a port of loopback',
      )
      return false
    }
  }

  async function openPort(): Promise<Endpoint> {
    const server = createTlsServer({ ...serverOptions, ...ownerProof(ownerKey).server }, answer)
    limitUnproven(server, limiter, unproven)
    open = server
    await listening(server, { host: '127.0.0.1', port: 0 })
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
  }

  return {
    async start() {
      const endpoint = (await openSocket()) ? undefined : await openPort()
      open?.on('error', (error) =>
        log.warn(
          { event: 'listener.not-accepting', err: error },
          'the command server could not take a connection',
        ),
      )
      return endpoint
    },
    async stop() {
      const server = open
      open = undefined
      if (!server?.listening) return
      const closed = new Promise((resolve) => server.close(resolve))
      for (const { socket } of [...unproven.values()]) socket.destroy()
      limiter.close()
      server.closeIdleConnections()
      const impatience = setTimeout(() => server.closeAllConnections(), 5_000)
      await closed
      clearTimeout(impatience)
    },
  }
}

const serverOptions = { headersTimeout: 30_000, requestTimeout: 60_000, keepAliveTimeout: 5_000 }

interface Unproven {
  socket: Socket
  slot: Slot
}

/**
 * Any local program can connect to a port: connections that have proven nothing are evicted first.
 */
function limitUnproven(server: Server, limiter: ConnectionLimiter, unproven: Map<string, Unproven>): void {
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket)
    const slot = limiter.accept(sourceOf(socket.remoteAddress ?? ''), () => socket.destroy())
    if (slot === undefined) {
      socket.destroy()
      return
    }
    unproven.set(peer, { socket, slot })
    socket.once('close', () => {
      unproven.delete(peer)
      slot.release()
    })
  })
  server.on('secureConnection', (socket: Socket) => {
    const peer = peerOf(socket)
    unproven.get(peer)?.slot.authenticated()
    unproven.delete(peer)
  })
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

function listening(server: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

const commandRequests = new WeakSet<IncomingMessage>()

/** Marks a request as received by the server of the command, which only the owner can reach. */
function markAsCommand(request: IncomingMessage): void {
  commandRequests.add(request)
}

/**
 * Whether the owner of the data directory sent this request. Nothing in the request itself can
 * cause this.
 */
export function isFromCommand(request: IncomingMessage): boolean {
  return commandRequests.has(request)
}
