import { Failure } from '../base/failure.ts'
import type { Passage } from '../governor/governor.ts'
import { formatRecipient } from '../wire/envelope.ts'
import { lossAsFailure } from './connection-lost.ts'
import { exchangeEnvelope } from './envelope-exchange.ts'
import type { Lease } from './lease.ts'
import type { Transaction } from './relay.ts'
import { resetLease } from './reset-lease.ts'
import { sendMessage } from './send-message.ts'
import type { TransactionContext } from './transaction-context.ts'

/** A transaction whose MAIL was accepted. */
export function createTransaction(lease: Lease, context: TransactionContext, passage: Passage): Transaction {
  const seconds = context.limits.upstreamReplySeconds
  let over = false
  let sending = false

  function discard(): void {
    lease.discard()
    passage.end('not-sent')
  }

  function checkOpen(): void {
    if (over) throw new Failure('internal', 'This transaction is over already')
  }

  return {
    async recipients(commands) {
      checkOpen()
      passage.reserve(commands.length)
      const octets = commands.map((command) => formatRecipient(command, lease.capabilities))
      const { replies, lost } = await exchangeEnvelope(lease, octets, seconds)
      for (const reply of replies) passage.heard(reply, 'recipient')
      if (!lost) return replies
      over = true
      discard()
      throw lossAsFailure(lost, context.host)
    },
    async send(message) {
      checkOpen()
      over = true
      sending = true
      try {
        const { reply, stillOpen } = await sendMessage(lease, message, context)
        passage.heard(reply, 'message')
        passage.end('answered')
        // Whoever waits for the reply need not wait for our tidying up.
        if (stillOpen) void resetLease(lease, 1, seconds)
        else lease.giveBack(1)
        return reply
      } catch (error) {
        lease.discard()
        passage.end(isUnknown(error) ? 'unknown' : 'not-sent')
        throw error
      }
    },
    async reset() {
      if (over) return
      over = true
      passage.end('not-sent')
      await resetLease(lease, 0, seconds)
    },
    // Also while a message is under way: then `send` rejects, and knows what may have become of it.
    abort() {
      over = true
      lease.discard()
      if (!sending) passage.end('not-sent')
    },
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof Failure && error.code === 'outcome-unknown'
}
