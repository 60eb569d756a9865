import type { MailCommand, RecipientCommand } from '../../src/wire/envelope.ts'

export const mail: MailCommand = { sender: 'me@example.com', parameters: [] }

export function to(...recipients: string[]): RecipientCommand[] {
  return recipients.map((recipient) => ({ recipient, parameters: [] }))
}

/** A message in the given pieces. */
export async function* message(...pieces: string[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield Buffer.from(piece, 'latin1')
}
