import { printable } from '../base/address.ts'
import { shellWord } from '../base/shell-word.ts'
import type { Submitter } from './services.ts'

/** The command after which somebody may use a sender that was refused: an API key has no senders of its own, so there it is another login. */
export function allowingCommand(
  { login, mailboxes }: Pick<Submitter, 'login' | 'mailboxes'>,
  sender: string,
): string {
  // What a client sent goes into somebody's terminal: no shell may read more in it than a word.
  const word = shellWord(printable(sender, 254))
  if (login !== undefined) return `postern login allow ${login} --sender ${word}`
  return `postern login add ${mailboxes[0]?.address ?? 'ADDRESS'} --sender ${word}`
}
