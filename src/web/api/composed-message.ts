import { createTransport } from 'nodemailer'
import { operations } from '../../api/operations.ts'
import { printable } from '../../base/text.ts'
import { isMailbox, withLeastQuoting } from '../../wire/envelope.ts'
import { addressList, type ListedAddress } from '../../wire/header-addresses.ts'
import { InvalidInput, readInput } from './api-route.ts'

/*
 * A message that a program describes as JSON, composed. Loaded with the first of them: nothing else
 * of the API needs a mail library.
 */

interface ComposedMessage {
  messageId: string | undefined
  sender: string
  recipients: string[]
  /** Lines end in CRLF. */
  octets: Buffer
}

/** Nothing of a file or of another server comes in, whatever stands in the message. */
const composing = {
  buffer: true,
  newline: 'windows',
  disableFileAccess: true,
  disableUrlAccess: true,
} as const

/** @throws InvalidInput with every mistake */
export async function composeMessage(input: unknown): Promise<ComposedMessage> {
  const asked = readInput(operations['POST /messages'].body, input)
  const listed = {
    from: listOf('from', asked.from),
    to: listOf('to', asked.to),
    cc: listOf('cc', asked.cc),
    bcc: listOf('bcc', asked.bcc),
    replyTo: listOf('replyTo', asked.replyTo),
  }
  const [from, ...more] = listed.from
  if (from === undefined || more.length > 0)
    throw new InvalidInput([{ member: 'from', message: 'must be one address' }])
  const composer = createTransport({ streamTransport: true, ...composing })
  const { message: composed, messageId } = await composer.sendMail({
    ...{ from, to: listed.to, cc: listed.cc },
    ...(listed.replyTo.length > 0 && { replyTo: listed.replyTo }),
    subject: asked.subject ?? '',
    ...(asked.html === undefined || asked.text !== undefined ? { text: asked.text ?? '' } : {}),
    ...(asked.html !== undefined && { html: asked.html }),
    headers: asked.headers ?? {},
    attachments: (asked.attachments ?? []).map(({ name, type, content, cid }) => ({
      ...(name === undefined ? { filename: false as const } : { filename: name }),
      ...(type !== undefined && { contentType: type }),
      ...(cid !== undefined && { cid }),
      content,
    })),
  })
  const { to, cc, bcc } = listed
  return {
    messageId,
    sender: from.address,
    recipients: [...to, ...cc, ...bcc].map((one) => one.address),
    octets: Buffer.from(composed as Buffer),
  }
}

/** @throws InvalidInput for what is no address */
function listOf(member: string, given: string | readonly string[] = []): ListedAddress[] {
  const listed = [given].flat().flatMap((text) => addressList(text))
  const wrong = listed.filter(({ address }) => !isMailbox(address))
  if (wrong.length > 0)
    throw new InvalidInput(
      wrong.map(({ name, address }) => ({
        member,
        message: `${printable(address || name, 100)} is no address`,
      })),
    )
  return listed.map(({ name, address }) => ({ name, address: withLeastQuoting(address) }))
}
