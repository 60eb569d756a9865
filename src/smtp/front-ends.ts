import type { Socket } from 'node:net'
import { isWithin, sourceOf } from '../net/ip.ts'
import { formatReply, type Reply } from '../wire/reply.ts'
import { type ProxyHeader, readProxyHeader } from './proxy-header.ts'
import { connectionRefused, type RefusalLog } from './refusal-log.ts'
import { replies } from './replies.ts'

/**
 * Front ends such as HAProxy (`+proxy`): they forward connections and send the address of each
 * client first.
 */
interface FrontEnds {
  /**
   * Reads the PROXY header of a connection. `serve` gets the client's address; what follows the
   * header is still to be read. A connection from outside `networks`, or without a valid header, is
   * refused.
   */
  receive(socket: Socket, networks: readonly string[], serve: (address: string) => void): void
  /** Closes the connections whose header has not arrived. */
  close(): void
}

interface FrontEndsDeps {
  refusals: RefusalLog
  /** How long a header may take; front ends send it with the first packet. */
  readonly headerSeconds: number
  /** How many connections may be without a header; one more closes the oldest. */
  mostSilent?: number
}

const usualMostSilent = 1_000

export function createFrontEnds(deps: FrontEndsDeps): FrontEnds {
  const { refusals, mostSilent = usualMostSilent } = deps
  const silent = new Set<Socket>()

  function refuse(
    socket: Socket,
    frontEnd: string,
    reply: Reply,
    about: { detail?: string; fix: string },
  ): void {
    refuseSocket(socket, reply)
    refusals.note(connectionRefused(frontEnd, reply, about))
  }

  function closeOldest(): void {
    const [oldest] = silent
    if (silent.size < mostSilent || oldest === undefined) return
    silent.delete(oldest)
    oldest.destroy()
  }

  function awaitHeader(socket: Socket, frontEnd: string, serve: (address: string) => void): void {
    closeOldest()
    silent.add(socket)
    readHeader(socket, deps.headerSeconds * 1000, (header) => {
      // Not when it was closed for another, or by `close`.
      if (!silent.delete(socket) || header === 'gone') socket.destroy()
      else if ('octets' in header) serve(clientOf(header.client, frontEnd))
      else refuse(socket, frontEnd, replies.noProxyHeader, { detail: header.mistake, fix: sendHeader })
    })
  }

  return {
    receive(socket, networks, serve) {
      const { remoteAddress: frontEnd = '' } = socket
      if (isWithin(networks, frontEnd)) awaitHeader(socket, frontEnd, serve)
      else refuse(socket, frontEnd, replies.notFrontEnd, { fix: nameFrontEnd })
    },
    close() {
      for (const socket of silent) socket.destroy()
      silent.clear()
    },
  }
}

const sendHeader =
  'Let the front end send it (HAProxy: send-proxy-v2, nginx: proxy_protocol on), or take +proxy away from this address in the settings.'
const nameFrontEnd =
  'If that is a front end, put +proxy= and its address behind this address in the settings; let everybody else connect to the front end.'

/**
 * A loopback client of a front end on another machine is not on this machine: the front end's own
 * address counts.
 */
function clientOf(client: string | undefined, frontEnd: string): string {
  if (client === undefined) return frontEnd
  return sourceOf(client).loopback && !sourceOf(frontEnd).loopback ? frontEnd : client
}

type HeaderResult = Exclude<ProxyHeader, 'unfinished'> | 'gone'

/** What follows the header is put back; `done` takes the socket over synchronously. */
function readHeader(socket: Socket, milliseconds: number, done: (result: HeaderResult) => void): void {
  let octets = Buffer.alloc(0)
  const settle = (result: HeaderResult) => {
    clearTimeout(timer)
    socket.off('readable', look).off('end', leave).off('close', leave)
    done(result)
  }
  const leave = () => settle('gone')
  const look = () => {
    const more: Buffer | null = socket.read()
    if (more === null) return
    octets = Buffer.concat([octets, more])
    const header = readProxyHeader(octets)
    if (header === 'unfinished') return
    if ('octets' in header && header.octets < octets.length) socket.unshift(octets.subarray(header.octets))
    settle(header)
  }
  const timer = setTimeout(() => settle({ mistake: 'its PROXY header did not come in time' }), milliseconds)
  socket.on('readable', look).on('end', leave).on('close', leave)
  // A reset is reported by the close that follows it; without a listener the error would end the
  // process.
  socket.on('error', () => {})
}

// How long a refused client may take to read the reply.
const readingMilliseconds = 2_000

/** Sends one reply and closes. */
export function refuseSocket(socket: Socket, reply: Reply): void {
  socket.on('error', () => {})
  socket.end(formatReply(reply), 'latin1')
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), readingMilliseconds)
  socket.once('close', () => clearTimeout(timer))
}
