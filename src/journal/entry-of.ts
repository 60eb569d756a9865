import type { JournalDetail, JournalEntry } from '../store/ports.ts'
import { journalEvents } from './events.ts'

/** An entry before it has its id. */
export type NewEntry = Omit<JournalEntry, 'id'>

/** What is to be kept of a line of the log; undefined: nothing. */
export function entryOf(fields: Readonly<Record<string, unknown>>, at: number): NewEntry | undefined {
  const { event, mailbox, login, userName, client, source, by, milliseconds, ...others } = fields
  if (typeof event !== 'string' || !Object.hasOwn(journalEvents, event)) return undefined
  const { kind, outcome } = journalEvents[event] as (typeof journalEvents)[string]
  return {
    at,
    kind,
    event,
    outcome,
    ...textAs('mailbox', mailbox),
    // Lines about a login itself name it by its id as well.
    ...textAs('login', userName ?? login),
    ...textAs('source', client ?? source),
    ...textAs('by', by),
    ...(typeof milliseconds === 'number' && { milliseconds }),
    details: Object.fromEntries(Object.entries(others).filter(isDetail)),
  }
}

function textAs<Name extends string>(name: Name, value: unknown): { [Key in Name]?: string } {
  return (typeof value === 'string' && value !== '' ? { [name]: value } : {}) as { [Key in Name]?: string }
}

function isDetail(pair: [string, unknown]): pair is [string, JournalDetail] {
  const [, value] = pair
  if (Array.isArray(value)) return value.every((one) => typeof one === 'string')
  return ['string', 'number', 'boolean'].includes(typeof value)
}
