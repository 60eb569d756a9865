import { randomBytes } from 'node:crypto'
import { type AddressInfo, createServer, type Server, Socket, type SocketConstructorOpts } from 'node:net'
import { hostname } from 'node:os'
import type { Clock } from '../base/clock.ts'
import { type Failure, failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { SignIns } from '../credentials/sign-ins.ts'
import type { Limits } from '../model/limits.ts'
import { createConnectionLimiter } from '../net/connection-limiter.ts'
import { formatEndpoint, isLoopback } from '../net/endpoint.ts'
import { sourceOf } from '../net/ip.ts'
import {
  backlog,
  type HandedSockets,
  isMissingAddress,
  isReachable,
  requireUnused,
  type SmtpListener,
} from '../net/listen.ts'
import type { Certificates } from '../tls/certificates.ts'
import type { Taps } from '../traces/traces.ts'
import type { Relay } from '../upstream/relay.ts'
import type { Hold } from '../upstream/submission.ts'
import { type SharedReads, sharedReads } from './client-socket.ts'
import { type ClientConnection, serveConnection } from './connection.ts'
import { createFrontEnds, refuseSocket } from './front-ends.ts'
import { connectionRefused, createDroppedParameters, createRefusalLog } from './refusal-log.ts'
import { replies } from './replies.ts'

export interface SmtpServerDeps {
  listen: readonly SmtpListener[]
  relay: Relay
  /** Absent: whoever needs approval sends nothing. */
  hold?: Hold
  signIns: SignIns
  limits: Limits
  log: Log
  clock: Clock
  /** Required by each listener whose `tls` is not `none`. */
  certificates?: Pick<Certificates, 'contextFor'>
  /**
   * The name in the greeting to other machines (RFC 5321, section 4.2); absent: the machine's name.
   * Clients on this machine are greeted with `localhost`.
   */
  hostname?: string
  /** Absent: all addresses are opened here. */
  handed?: HandedSockets | undefined
  /** Absent: nobody is ever traced. */
  taps?: Taps
}

/** The SMTP server for legacy software. */
export interface SmtpServer {
  /**
   * Resolves with the addresses that it listens on.
   * @throws Failure `configuration` when one of them is not available; then it listens on none
   */
  start(): Promise<SmtpListener[]>
  /**
   * Listens at these from now on. What is there already stays open, and so does every client that
   * is connected.
   * @param certificates for listeners with TLS, where there were none before
   * @throws Failure `configuration` when one of them is not available; then nothing is changed
   */
  listenAt(
    listeners: readonly SmtpListener[],
    certificates?: SmtpServerDeps['certificates'],
  ): Promise<SmtpListener[]>
  /**
   * Accepts no new connections. Idle clients get 421; messages under way have `graceSeconds` to
   * finish, then their connections are destroyed.
   */
  stop(graceSeconds: number): Promise<void>
  /** How many clients are connected now, and how many have been since the start. */
  sessions(): { open: number; total: number }
}

// The specification of the PROXY protocol asks for at least three, because a packet may be lost.
const mostHeaderSeconds = 5

export function createSmtpServer(deps: SmtpServerDeps): SmtpServer {
  const { relay, hold, signIns, limits, log, clock, taps } = deps
  let { certificates } = deps
  const nameHere = deps.hostname ?? machineName()
  const limiter = createConnectionLimiter(limits, deps.clock)
  const refusals = createRefusalLog(log, clock)
  const droppedParameters = createDroppedParameters(log)
  const frontEnds = createFrontEnds({
    refusals,
    get headerSeconds() {
      return Math.min(limits.signInSeconds, mostHeaderSeconds)
    },
  })
  const connections = new Set<ClientConnection>()
  let open: OpenServer[] = []
  let total = 0
  /** What the ids of sessions begin with: those of the next start are others. */
  const start = randomBytes(2).toString('hex')
  taps?.onBegin(() => {
    for (const connection of connections) connection.beginTrace()
  })

  return {
    async start() {
      try {
        for (const [index, listener] of deps.listen.entries()) await openOne(listener, index === 0)
      } catch (error) {
        await closeServers()
        throw error
      }
      return addresses()
    },

    async listenAt(listeners, taken) {
      const wanted = listeners.map(formatEndpoint)
      const isWanted = (one: OpenServer) => wanted.includes(formatEndpoint(addressOf(one)))
      const [staying, leaving] = [open.filter(isWanted), open.filter((one) => !isWanted(one))]
      const here = staying.map((one) => formatEndpoint(addressOf(one)))
      const left = leaving.map(addressOf)
      const before = certificates
      // First: an address may be a part of one that is opened. Each is free at once; the callback of
      // `close` would wait for the clients.
      for (const { server } of leaving) server.close()
      open = [...staying]
      certificates = taken ?? certificates
      try {
        for (const listener of listeners)
          if (!here.includes(formatEndpoint(listener))) await openOne(listener, true)
      } catch (error) {
        for (const one of open) if (!staying.includes(one)) one.server.close()
        open = [...staying]
        certificates = before
        for (const listener of left) await openOne(listener, true)
        throw error
      }
      return addresses()
    },

    async stop(graceSeconds) {
      const closing = closeServers()
      frontEnds.close()
      for (const connection of connections) connection.shutDown()
      const grace = setTimeout(() => {
        for (const connection of connections) connection.destroy()
      }, graceSeconds * 1000)
      await Promise.all([...connections].map(({ closed }) => closed))
      clearTimeout(grace)
      await closing
      refusals.close()
    },

    sessions: () => ({ open: connections.size, total }),
  }

  function addresses(): SmtpListener[] {
    return open.map(addressOf)
  }

  async function openOne(listener: SmtpListener, isFirst: boolean): Promise<void> {
    warnOfPlainAuth(listener)
    try {
      const accepting = (socket: Socket) => accept(socket, listener)
      const server = await listen(listener, deps.handed?.socketFor(listener), limits, accepting, log)
      open.push({ server, listener })
    } catch (error) {
      // The default names both loopback addresses; a machine without IPv6 has only one of them.
      if (isFirst || !isMissingAddress(error) || !isLoopback(listener.host)) throw error
      const address = formatEndpoint(listener)
      log.warn(
        { event: 'listener.left-out', address },
        'this machine has no such address: the SMTP server does without it',
      )
    }
  }

  async function closeServers(): Promise<void> {
    const closing = open.map(({ server }) => closeServer(server))
    open = []
    await Promise.all(closing)
  }

  function warnOfPlainAuth(listener: SmtpListener): void {
    if (!listener.plainAuth || !isReachable(listener)) return
    const fix = 'Give clients a certificate (POSTERN_TLS_CERT_FILE), and take +plain-auth away.'
    log.warn(
      { event: 'listener.unencrypted', listen: formatEndpoint(listener), fix },
      'passwords cross the network unencrypted here',
    )
  }

  function accept(socket: Socket, listener: SmtpListener): void {
    const { remoteAddress } = socket
    // Undefined when the client has disconnected already.
    if (remoteAddress === undefined) {
      socket.destroy()
      return
    }
    if (listener.frontEnds === undefined) serve(socket, listener, remoteAddress)
    else frontEnds.receive(socket, listener.frontEnds, (client) => serve(socket, listener, client))
  }

  function serve(socket: Socket, listener: SmtpListener, remoteAddress: string): void {
    const source = sourceOf(remoteAddress)
    let evict = () => {}
    const slot = limiter.accept(source, () => evict())
    if (slot === undefined) {
      refuseSocket(socket, replies.tooManyConnections)
      refusals.note(connectionRefused(remoteAddress, replies.tooManyConnections))
      return
    }
    // Named one by one: an object made by a spread has a shape of its own, which costs half a
    // kilobyte for each connection.
    total += 1
    const connection = serveConnection(socket, {
      session: `${start}-${total.toString(36)}`,
      relay,
      hold,
      signIns,
      limits,
      log,
      clock,
      hostname: source.loopback ? 'localhost' : nameHere,
      remoteAddress,
      source,
      refusals,
      droppedParameters,
      listener,
      certificates,
      slot,
      taps,
    })
    evict = () => connection.evict()
    connections.add(connection)
    void connection.closed.then(() => {
      connections.delete(connection)
      slot.release()
    })
  }
}

interface OpenServer {
  server: Server
  listener: SmtpListener
}

/** With the port that the system chose. */
function addressOf({ server, listener }: OpenServer): SmtpListener {
  const { address, port } = server.address() as AddressInfo
  return { ...listener, host: address, port }
}

function listen(
  listener: SmtpListener,
  handed: Socket | undefined,
  { bufferOctets }: Limits,
  accept: (socket: Socket) => void,
  log: Log,
): Promise<Server> {
  return new Promise((resolve, reject) => {
    // A client may half-close after QUIT and still wait for the replies, so only the server closes.
    const kept = { allowHalfOpen: true, highWaterMark: bufferOctets }
    const options = { ...kept, noDelay: true, pauseOnConnect: true }
    const server = createServer(options, (socket) => accept(withSharedReads(socket, kept)))
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(listener, error)))
    const listening = () => {
      server.on('error', (error) =>
        log.error(
          { event: 'listener.not-accepting', err: error },
          'the SMTP server cannot accept a connection',
        ),
      )
      resolve(server)
    }
    if (handed) server.listen(handed, backlog, listening)
    else
      requireUnused(listener).then(
        () => server.listen({ port: listener.port, host: listener.host, backlog }, listening),
        (error) => reject(cannotListen(listener, error)),
      )
  })
}

/** What all clients' sockets read into, one after the other. */
const shared = Buffer.allocUnsafeSlow(65_536)

/** What Node.js does not document of a socket. */
interface SocketParts {
  _handle: { useUserBuffer?: unknown } | null
  /** The server that counts it. */
  _server: unknown
}

/**
 * The same connection as a socket that reads into shared memory: what was read is used up, or
 * copied, before anything else is read. By itself Node.js takes 64 KiB of new memory for each read, so
 * that a large message runs through more than any processor cache holds, which costs more than all
 * that is done with it. Node.js has this for sockets that a program opens (`onread`), but not for
 * those that a server accepts. Where these are not made as expected, nothing is changed.
 */
function withSharedReads(accepted: Socket, kept: SocketConstructorOpts): Socket {
  const parts = accepted as unknown as SocketParts
  const { _handle: handle, _server: server } = parts
  if (typeof handle?.useUserBuffer !== 'function' || typeof server !== 'object') return accepted
  const reads: SharedReads = { take: undefined }
  const callback = (length: number): boolean => {
    const octets = shared.subarray(0, length)
    // Nothing overtakes what is still unread.
    if (reads.take !== undefined && socket.readableLength === 0) return reads.take(octets)
    return socket.push(Buffer.from(octets))
  }
  const options = { ...kept, handle, onread: { buffer: shared, callback } }
  const socket = new Socket(options)
  Object.assign(socket, { _server: server })
  parts._handle = null
  sharedReads.set(socket, reads)
  return socket
}

function cannotListen(listener: SmtpListener, error: NodeJS.ErrnoException): Failure {
  const where = formatEndpoint(listener)
  const setting = listener.tls === 'implicit' ? 'POSTERN_SMTPS_LISTEN' : 'POSTERN_SMTP_LISTEN'
  if (error.code === 'EADDRINUSE') {
    return failure('listen.smtp-in-use', { address: where, setting, cause: error })
  }
  if (error.code === 'EADDRNOTAVAIL') {
    return failure('listen.smtp-no-such-address', { address: where, setting, cause: error })
  }
  const reason = error.code === 'EACCES' ? 'not allowed for this user' : (error.code ?? 'unknown reason')
  return failure('listen.smtp-failed', { address: where, reason, setting, cause: error })
}

function machineName(): string {
  const name = hostname()
  return /^[a-z0-9][a-z0-9.-]*$/i.test(name) ? name : 'localhost'
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
