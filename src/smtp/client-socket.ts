import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { formatReply, type Reply } from '../wire/reply.ts'

/** What came of waiting for input. */
export type Read =
  | { kind: 'octets'; octets: Buffer }
  /** The client has gone, or will send nothing more. */
  | { kind: 'ended' }
  /** `late`: its deadline is over, however often something came; otherwise nothing came for too long. */
  | { kind: 'timed-out'; late: boolean }
  | { kind: 'interrupted' }

/** One client's socket, pulled instead of pushed: what nobody reads stays in the kernel, and the client has to wait. */
export interface ClientSocket {
  /** The next input. `interruptible`: `interrupt` may end the wait. One reader at a time. */
  read(interruptible: boolean): Promise<Read>
  /** The next input, which stays to be read, as soon as it is enough; what there is of it, perhaps nothing, when no more comes in time. */
  peek(milliseconds: number, isEnough: (octets: Buffer) => boolean): Promise<Buffer>
  /** `text`: latin1, an octet a character. Resolves when more may be written; false when the client has gone or takes nothing. */
  write(text: string): Promise<boolean>
  /** Input that has arrived and was not read. */
  hasUnread(): boolean
  /** Sees whether the client goes while somebody else has the word, until the function that it gives is called. Nobody else reads meanwhile. */
  watch(watcher: Watcher): () => void
  /** The handshake; input that was not read is its beginning. `interrupt` ends it. */
  startTls(context: SecureContext): Promise<Handshake>
  /** In place of the deadline that counts now: everything has to come within so many seconds, however often something arrives. */
  setDeadline(seconds: number): void
  /** No deadline counts any more. */
  liftDeadline(): void
  interrupt(): void
  /** Sends what was written, then closes. */
  end(): void
  /** The same without waiting for the client to have read it. */
  endAtOnce(): void
  /** Closes within two seconds, whatever goes on. */
  closeSoon(): void
  destroy(): void
  /** Resolves when the socket is closed. */
  closed: Promise<void>
}

interface Watcher {
  /** What arrives, for its end stands behind it. False: no more now, and then the end is not seen either. */
  take(octets: Buffer): boolean
  /** The client has gone. */
  gone(): void
  /** It has ended its side: it may still read. */
  ended(): void
}

interface ClientSocketOptions {
  /** Counts from now, in total, however often something arrives. */
  signInSeconds: number
  idleSeconds: number
  /** How much is held in each direction. */
  bufferOctets: number
}

// After our last reply the client's unread input is thrown away for so long: closing at once would make the
// kernel send a reset, which can overtake the reply.
const lingerMilliseconds = 2_000

const nothing = Buffer.alloc(0)

export function createClientSocket(raw: Socket, options: ClientSocketOptions): ClientSocket {
  return new PulledSocket(raw, options)
}

/** A class, unlike its neighbours: a door holds thousands of these, and twenty closures each would be a kilobyte. */
class PulledSocket implements ClientSocket {
  readonly closed: Promise<void>
  readonly #raw: Socket
  readonly #bufferOctets: number
  readonly #idle: NodeJS.Timeout
  #deadline: NodeJS.Timeout | undefined
  #socket: Socket
  #wake = () => {}
  readonly #onReadable = () => this.#wake()
  readonly #onEnd = () => {
    this.#isEnded = true
    this.#wake()
  }
  #isEnded = false
  #isInterrupted = false
  #isLate = false
  #isIdle = false

  constructor(raw: Socket, { signInSeconds, idleSeconds, bufferOctets }: ClientSocketOptions) {
    this.#raw = raw
    this.#socket = raw
    this.#bufferOctets = bufferOctets
    // Whoever read what stands before may have come to the end.
    this.#isEnded = raw.readableEnded
    this.setDeadline(signInSeconds)
    // One timer for the whole connection, moved on by each wait: cheaper than a new one each time.
    this.#idle = setTimeout(() => {
      this.#isIdle = true
      this.#wake()
    }, idleSeconds * 1000)
    // `on` for what comes once: what `once` wraps around it would be kept by every idle connection.
    this.closed = new Promise((resolve) => {
      raw.on('close', () => {
        clearTimeout(this.#deadline)
        clearTimeout(this.#idle)
        this.#onEnd()
        resolve()
      })
    })
    // A reset is told by the close that follows it; without a listener it would end the process.
    raw.on('error', ignore)
    this.#attach()
  }

  hasUnread(): boolean {
    return this.#socket.readableLength > 0
  }

  interrupt(): void {
    this.#isInterrupted = true
    this.#wake()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  async read(interruptible: boolean): Promise<Read> {
    this.#beginWait()
    for (;;) {
      if (this.#isLate || this.#isIdle) return { kind: 'timed-out', late: this.#isLate }
      const octets: Buffer | null = this.#socket.read()
      if (octets !== null) return { kind: 'octets', octets }
      if (this.#isEnded) return { kind: 'ended' }
      if (interruptible && this.#isInterrupted) return { kind: 'interrupted' }
      await this.#event()
    }
  }

  async peek(milliseconds: number, isEnough: (octets: Buffer) => boolean): Promise<Buffer> {
    let waiting = true
    const timer = setTimeout(() => {
      waiting = false
      this.#wake()
    }, milliseconds)
    let octets = nothing
    const goesOn = () => waiting && !this.#isEnded && !this.#isInterrupted && !isEnough(octets)
    for (;;) {
      // What is put back wakes us once more, and is nothing new.
      if (this.#socket.readableLength > octets.length) {
        octets = this.#socket.read()
        this.#socket.unshift(octets)
      }
      if (!goesOn()) break
      await this.#event()
    }
    clearTimeout(timer)
    return octets
  }

  watch({ take, gone, ended }: Watcher): () => void {
    const look = () => {
      let takesMore = true
      while (takesMore && !this.#isEnded) {
        const octets: Buffer | null = this.#socket.read()
        if (octets === null) break
        takesMore = take(octets)
      }
      if (this.#raw.destroyed) gone()
      else if (this.#isEnded) ended()
    }
    this.#wake = look
    look()
    return () => {
      this.#wake = () => {}
    }
  }

  async write(text: string): Promise<boolean> {
    const socket = this.#socket
    if (socket.destroyed) return false
    if (socket.write(text, 'latin1')) return true
    this.#beginWait()
    while (socket.writableNeedDrain && !socket.destroyed && !this.#isIdle && !this.#isLate)
      await this.#event()
    return !socket.writableNeedDrain && !socket.destroyed
  }

  async startTls(context: SecureContext): Promise<Handshake> {
    this.#detach()
    const highWaterMark = this.#bufferOctets
    const tls = createClientTls(this.#raw, { context, highWaterMark, onEstablished: () => this.#wake() })
    this.#socket = tls.socket
    this.#attach()
    this.#socket.once('close', this.#onEnd)
    this.#beginWait()
    const goesOn = () => !tls.isEstablished() && !this.#isLate && !this.#isIdle && !this.#isInterrupted
    while (goesOn() && !this.#isEnded) await this.#event()
    if (tls.isEstablished() || this.#isEnded) return tls.outcome()
    return { kind: this.#isInterrupted ? 'interrupted' : 'timed-out' }
  }

  setDeadline(seconds: number): void {
    this.liftDeadline()
    this.#deadline = setTimeout(() => {
      this.#isLate = true
      this.#wake()
    }, seconds * 1000)
  }

  liftDeadline(): void {
    clearTimeout(this.#deadline)
    this.#deadline = undefined
    // The provider may have taken longer for its yes than the client had for asking.
    this.#isLate = false
  }

  end(): void {
    this.#socket.removeListener('readable', this.#onReadable)
    this.#socket.end()
    this.#socket.resume()
    this.closeSoon()
  }

  endAtOnce(): void {
    this.#socket.destroySoon()
  }

  closeSoon(): void {
    const timer = setTimeout(() => this.#socket.destroy(), lingerMilliseconds)
    this.#raw.once('close', () => clearTimeout(timer))
  }

  #attach(): void {
    this.#socket.on('readable', this.#onReadable)
    this.#socket.on('drain', this.#onReadable)
    this.#socket.on('end', this.#onEnd)
  }

  #detach(): void {
    for (const event of ['readable', 'drain'] as const) this.#socket.removeListener(event, this.#onReadable)
    this.#socket.removeListener('end', this.#onEnd)
  }

  #beginWait(): void {
    this.#isIdle = false
    this.#idle.refresh()
  }

  #event(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

function ignore(): void {}

/** What came of a TLS handshake. */
type Handshake =
  | { kind: 'done'; protocol: string; cipher: string }
  /** `error`: undefined when the client went away without a word. */
  | { kind: 'failed'; error: Error | undefined }
  | { kind: 'timed-out' }
  | { kind: 'interrupted' }

/** Our side of TLS with a client. */
interface ClientTls {
  socket: TLSSocket
  /** The handshake is done. */
  isEstablished(): boolean
  /** What came of it when it was, or when the socket is closed. */
  outcome(): Handshake
}

interface ClientTlsOptions {
  context: SecureContext
  highWaterMark: number
  onEstablished: () => void
}

/** TLS over a socket that nobody reads any more: what it holds is the beginning of the handshake. */
function createClientTls(raw: Socket, options: ClientTlsOptions): ClientTls {
  const { context, highWaterMark, onEstablished } = options
  // It begins with what the raw socket holds, and only then takes what arrives.
  const use = { isServer: true, secureContext: context, highWaterMark }
  const socket = new TLSSocket(raw, use)
  let established = false
  let error: Error | undefined
  socket.on('error', (reported) => {
    error ??= reported
  })
  // Whatever goes wrong behind the handshake is told to the server that the socket belongs to, and there is none: without this it
  // would stay open and deaf until its time is over.
  socket.on('_tlsError', (reported: Error) => void socket.destroy(reported))
  socket.once('secure', () => {
    established = true
    onEstablished()
  })

  return {
    socket,
    isEstablished: () => established,
    outcome() {
      if (!established) return { kind: 'failed', error }
      return { kind: 'done', protocol: socket.getProtocol() ?? '', cipher: socket.getCipher().name }
    },
  }
}

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
