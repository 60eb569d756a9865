import { type Address, covers, isDomainMailbox, parseAddress, printable } from '../../base/address.ts'
import { Failure } from '../../base/failure.ts'
import { howToAllow } from '../../mailboxes/allowing-command.ts'
import { mailboxForSender } from '../../mailboxes/sender-policy.ts'
import type { LoginStatus } from '../../mailboxes/services.ts'
import type { Rehearse } from '../../upstream/rehearse.ts'
import { type Fields, one } from './form-fields.ts'
import type { ShownStep } from './test-message-page.ts'

/** What a form for a test message asks for. @throws Failure `invalid` */
export function testMessageOf(mailbox: Address, fields: Fields): { from: Address; to: Address } {
  const from = isDomainMailbox(mailbox) ? parseAddress(one(fields, 'from')?.trim() ?? '') : mailbox
  if (isDomainMailbox(mailbox) && !covers(mailbox, from))
    throw new Failure('invalid', `${printable(from)} is no address of ${mailbox}`, {
      fix: 'Give a sender of that domain.',
    })
  const to = parseAddress(one(fields, 'to')?.trim() ?? '')
  for (const address of [from, to]) {
    if (/[^\x20-\x7e]/.test(address) || isDomainMailbox(address))
      throw new Failure('invalid', `"${printable(address)}" cannot get or send a test message`, {
        fix: 'Give one address of ASCII characters.',
      })
  }
  return { from, to }
}

/** The steps of a test message: first whether the login may send so, where one was named. */
export async function* testSteps(
  { from, to }: { from: Address; to: Address },
  login: LoginStatus | 'gone' | undefined,
  rehearse: Rehearse,
): AsyncGenerator<ShownStep> {
  if (login === 'gone' || (login && login.state !== 'active')) {
    const fix = 'Go back, load the page of the mailbox again, and choose another login.'
    yield { step: 'login', failure: new Failure('wrong-credentials', 'This login has ended', { fix }) }
    return
  }
  if (login) {
    const mailboxes = login.mailboxes.map((address) => ({ address, aliases: [] }))
    const verdict = mailboxForSender({ ...login, mailboxes }, from)
    if (!verdict.allowed) {
      const fix = howToAllow({ login: login.id, mailboxes }, from)
      const about = fix === undefined ? {} : { fix }
      yield { step: 'login', failure: new Failure('sender-refused', `${verdict.reason}.`, about) }
      return
    }
    yield { step: 'login', said: login.userName }
  }
  yield* rehearse(from, to)
}
