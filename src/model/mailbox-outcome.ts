import type { FailureCode, SentenceById } from '../failures/entry.ts'
import type { Address, AddressKey } from './address.ts'
import type { JournalOutcome } from './journal.ts'

/** What came of a message from a mailbox, or of a test of it. */
export interface MailboxOutcome {
  mailbox: Address
  at: number
  tried: TriedThing
  /** `refused`: by the provider, and of this one message. `failed`: no message would have left. */
  outcome: JournalOutcome
  /** The user name of a login. */
  login?: string
  /** Where it was not done. */
  why?: OutcomeReason
}

/** `sign-in`: at the provider, where somebody wanted to know. */
export type TriedThing = 'message' | 'test' | 'sign-in'

/** In English, with what says it in other languages. */
export interface OutcomeReason {
  code?: FailureCode
  message?: string
  fix?: string
  failure?: SentenceById
  /** The provider's own words. */
  said?: string
}

/** With what was before it. */
export interface LastOutcome extends MailboxOutcome {
  mailbox: AddressKey
  /** When something was last sent. */
  sentAt?: number
  /** Since then nothing has been sent that was tried. Absent where the last one was done. */
  failingSince?: number
  /** So many have not been sent since the last that was. */
  failures: number
}
