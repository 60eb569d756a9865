import type { Reply } from '../wire/reply.ts'
import type { Connection } from './connection.ts'
import { ConnectionLost, lossAsFailure } from './connection-lost.ts'
import type { MessageHead } from './message-head.ts'
import { finalReply, gone, outcomeUnknown } from './outcome.ts'
import { readArrived } from './read-arrived.ts'
import type { Sent } from './sent.ts'
import type { Commit, TransactionContext } from './transaction-context.ts'

/** End of data behind a message that is empty or ends in CRLF (RFC 5321, section 4.1.1.4). */
const end = Buffer.from('.\r\n', 'latin1')

/**
 * DATA, and the octets exactly as they come, at the speed of the slower side.
 * @throws Failure `outcome-unknown` once octets have left, `provider-unavailable` before; what `source` throws
 */
export async function sendAsData(
  connection: Connection,
  head: MessageHead,
  source: AsyncIterator<Buffer>,
  context: TransactionContext,
  commit: Commit,
): Promise<Sent> {
  const { host, limits } = context
  const go = await connection.command('DATA\r\n', limits.upstreamDataStartSeconds).catch((error: unknown) => {
    throw lossAsFailure(error, host)
  })
  if (go.code >= 400) return { reply: go, stillOpen: true }
  if (go.code !== 354) {
    connection.destroy()
    throw gone(host)
  }
  if (!head.whole) {
    const early = await stream(connection, head, source, context)
    if (early) return { reply: early, stillOpen: false }
  }
  await readArrived()
  if (!connection.alive) {
    const early = refusedEarly(connection)
    if (early) return { reply: early, stillOpen: false }
    const lost = new ConnectionLost('closed', 'it ended before the message did')
    throw head.whole ? gone(host) : outcomeUnknown(host, lost)
  }
  commit()
  const rest = head.whole ? Buffer.concat([head.octets, end]) : end
  const reply = await finalReply(connection.command(rest, limits.upstreamAfterDotSeconds), connection, host)
  return { reply, stillOpen: false }
}

/** Everything but the end. Resolves with the provider's refusal if it comes before the message is over. */
async function stream(
  connection: Connection,
  head: MessageHead,
  source: AsyncIterator<Buffer>,
  { host, limits }: TransactionContext,
): Promise<Reply | undefined> {
  try {
    await connection.write(head.octets, limits.upstreamDataStartSeconds)
    for (let next = await source.next(); !next.done; next = await source.next()) {
      await connection.write(next.value, limits.upstreamDataStartSeconds)
    }
    return undefined
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error
    const early = refusedEarly(connection)
    if (early) return early
    throw outcomeUnknown(host, error)
  }
}

/** A no needs no end to be true; a yes before the end is not to be believed. */
function refusedEarly({ unasked }: Connection): Reply | undefined {
  return unasked && unasked.code >= 400 ? unasked : undefined
}
