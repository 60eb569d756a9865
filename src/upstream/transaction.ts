import { Failure } from '../base/failure.ts'
import { formatRecipient } from '../wire/envelope.ts'
import { lossAsFailure } from './connection-lost.ts'
import { exchangeEnvelope } from './envelope-exchange.ts'
import type { Lease } from './lease.ts'
import type { Transaction } from './relay.ts'
import { resetLease } from './reset-lease.ts'
import { sendMessage } from './send-message.ts'
import type { TransactionContext } from './transaction-context.ts'

/** A transaction whose MAIL was accepted. */
export function createTransaction(lease: Lease, context: TransactionContext): Transaction {
  const seconds = context.limits.upstreamReplySeconds
  let over = false

  function checkOpen(): void {
    if (over) throw new Failure('internal', 'This transaction is over already')
  }

  return {
    async recipients(commands) {
      checkOpen()
      const octets = commands.map((command) => formatRecipient(command, lease.capabilities))
      const { replies, lost } = await exchangeEnvelope(lease, octets, seconds)
      if (!lost) return replies
      over = true
      lease.discard()
      throw lossAsFailure(lost, context.host)
    },
    async send(message) {
      checkOpen()
      over = true
      try {
        const { reply, stillOpen } = await sendMessage(lease, message, context)
        // Whoever waits for the reply need not wait for our tidying up.
        if (stillOpen) void resetLease(lease, 1, seconds)
        else lease.giveBack(1)
        return reply
      } catch (error) {
        lease.discard()
        throw error
      }
    },
    async reset() {
      if (over) return
      over = true
      await resetLease(lease, 0, seconds)
    },
    // Also while a message is under way: then `send` rejects.
    abort() {
      over = true
      lease.discard()
    },
  }
}
