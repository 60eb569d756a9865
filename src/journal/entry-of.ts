import type { JournalDetail, JournalEntry } from '../store/ports.ts'
import { journalEvents } from './events.ts'

/** An entry before it has its id. */
export type NewEntry = Omit<JournalEntry, 'id'>

type Mutable = { -readonly [Name in keyof NewEntry]: NewEntry[Name] } & {
  details: Record<string, JournalDetail>
}

/**
 * What is to be kept of a line of the log; undefined: nothing. Put together field by field: each message comes through here, and objects that are spread and
 * filtered cost several times as much.
 */
export function entryOf(fields: Readonly<Record<string, unknown>>, at: number): NewEntry | undefined {
  const { event } = fields
  if (typeof event !== 'string' || !Object.hasOwn(journalEvents, event)) return undefined
  const { kind, outcome } = journalEvents[event] as (typeof journalEvents)[string]
  const entry: Mutable = { at, kind, event, outcome, details: {} }
  for (const name of Object.keys(fields)) setField(entry, name, fields[name])
  return entry
}

function setField(entry: Mutable, name: string, value: unknown): void {
  switch (name) {
    case 'event':
      return
    case 'mailbox':
    case 'by':
      if (isText(value)) entry[name] = value
      return
    // Lines about a login itself name it by its id as well.
    case 'userName':
      if (isText(value)) entry.login = value
      return
    case 'login':
      if (isText(value)) entry.login ??= value
      return
    case 'client':
    case 'source':
      if (isText(value)) entry.source = value
      return
    case 'milliseconds':
      if (typeof value === 'number') entry.milliseconds = value
      return
    default:
      if (isDetail(value)) entry.details[name] = value
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isDetail(value: unknown): value is JournalDetail {
  if (Array.isArray(value)) return value.every((one) => typeof one === 'string')
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
