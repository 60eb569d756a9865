import { formatReply, type Reply } from '../wire/reply.ts'
import type { ClientSocket } from './client-socket.ts'

/** Replies that wait to leave in one write: until input has to be waited for, or too much has gathered. A class, as every connection holds one. */
export class Outbox {
  readonly #client: Pick<ClientSocket, 'write'>
  /** Absent while nothing waits, as it is with a silent client. */
  #waiting: Buffer[] | undefined
  #octets = 0

  constructor(client: Pick<ClientSocket, 'write'>) {
    this.#client = client
  }

  say(reply: Reply): void {
    const octets = formatReply(reply)
    this.#waiting ??= []
    this.#waiting.push(octets)
    this.#octets += octets.length
  }

  /** What is waiting, in octets. */
  size(): number {
    return this.#octets
  }

  /** Everything that was said since the last time. False when the client has gone. */
  async flush(): Promise<boolean> {
    if (this.#waiting === undefined) return true
    const octets = Buffer.concat(this.#waiting)
    this.#waiting = undefined
    this.#octets = 0
    return this.#client.write(octets)
  }
}
