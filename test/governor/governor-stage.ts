import { createGovernors } from '../../src/governor/create-governors.ts'
import type { Governor, SendPermit } from '../../src/governor/governor.ts'
import type { ProviderLimits } from '../../src/providers/provider.ts'
import type { TransactionPhase } from '../../src/providers/reply-class.ts'
import type { RecipientCountStore } from '../../src/store/ports.ts'
import { type Reply, say } from '../../src/wire/reply.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'

export const mailbox = 'me@example.com'

/** The governor of one mailbox over a store in memory. */
export async function governorStage(
  limits: Partial<ProviderLimits> = {},
  counts: RecipientCountStore = createMemoryStore().recipientCounts,
) {
  const clock = createManualClock()
  const log = createRecordingLog()
  const provider = { id: 'exchange', limits: { connections: 2, ...limits } }
  const governors = createGovernors({ counts, clock, log })
  const governor = await governors.of(mailbox, () => provider)
  return { clock, log, provider, governors, governor, ...sendingBy(governor) }
}

/** What a mail program does, in short. */
export function sendingBy(governor: Governor) {
  const permitFor = (login = 'printer', sender = mailbox, source?: string) =>
    governor.permit(sender, login, source)

  /** One transaction with these replies, to its end. */
  function transact(replies: Script, login?: string, sender?: string, source?: string): void {
    const permit = permitFor(login, sender, source)
    play(permit, replies)
  }

  return { permitFor, transact, send: () => transact({ recipients: [ok], message: ok }) }
}

/** The provider's replies to one transaction; without `message` it ends before. */
export interface Script {
  mail?: string
  recipients?: readonly string[]
  message?: string
  /** Of the header of the message; otherwise the mailbox. */
  from?: readonly string[]
  /** Other lines of its header, and whatever else tells it from another message. */
  more?: readonly string[]
}

export const ok = '250 2.0.0 Fine'

export function play(
  permit: SendPermit,
  { mail = ok, recipients = [], message, from = [mailbox], more = [] }: Script,
): void {
  permit.reserve(Math.max(1, recipients.length))
  hear(permit, mail, 'mail')
  for (const text of recipients) hear(permit, text, 'recipient')
  if (message !== undefined) carry(permit, head(from, more))
  if (message !== undefined) hear(permit, message, 'message')
  permit.end(message === undefined ? 'not-sent' : 'answered')
}

/** The beginning of a message; without `From:` where nobody is in it. */
export function head(from: readonly string[], more: readonly string[] = []): Buffer {
  const author = from.length > 0 ? [`From: ${from.join(', ')}`] : []
  return Buffer.from([...author, ...more, '', 'Hello', ''].join('\r\n'))
}

/** Ends the transaction when its message may not leave, as whoever sends it does. */
function carry(permit: SendPermit, octets: Buffer): void {
  try {
    permit.carry(octets)
  } catch (error) {
    permit.end('not-sent')
    throw error
  }
}

export function hear(permit: SendPermit, text: string, phase: TransactionPhase): boolean {
  return permit.onReply(reply(text), phase)
}

/** `250-2.0.0 one\n250 2.0.0 two` as a reply. */
export function reply(text: string): Reply {
  const [first = '', ...more] = text.split('\n').map((line) => line.slice(4))
  return say(Number(text.slice(0, 3)), first, ...more)
}
