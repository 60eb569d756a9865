import { Leaving } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import type { Limits } from '../config/config.ts'
import type { InputBuffer } from '../wire/input-buffer.ts'
import { createMendingScanner } from '../wire/mending-scanner.ts'
import { createMessageScanner } from '../wire/message-scanner.ts'
import type { ClientSocket, Read } from './client-socket.ts'
import type { Work } from './provider-side.ts'
import type { MessageCut, MessageOutcome, SessionEvent } from './session-events.ts'

interface MessagePassage {
  client: Pick<ClientSocket, 'read' | 'setDeadline' | 'liftDeadline'>
  input: InputBuffer
  work: Work
  limits: Pick<Limits, 'messageSeconds' | 'drainSeconds'>
  /** In octets (RFC 1870); undefined: none. */
  limit: number | undefined
  /** As the login asks for. */
  mendLineEnds: boolean
  clock: Pick<Clock, 'monotonic'>
  /** Aborts when the client goes, or ends its side and `goesOn` says no; until the function that it gives is called. */
  watch(leaving: Leaving, goesOn: () => boolean): () => void
}

/** In milliseconds. Whoever ends its side as soon as the message is said waits for the answer; who does it later has waited for long enough. */
const sameBreath = 1_000

/** From the 354 to the end of the message, and what the provider said to it. Undefined when the client has gone. */
export async function passMessage(passage: MessagePassage): Promise<SessionEvent | undefined> {
  const { client, input, work, limits, limit, mendLineEnds } = passage
  const leaving = new Leaving()
  let stopWatching = () => {}
  const message = createIncomingMessage({
    input,
    read: () => client.read(false),
    limit,
    drainSeconds: limits.drainSeconds,
    mendLineEnds,
    ended() {
      stopWatching = watchBehindEnd(passage, leaving)
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

/** The client has said all and waits for the answer, as long as it likes to. */
function watchBehindEnd({ input, clock, watch }: MessagePassage, leaving: Leaving): () => void {
  const since = clock.monotonic()
  return watch(leaving, () => input.size() > 0 || clock.monotonic() - since < sameBreath)
}

/** The message that a client is sending, as the relay wants it. */
interface IncomingMessage {
  /** Its octets, pulled from the client as they are asked for. Throws when the message is cut off, so that half of one is never taken for a whole. */
  octets: AsyncIterable<Buffer>
  /** Reads on to the end of data when nobody pulls any more. False when the end was not found within bounds. */
  drain(): Promise<boolean>
  /** Why the message did not come to its end. `gone`: so did the client. */
  cut(): MessageCut | 'gone' | undefined
  /** Octets so far (RFC 1870). */
  size(): number
}

interface IncomingMessageOptions {
  input: InputBuffer
  read: () => Promise<Read>
  /** In octets; undefined: none. */
  limit: number | undefined
  drainSeconds: number
  /** Take a bare CR or LF for the end of a line, in place of refusing it. */
  mendLineEnds?: boolean
  /** Called once, when its end was read. */
  ended?: () => void
}

export function createIncomingMessage(options: IncomingMessageOptions): IncomingMessage {
  const { input, limit } = options
  const scanner = options.mendLineEnds ? createMendingScanner() : createMessageScanner()
  let ready: Buffer[] = []
  let ended = false
  let unreadable = false
  let cut: MessageCut | 'gone' | undefined
  let underWay: Promise<unknown> = Promise.resolve()

  return {
    octets: { [Symbol.asyncIterator]: () => ({ next, return: stop }) },
    drain: async () => ended || withinSeconds(options.drainSeconds, drainToEnd()),
    cut: () => cut,
    size: () => scanner.octets(),
  }

  function next(): Promise<IteratorResult<Buffer, undefined>> {
    const pulled = pull()
    // Remembered, so that `drain` never reads beside a pull that the relay has turned its back on.
    underWay = pulled.catch(() => {})
    return pulled
  }

  async function stop(): Promise<IteratorResult<Buffer, undefined>> {
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

  /** One step on: what is here already, or the next input. */
  async function advance(): Promise<void> {
    if (input.size() === 0) {
      take(await options.read())
      return
    }
    const scan = input.takeData(scanner)
    if (scan.kind === 'refused') {
      unreadable = true
      cut ??= 'bare-newline'
      return
    }
    ended = scan.kind === 'end'
    if (ended) options.ended?.()
    ready = [...scan.octets]
    if (limit === undefined || scanner.octets() <= limit) return
    cut ??= 'too-large'
    ready = []
  }

  function take(read: Read): void {
    if (read.kind === 'octets') {
      input.push(read.octets)
      return
    }
    unreadable = true
    if (read.kind === 'timed-out') cut ??= read.late ? 'too-slow' : 'timed-out'
    else cut ??= 'gone'
  }

  async function drainToEnd(): Promise<boolean> {
    await underWay
    // Up to twice what was allowed: one that ends soon leaves the session in order, one that goes on costs its connection.
    const bound = limit === undefined ? Number.POSITIVE_INFINITY : 2 * limit
    while (!ended && !unreadable && scanner.octets() <= bound) {
      await advance()
      ready = []
    }
    return ended
  }
}

/** False when the task takes longer. */
async function withinSeconds(seconds: number, task: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), seconds * 1000)
  })
  const inTime = await Promise.race([task, tooLate])
  clearTimeout(timer)
  return inTime
}
