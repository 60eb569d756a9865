import type { Gone } from '../base/async.ts'
import { clientGone, Failure } from '../base/failure.ts'
import type { Passage } from '../governor/governor.ts'
import { formatRecipient } from '../wire/envelope.ts'
import { lossAsFailure } from './connection-lost.ts'
import { exchangeEnvelope } from './envelope-exchange.ts'
import type { Lease } from './lease.ts'
import { type MessageHead, readHead } from './message-head.ts'
import type { Transaction } from './relay.ts'
import { resetLease } from './reset-lease.ts'
import { sendMessage } from './send-message.ts'
import type { TransactionContext } from './transaction-context.ts'

/** `open`: the client has the word. `promised`: it is sending its message. `taken`: others got the connection meanwhile. */
type State = 'open' | 'promised' | 'taken' | 'over'

/** A transaction whose MAIL was accepted. */
export function createTransaction(lease: Lease, context: TransactionContext, passage: Passage): Transaction {
  const seconds = context.limits.upstreamReplySeconds
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
    if (state === 'open') void giveUp('taken')
  }

  function promise(): void {
    checkOpen()
    state = 'promised'
    lease.waitsForClient(undefined)
  }

  async function headOf(source: AsyncIterator<Buffer>): Promise<MessageHead> {
    try {
      return await readHead(source)
    } catch (error) {
      void giveUp('over')
      throw error
    }
  }

  /** What the provider has refused this program again and again does not leave at all. @throws Failure `provider-setup`, `invalid` when the client has gone */
  function letThrough(head: MessageHead, source: AsyncIterator<Buffer>, gone: Gone | undefined): void {
    try {
      if (gone?.aborted) throw clientGone()
      passage.carry(head.octets)
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
    promise,
    async send(message, gone) {
      if (state !== 'promised') promise()
      state = 'over'
      const source = message[Symbol.asyncIterator]()
      const head = await headOf(source)
      letThrough(head, source, gone)
      const commit = () => {
        if (gone?.aborted) throw clientGone()
        lease.departs()
      }
      try {
        const { reply, stillOpen } = await sendMessage(lease, head, source, context, commit)
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
      if (state === 'open' || state === 'promised') await giveUp('over')
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
