import type { Address } from './address.ts'

export const journalKinds = ['send', 'sign-in', 'token', 'consent', 'change', 'trouble'] as const

export type JournalKind = (typeof journalKinds)[number]

export const journalOutcomes = ['done', 'refused', 'failed'] as const

export type JournalOutcome = (typeof journalOutcomes)[number]

/** Something that happened. Never what was in a message, nor a secret. */
export interface JournalEntry {
  /** Sorts as it happened; of its own among all processes. */
  id: string
  at: number
  kind: JournalKind
  /** Of `journalEvents`. */
  event: string
  outcome: JournalOutcome
  mailbox?: Address
  /** The user name of a login, or what took its place at the sign-in. */
  login?: string
  /** What people call that login today; not kept with the entry. */
  loginName?: string
  /** Address of the client. */
  source?: string
  /** Who did it, where it was done by a person or a program. */
  by?: string
  /** From the first recipient to the end of it. */
  milliseconds?: number
  /** Of a message, as far as they are kept: those that were refused first. */
  recipients?: readonly JournalRecipient[]
  details: Readonly<Record<string, JournalDetail>>
}

/** Which recipients the journal keeps: all, only their domains, those who did not get the message, or how many. */
export const keptRecipients = ['yes', 'domains', 'refused', 'no'] as const

export type KeptRecipients = (typeof keptRecipients)[number]

export interface JournalRecipient {
  /** An address, or its domain where no more is kept. */
  address: string
  /** What the provider said where it refused this recipient by itself. */
  code?: number
  reply?: string
}

export type JournalDetail = string | number | boolean | readonly string[]

/** All that are given must hold. */
export interface JournalQuery {
  /** An address, `*@` and a domain, or a part of an address. */
  mailbox?: string
  /** A user name, an id, or what people call the login; a part of a name, if that is nobody's. */
  login?: string
  /** Of an address. */
  recipient?: string
  kind?: JournalKind
  outcome?: JournalOutcome
  /** At or after. */
  since?: number
  /** Before. */
  until?: number
  /** Older than this entry. */
  before?: string
  /** Newer than this entry. */
  after?: string
  limit: number
}

/** Sends of one hour. */
export interface SendHour {
  /** Its first millisecond. */
  hour: number
  sent: number
  refused: number
  failed: number
  /** Of those that were sent, together. */
  milliseconds: number
}

/** What came of following the chain of all entries. */
export interface JournalVerdict {
  /** So many were looked at. */
  entries: number
  /** The time of the oldest of them. */
  since?: number
  /** Empty: nothing was changed, removed, added or moved. */
  faults: readonly JournalFault[]
}

export type JournalFault =
  /** What it says, or where it stands, is not what was written. */
  | { what: 'changed'; id: string }
  /** It stands behind entries that were removed, so that nothing can be said of it. */
  | { what: 'unproven'; id: string }
  /** Entries were removed: before this one, or at the end. */
  | { what: 'missing'; entries: number; before?: string }
  /** Entries were written by something else than postern, outside of the chain. */
  | { what: 'added'; entries: number }
  /** Where the chain begins and ends was changed; found at this time, or now. */
  | { what: 'ends-changed'; at?: number }
