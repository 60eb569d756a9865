import { type ApprovalsDeps, createApprovals } from '../../src/approvals/create-approvals.ts'
import { lazy } from '../../src/base/async.ts'
import type { Clock } from '../../src/base/clock.ts'
import type { Failure } from '../../src/base/failure.ts'
import { silentLog } from '../../src/base/log.ts'
import { keyed } from '../../src/model/address.ts'
import type { HeldMessageStore } from '../../src/store/ports.ts'
import type { ApprovedMessage, SendApproved } from '../../src/upstream/submission.ts'
import { say } from '../../src/wire/reply.ts'
import { defaultLimits } from './default-limits.ts'

interface TestApprovalsDeps extends Partial<Omit<ApprovalsDeps, 'held' | 'clock'>> {
  held(): Promise<HeldMessageStore>
  clock: Pick<Clock, 'now'>
}

/** Approvals over a real store, whose provider takes everything, unless told otherwise. */
export function createTestApprovals({ held, ...deps }: TestApprovalsDeps) {
  const sent: ApprovedMessage['message'][] = []
  /** What happens instead, once each. */
  const trouble: Failure[] = []
  const send: SendApproved = async (approved) => {
    const failed = trouble.shift()
    if (failed) throw failed
    return takesAll(sent)(approved)
  }
  const opened = lazy(async () =>
    createApprovals({
      send,
      limits: defaultLimits,
      publicUrl: new URL('http://localhost:8587'),
      keyedHash: (purpose, value) =>
        Buffer.from(`${purpose} ${value}`.padEnd(32, '.')).toString('base64url').slice(0, 43),
      isAlone: true,
      onNews() {},
      log: silentLog,
      ...deps,
      held: await held(),
    }),
  )
  return { opened, sent, trouble, waiting: async () => (await opened()).waiting() }
}

export function takesAll(sent: ApprovedMessage['message'][] = []): SendApproved {
  return async ({ message, octets, leaving }) => {
    await leaving()
    for await (const part of octets) void part
    sent.push(message)
    return {
      mailbox: message.envelope.mailbox,
      recipients: message.envelope.recipients.map(({ recipient }) => ({
        recipient,
        reply: say(250, '2.1.5 OK'),
      })),
      reply: say(250, '2.0.0 Ok: queued as 4F5A6B'),
    }
  }
}

const usual = 'From: Me <me@example.com>\r\nSubject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\nwhat it says\r\n'

/** Hands in a message as a client whose login needs approval does. Gives its id. */
export async function holdMessage(
  approvals: Pick<Awaited<ReturnType<ReturnType<typeof createTestApprovals>['opened']>>, 'hold'>,
  {
    text = usual,
    recipients = ['you@example.net'],
    login = 'agent',
    apiKey,
  }: { text?: string; recipients?: string[]; login?: string; apiKey?: string } = {},
): Promise<string> {
  const mailbox = { ...keyed('me@example.com'), aliases: [] }
  const { transaction } = await approvals.hold({
    submitter: {
      userName: login,
      ...(apiKey === undefined ? { login } : { apiKey }),
      mailboxes: [mailbox],
      senders: [],
      rewriteSender: false,
      limits: { needsApproval: true },
    },
    source: '192.0.2.7',
    mailbox,
    mail: { sender: mailbox.address, parameters: [] },
    recipients: recipients.map((recipient) => ({ recipient, parameters: [] })),
  })
  const reply = await transaction?.send(octetsOf(text))
  return reply?.held ?? ''
}

async function* octetsOf(text: string): AsyncGenerator<Buffer> {
  const octets = Buffer.from(text)
  for (let from = 0; from < octets.length; from += 1000) yield octets.subarray(from, from + 1000)
}
