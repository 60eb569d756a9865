import type { Clock } from '../base/clock.ts'
import { type Failure, failure } from '../base/failure.ts'
import { text } from '../failures/texts.ts'
import type { Limits } from '../model/limits.ts'
import type { Provider } from '../providers/provider.ts'
import { undoDotStuffing } from '../wire/message-scanner.ts'
import { isPositive, type Reply } from '../wire/reply.ts'
import { ConnectionLost, lossAsFailure, type ProviderConnection } from './connection.ts'
import type { Lease } from './lease.ts'
import { createRecordWriter } from './record-writer.ts'
import type { MessageSource, Spent } from './relay.ts'

/**
 * Sends a message: a small one as one BDAT chunk where CHUNKING is offered, every other one by
 * DATA. Never more than one chunk: several chunks, or large ones, time out at some servers.
 * @param source what comes behind the head
 * @throws Failure as `Transaction.send`; what the message's iterator throws. The connection is not
 * usable then.
 */
export async function sendMessage(
  lease: Lease,
  head: MessageHead,
  source: MessageSource,
  context: TransactionContext,
  commit: Commit,
): Promise<Sent> {
  if (head.whole && takesChunk(lease, context))
    return sendAsChunk(lease.connection, head.octets, context, commit)
  try {
    return await sendAsData(lease.connection, head, source, context, commit)
  } finally {
    // The rest of a message that nothing reads. Not awaited: its source may be a slow client.
    source.return?.().catch(() => {})
  }
}

function takesChunk(
  { capabilities }: Lease,
  { host, chunking, withoutChunking }: TransactionContext,
): boolean {
  return chunking === 'auto' && capabilities.chunking && !withoutChunking.has(host)
}

/** What a transaction needs to know of its surroundings. */
export interface TransactionContext {
  host: string
  limits: Pick<Limits, 'upstreamReplySeconds' | 'upstreamDataStartSeconds' | 'upstreamAfterDotSeconds'>
  chunking: Provider['chunking']
  withoutChunking: ChunkRefusals
  clock: Pick<Clock, 'monotonic'>
  spent: Spent
}

/**
 * Called right before the end of the message leaves, after which it cannot be taken back.
 * @throws Failure `invalid` when the client has gone
 */
type Commit = () => void

/** What became of a message. */
interface Sent {
  /** The provider's final reply. */
  reply: Reply
  /** The provider refused before the transaction ended, so it still holds the envelope. */
  stillOpen: boolean
}

/** The beginning of a message. `whole`: there is no more. */
export interface MessageHead {
  octets: Buffer
  whole: boolean
}

/** A message up to this size is sent in one write. */
const headOctets = 65_536

/**
 * Reads a message until it ends, or until it is known to be larger than `headOctets`. Throws what
 * the source throws.
 */
export async function readHead(source: MessageSource): Promise<MessageHead> {
  const chunks: Buffer[] = []
  let octets = 0
  while (octets <= headOctets) {
    const next = await source.next()
    if (next.done) return { octets: joined(chunks), whole: true }
    chunks.push(next.value)
    octets += next.value.length
  }
  return { octets: joined(chunks), whole: false }
}

/** Most messages come in one piece, and need not be copied. */
function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks
  return first !== undefined && chunks.length === 1 ? first : Buffer.concat(chunks)
}

/**
 * Command and message in one write: `BDAT n LAST` (RFC 3030, section 2), which saves the round trip
 * of DATA. Chunks have no dot-stuffing.
 * @throws Failure `outcome-unknown`, `provider-unavailable`
 */
async function sendAsChunk(
  connection: ProviderConnection,
  message: Buffer,
  context: TransactionContext,
  commit: Commit,
): Promise<Sent> {
  const { host, limits, withoutChunking } = context
  await readArrived()
  if (!connection.alive) throw endedBeforeMessage(host)
  const octets = undoDotStuffing(message)
  const command = Buffer.from(`BDAT ${octets.length} LAST\r\n`, 'latin1')
  commit()
  const owed = connection.command(Buffer.concat([command, octets]), limits.upstreamAfterDotSeconds)
  const reply = await finalReply(owed, connection, context)
  if (turnsChunkAway(reply)) {
    // A server without BDAT reads the chunk as commands. Nothing on this connection can be trusted
    // any more, and where a line of the message said DATA, a piece of it may have been accepted. So
    // only the client sends the message again, and then it goes by DATA.
    withoutChunking.add(host, reply)
    connection.destroy()
    throw failure('upstream.bdat-refused', { host, status: reply.code })
  }
  return { reply, stillOpen: !isPositive(reply) }
}

/** End of data behind a message that is empty or ends in CRLF (RFC 5321, section 4.1.1.4). */
const endOfData = Buffer.from('.\r\n', 'latin1')

/**
 * DATA, and the octets exactly as they come, at the speed of the slower side.
 * @throws Failure `outcome-unknown` once octets have left, `provider-unavailable` before; what
 * `source` throws
 */
async function sendAsData(
  connection: ProviderConnection,
  head: MessageHead,
  source: MessageSource,
  context: TransactionContext,
  commit: Commit,
): Promise<Sent> {
  const { host, limits } = context
  const asked = connection.command('DATA\r\n', limits.upstreamDataStartSeconds)
  const go = await answered(asked, context).catch((error: unknown) => {
    throw lossAsFailure(error, host)
  })
  if (go.code >= 400) return { reply: go, stillOpen: true }
  if (go.code !== 354) {
    connection.destroy()
    throw endedBeforeMessage(host)
  }
  if (!head.whole) {
    const early = await stream(connection, head, source, context)
    if (early) return { reply: early, stillOpen: false }
  }
  await readArrived()
  if (!connection.alive) {
    const early = refusedEarly(connection)
    if (early) return { reply: early, stillOpen: false }
    const lost = new ConnectionLost('closed', text('lost.message-cut'))
    throw head.whole ? endedBeforeMessage(host) : outcomeUnknown(host, lost)
  }
  commit()
  const rest = head.whole ? Buffer.concat([head.octets, endOfData]) : endOfData
  const owed = connection.command(rest, limits.upstreamAfterDotSeconds)
  const reply = await finalReply(owed, connection, context)
  return { reply, stillOpen: false }
}

/**
 * Sends everything but the end. Resolves with the provider's refusal if it comes before the message
 * is over.
 */
async function stream(
  connection: ProviderConnection,
  head: MessageHead,
  source: MessageSource,
  { host, limits }: TransactionContext,
): Promise<Reply | undefined> {
  const records = createRecordWriter((octets) => connection.write(octets, limits.upstreamDataStartSeconds))
  try {
    await records.take(head.octets)
    if (source.handOver !== undefined) await source.handOver((piece) => records.take(piece))
    else
      for (let next = await source.next(); !next.done; next = await source.next())
        await records.take(next.value)
    await records.end()
    return undefined
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error
    const early = refusedEarly(connection)
    if (early) return early
    throw outcomeUnknown(host, error)
  } finally {
    records.stop()
  }
}

/** A refusal before the end is final. A positive reply before the end is not to be trusted. */
function refusedEarly({ unasked }: ProviderConnection): Reply | undefined {
  return unasked && unasked.code >= 400 ? unasked : undefined
}

/**
 * Reads everything that has arrived by now. Called before the end of a message: a reply that is
 * here already cannot be the answer to an end that is still to be sent.
 */
export function readArrived(): Promise<void> {
  // The first may only finish the current turn of the event loop; the second polls the system for
  // all that has arrived.
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

/** A reply, and the time until it came or failed to come: the provider's. */
async function answered(owed: Promise<Reply>, { clock, spent }: TransactionContext): Promise<Reply> {
  const since = clock.monotonic()
  try {
    return await owed
  } finally {
    spent.atProvider += clock.monotonic() - since
  }
}

/** The provider's answer to the end of a message. @throws Failure `outcome-unknown` */
async function finalReply(
  owed: Promise<Reply>,
  connection: ProviderConnection,
  context: TransactionContext,
): Promise<Reply> {
  const { host } = context
  const reply = await answered(owed, context).catch((error: unknown) => {
    throw error instanceof ConnectionLost ? outcomeUnknown(host, error) : error
  })
  if (reply.code < 300 || reply.code >= 400) return reply
  connection.destroy()
  throw outcomeUnknown(
    host,
    new ConnectionLost('protocol', text('lost.reply-meaningless', { code: reply.code })),
  )
}

/** Octets of the message have left, and its outcome is not known. */
function outcomeUnknown(host: string, cause: ConnectionLost): Failure {
  return failure('upstream.outcome-unknown', { host, reason: cause.why, cause })
}

/** The connection ended, or makes no sense, before anything of the message had left. */
function endedBeforeMessage(host: string): Failure {
  return lossAsFailure(new ConnectionLost('closed', text('lost.before-message')), host)
}

/** Hosts that offer CHUNKING and refuse a chunk: they get DATA. */
export interface ChunkRefusals {
  has(host: string): boolean
  add(host: string, reply: Reply): void
}

/**
 * Replies to BDAT that are about the command and not about the message (RFC 5321, section 4.2.2),
 * and for how many seconds they are believed. A server that does not know BDAT today will not know
 * it tomorrow. But 503 is also the reply of one that has lost the transaction (RFC 3030, section
 * 2), and 501 and 504 may be about one chunk: these count for a while only.
 */
const believedSeconds = new Map([
  [500, Number.POSITIVE_INFINITY],
  [502, Number.POSITIVE_INFINITY],
  [501, 3600],
  [503, 3600],
  [504, 3600],
])

/**
 * Remembers them as long as the process runs: a provider's software may be another after the next
 * start.
 */
export function createChunkRefusals(clock: Pick<Clock, 'monotonic'>): ChunkRefusals {
  const until = new Map<string, number>()
  return {
    has: (host) => clock.monotonic() < (until.get(host) ?? Number.NEGATIVE_INFINITY),
    add(host, { code }) {
      const end = clock.monotonic() + (believedSeconds.get(code) ?? 0) * 1000
      until.set(host, Math.max(end, until.get(host) ?? end))
    },
  }
}

/** Whether a reply to BDAT turns the command away. */
export function turnsChunkAway({ code }: Reply): boolean {
  return believedSeconds.has(code)
}
