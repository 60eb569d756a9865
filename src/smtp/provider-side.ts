import { type Gone, GoneController } from '../base/async.ts'
import type { Clock } from '../base/clock.ts'
import { asFailure, failure } from '../base/failure.ts'
import type { Log } from '../base/log.ts'
import type { SignIns } from '../credentials/sign-ins.ts'
import type { LimitedProgram } from '../governor/governor.ts'
import type { OutgoingMessage, Submitter } from '../mailboxes/sender-policy.ts'
import { isDomainMailbox } from '../model/address.ts'
import type { Limits } from '../model/limits.ts'
import type { SendingLimits } from '../model/sending-limits.ts'
import { sourceOf } from '../net/ip.ts'
import type { MessageOctets, Relay, Transaction, WaitingClient } from '../upstream/relay.ts'
import type { Hold } from '../upstream/submission.ts'
import type { RecipientCommand } from '../wire/envelope.ts'
import { mendedMessage } from './mending.ts'
import type { RefusalLog } from './refusal-log.ts'
import type { MessageOutcome, Next, SessionEvent } from './session-events.ts'
import { type ClientState, createTransactionLog, type TransactionLog } from './transaction-log.ts'

interface ProviderSideDeps {
  relay: Relay
  signIns: Pick<SignIns, 'check' | 'authorize' | 'revalidate' | 'limitsOf' | 'loggable'>
  limits: Pick<Limits, 'wholeLoginSeconds'>
  record: TransactionLog
  /** State of the client that outlives a transaction. */
  client: ClientState
  /** Called when the credentials are verified; the provider is still to be asked. */
  authenticated: (submitter: Submitter) => void
  /** Called before the client gets the positive reply. */
  signedIn: () => void
  /** Takes what a person has to approve first; `approved`: one has. Absent: it is refused. */
  hold?: Hold | 'approved' | undefined
}

/** What one session asks of sign-ins and relay, and its open transaction. Nothing here rejects. */
export interface ProviderSide {
  /**
   * @param leaving aborted when the answer is no longer needed: by the client side on disconnect,
   * and here when it takes too long
   */
  signIn(next: Next & { do: 'sign-in' }, leaving?: GoneController): Promise<SessionEvent>
  authorize(sender: string): Promise<SessionEvent>
  begin(
    next: Next & { do: 'begin' },
    waiting: Pick<WaitingClient, 'gone' | 'inGroups' | 'tap'>,
  ): Promise<SessionEvent>
  addRecipients(recipients: readonly RecipientCommand[]): Promise<SessionEvent>
  /** Called before the client gets 354. */
  promise(): SessionEvent
  /** @param gone as of `Transaction.send` */
  send(octets: MessageOctets, gone?: Gone): Promise<MessageOutcome>
  giveUp(): Promise<void>
}

export function createProviderSide(deps: ProviderSideDeps): ProviderSide {
  return new HeldTransaction(deps)
}

/** A class, because each sign-in and each transaction has one. */
class HeldTransaction implements ProviderSide {
  readonly #deps: ProviderSideDeps
  #transaction: Transaction | undefined
  #message: OutgoingMessage | undefined

  constructor(deps: ProviderSideDeps) {
    this.#deps = deps
  }

  async signIn(next: Next & { do: 'sign-in' }, leaving = new GoneController()): Promise<SessionEvent> {
    let at: 'sign-in' | 'proof' = 'sign-in'
    const checkAndProve = async (): Promise<Submitter> => {
      const submitter = await this.#deps.signIns.check(next.credentials, this.#deps.client.address, leaving)
      this.#deps.authenticated(submitter)
      at = 'proof'
      const [mailbox, ...others] = submitter.mailboxes
      // With several mailboxes, or a whole domain, the mailbox is known only at MAIL.
      const known = mailbox !== undefined && others.length === 0 && !isDomainMailbox(mailbox.address)
      if (known) await this.#deps.relay.verify(mailbox)
      return submitter
    }
    try {
      const { wholeLoginSeconds } = this.#deps.limits
      const submitter = await within(wholeLoginSeconds, checkAndProve(), leaving)
      this.#deps.client.submitter = submitter
      this.#deps.signedIn()
      this.#deps.record.signedIn(submitter)
      return { kind: 'signed-in', submitter }
    } catch (error) {
      const failure = asFailure(error)
      this.#deps.record.signInRefused(this.#deps.signIns.loggable(next.credentials.userName), failure)
      return { kind: 'failed', failure, at }
    }
  }

  async authorize(sender: string): Promise<SessionEvent> {
    try {
      const submitter = await this.#deps.signIns.authorize(sender, this.#deps.client.address)
      this.#deps.client.submitter = submitter
      this.#deps.signedIn()
      this.#deps.record.admitted(submitter)
      return { kind: 'signed-in', submitter }
    } catch (error) {
      const failure = asFailure(error)
      this.#deps.record.admissionRefused(sender, failure)
      return { kind: 'failed', failure, at: 'admission' }
    }
  }

  async begin(
    next: Next & { do: 'begin' },
    { gone, inGroups, tap }: Pick<WaitingClient, 'gone' | 'inGroups' | 'tap'>,
  ): Promise<SessionEvent> {
    const spent = this.#deps.record.begun(next.mailbox.address, next.mail.sender, next.givenSender)
    this.#deps.record.asked(next.recipients)
    try {
      const { mailbox, mail, givenSender } = next
      this.#message = { mailbox, sender: mail.sender, givenSender }
      const submitter = this.#whoSends()
      const unsure = this.#deps.signIns.revalidate(submitter, this.#message, this.#deps.client.address)
      // An `await` without need would cost half as much as the check itself.
      if (unsure !== undefined) await unsure
      const source = sourceOf(this.#deps.client.address).key
      const limits = this.#deps.signIns.limitsOf(submitter)
      const begun =
        limits?.needsApproval && this.#deps.hold !== 'approved'
          ? await this.#hold(next, submitter)
          : await this.#deps.relay.begin(next.mailbox, next.mail, next.recipients, submitter.userName, {
              source,
              gone,
              inGroups,
              tap,
              spent,
              program: limits && limitedProgram(submitter, limits),
            })
      this.#transaction = begun.transaction
      this.#deps.record.recipients(begun.replies)
      return { kind: 'recipients-answered', replies: begun.replies, open: this.#transaction !== undefined }
    } catch (error) {
      if (gone.aborted) this.#deps.record.givenUp()
      return this.#failed(error)
    }
  }

  /** Whoever has to wait for a person sends nothing where there is nobody to wait for. */
  #hold({ mailbox, mail, givenSender, recipients }: Next & { do: 'begin' }, submitter: Submitter) {
    const { hold, client } = this.#deps
    if (hold === undefined || hold === 'approved') throw failure('approval.nowhere')
    return hold({ submitter, source: client.address, mailbox, mail, givenSender, recipients })
  }

  async addRecipients(recipients: readonly RecipientCommand[]): Promise<SessionEvent> {
    try {
      this.#deps.record.asked(recipients)
      if (this.#transaction === undefined) throw failure('sending.no-transaction-for-recipients')
      const replies = await this.#transaction.recipients(recipients)
      this.#deps.record.recipients(replies)
      return { kind: 'recipients-answered', replies, open: true }
    } catch (error) {
      const current = this.#transaction
      this.#transaction = undefined
      // Does nothing on a lost connection; after a limit of our own the connection can be used
      // again.
      await current?.reset()
      return this.#failed(error)
    }
  }

  #failed(error: unknown): SessionEvent {
    const failure = asFailure(error)
    this.#deps.record.failed(failure)
    return { kind: 'failed', failure, at: 'transaction' }
  }

  promise(): SessionEvent {
    try {
      if (this.#transaction === undefined) throw failure('sending.no-transaction')
      this.#transaction.promise()
      return { kind: 'promised' }
    } catch (error) {
      this.#transaction = undefined
      return this.#failed(error)
    }
  }

  async send(octets: MessageOctets, gone?: Gone): Promise<MessageOutcome> {
    const current = this.#transaction
    this.#transaction = undefined
    try {
      if (current === undefined) throw failure('sending.no-transaction-for-message')
      const submitter = this.#whoSends()
      // The permission is checked again, because the transaction may have waited long for a
      // connection or for the client.
      const { mailbox } = await this.#confirmFor(current, submitter)
      return {
        kind: 'answered',
        reply: await current.send(mendedMessage(octets, submitter, mailbox), gone),
      }
    } catch (error) {
      return { kind: 'failed', failure: asFailure(error) }
    }
  }

  /** The message to send. One that may no longer be sent ends the transaction. */
  async #confirmFor(current: Transaction, submitter: Submitter): Promise<OutgoingMessage> {
    try {
      if (this.#message === undefined) throw failure('sending.no-message')
      await this.#deps.signIns.revalidate(submitter, this.#message, this.#deps.client.address)
      return this.#message
    } catch (refusal) {
      await current.reset()
      throw refusal
    }
  }

  #whoSends(): Submitter {
    const { submitter } = this.#deps.client
    if (submitter === undefined) throw failure('sending.no-submitter')
    return submitter
  }

  async giveUp(): Promise<void> {
    const current = this.#transaction
    this.#transaction = undefined
    this.#deps.record.givenUp()
    await current?.reset()
  }
}

/** What counts messages and recipients knows a program by this. */
export function limitedProgram(
  { userName, login, apiKey }: Submitter,
  limits: SendingLimits,
): LimitedProgram | undefined {
  if (limits.messagesPerHour === undefined && limits.recipientsPerDay === undefined) return undefined
  return { id: login === undefined ? `api-key ${apiKey}` : `login ${login}`, name: userName, limits }
}

async function within<Value>(seconds: number, task: Promise<Value>, leaving: GoneController): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    // The error is made only when the time is over, because it captures the stack.
    const late = () => {
      reject(failure('sign-in.too-slow', { seconds }))
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

type WorkDeps = Pick<ProviderSideDeps, 'relay' | 'signIns' | 'limits' | 'hold'> & {
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
  { log, clock, refusals, relay, signIns, limits, hold }: WorkDeps,
  client: ClientState,
  reached: Pick<ProviderSideDeps, 'authenticated' | 'signedIn'>,
): Work {
  const record = createTransactionLog(log, clock, client, refusals)
  const { authenticated, signedIn } = reached
  const deps = { relay, signIns, limits, hold, record, client, authenticated, signedIn }
  return { record, providerSide: createProviderSide(deps) }
}
