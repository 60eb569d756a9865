import { isDomainMailbox, printable } from '../base/address.ts'
import { shellWord } from '../base/text.ts'
import { parseSenderPattern } from './sender-policy.ts'
import type { Submitter } from './services.ts'

/**
 * The sentence with the command after which somebody may use a sender that was refused: an API key has no senders of its own, so there it is
 * another login. Undefined for a sender that cannot be named alone: a quoted one, or `*@example.com`, with which a client would have somebody allow
 * a whole domain.
 */
export function howToAllow(
  { login, mailboxes }: Pick<Submitter, 'login' | 'mailboxes'>,
  sender: string,
): string | undefined {
  if (!isNameable(sender)) return undefined
  // A whole domain is no mailbox that another sender could leave through.
  if (mailboxes.length > 0 && mailboxes.every(({ address }) => isDomainMailbox(address))) return undefined
  // What a client sent goes into somebody's terminal: no shell may read more in it than a word.
  const word = shellWord(printable(sender, 254))
  const verb = login === undefined ? `add ${shellWord(mailboxes[0]?.address ?? 'ADDRESS')}` : `allow ${login}`
  return `Allow it with: postern login ${verb} --sender ${word}`
}

function isNameable(sender: string): boolean {
  try {
    return !parseSenderPattern(sender).startsWith('*')
  } catch {
    return false
  }
}
