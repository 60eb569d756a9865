import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { createFairQueue } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import type { Limits } from '../model/limits.ts'
import { createConnectionLimiter, type Slot } from '../net/connection-limiter.ts'
import { sourceOf } from '../net/ip.ts'

export type WebConnectionLimits = Pick<
  Limits,
  | 'webConnections'
  | 'webConnectionsPerLoopbackSource'
  | 'webConnectionsPerSource'
  | 'webUnauthenticatedPerSource'
>

/** Records that the client of this request has shown a valid key or session. */
export type MarkAuthenticated = (request: Pick<IncomingMessage, 'socket'>) => void

/**
 * The connections of the web server, up to its limits. When it is full, connections that have shown
 * neither a key nor a session are closed first.
 */
interface WebConnections {
  /** Counts the connections that this server takes. */
  watch(server: Server): void
  /**
   * Wraps the app: a connection is not evicted while its request is processed, unless too many are.
   * Requests on unauthenticated connections are served in fair turns.
   */
  tracking(app: RequestListener): RequestListener
  markAuthenticated: MarkAuthenticated
  close(): void
}

export function createWebConnections(limits: WebConnectionLimits, clock: Clock): WebConnections {
  const limiter = createConnectionLimiter(
    {
      // Those of the moment.
      get connections() {
        return limits.webConnections
      },
      get connectionsPerLoopbackSource() {
        return limits.webConnectionsPerLoopbackSource
      },
      get strangersOnLoopback() {
        return limits.webConnectionsPerLoopbackSource
      },
      get connectionsPerSource() {
        return limits.webConnectionsPerSource
      },
      get unauthenticatedPerSource() {
        return limits.webUnauthenticatedPerSource
      },
    },
    clock,
  )
  const slots = new WeakMap<Socket, Slot>()
  const proven = new WeakSet<Socket>()

  function take(socket: Socket): void {
    // Undefined when the client has disconnected already.
    if (socket.remoteAddress === undefined) {
      socket.destroy()
      return
    }
    const slot = limiter.accept(sourceOf(socket.remoteAddress), () => socket.destroy())
    if (slot === undefined) {
      reject(socket)
      return
    }
    slots.set(socket, slot)
    socket.once('close', () => slot.release())
  }

  return {
    watch: (server) => void server.on('connection', take),
    tracking: (app) => {
      const inFairTurns = inTurns(app)
      return (request, response) => {
        const slot = slots.get(request.socket)
        // The connection was refused before its request arrived.
        if (slot === undefined) return
        trackWork(slot, request, response)
        if (proven.has(request.socket)) app(request, response)
        else inFairTurns(request, response)
      }
    },
    markAuthenticated({ socket }) {
      proven.add(socket)
      slots.get(socket)?.authenticated()
    },
    close: () => limiter.close(),
  }
}

function trackWork(slot: Slot, request: IncomingMessage, response: ServerResponse): void {
  // Waiting for a slow body does not limiter as processing.
  if (hasBody(request)) request.once('end', () => slot.beginCheck())
  else slot.beginCheck()
  response.once('close', () => slot.unauthenticated())
}

/** RFC 9112, section 6.3: these two headers announce a body. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

const busy = [
  'HTTP/1.1 503 Service Unavailable',
  'Connection: close',
  'Retry-After: 5',
  'Cache-Control: no-store',
  'Content-Length: 0',
  '\r\n',
].join('\r\n')

// How long a refused client may take to read the reason.
const rejectMilliseconds = 1_000

function reject(socket: Socket): void {
  socket.end(busy)
  const timer = setTimeout(() => socket.destroy(), rejectMilliseconds)
  socket.once('close', () => clearTimeout(timer))
}

/** So many requests take a few milliseconds. */
const mostBetweenLooks = 4

/**
 * Starts only a few requests between two turns of the event loop. Node accepts one connection per
 * turn: a few hundred connections that send requests without a pause would make each turn so long
 * that no new client gets in for minutes. Waiting requests take turns by address, and within an
 * address first requests take turns with later ones.
 */
export function inTurns(app: RequestListener): RequestListener {
  const waiting = createFairQueue<() => void>()
  const haveAsked = new WeakSet<Socket>()
  let [begun, isScheduled] = [0, false]

  function begin(work: () => void): void {
    begun += 1
    if (!isScheduled) setImmediate(nextRound)
    isScheduled = true
    work()
  }

  function nextRound(): void {
    begun = 0
    isScheduled = false
    while (begun < mostBetweenLooks && waiting.size() > 0) begin(waiting.shift() ?? (() => {}))
  }

  return (request, response) => {
    const { socket } = request
    const lane = `${haveAsked.has(socket)} ${socket.remoteAddress}`
    haveAsked.add(socket)
    const work = () => {
      if (!socket.destroyed) app(request, response)
    }
    if (waiting.size() === 0 && begun < mostBetweenLooks) begin(work)
    else waiting.push(lane, work)
  }
}
