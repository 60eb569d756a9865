import { Failure } from '../base/failure.ts'
import { undoDotStuffing } from '../wire/dot-stuffing.ts'
import { isPositive } from '../wire/reply.ts'
import { turnsChunkAway } from './chunk-refusals.ts'
import type { Connection } from './connection.ts'
import { finalReply, gone } from './outcome.ts'
import { readArrived } from './read-arrived.ts'
import type { Sent } from './sent.ts'
import type { Commit, TransactionContext } from './transaction-context.ts'

/**
 * Command and message in one write: `BDAT n LAST` (RFC 3030, section 2), which saves the round trip of DATA. Chunks know no
 * dot-stuffing.
 * @throws Failure `outcome-unknown`, `provider-unavailable`
 */
export async function sendAsChunk(
  connection: Connection,
  message: Buffer,
  { host, limits, withoutChunking }: TransactionContext,
  commit: Commit,
): Promise<Sent> {
  await readArrived()
  if (!connection.alive) throw gone(host)
  const octets = undoDotStuffing(message)
  const command = Buffer.from(`BDAT ${octets.length} LAST\r\n`, 'latin1')
  commit()
  const owed = connection.command(Buffer.concat([command, octets]), limits.upstreamAfterDotSeconds)
  const reply = await finalReply(owed, connection, host)
  if (turnsChunkAway(reply)) {
    // Whoever does not know the command reads the chunk as commands: nothing on this connection can be believed any more,
    // and where a line of the message said DATA, a piece of it may have been taken. So nobody sends it again but the client,
    // and then it goes by DATA.
    withoutChunking.add(host, reply)
    connection.destroy()
    throw new Failure('provider-unavailable', `${host} offers CHUNKING and refused BDAT (${reply.code})`, {
      fix: 'Send the message again: it will go by DATA.',
    })
  }
  return { reply, stillOpen: !isPositive(reply) }
}
