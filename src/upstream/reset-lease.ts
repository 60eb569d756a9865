import type { Lease } from './lease.ts'

/** RSET (RFC 5321, section 4.1.1.5), and the lease goes back. Never throws: a connection that does not take it is not kept. */
export async function resetLease(lease: Lease, messages: number, replySeconds: number): Promise<void> {
  if (!lease.connection.alive) return lease.discard()
  try {
    const reply = await lease.connection.command('RSET\r\n', replySeconds)
    if (reply.code === 250) lease.giveBack(messages)
    else lease.discard()
  } catch {
    lease.discard()
  }
}
