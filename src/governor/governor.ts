import type { Address } from '../base/address.ts'
import type { Failure } from '../base/failure.ts'
import type { ProviderLimits } from '../providers/provider.ts'
import type { Reply } from '../wire/reply.ts'
import type { RecordedSend } from './sliding-window.ts'

/** The governors of all mailboxes, and what they have in common: the state of each registration. */
export interface Governors {
  /**
   * The governor of one mailbox: always the same one for the same address, name and provider. Reads the recipients of the last day from the
   * store, the first time.
   * @param provider as registered now; asked anew each time, because a mailbox may get another one
   * @param name that signs in at the provider, when that is not the mailbox: what is sent counts as its, together with all that it sends for others
   * @throws Failure `store-unavailable`
   */
  of(mailbox: Address, provider: () => GovernedProvider, name?: string): Promise<Governor>
  /** What the governor of this mailbox has to say, for somebody who only looks: none is made for that.
   * @throws Failure `store-unavailable` */
  look(mailbox: Address, provider: GovernedProvider, name?: string): Promise<GovernorState>
  /** Makes room in memory: nobody sends through this mailbox now. What it counted is kept by the store. */
  forget(mailbox: Address, provider: string, name?: string): void
  /** Resolves when all that was counted is stored. */
  close(): Promise<void>
}

export interface GovernedProvider {
  id: string
  limits: ProviderLimits
}

/**
 * What one mailbox may send now, by what its provider allows and by what it has said lately. Whoever asks too fast is told
 * to wait here, before the provider has to: some punish it. What this decides is always `try again later`: only the
 * provider itself refuses for good.
 */
export interface Governor {
  /** Simultaneous connections, now: the provider's cap, lowered for a while after it complained. At least 1. */
  connections(): number
  /** How long until the next message may leave, in milliseconds; 0: now. @param ahead how many leave before it: then the least that it takes */
  delay(ahead?: number): number
  /** A message is about to leave, and takes its place in the rate until it is told that it does not. */
  recordSend(): RecordedSend
  /** Leave for one transaction.
   * @param login who sends, and from which source (absent: postern itself): what the provider refuses from one program is not the others' fault
   * @throws Failure `limit-reached` or `provider-setup`: the provider has refused this sender, this mailbox or the whole registration
   * lately, and another try has to wait. When the wait is over one transaction goes first and finds out. */
  permit(sender: Address | '', login: string, source?: string): SendPermit
  connectBreaker: ConnectBreaker
  /** The mailbox's grant or provider is another: what was said before does not count. Rates and daily counts stay. */
  reset(): void
  state(): GovernorState
}

/** One transaction's way past the governor. */
export interface SendPermit {
  /** Takes so many recipients from what is left of the day.
   * @throws Failure `limit-reached`; nothing is taken then */
  reserve(recipients: number): void
  /** A message is to leave. @param head its beginning, with all of its header where that is not very long
   * @throws Failure `provider-setup`: the provider has refused this program's messages of its kind lately; nothing of it may leave then */
  carry(head: Buffer): void
  /** The provider's reply to MAIL, to one RCPT, or to the end of the message (or to DATA, when it refuses that).
   * True: it asks for quiet, so the same must not be said again on another connection. */
  onReply(reply: Reply, phase: TransactionPhase): boolean
  /** The transaction is over; recipients that were taken and not sent to are given back. `answered`: by the reply to the message that was heard.
   * `unknown`: octets of a message have left, and no reply came. Calling it again does nothing. */
  end(outcome: 'answered' | 'not-sent' | 'unknown'): void
}

export type TransactionPhase = 'mail' | 'recipient' | 'message'

/** Whether a new connection may be opened and signed in. */
export interface ConnectBreaker {
  /** Why none may be opened now. While the provider is being tried again, and when one may look whether it is back: nothing, but see `probing`. */
  blockedBy(): Failure | undefined
  /** After a failure: one opening at a time, until one has succeeded. */
  probing(): boolean
  /** The last one was refused for its set-up: another refusal is not the first. */
  refused(): boolean
  succeeded(): void
  /** One is opened now. */
  begun(): void
  /** @param serving how many connections of this mailbox the provider still serves: with others there, one that it does not
   * give only lowers the number that is allowed, for a while
   * @param stage whom the server refused: any of our connections, or the sign-in of this mailbox; `token`: it was not asked; `mail`:
   * it let the mailbox in, and then took no mail at all */
  failed(failure: Failure, serving: number, stage?: OpeningStage): void
}

/** How far an opening had come when it failed. */
export type OpeningStage = 'token' | 'connection' | 'sign-in' | 'mail'

/** For people. Times in milliseconds since 1970. */
export interface GovernorState {
  /** Simultaneous connections: allowed now, and by the provider's data. */
  connections: { allowed: number; limit: number }
  messagesLastMinute: number
  messagesPerMinute?: number
  /** Over the last 24 hours, to the hour. */
  recipientsLastDay: number
  recipientsPerDay?: number
  /** The day is used up: when there is room again. */
  recipientsRoomAt?: number
  pauses: readonly Pause[]
}

/** Something is not tried for a while. */
export interface Pause {
  about: 'mailbox' | 'sender' | 'program' | 'registration' | 'sign-in'
  /** About a sender: which. About a program: what it sends as, where only that is meant. */
  sender?: Address
  /** About a program: whose, and from where (absent: postern itself). */
  login?: string
  source?: string
  since: number
  /** Then one try finds out. In the past: that try is due, or under way. */
  until: number
  /** A full sentence without anything secret, at most 300 characters. */
  reason: string
  /** The provider's own words, where it said some: cut, on one line. */
  said?: string
  /** One imperative sentence. */
  fix?: string
}
