import { Failure } from '../base/failure.ts'
import type { Passage } from '../governor/governor.ts'
import { formatRecipient } from '../wire/envelope.ts'
import { fromAddresses } from '../wire/from-addresses.ts'
import { lossAsFailure } from './connection-lost.ts'
import { exchangeEnvelope } from './envelope-exchange.ts'
import type { Lease } from './lease.ts'
import { type MessageHead, readHead } from './message-head.ts'
import type { Transaction } from './relay.ts'
import { resetLease } from './reset-lease.ts'
import { sendMessage } from './send-message.ts'
import type { TransactionContext } from './transaction-context.ts'

/**
 * `open`: the client has the word. `reading`: the beginning of its message. `sending`: the provider has the word. `taken`: others got the
 * connection meanwhile.
 */
type State = 'open' | 'reading' | 'sending' | 'taken' | 'over'

/** A transaction whose MAIL was accepted. */
export function createTransaction(lease: Lease, context: TransactionContext, passage: Passage): Transaction {
  const seconds = context.limits.upstreamReplySeconds
  // Through a function, because it changes while something else is awaited.
  const current = (): State => state
  let state: State = 'open'
  lease.waitsForClient(takeBack)

  function checkOpen(): void {
    if (state === 'taken') throw tooSilent()
    if (state !== 'open') throw new Failure('internal', 'This transaction is over already')
  }

  /** Nothing of a message has left: the connection is as good as before. */
  function giveUp(next: 'taken' | 'over'): Promise<void> {
    state = next
    passage.end('not-sent')
    return resetLease(lease, 0, seconds)
  }

  function takeBack(): void {
    if (state === 'open' || state === 'reading') void giveUp('taken')
  }

  async function headOf(source: AsyncIterator<Buffer>): Promise<MessageHead> {
    state = 'reading'
    lease.waitsForClient(takeBack)
    try {
      const head = await readHead(source)
      if (current() !== 'taken') return head
    } catch (error) {
      if (current() === 'reading') void giveUp('over')
      throw error
    }
    source.return?.().catch(() => {})
    throw tooSilent()
  }

  /** What the provider has refused this program again and again does not leave at all. @throws Failure `provider-setup` */
  function letThrough(head: MessageHead, source: AsyncIterator<Buffer>): void {
    try {
      passage.carry(fromAddresses(head.octets))
    } catch (error) {
      void giveUp('over')
      source.return?.().catch(() => {})
      throw error
    }
  }

  return {
    async recipients(commands) {
      checkOpen()
      passage.reserve(commands.length)
      const octets = commands.map((command) => formatRecipient(command, lease.capabilities))
      lease.waitsForClient(undefined)
      const { replies, lost } = await exchangeEnvelope(lease, octets, seconds)
      for (const reply of replies) passage.heard(reply, 'recipient')
      if (lost) {
        state = 'over'
        lease.discard()
        passage.end('not-sent')
        throw lossAsFailure(lost, context.host)
      }
      lease.waitsForClient(takeBack)
      return replies
    },
    async send(message) {
      checkOpen()
      const source = message[Symbol.asyncIterator]()
      const head = await headOf(source)
      letThrough(head, source)
      state = 'sending'
      lease.waitsForClient(undefined)
      try {
        const { reply, stillOpen } = await sendMessage(lease, head, source, context)
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
      if (state === 'open') await giveUp('over')
    },
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof Failure && error.code === 'outcome-unknown'
}

function tooSilent(): Failure {
  return new Failure('limit-reached', 'The client took so long that others got its connection', {
    fix: 'Send the message again. A program that prepares it between RCPT and DATA should do so before.',
  })
}
