import { GoneController } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import type { Limits } from '../model/limits.ts'
import type { MessageOctets, MessageSource, TakePiece } from '../upstream/relay.ts'
import type { InputBuffer } from '../wire/input-buffer.ts'
import { createMendingScanner } from '../wire/mending-scanner.ts'
import { createMessageScanner, type MessageScanner, type Scan } from '../wire/message-scanner.ts'
import type { ClientSocket, Read, Stopped } from './client-socket.ts'
import type { Work } from './provider-side.ts'
import type { MessageCut, MessageOutcome, SessionEvent } from './session-events.ts'

interface RelayMessageDeps {
  client: Pick<ClientSocket, 'read' | 'receive' | 'setDeadline' | 'liftDeadline'>
  input: InputBuffer
  work: Work
  limits: Pick<Limits, 'messageSeconds' | 'drainSeconds'>
  /** In octets (RFC 1870); undefined: unlimited. */
  limit: number | undefined
  /** Set by the login. */
  mendLineEnds: boolean
  clock: Pick<Clock, 'monotonic'>
  /**
   * Aborts when the client disconnects, or half-closes and `goesOn` says no; until the returned
   * function is called.
   */
  watch(leaving: GoneController, goesOn: () => boolean): () => void
  /** Called with the size of the message when its end was read. */
  ended?: ((octets: number) => void) | undefined
}

/**
 * In milliseconds. A client that half-closes within this time after its message waits for the
 * reply; one that does so later has given up.
 */
const sameBreath = 1_000

/**
 * Relays the message, from the 354 to the provider's reply. Undefined when the client has
 * disconnected.
 */
export async function relayMessage(deps: RelayMessageDeps): Promise<SessionEvent | undefined> {
  const { client, input, work, limits, limit, mendLineEnds } = deps
  const leaving = new GoneController()
  let stopWatching = () => {}
  const message = createIncomingMessage({
    input,
    read: () => client.read(false),
    receive: (take) => client.receive(take),
    limit,
    drainSeconds: limits.drainSeconds,
    mendLineEnds,
    ended() {
      deps.ended?.(message.size())
      stopWatching = watchBehindEnd(deps, leaving)
    },
  })
  client.setDeadline(limits.messageSeconds)
  const sent = await work.providerSide.send(message.octets, leaving)
  const ended = await message.drain()
  stopWatching()
  client.liftDeadline()
  const cut = sent.kind === 'failed' && leaving.aborted ? 'gone' : message.cut()
  const refused = sent.kind === 'answered' && sent.reply.code >= 400
  const outcome: MessageOutcome = cut === undefined || cut === 'gone' || refused ? sent : { kind: 'cut', cut }
  work.record.message(outcome, cut, message.size())
  return cut === 'gone' ? undefined : { kind: 'message-over', outcome, ended }
}

/** The client has sent the whole message and waits for the reply. */
function watchBehindEnd({ input, clock, watch }: RelayMessageDeps, leaving: GoneController): () => void {
  const since = clock.monotonic()
  return watch(leaving, () => input.size() > 0 || clock.monotonic() - since < sameBreath)
}

/** The message that a client is sending, as the relay reads it. */
interface IncomingMessage {
  /**
   * Its octets, pulled from the client. Throws when the message is cut off, so that a part is never
   * taken for the whole.
   */
  octets: MessageOctets
  /**
   * Reads on to the end of data after the relay has stopped reading. False when the end was not
   * found within bounds.
   */
  drain(): Promise<boolean>
  /** Why the message is incomplete. `gone`: the client has disconnected. */
  cut(): MessageCut | 'gone' | undefined
  /** Octets read so far (RFC 1870). */
  size(): number
}

interface IncomingMessageDeps {
  input: InputBuffer
  read: () => Read | Promise<Read>
  /** Of the client's socket; without it, everything is read. */
  receive?: ClientSocket['receive']
  /** In octets; undefined: unlimited. */
  limit: number | undefined
  drainSeconds: number
  /** Takes a bare CR or LF as the end of a line instead of refusing it. */
  mendLineEnds?: boolean
  /** Called once, when the end of data was read. */
  ended?: () => void
}

export function createIncomingMessage(deps: IncomingMessageDeps): IncomingMessage {
  return new ClientMessage(deps)
}

/** A class, because each message has one. It is its own octets, and they are read once. */
class ClientMessage implements IncomingMessage, MessageOctets, MessageSource {
  readonly #deps: IncomingMessageDeps
  readonly #scanner: MessageScanner
  #ready: Buffer[] = []
  #hasEnded = false
  #isUnreadable = false
  #cut: MessageCut | 'gone' | undefined
  #underWay: Promise<unknown> = Promise.resolve()

  constructor(deps: IncomingMessageDeps) {
    this.#deps = deps
    this.#scanner = deps.mendLineEnds ? createMendingScanner() : createMessageScanner()
  }

  get octets(): MessageOctets {
    return this
  }

  [Symbol.asyncIterator](): MessageSource {
    return this
  }

  next(): Promise<IteratorResult<Buffer, undefined>> {
    const pulled = this.#pull()
    // Remembered, so that `drain` never reads while a pull that the relay abandoned is still
    // reading.
    this.#underWay = pulled.catch(() => {})
    return pulled
  }

  async return(): Promise<IteratorResult<Buffer, undefined>> {
    return { done: true, value: undefined }
  }

  handOver(take: TakePiece): Promise<void> {
    const handedOver = this.#handOverAll(take)
    this.#underWay = handedOver.catch(() => {})
    return handedOver
  }

  async drain(): Promise<boolean> {
    return this.#hasEnded || withinSeconds(this.#deps.drainSeconds, this.#drainToEnd())
  }

  cut(): MessageCut | 'gone' | undefined {
    return this.#cut
  }

  size(): number {
    return this.#scanner.octets()
  }

  async #pull(): Promise<IteratorResult<Buffer, undefined>> {
    for (;;) {
      const octets = this.#ready.shift()
      if (octets !== undefined) return { done: false, value: octets }
      if (this.#cut !== undefined) throw new Error(`The client's message was cut off: ${this.#cut}`)
      if (this.#hasEnded) return { done: true, value: undefined }
      await this.#advance()
    }
  }

  async #handOverAll(take: TakePiece): Promise<void> {
    for (;;) {
      if (this.#ready.length === 0 && this.#deps.input.size() === 0 && this.#goesOn())
        await this.#receiveAll(take)
      const next = await this.#pull()
      if (next.done) return
      await take(next.value)
    }
  }

  #goesOn(): boolean {
    return this.#cut === undefined && !this.#hasEnded
  }

  /** Scans what arrives where it was read, and hands it over from there, until there is no more. */
  async #receiveAll(take: TakePiece): Promise<void> {
    try {
      const stopped = await this.#deps.receive?.((octets) => {
        const scan = this.#scanner.scan(octets)
        // What follows the end is copied, because the memory is used for others next.
        if (scan.kind === 'end') this.#deps.input.push(Buffer.from(scan.rest))
        this.#note(scan)
        const pieces = this.#ready
        this.#ready = []
        let wait: Promise<void> | undefined
        for (const piece of pieces) wait = take(piece) ?? wait
        return this.#goesOn() && (wait ?? true)
      })
      if (stopped !== undefined) this.#stop(stopped)
    } finally {
      if (this.#hasEnded) this.#deps.ended?.()
    }
  }

  /** Advances by the buffered input, or by the next read. */
  async #advance(): Promise<void> {
    if (this.#deps.input.size() > 0) {
      this.#note(this.#deps.input.takeData(this.#scanner))
      if (this.#hasEnded) this.#deps.ended?.()
      return
    }
    const read = await this.#deps.read()
    if (read.kind === 'octets') this.#deps.input.push(read.octets)
    else this.#stop(read)
  }

  #note(scan: Scan): void {
    if (scan.kind === 'refused') {
      this.#isUnreadable = true
      this.#cut ??= 'bare-newline'
      return
    }
    this.#hasEnded = scan.kind === 'end'
    this.#ready = [...scan.octets]
    if (this.#deps.limit === undefined || this.#scanner.octets() <= this.#deps.limit) return
    this.#cut ??= 'too-large'
    this.#ready = []
  }

  #stop(stopped: Stopped): void {
    this.#isUnreadable = true
    if (stopped.kind === 'timed-out') this.#cut ??= stopped.late ? 'too-slow' : 'timed-out'
    else this.#cut ??= 'gone'
  }

  async #drainToEnd(): Promise<boolean> {
    await this.#underWay
    // Reads up to twice the limit: a message that ends there keeps the session, a longer one costs
    // the connection.
    const bound = this.#deps.limit === undefined ? Number.POSITIVE_INFINITY : 2 * this.#deps.limit
    while (!this.#hasEnded && !this.#isUnreadable && this.#scanner.octets() <= bound) {
      await this.#advance()
      this.#ready = []
    }
    return this.#hasEnded
  }
}

/** False when the task takes longer than `seconds`. */
async function withinSeconds(seconds: number, task: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), seconds * 1000)
  })
  const inTime = await Promise.race([task, tooLate])
  clearTimeout(timer)
  return inTime
}
