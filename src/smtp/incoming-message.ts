import { GoneController } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import type { Limits } from '../model/limits.ts'
import type { MessageOctets, TakePiece } from '../upstream/relay.ts'
import type { InputBuffer } from '../wire/input-buffer.ts'
import { createMendingScanner } from '../wire/mending-scanner.ts'
import { createMessageScanner, type Scan } from '../wire/message-scanner.ts'
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
  const { input, limit } = deps
  const scanner = deps.mendLineEnds ? createMendingScanner() : createMessageScanner()
  let ready: Buffer[] = []
  let ended = false
  let unreadable = false
  let cut: MessageCut | 'gone' | undefined
  let underWay: Promise<unknown> = Promise.resolve()

  return {
    octets: { [Symbol.asyncIterator]: () => ({ next, return: finish, handOver }) },
    drain: async () => ended || withinSeconds(deps.drainSeconds, drainToEnd()),
    cut: () => cut,
    size: () => scanner.octets(),
  }

  function next(): Promise<IteratorResult<Buffer, undefined>> {
    const pulled = pull()
    // Remembered, so that `drain` never reads while a pull that the relay abandoned is still
    // reading.
    underWay = pulled.catch(() => {})
    return pulled
  }

  async function finish(): Promise<IteratorResult<Buffer, undefined>> {
    return { done: true, value: undefined }
  }

  async function pull(): Promise<IteratorResult<Buffer, undefined>> {
    for (;;) {
      const octets = ready.shift()
      if (octets !== undefined) return { done: false, value: octets }
      if (cut !== undefined) throw new Error(`The client's message was cut off: ${cut}`)
      if (ended) return { done: true, value: undefined }
      await advance()
    }
  }

  function handOver(take: TakePiece): Promise<void> {
    const handedOver = handOverAll(take)
    underWay = handedOver.catch(() => {})
    return handedOver
  }

  async function handOverAll(take: TakePiece): Promise<void> {
    for (;;) {
      if (ready.length === 0 && input.size() === 0 && goesOn()) await receiveAll(take)
      const next = await pull()
      if (next.done) return
      await take(next.value)
    }
  }

  function goesOn(): boolean {
    return cut === undefined && !ended
  }

  /** Scans what arrives where it was read, and hands it over from there, until there is no more. */
  async function receiveAll(take: TakePiece): Promise<void> {
    try {
      const stopped = await deps.receive?.((octets) => {
        const scan = scanner.scan(octets)
        // What follows the end is copied, because the memory is used for others next.
        if (scan.kind === 'end') input.push(Buffer.from(scan.rest))
        note(scan)
        const pieces = ready
        ready = []
        let wait: Promise<void> | undefined
        for (const piece of pieces) wait = take(piece) ?? wait
        return goesOn() && (wait ?? true)
      })
      if (stopped !== undefined) stop(stopped)
    } finally {
      if (ended) deps.ended?.()
    }
  }

  /** Advances by the buffered input, or by the next read. */
  async function advance(): Promise<void> {
    if (input.size() > 0) {
      note(input.takeData(scanner))
      if (ended) deps.ended?.()
      return
    }
    const read = await deps.read()
    if (read.kind === 'octets') input.push(read.octets)
    else stop(read)
  }

  function note(scan: Scan): void {
    if (scan.kind === 'refused') {
      unreadable = true
      cut ??= 'bare-newline'
      return
    }
    ended = scan.kind === 'end'
    ready = [...scan.octets]
    if (limit === undefined || scanner.octets() <= limit) return
    cut ??= 'too-large'
    ready = []
  }

  function stop(stopped: Stopped): void {
    unreadable = true
    if (stopped.kind === 'timed-out') cut ??= stopped.late ? 'too-slow' : 'timed-out'
    else cut ??= 'gone'
  }

  async function drainToEnd(): Promise<boolean> {
    await underWay
    // Reads up to twice the limit: a message that ends there keeps the session, a longer one costs
    // the connection.
    const bound = limit === undefined ? Number.POSITIVE_INFINITY : 2 * limit
    while (!ended && !unreadable && scanner.octets() <= bound) {
      await advance()
      ready = []
    }
    return ended
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
