import type { AddressKey } from '../model/address.ts'
import type { JournalEntry, JournalVerdict } from '../model/journal.ts'
import type { LastOutcome } from '../model/mailbox-outcome.ts'

/** What the web server and the command may ask of the journal. Made by `createJournal`. */
export interface JournalReader {
  /**
   * The newest first. Everything that has happened by then is there.
   * @throws Failure `invalid` (a filter, with what to do)
   */
  list(filters: JournalFilters): Promise<JournalPage>
  /** Sends by the time, the oldest first. */
  activity(span: ActivitySpan): Promise<Activity>
  /**
   * Everything that has happened by then is written, durably.
   * @throws Failure `store-unavailable` and what else keeps the store from it
   */
  written(): Promise<void>
  /** Whether all entries are there, as they were written and in their order. */
  verify(): Promise<JournalVerdict>
  /** As `JournalStore.outcomes`, with everything that has happened by then. */
  outcomes(mailbox?: AddressKey): Promise<LastOutcome[]>
}

/** As people and programs write them. All that are given must hold; empty ones are not given. */
export interface JournalFilters {
  /** An address or a part of one; `*@` and a domain for all of that. */
  mailbox?: string
  /** A user name, or what people call the login; a part of either, if that is nobody's. */
  login?: string
  /** An address, or a part of one. */
  recipient?: string
  kind?: string
  outcome?: string
  /** ISO 8601 date, or date and time: at or after. */
  since?: string
  /** ISO 8601 date (all of that day), or date and time: before. */
  until?: string
  /** The id of an entry: older than it. */
  before?: string
  /** The id of an entry: newer than it. */
  after?: string
  /** 1 to 500; otherwise 100. */
  limit?: number
}

export interface JournalPage {
  entries: readonly JournalEntryStatus[]
  /** There are older ones: give it as `before`. */
  next?: string
}

/** An entry as pages, API and command show it. Field names are the API's. */
export interface JournalEntryStatus extends Omit<JournalEntry, 'at'> {
  /** ISO 8601. */
  at: string
}

export const activitySpans = ['day', 'week'] as const
export type ActivitySpan = (typeof activitySpans)[number]

export interface Activity {
  span: ActivitySpan
  /** Of each bar. */
  hours: number
  bars: readonly ActivityBar[]
}

export interface ActivityBar {
  /** Its first millisecond. */
  since: number
  sent: number
  /** By the provider, and those that failed. */
  refused: number
  /** Average of those that were sent; absent: there were none. */
  milliseconds?: number
}
