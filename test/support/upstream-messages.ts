import { keyed } from '../../src/model/address.ts'
import type { Relay, Transaction } from '../../src/upstream/relay.ts'
import type { MailCommand, RecipientCommand } from '../../src/wire/envelope.ts'
import { mailbox } from './relay-stage.ts'

export const mail: MailCommand = { sender: 'me@example.com', parameters: [] }

export function to(...recipients: string[]): RecipientCommand[] {
  return recipients.map((recipient) => ({ recipient, parameters: [] }))
}

/** A message in the given pieces. */
export async function* message(...pieces: string[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield Buffer.from(piece, 'latin1')
}

/** 72 octets. */
export const line = `${'0123456789'.repeat(7)}\r\n`

/** A transaction with one recipient. @param login who sends */
export async function begin(relay: Relay, login = 'printer', from = mailbox): Promise<Transaction> {
  const envelope = from === mailbox ? mail : { ...mail, sender: from }
  const { transaction } = await relay.begin(keyed(from), envelope, to('a@example.com'), login)
  if (!transaction) throw new Error('the envelope was refused')
  return transaction
}
