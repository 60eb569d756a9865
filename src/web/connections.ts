import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Limits } from '../config/config.ts'
import { createConnectionCount, type Place } from '../net/connection-count.ts'
import { sourceOf } from '../net/ip.ts'
import { inTurns } from './request-turns.ts'

export type WebConnectionLimits = Pick<
  Limits,
  | 'webConnections'
  | 'webConnectionsPerLoopbackSource'
  | 'webConnectionsPerSource'
  | 'webUnauthenticatedPerSource'
>

/** Says that the client of this request has shown a key or a session that is valid. */
export type NoteProof = (request: Pick<IncomingMessage, 'socket'>) => void

/** The connections of the web door, as many as may be. Who has shown neither key nor session makes room. */
export interface WebConnections {
  /** Counts the connections that this server takes. */
  watch(server: Server): void
  /** The same app; its connections are not ended for others while a request is worked on, unless there are too many of those. Requests of strangers come in turns. */
  noting(app: RequestListener): RequestListener
  noteProof: NoteProof
  close(): void
}

export function createWebConnections(limits: WebConnectionLimits, clock: Clock): WebConnections {
  const count = createConnectionCount(
    {
      connections: limits.webConnections,
      connectionsPerLoopbackSource: limits.webConnectionsPerLoopbackSource,
      strangersOnLoopback: limits.webConnectionsPerLoopbackSource,
      connectionsPerSource: limits.webConnectionsPerSource,
      unauthenticatedPerSource: limits.webUnauthenticatedPerSource,
    },
    clock,
  )
  const places = new WeakMap<Socket, Place>()
  const proven = new WeakSet<Socket>()

  function take(socket: Socket): void {
    // Undefined when the client was gone before we looked.
    if (socket.remoteAddress === undefined) {
      socket.destroy()
      return
    }
    const place = count.admit(sourceOf(socket.remoteAddress), () => socket.destroy())
    if (place === undefined) {
      turnAway(socket)
      return
    }
    places.set(socket, place)
    socket.once('close', () => place.leave())
  }

  return {
    watch: (server) => void server.on('connection', take),
    noting: (app) => {
      const strangers = inTurns(app)
      return (request, response) => {
        const place = places.get(request.socket)
        // Its client was turned away before it asked.
        if (place === undefined) return
        noteWork(place, request, response)
        if (proven.has(request.socket)) app(request, response)
        else strangers(request, response)
      }
    },
    noteProof({ socket }) {
      proven.add(socket)
      places.get(socket)?.keep()
    },
    close: () => count.close(),
  }
}

function noteWork(place: Place, request: IncomingMessage, response: ServerResponse): void {
  // A body that drips in is no work of ours.
  if (hasBody(request)) request.once('end', () => place.check())
  else place.check()
  response.once('close', () => place.expose())
}

/** RFC 9112, section 6.3: these two headers announce one. */
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

// How long one who is turned away may take to read why.
const turnAwayMilliseconds = 1_000

function turnAway(socket: Socket): void {
  socket.end(busy)
  const timer = setTimeout(() => socket.destroy(), turnAwayMilliseconds)
  socket.once('close', () => clearTimeout(timer))
}
