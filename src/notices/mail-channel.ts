import type { Address } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import type { Relay } from '../upstream/relay.ts'
import { isPositive, statusOf } from '../wire/reply.ts'
import type { Channel, Notice } from './notice.ts'

export interface MailChannelNeeds {
  /** A mailbox of postern. */
  from: Address
  to: readonly Address[]
  relay: Pick<Relay, 'begin'>
}

/** A mail through a mailbox of postern, under the same limits as everybody's. */
export function createMailChannel({ from, to, relay }: MailChannelNeeds): Channel {
  return {
    name: 'mail',
    async deliver(notice, id) {
      const message = await compose(notice, { from, to, id })
      const mail = { sender: from, parameters: [] }
      const recipients = to.map((recipient) => ({ recipient, parameters: [] }))
      const { replies, transaction } = await relay.begin(from, mail, recipients, 'postern')
      const refused = replies.find((reply) => !isPositive(reply))
      if (!transaction || replies.every((reply) => !isPositive(reply))) {
        await transaction?.reset()
        throw notTaken(from, refused ? statusOf(refused) : 'no reply')
      }
      const final = await transaction.send(once(message))
      if (!isPositive(final)) throw notTaken(from, statusOf(final))
    },
  }
}

/** The message as a client of SMTP would send it, its dots stuffed (RFC 5321, section 4.5.2). */
async function compose(
  { title, text, consentLink }: Notice,
  { from, to, id }: { from: Address; to: readonly Address[]; id: string },
): Promise<Buffer> {
  // A mail library is needed for this alone.
  const { createTransport } = await import('nodemailer')
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
  const link =
    consentLink && `${consentLink.url.reveal()}\n\nThe link works once, until ${consentLink.expiresAt}.`
  const { message } = await composer.sendMail({
    from: { name: 'postern', address: from },
    to: [...to],
    subject: `postern: ${title}`,
    text: [text, link].filter((part) => part !== undefined).join('\n\n'),
    messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    // RFC 3834, section 5: nobody's vacation answers it.
    headers: { 'Auto-Submitted': 'auto-generated' },
  })
  const whole = Buffer.from(message as Buffer).toString('latin1')
  const ended = whole.endsWith('\r\n') ? whole : `${whole}\r\n`
  return Buffer.from(ended.replace(/^\./gm, '..'), 'latin1')
}

async function* once(message: Buffer): AsyncIterable<Buffer> {
  yield message
}

function notTaken(from: Address, status: string): Failure {
  return new Failure('provider-unavailable', `The notice was not taken from ${from} (${status})`, {
    fix: `Check with "postern mailbox show ${from}" whether it can send, and POSTERN_NOTIFY_MAIL_TO.`,
  })
}
