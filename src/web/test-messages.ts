import { Failure, failure } from '../base/failure.ts'
import type { Actor } from '../base/log.ts'
import { printable, userNameKey } from '../base/text.ts'
import type { LoginStatus, Logins } from '../credentials/logins.ts'
import { mailboxForSender, refusalWithAdvice } from '../mailboxes/sender-policy.ts'
import { type Address, addressKey, covers, isDomainMailbox, keyed, parseAddress } from '../model/address.ts'
import type { SendTestMessage, StepOutcome, TestMessageStep } from '../upstream/test-message.ts'

/** A step of a test message: of the delivery, or the check of the login before it. */
export type ShownStep = Omit<StepOutcome, 'step'> & { step: TestMessageStep | 'login' }

export interface TestMessage {
  from: Address
  to: Address
}

/**
 * The message that somebody asks for; what they leave out is the mailbox itself.
 * @throws Failure `invalid`
 */
export function testMessageOf(
  mailbox: Address,
  asked: { from?: string | undefined; to?: string | undefined },
): TestMessage {
  const from = isDomainMailbox(mailbox) ? parseAddress(asked.from?.trim() ?? '') : mailbox
  if (isDomainMailbox(mailbox) && !covers(mailbox, from))
    throw failure('page.sender-of-other-domain', { sender: printable(from), mailbox })
  const to = asked.to === undefined ? from : parseAddress(asked.to.trim())
  for (const address of [from, to]) {
    if (/[^\x20-\x7e]/.test(address) || isDomainMailbox(address))
      throw failure('page.test-address', { address: printable(address) })
  }
  return { from, to }
}

interface TestDeps {
  logins: Pick<Logins, 'list'>
  sendTestMessage: SendTestMessage
  by: Actor
}

/**
 * The steps of a test message: first whether the login may use the sender, if one was chosen.
 * @param as id or user name of a login; absent: postern itself
 */
export async function* testSteps(
  { from, to }: TestMessage,
  as: string | undefined,
  { logins, sendTestMessage, by }: TestDeps,
): AsyncGenerator<ShownStep> {
  const login = as === undefined ? undefined : await loginOf(from, as, logins)
  if (as !== undefined && login?.state !== 'active') {
    yield { step: 'login', failure: failure('page.login-ended') }
    return
  }
  if (login) {
    const mailboxes = login.mailboxes.map((address) => ({ ...keyed(address), aliases: [] }))
    const verdict = mailboxForSender({ ...login, mailboxes, senders: login.senders.map(addressKey) }, from)
    if (!verdict.allowed) {
      const refusal = refusalWithAdvice(verdict.refusal, { login: login.id, mailboxes }, from)
      yield { step: 'login', failure: new Failure(refusal) }
      return
    }
    yield { step: 'login', said: login.userName }
  }
  yield* sendTestMessage(from, to, { by, login: login?.userName })
}

async function loginOf(
  from: Address,
  as: string,
  logins: Pick<Logins, 'list'>,
): Promise<LoginStatus | undefined> {
  const key = userNameKey(as)
  const all = await logins.list()
  const named = all.filter(({ id, userName }) => id === as || userNameKey(userName) === key)
  const own = named.filter(({ mailboxes }) => mailboxes.some((mailbox) => covers(mailbox, from)))
  return [...own, ...named].find(({ state }) => state === 'active') ?? named[0]
}
