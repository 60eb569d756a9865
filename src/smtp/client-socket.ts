import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { formatReply, type Reply } from '../wire/reply.ts'

/** The result of waiting for input. */
export type Read = { kind: 'octets'; octets: Buffer } | Stopped

/** Why there is no more input. */
export type Stopped =
  /** The client has disconnected or half-closed. */
  | { kind: 'ended' }
  /** `late`: the deadline of the connection is over; otherwise it was idle for too long. */
  | { kind: 'timed-out'; late: boolean }
  | { kind: 'interrupted' }

/**
 * The socket of one client, read by pull: what is not read stays in the kernel, and slows the
 * client down.
 */
export interface ClientSocket {
  /**
   * The next input, at once if it is here. `interruptible`: `interrupt` may end the wait. One reader
   * at a time.
   */
  read(interruptible: boolean): Read | Promise<Read>
  /**
   * Hands over input as it comes, mostly where it was read: its memory is used for others right
   * after the call. A promise: nothing is handed over before it resolves. False: that was enough, and
   * the result is undefined.
   */
  receive(take: (octets: Buffer) => boolean | Promise<void>): Promise<Stopped | undefined>
  /**
   * The next input, left unread, as soon as `isEnough`; after `milliseconds` whatever has arrived,
   * perhaps nothing.
   */
  peek(milliseconds: number, isEnough: (octets: Buffer) => boolean): Promise<Buffer>
  /**
   * `text`: latin1, one octet for each character. Tells when more may be written, mostly at once;
   * false when the client has disconnected or does not read.
   */
  write(text: string): boolean | Promise<boolean>
  /** Whether unread input is there. */
  hasUnread(): boolean
  /** Watches for a disconnect while nothing reads, until the returned function is called. */
  watch(watcher: Watcher): () => void
  /** The TLS handshake; unread input is its beginning. `interrupt` ends it. */
  startTls(context: SecureContext): Promise<Handshake>
  /** Replaces the deadline: a limit in total, however often something arrives. */
  setDeadline(seconds: number): void
  /** Removes the deadline. */
  liftDeadline(): void
  interrupt(): void
  /** Sends what was written, then closes. */
  end(): void
  /** The same without waiting until the client has read it. */
  endAtOnce(): void
  /** Closes within two seconds in any case. */
  closeSoon(): void
  destroy(): void
  /** Resolves when the socket is closed. */
  closed: Promise<void>
}

interface Watcher {
  /**
   * Takes input, because the end of the stream is seen only behind it. False: take no more, and do
   * not look for the end.
   */
  take(octets: Buffer): boolean
  /** The client has disconnected. */
  gone(): void
  /** The client has half-closed: it may still read. */
  ended(): void
}

/** The sockets that read into memory which all of them share. */
export const sharedReads = new WeakMap<Socket, SharedReads>()

export interface SharedReads {
  /**
   * Gets what was read where it was read, during the call. False: nothing is read until `resume`.
   * While it is undefined, a copy becomes unread input, as of any other socket.
   */
  take: ((octets: Buffer) => boolean) | undefined
}

interface ClientSocketDeps {
  /** The deadline from now, however often something arrives. */
  signInSeconds: number
  idleSeconds: number
  /** The buffer size of each direction. */
  bufferOctets: number
}

// After the last reply, unread input is discarded for this long: closing at once would make the
// kernel send a reset, which can overtake the reply.
const lingerMilliseconds = 2_000

const nothing = Buffer.alloc(0)

export function createClientSocket(raw: Socket, deps: ClientSocketDeps): ClientSocket {
  return new PulledSocket(raw, deps)
}

/**
 * A class, because a server holds thousands of these, and twenty closures each would be a kilobyte.
 */
class PulledSocket implements ClientSocket {
  readonly closed: Promise<void>
  readonly #raw: Socket
  readonly #bufferOctets: number
  readonly #idleMilliseconds: number
  /** One for the whole connection: set when something may be over, not at each wait. */
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #waitsSince = performance.now()
  #deadlineAt = Number.POSITIVE_INFINITY
  #socket: Socket
  #wake = () => {}
  readonly #onReadable = () => this.#wake()
  readonly #onTime = () => this.#timeIsUp()
  readonly #onEnd = () => {
    this.#isEnded = true
    this.#wake()
  }
  #isEnded = false
  #isInterrupted = false
  #isLate = false
  #isIdle = false

  constructor(raw: Socket, { signInSeconds, idleSeconds, bufferOctets }: ClientSocketDeps) {
    this.#raw = raw
    this.#socket = raw
    this.#bufferOctets = bufferOctets
    // The stream may have ended while a PROXY header was read.
    this.#isEnded = raw.readableEnded
    this.#idleMilliseconds = idleSeconds * 1000
    this.setDeadline(signInSeconds)
    // `on` although these happen once: the wrapper that `once` makes would be kept by every idle
    // connection.
    this.closed = new Promise((resolve) => {
      raw.on('close', () => {
        clearTimeout(this.#timer)
        this.#onEnd()
        resolve()
      })
    })
    // A reset is reported by the close that follows it; without a listener the error would end the
    // process.
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

  read(interruptible: boolean): Read | Promise<Read> {
    this.#beginWait()
    return this.#look(interruptible) ?? this.#nextRead(interruptible)
  }

  async #nextRead(interruptible: boolean): Promise<Read> {
    for (;;) {
      await this.#event()
      const read = this.#look(interruptible)
      if (read !== undefined) return read
    }
  }

  /** Undefined while there is nothing yet. */
  #look(interruptible: boolean): Read | undefined {
    if (this.#isLate || this.#isIdle) return { kind: 'timed-out', late: this.#isLate }
    const octets: Buffer | null = this.#socket.read()
    if (octets !== null) return { kind: 'octets', octets }
    if (this.#isEnded) return { kind: 'ended' }
    return interruptible && this.#isInterrupted ? { kind: 'interrupted' } : undefined
  }

  async receive(take: (octets: Buffer) => boolean | Promise<void>): Promise<Stopped | undefined> {
    const socket = this.#socket
    // Under TLS the octets that were read are not those that are handed over.
    const reads = socket === this.#raw ? sharedReads.get(socket) : undefined
    const taken = new Taken(take)
    const takeInPlace = (octets: Buffer) => {
      this.#beginWait()
      const goesOn = taken.give(octets)
      if (!goesOn) this.#wake()
      return goesOn
    }
    try {
      while (!(await taken.isEnough())) {
        this.#beginWait()
        if (this.#isLate) return { kind: 'timed-out', late: true }
        const octets: Buffer | null = socket.read()
        if (octets !== null) taken.give(octets)
        else if (this.#isEnded) return { kind: 'ended' }
        else await this.#arrival(takeInPlace, reads)
        if (this.#isIdle) return { kind: 'timed-out', late: this.#isLate }
      }
      return undefined
    } finally {
      // What follows is read as usual, also where the taker has stopped it.
      if (reads !== undefined) socket.resume()
    }
  }

  /** Takes what arrives in place, where that can be done, until something wakes us. */
  async #arrival(take: (octets: Buffer) => boolean, reads: SharedReads | undefined): Promise<void> {
    if (reads === undefined) return this.#event()
    reads.take = take
    this.#socket.resume()
    await this.#event()
    reads.take = undefined
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
      // What is put back wakes the wait once more without new input.
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

  write(text: string): boolean | Promise<boolean> {
    if (this.#socket.destroyed) return false
    return this.#socket.write(text, 'latin1') || this.#drained()
  }

  async #drained(): Promise<boolean> {
    const socket = this.#socket
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
    this.#isLate = false
    this.#deadlineAt = performance.now() + seconds * 1000
    this.#setTimer()
  }

  liftDeadline(): void {
    this.#deadlineAt = Number.POSITIVE_INFINITY
    // The deadline may have passed while the client waited for the provider.
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
    this.#waitsSince = performance.now()
    this.#setTimer()
  }

  /** For the deadline, or the end of the wait that is under way now, unless it fires before that. */
  #setTimer(): void {
    const idleAt = this.#isIdle ? Number.POSITIVE_INFINITY : this.#waitsSince + this.#idleMilliseconds
    const at = Math.min(this.#deadlineAt, idleAt)
    if (at >= this.#timerAt || this.#raw.closed) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#onTime, at - performance.now())
    this.#timerAt = at
  }

  #timeIsUp(): void {
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = performance.now()
    if (now >= this.#deadlineAt) {
      this.#isLate = true
      this.#deadlineAt = Number.POSITIVE_INFINITY
    }
    if (now >= this.#waitsSince + this.#idleMilliseconds) this.#isIdle = true
    if (this.#isLate || this.#isIdle) this.#wake()
    if (!this.#isIdle || this.#deadlineAt < Number.POSITIVE_INFINITY) this.#setTimer()
  }

  #event(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

function ignore(): void {}

/** A taker, and what its last call came to. What it throws is thrown on where somebody waits. */
class Taken {
  readonly #take: (octets: Buffer) => boolean | Promise<void>
  #last: boolean | Promise<void> = true
  #fault: { error: unknown } | undefined

  constructor(take: (octets: Buffer) => boolean | Promise<void>) {
    this.#take = take
  }

  /** Whether more may follow at once. */
  give(octets: Buffer): boolean {
    try {
      this.#last = this.#take(octets)
    } catch (error) {
      this.#last = false
      this.#fault = { error }
    }
    return this.#last === true
  }

  /** Resolves when more may follow, or never will. */
  async isEnough(): Promise<boolean> {
    if (typeof this.#last === 'object') {
      await this.#last
      this.#last = true
    }
    if (this.#fault !== undefined) throw this.#fault.error
    return !this.#last
  }
}

/** The result of a TLS handshake. */
type Handshake =
  | { kind: 'done'; protocol: string; cipher: string }
  /** `error`: undefined when the client closed the connection without an alert. */
  | { kind: 'failed'; error: Error | undefined }
  | { kind: 'timed-out' }
  | { kind: 'interrupted' }

/** The server's side of TLS with a client. */
interface ClientTls {
  socket: TLSSocket
  /** Whether the handshake is complete. */
  isEstablished(): boolean
  /** The result, once the handshake is complete or the socket is closed. */
  outcome(): Handshake
}

interface ClientTlsDeps {
  context: SecureContext
  highWaterMark: number
  onEstablished: () => void
}

/**
 * TLS over a socket that nothing else reads any more; its unread input is the beginning of the
 * handshake.
 */
function createClientTls(raw: Socket, deps: ClientTlsDeps): ClientTls {
  const { context, highWaterMark, onEstablished } = deps
  // It reads the unread input of the raw socket first, then what arrives.
  const use = { isServer: true, secureContext: context, highWaterMark }
  const socket = new TLSSocket(raw, use)
  let established = false
  let error: Error | undefined
  socket.on('error', (reported) => {
    error ??= reported
  })
  // Errors after the handshake go to the server that the socket belongs to, and this one has none:
  // without this listener the socket would stay open and deaf until its time-out.
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

/**
 * Gathers replies into one write, until input has to be waited for or too much has gathered. A
 * class, because every connection holds one.
 */
export class Outbox {
  readonly #client: Pick<ClientSocket, 'write'>
  #waiting = ''

  constructor(client: Pick<ClientSocket, 'write'>) {
    this.#client = client
  }

  say(reply: Reply): void {
    this.#waiting += formatReply(reply)
  }

  /** The size of the gathered replies, in octets. */
  size(): number {
    return this.#waiting.length
  }

  /**
   * Writes the gathered replies; tells, mostly at once, when that is done. False when the client has
   * disconnected.
   */
  flush(): boolean | Promise<boolean> {
    if (this.#waiting === '') return true
    const text = this.#waiting
    this.#waiting = ''
    return this.#client.write(text)
  }
}
