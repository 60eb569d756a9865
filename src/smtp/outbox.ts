import { formatReply, type Reply } from '../wire/reply.ts'
import type { ClientSocket } from './client-socket.ts'

/** Replies that wait to leave in one write: until input has to be waited for, or too much has gathered. A class, as every connection holds one. */
export class Outbox {
  readonly #client: Pick<ClientSocket, 'write'>
  #waiting = ''

  constructor(client: Pick<ClientSocket, 'write'>) {
    this.#client = client
  }

  say(reply: Reply): void {
    this.#waiting += formatReply(reply)
  }

  /** What is waiting, in octets. */
  size(): number {
    return this.#waiting.length
  }

  /** Everything that was said since the last time. False when the client has gone. */
  async flush(): Promise<boolean> {
    if (this.#waiting === '') return true
    const text = this.#waiting
    this.#waiting = ''
    return this.#client.write(text)
  }
}
