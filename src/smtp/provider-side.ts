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
import { type ClientState, createTransactionLog, type TransactionLog } from './transaction-log.ts'

interface ProviderSideDeps {
  relay: Relay
  signIns: Pick<SignIns, 'check' | 'authorize' | 'revalidate' | 'loggableName'>
  limits: Pick<Limits, 'wholeLoginSeconds'>
  record: TransactionLog
  /** State of the client that outlives a transaction. */
  client: ClientState
  /** Called when the credentials are verified; the provider is still to be asked. */
  authenticated: () => void
  /** Called before the client gets the positive reply. */
  signedIn: () => void
}

/** What one session asks of sign-ins and relay, and its open transaction. Nothing here rejects. */
export interface ProviderSide {
  /**
   * @param leaving aborted when the answer is no longer needed: by the client side on disconnect,
   * and here when it takes too long
   */
  signIn(next: Next & { do: 'sign-in' }, leaving?: Leaving): Promise<SessionEvent>
  authorize(sender: string): Promise<SessionEvent>
  begin(
    next: Next & { do: 'begin' },
    waiting: Pick<WaitingClient, 'gone' | 'inGroups'>,
  ): Promise<SessionEvent>
  addRecipients(recipients: readonly RecipientCommand[]): Promise<SessionEvent>
  /** Called before the client gets 354. */
  promise(): SessionEvent
  /** @param gone as of `Transaction.send` */
  send(octets: AsyncIterable<Buffer>, gone?: Gone): Promise<MessageOutcome>
  giveUp(): Promise<void>
}

export function createProviderSide(deps: ProviderSideDeps): ProviderSide {
  let transaction: Transaction | undefined
  let message: OutgoingMessage | undefined

  return { signIn, authorize, begin, addRecipients, promise, send, giveUp }

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
      deps.authenticated()
      at = 'proof'
      const [mailbox, ...others] = submitter.mailboxes
      // With several mailboxes, or a whole domain, the mailbox is known only at MAIL.
      const known = mailbox !== undefined && others.length === 0 && !isDomainMailbox(mailbox.address)
      if (known) await deps.relay.verify(mailbox.address)
      return submitter
    }
  }

  async function authorize(sender: string): Promise<SessionEvent> {
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
      // An `await` without need would cost half as much as the check itself.
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
      // Does nothing on a lost connection; after a limit of our own the connection can be used
      // again.
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
      // The permission is checked again, because the transaction may have waited long for a
      // connection or for the client.
      await confirmFor(current, submitter)
      return {
        kind: 'answered',
        reply: await current.send(mendedMessage(octets, submitter, message?.mailbox ?? ''), gone),
      }
    } catch (error) {
      return { kind: 'failed', failure: asFailure(error) }
    }
  }

  /** A message that may no longer be sent ends the transaction. */
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
    // The error is made only when the time is over, because it captures the stack.
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

type WorkDeps = Pick<ProviderSideDeps, 'relay' | 'signIns' | 'limits'> & {
  log: Log
  clock: Clock
  refusals: RefusalLog
}

/**
 * What one sign-in or one transaction needs while it lasts. Most clients are idle and have none.
 */
export interface Work {
  record: TransactionLog
  providerSide: ProviderSide
}

/**
 * Members are named one by one: a spread for each transaction would cost more than everything else
 * here.
 */
export function createWork(
  { log, clock, refusals, relay, signIns, limits }: WorkDeps,
  client: ClientState,
  reached: Pick<ProviderSideDeps, 'authenticated' | 'signedIn'>,
): Work {
  const record = createTransactionLog(log, clock, client, refusals)
  const { authenticated, signedIn } = reached
  const deps = { relay, signIns, limits, record, client, authenticated, signedIn }
  return { record, providerSide: createProviderSide(deps) }
}
