import type { Lease } from './lease.ts'
import type { MessageHead } from './message-head.ts'
import { sendAsChunk } from './send-as-chunk.ts'
import { sendAsData } from './send-as-data.ts'
import type { Sent } from './sent.ts'
import type { Commit, TransactionContext } from './transaction-context.ts'

/**
 * A small message goes as one BDAT chunk where CHUNKING is offered, every other one by DATA. Never more than one chunk: several, or large
 * ones, time out at some servers.
 * @param source what is behind the head
 * @throws Failure as `Transaction.send`; what the message's iterator throws. The connection is not usable then
 */
export async function sendMessage(
  lease: Lease,
  head: MessageHead,
  source: AsyncIterator<Buffer>,
  context: TransactionContext,
  commit: Commit,
): Promise<Sent> {
  if (head.whole && takesChunk(lease, context))
    return sendAsChunk(lease.connection, head.octets, context, commit)
  try {
    return await sendAsData(lease.connection, head, source, context, commit)
  } finally {
    // What is left of a message that nobody takes. Not waited for: its source may be a client that sends slowly.
    source.return?.().catch(() => {})
  }
}

function takesChunk(
  { capabilities }: Lease,
  { host, chunking, withoutChunking }: TransactionContext,
): boolean {
  return chunking === 'auto' && capabilities.chunking && !withoutChunking.has(host)
}
