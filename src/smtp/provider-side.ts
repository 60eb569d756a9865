import { isDomainMailbox } from '../base/address.ts'
import { type Gone, Leaving } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { asFailure, Failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { Limits } from '../config/config.ts'
import type { SignIns } from '../credentials/sign-ins.ts'
import type { OutgoingMessage, Submitter } from '../mailboxes/sender-policy.ts'
import { sourceOf } from '../net/ip.ts'
import type { Credentials } from '../sasl/exchange.ts'
import type { Relay, Transaction, WaitingClient } from '../upstream/relay.ts'
import type { RecipientCommand } from '../wire/envelope.ts'
import { mendedMessage } from './mending.ts'
import type { RefusalLog } from './refusal-log.ts'
import type { MessageOutcome, Next, SessionEvent } from './session-events.ts'
import { createTransactionLog, type KnownClient, type TransactionLog } from './transaction-log.ts'

interface ProviderSideOptions {
  relay: Relay
  signIns: Pick<SignIns, 'check' | 'authorize' | 'revalidate' | 'loggableName'>
  limits: Pick<Limits, 'wholeLoginSeconds'>
  record: TransactionLog
  /** What the session knows from one transaction to the next. */
  client: KnownClient
  /** Called as soon as it is known who the client is: what is left is to ask the provider. */
  proven: () => void
  /** Called before the client hears that it is signed in, or let in without a password. */
  signedIn: () => void
}

/** What one session asks of logins and relay, and the transaction that it holds meanwhile. Nothing here rejects. */
export interface ProviderSide {
  /** @param leaving aborted when nobody waits for the answer any more: by the client's side when it goes, and here when it takes too long */
  signIn(next: Next & { do: 'sign-in' }, leaving?: Leaving): Promise<SessionEvent>
  admit(sender: string): Promise<SessionEvent>
  begin(
    next: Next & { do: 'begin' },
    waiting: Pick<WaitingClient, 'gone' | 'inGroups'>,
  ): Promise<SessionEvent>
  addRecipients(recipients: readonly RecipientCommand[]): Promise<SessionEvent>
  /** Before the client is promised that its message will be taken. */
  promise(): SessionEvent
  /** @param gone as of `Transaction.send` */
  send(octets: AsyncIterable<Buffer>, gone?: Gone): Promise<MessageOutcome>
  giveUp(): Promise<void>
}

export function createProviderSide(deps: ProviderSideOptions): ProviderSide {
  let transaction: Transaction | undefined
  let message: OutgoingMessage | undefined

  return { signIn, admit, begin, addRecipients, promise, send, giveUp }

  async function signIn(next: Next & { do: 'sign-in' }, leaving = new Leaving()): Promise<SessionEvent> {
    let at: 'sign-in' | 'proof' = 'sign-in'
    try {
      const { wholeLoginSeconds } = deps.limits
      const submitter = await within(wholeLoginSeconds, checkAndProve(next.credentials), leaving)
      deps.client.submitter = submitter
      deps.signedIn()
      deps.record.signedIn(submitter)
      return { kind: 'signed-in', submitter }
    } catch (error) {
      const failure = asFailure(error)
      deps.record.signInRefused(deps.signIns.loggableName(next.credentials.userName), failure)
      return { kind: 'failed', failure, at }
    }

    async function checkAndProve(credentials: Credentials): Promise<Submitter> {
      const submitter = await deps.signIns.check(credentials, deps.client.address, leaving)
      deps.proven()
      at = 'proof'
      const [mailbox, ...others] = submitter.mailboxes
      // With several mailboxes, or a whole domain, nobody knows yet through which one the mail will leave.
      const known = mailbox !== undefined && others.length === 0 && !isDomainMailbox(mailbox.address)
      if (known) await deps.relay.verify(mailbox.address)
      return submitter
    }
  }

  async function admit(sender: string): Promise<SessionEvent> {
    try {
      const submitter = await deps.signIns.authorize(sender, deps.client.address)
      deps.client.submitter = submitter
      deps.signedIn()
      deps.record.admitted(submitter)
      return { kind: 'signed-in', submitter }
    } catch (error) {
      const failure = asFailure(error)
      deps.record.admissionRefused(sender, failure)
      return { kind: 'failed', failure, at: 'admission' }
    }
  }

  async function begin(
    next: Next & { do: 'begin' },
    { gone, inGroups }: Pick<WaitingClient, 'gone' | 'inGroups'>,
  ): Promise<SessionEvent> {
    deps.record.begun(next.mailbox, next.mail.sender, next.givenSender)
    try {
      const { mailbox, mail, givenSender } = next
      message = { mailbox, sender: mail.sender, givenSender }
      const submitter = whoSends()
      const unsure = deps.signIns.revalidate(submitter, message, deps.client.address)
      // Waiting for nothing would cost every message half of what asking does.
      if (unsure !== undefined) await unsure
      const source = sourceOf(deps.client.address).key
      const begun = await deps.relay.begin(next.mailbox, next.mail, next.recipients, submitter.userName, {
        source,
        gone,
        inGroups,
      })
      transaction = begun.transaction
      deps.record.recipients(begun.replies)
      return { kind: 'recipients-answered', replies: begun.replies, open: transaction !== undefined }
    } catch (error) {
      if (gone.aborted) deps.record.givenUp()
      return failed(error)
    }
  }

  async function addRecipients(recipients: readonly RecipientCommand[]): Promise<SessionEvent> {
    try {
      if (transaction === undefined)
        throw new Failure('internal', 'There is no transaction to add recipients to')
      const replies = await transaction.recipients(recipients)
      deps.record.recipients(replies)
      return { kind: 'recipients-answered', replies, open: true }
    } catch (error) {
      const current = transaction
      transaction = undefined
      // A connection that was lost has ended already; after a limit of ours it is as good as before.
      await current?.reset()
      return failed(error)
    }
  }

  function failed(error: unknown): SessionEvent {
    const failure = asFailure(error)
    deps.record.failed(failure)
    return { kind: 'failed', failure, at: 'transaction' }
  }

  function promise(): SessionEvent {
    try {
      if (transaction === undefined) throw new Failure('internal', 'There is no transaction to go on with')
      transaction.promise()
      return { kind: 'promised' }
    } catch (error) {
      transaction = undefined
      return failed(error)
    }
  }

  async function send(octets: AsyncIterable<Buffer>, gone?: Gone): Promise<MessageOutcome> {
    const current = transaction
    transaction = undefined
    try {
      if (current === undefined) throw new Failure('internal', 'There is no transaction for this message')
      const submitter = whoSends()
      // Since it began somebody may have waited long: for a connection, or for what the client has to say.
      await confirmFor(current, submitter)
      return {
        kind: 'answered',
        reply: await current.send(mendedMessage(octets, submitter, message?.mailbox ?? ''), gone),
      }
    } catch (error) {
      return { kind: 'failed', failure: asFailure(error) }
    }
  }

  /** One that may not be sent any more ends the transaction. */
  async function confirmFor(current: Transaction, submitter: Submitter): Promise<void> {
    try {
      if (message !== undefined) await deps.signIns.revalidate(submitter, message, deps.client.address)
    } catch (refusal) {
      await current.reset()
      throw refusal
    }
  }

  function whoSends(): Submitter {
    const { submitter } = deps.client
    if (submitter === undefined) throw new Failure('internal', 'There is nobody to send a message for')
    return submitter
  }

  async function giveUp(): Promise<void> {
    const current = transaction
    transaction = undefined
    deps.record.givenUp()
    await current?.reset()
  }
}

async function within<Value>(seconds: number, task: Promise<Value>, leaving: Leaving): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    // Made only when it is late: an error reads the whole stack.
    const late = () => {
      reject(new Failure('provider-unavailable', `The sign-in took longer than ${seconds} seconds`))
      leaving.abort()
    }
    timer = setTimeout(late, seconds * 1000)
  })
  try {
    return await Promise.race([task, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

type WorkOptions = Pick<ProviderSideOptions, 'relay' | 'signIns' | 'limits'> & {
  log: Log
  clock: Clock
  refusals: RefusalLog
}

/** What one sign-in or one transaction needs while it lasts. Most clients are silent, and have none. */
export interface Work {
  record: TransactionLog
  providerSide: ProviderSide
}

/** Parts are named one by one, here and below: a spread for each transaction would cost more than all the rest of it. */
export function createWork(
  { log, clock, refusals, relay, signIns, limits }: WorkOptions,
  client: KnownClient,
  reached: Pick<ProviderSideOptions, 'proven' | 'signedIn'>,
): Work {
  const record = createTransactionLog(log, clock, client, refusals)
  const { proven, signedIn } = reached
  const options = { relay, signIns, limits, record, client, proven, signedIn }
  return { record, providerSide: createProviderSide(options) }
}
