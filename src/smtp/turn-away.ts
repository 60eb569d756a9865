import type { Socket } from 'node:net'
import { formatReply, type Reply } from '../wire/reply.ts'

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
