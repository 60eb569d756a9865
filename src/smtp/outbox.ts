import { formatReply, type Reply } from '../wire/reply.ts'
import type { ClientSocket } from './client-socket.ts'

/** Replies that wait to leave in one write: until input has to be waited for, or too much has gathered. */
export interface Outbox {
  say(reply: Reply): void
  isFull(): boolean
  /** Everything that was said since the last time. False when the client has gone. */
  flush(): Promise<boolean>
}

export function createOutbox(client: Pick<ClientSocket, 'write'>, bufferOctets: number): Outbox {
  let waiting: Buffer[] = []
  let size = 0

  return {
    isFull: () => size > bufferOctets,

    say(reply) {
      const octets = formatReply(reply)
      waiting.push(octets)
      size += octets.length
    },

    async flush() {
      if (waiting.length === 0) return true
      const octets = Buffer.concat(waiting)
      waiting = []
      size = 0
      return client.write(octets)
    },
  }
}
