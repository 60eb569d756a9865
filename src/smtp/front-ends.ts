import type { Socket } from 'node:net'
import { isWithin, sourceOf } from '../net/ip.ts'
import { formatReply, type Reply } from '../wire/reply.ts'
import { type ProxyHeader, readProxyHeader } from './proxy-header.ts'
import { connectionRefused, type RefusalLog } from './refusal-log.ts'
import { replies } from './replies.ts'

/** The front ends of `+proxy`, such as HAProxy: they pass connections on, and say first whose each one is. */
interface FrontEnds {
  /**
   * Reads what a connection begins with. `serve` gets the address that counts from then on; what follows the header is still to be read.
   * Whoever is not within `networks`, or says something else, is turned away.
   */
  receive(socket: Socket, networks: readonly string[], serve: (address: string) => void): void
  /** Lets go of all that have not said whose they are. */
  close(): void
}

interface FrontEndOptions {
  refusals: RefusalLog
  /** How long a header may take; a front end sends it with its first packet. */
  headerSeconds: number
  /** How many may have said nothing yet; one more ends the oldest. */
  mostSilent?: number
}

const usualMostSilent = 1_000

export function createFrontEnds(options: FrontEndOptions): FrontEnds {
  const { refusals, headerSeconds, mostSilent = usualMostSilent } = options
  const silent = new Set<Socket>()

  function refuse(
    socket: Socket,
    frontEnd: string,
    reply: Reply,
    about: { detail?: string; fix: string },
  ): void {
    turnAway(socket, reply)
    refusals.note(connectionRefused(frontEnd, reply, about))
  }

  function makeRoom(): void {
    const [oldest] = silent
    if (silent.size < mostSilent || oldest === undefined) return
    silent.delete(oldest)
    oldest.destroy()
  }

  function hear(socket: Socket, frontEnd: string, serve: (address: string) => void): void {
    makeRoom()
    silent.add(socket)
    readHeader(socket, headerSeconds * 1000, (header) => {
      // Unless it had to make room, or postern stops.
      if (!silent.delete(socket) || header === 'gone') socket.destroy()
      else if ('octets' in header) serve(clientOf(header.client, frontEnd))
      else refuse(socket, frontEnd, replies.noProxyHeader, { detail: header.mistake, fix: sendHeader })
    })
  }

  return {
    receive(socket, networks, serve) {
      const { remoteAddress: frontEnd = '' } = socket
      if (isWithin(networks, frontEnd)) hear(socket, frontEnd, serve)
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

/** What runs on the machine of a front end is not on ours, whatever it calls itself there. */
function clientOf(client: string | undefined, frontEnd: string): string {
  if (client === undefined) return frontEnd
  return sourceOf(client).loopback && !sourceOf(frontEnd).loopback ? frontEnd : client
}

type Heard = Exclude<ProxyHeader, 'unfinished'> | 'gone'

/** What stands behind the header is put back, and who is told about it takes the socket over in the same moment. */
function readHeader(socket: Socket, milliseconds: number, tell: (heard: Heard) => void): void {
  let octets = Buffer.alloc(0)
  const settle = (heard: Heard) => {
    clearTimeout(timer)
    socket.off('readable', look).off('end', leave).off('close', leave)
    tell(heard)
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
  // A reset is told by the close that follows it; without a listener it would end the process.
  socket.on('error', () => {})
}

// How long one who is turned away may take to read why.
const readingMilliseconds = 2_000

/** Says this, and nothing else, to a client. */
export function turnAway(socket: Socket, reply: Reply): void {
  socket.on('error', () => {})
  socket.end(formatReply(reply), 'latin1')
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), readingMilliseconds)
  socket.once('close', () => clearTimeout(timer))
}
