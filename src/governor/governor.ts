import type { Failure, SentenceById } from '../base/failure.ts'
import type { Address, AddressKey } from '../model/address.ts'
import type { SendingLimits } from '../model/sending-limits.ts'
import type { ProviderLimits } from '../providers/provider.ts'
import type { TransactionPhase } from '../providers/reply-class.ts'
import type { Reply } from '../wire/reply.ts'

/**
 * The face of this room. The governors of all mailboxes, and what they share: the state of each
 * registration.
 */
export interface Governors {
  /**
   * The governor of one mailbox: always the same one for the same address, name and provider. The
   * first call reads the recipients of the last day from the store.
   * @param provider as registered now; called anew each time, because a mailbox may move to another
   * one
   * @param name that signs in at the provider, when that is not the mailbox: sends count as this
   * name's, together with everything else that it sends
   * @throws Failure `store-unavailable`
   */
  of(mailbox: Address, provider: () => GovernedProvider, name?: string): Promise<Governor>
  /**
   * The state of this mailbox's governor, without making one.
   * @throws Failure `store-unavailable`
   */
  look(mailbox: Address, provider: GovernedProvider, name?: string): Promise<GovernorState>
  /**
   * What holds this mailbox back now, from memory: asks the store nothing.
   */
  pauses(mailbox: AddressKey, provider: string, name: string): Promise<readonly Pause[]>
  /** Drops the governor of a mailbox that nothing sends through now. The store keeps its counts. */
  forget(mailbox: Address, provider: string, name?: string): void
  /**
   * What a program with limits of its own may send.
   * @throws Failure `store-unavailable`
   */
  program(program: LimitedProgram): Promise<ProgramBounds>
  /** Where other processes have a part of the budgets. Absent: there is one process. */
  readonly sharing?: ConnectionSharing | undefined
  /** Resolves when all counts are stored. */
  close(): Promise<void>
}

/** A login or an API key that has limits of its own. */
export interface LimitedProgram {
  /** `login ID` or `api-key ID`. */
  id: string
  /** For people. */
  name: string
  limits: SendingLimits
}

/** What a program may send now, whatever its mailbox may. */
export interface ProgramBounds {
  /** The permit of one transaction, bound by the program's limits as well. It has to end. */
  over(permit: SendPermit): SendPermit
  use(): ProgramUse
  /** Why one message more to so many recipients could not leave now. Nothing is counted. */
  wouldRefuse(recipients: number): Promise<Failure | undefined>
}

/** How much of its limits is used. Times in milliseconds since 1970. */
export interface ProgramUse {
  messagesLastHour?: number
  messagesPerHour?: number
  /** When there is room again. Absent while there is room. */
  messagesRoomAt?: number
  recipientsLastDay?: number
  recipientsPerDay?: number
  recipientsRoomAt?: number
}

/** How connections are used: what this process does not need, it gives up for others. */
export interface ConnectionSharing {
  /** @param users of an account (provider and name that signs in): those that have its connections */
  usedBy(users: (account: string) => readonly ConnectionUser[]): void
  /** One of the account's users has opened or closed a connection, or needs another number of them. */
  changed(account: string): void
}

/** Whoever opens connections, as the others see it that the provider counts together with it. */
export interface ConnectionUser {
  /** How many connections it holds, including those that are being opened or closed. */
  held(): number
  /** The same without those that are being closed. */
  serving(): number
  /** How many it needs. */
  needed(): number
  /** How many messages wait. */
  waiting(): number
  /**
   * Gives up an idle connection, or reclaims one from a silent client. True: there will be room.
   */
  yieldOne(): boolean
  /** There may be room, or less than there was. */
  look(): void
}

export interface GovernedProvider {
  id: string
  limits: ProviderLimits
}

/**
 * What one mailbox may send now, by its provider's limits and by the provider's recent replies. A
 * client that is too fast waits here, because some providers punish what they have to refuse. The
 * governor only ever answers `try again later`: the provider alone refuses for good.
 */
export interface Governor {
  /**
   * How many simultaneous connections are allowed now: the provider's limit, lowered for a while
   * after it complained. At least 1; where several processes share it, what this one has of it.
   */
  connections(): number
  /**
   * How long until the next message may leave, in milliseconds; 0: now.
   * @param ahead how many messages leave before it; the result is the shortest wait then
   */
  delay(ahead?: number): number
  /** A message is about to leave. It counts for the rate unless it is undone. */
  recordSend(): RecordedSend
  /**
   * Permits one transaction.
   * @param sender of the envelope; empty for the null sender
   * @param login who sends, and from which source (absent: postern itself): the provider's refusals
   * of one program do not stop the others
   * @throws Failure `limit-reached` or `provider-setup`: the provider has refused this sender, this
   * mailbox or the whole registration lately. When the wait is over, one transaction goes first as
   * a probe.
   */
  permit(sender: string, login: string, source?: string): SendPermit
  connectBreaker: ConnectBreaker
  /**
   * The mailbox's grant or provider has changed: earlier refusals do not count. Rates and daily
   * counts stay.
   */
  reset(): void
  state(): GovernorState
}

/** A message that counts for the rate. */
export interface RecordedSend {
  /** It leaves only now: it counts from this moment. */
  sentNow(): void
  /** It does not leave: it counts no longer. */
  undo(): void
}

/** The permit of one transaction. */
export interface SendPermit {
  /**
   * Reserves so many of the recipients that are left of the day.
   * @throws Failure `limit-reached`; nothing is reserved then
   * @returns where other processes may give them up: reserves them as soon as they have, or throws
   * the same
   */
  reserve(recipients: number): (() => Promise<void>) | undefined
  /**
   * Checks a message before it leaves.
   * @param head its beginning, with all of its header unless that is very long
   * @throws Failure `provider-setup`: the provider has refused such messages of this program
   * lately; nothing of it may leave then
   */
  carry(head: Buffer): void
  /**
   * Takes note of the provider's reply to MAIL, to one RCPT, or to the end of the message (or to
   * DATA, when that is refused).
   * True: the provider asks for less, so the command must not be repeated on another connection.
   */
  onReply(reply: Reply, phase: TransactionPhase): boolean
  /**
   * The transaction is over; recipients that were reserved and not sent to are given back.
   * `answered`: as the reply to the message said. `unknown`: octets of a message have left, and no
   * reply came. Further calls do nothing.
   */
  end(outcome: 'answered' | 'not-sent' | 'unknown'): void
}

/** Whether a new connection may be opened and signed in. */
export interface ConnectBreaker {
  /**
   * Why no connection may be opened now. Undefined also while the provider is tried again, or a
   * look is due: see `probing`.
   */
  blockedBy(): Failure | undefined
  /** After a failure: one attempt at a time, until one has succeeded. */
  probing(): boolean
  /** The last attempt was refused for its set-up, so the next refusal is not the first. */
  refused(): boolean
  succeeded(): void
  /** An attempt begins. */
  begun(): void
  /**
   * An attempt failed.
   * @param serving how many connections of this mailbox the provider still serves. With others
   * open, a failure only lowers the allowed number for a while.
   * @param stage what was refused. `token`: the server was not asked; `connection`: any connection
   * of ours; `sign-in`: this mailbox; `mail`: the sign-in was accepted, and then no mail at all.
   */
  failed(failure: Failure, serving: number, stage?: OpeningStage): void
}

/** How far an attempt had come when it failed. */
export type OpeningStage = 'token' | 'connection' | 'sign-in' | 'mail'

/** For pages, API and command. Times in milliseconds since 1970. */
export interface GovernorState {
  /** Simultaneous connections: allowed now, and the provider's limit. */
  connections: { allowed: number; limit: number }
  messagesLastMinute: number
  messagesPerMinute?: number
  /** Over the last 24 hours, to the hour. */
  recipientsLastDay: number
  recipientsPerDay?: number
  /** When there is room again. Absent while there is room. */
  recipientsRoomAt?: number
  pauses: readonly Pause[]
}

/** A time during which something is not tried. */
export interface Pause {
  about: 'mailbox' | 'sender' | 'program' | 'registration' | 'sign-in'
  /**
   * About a sender: its address. About a program: the sender that it uses, if only that is meant.
   */
  sender?: string
  /** About a program: its login and its source (absent: postern itself). */
  login?: string
  source?: string
  since: number
  /** When one try finds out. In the past: that try is due, or under way. */
  until: number
  /** A full sentence without secrets, at most 300 characters. */
  reason: string
  /** The provider's own words, if any: cut, on one line. */
  said?: string
  /** One imperative sentence. */
  fix?: string
  /** The reason by its id, for other languages. */
  failure?: SentenceById
}
