import type { Clock } from '../base/clock.ts'
import { failure } from '../base/failure.ts'
import { normalForm, printable } from '../base/text.ts'

import {
  type JournalEntry,
  type JournalQuery,
  journalKinds,
  journalOutcomes,
  type SendHour,
} from '../model/journal.ts'
import type { JournalStore } from '../store/ports.ts'
import { firstIdAt } from './entries.ts'
import type {
  Activity,
  ActivityBar,
  ActivitySpan,
  JournalEntryStatus,
  JournalFilters,
  JournalReader,
} from './journal.ts'

const hour = 3_600_000
const spans: Record<ActivitySpan, { bars: number; hours: number }> = {
  day: { bars: 24, hours: 1 },
  week: { bars: 28, hours: 6 },
}

interface JournalReaderDeps {
  store: Pick<JournalStore, 'list' | 'sendHours' | 'outcomes' | 'verify'>
  clock: Pick<Clock, 'now'>
  /** Writes what waits. */
  flush(): Promise<void>
  /** The same. @throws Failure where it could not */
  written(): Promise<void>
}

export function createJournalReader({ store, clock, flush, written }: JournalReaderDeps): JournalReader {
  return {
    written,

    async list(filters) {
      const query = readFilters(filters, clock.now())
      await flush()
      // One more than asked for tells whether there are older ones.
      const found = await store.list({ ...query, limit: query.limit + 1 })
      const entries = found.slice(0, query.limit).map(statusOf)
      const last = entries.at(-1)
      return { entries, ...(found.length > query.limit && last && { next: last.id }) }
    },

    async verify() {
      await flush()
      return store.verify()
    },

    async activity(span) {
      const { bars, hours } = spans[span]
      await flush()
      const width = hours * hour
      const end = clock.now() - (clock.now() % hour) + hour
      const start = end - bars * width
      return { span, hours, bars: barsOf(await store.sendHours(start), { start, bars, width }) }
    },

    async outcomes(mailbox) {
      await flush()
      return store.outcomes(mailbox)
    },
  }
}

function barsOf(
  hours: readonly SendHour[],
  { start, bars, width }: { start: number; bars: number; width: number },
): Activity['bars'] {
  return Array.from({ length: bars }, (_, index): ActivityBar => {
    const since = start + index * width
    const within = hours.filter((one) => one.hour >= since && one.hour < since + width)
    const total = (count: (one: SendHour) => number) => within.reduce((sum, one) => sum + count(one), 0)
    const sent = total((one) => one.sent)
    return {
      since,
      sent,
      refused: total((one) => one.refused + one.failed),
      ...(sent > 0 && { milliseconds: Math.round(total((one) => one.milliseconds) / sent) }),
    }
  })
}

function statusOf({ at, ...entry }: JournalEntry): JournalEntryStatus {
  return { ...entry, at: new Date(at).toISOString() }
}

const usual = 100
const most = 500
const day = 86_400_000

/** @throws Failure `invalid` */
export function readFilters(filters: JournalFilters, now: number): JournalQuery {
  const { mailbox, login, recipient, kind, outcome, since, until, before, after, limit = usual } = filters
  if (!Number.isInteger(limit) || limit < 1 || limit > most) {
    throw failure('journal.no-number', { most })
  }
  const [from, to] = [since && timeOf(since, now), until && (dayOf(until, now, 1) ?? timeOf(until, now))]
  const newest = [before && idOf(before), to && firstIdAt(to + day)].filter((one) => one).sort()[0]
  const oldest = [after && idOf(after), from && firstIdAt(from)]
    .filter((one) => one)
    .sort()
    .at(-1)
  return {
    limit,
    ...(mailbox && { mailbox: mailbox.trim() }),
    ...(login && { login: normalForm(login.trim()) }),
    ...(recipient && { recipient: recipient.trim() }),
    ...(kind && { kind: oneOf(journalKinds, kind) }),
    ...(outcome && { outcome: oneOf(journalOutcomes, outcome) }),
    ...(typeof from === 'number' && { since: from }),
    ...(typeof to === 'number' && { until: to }),
    // By the ids, too, which are in order: a day without entries is found without reading through a
    // million others. They are never earlier than the time of their entry, and later by as much as
    // the clock was set back: up to a day of that is thought of.
    ...(newest && { before: newest }),
    ...(oldest && { after: oldest }),
  }
}

function oneOf<Word extends string>(words: readonly Word[], text: string): Word {
  const word = words.find((one) => one === text)
  if (word !== undefined) return word
  throw failure('journal.filter-unknown', { text: printable(text), words: words.join(', ') })
}

/**
 * The beginning of a day in the zone of this process (`TZ`), in which pages and command show times;
 * undefined for what is no day. `later`: of the day that is so many days behind it.
 */
function dayOf(text: string, now: number, later = 0): number | undefined {
  const date = new Date(now)
  if (text === 'today' || text === 'yesterday')
    return new Date(
      date.getFullYear(),
      date.getMonth(),
      date.getDate() + later - (text === 'today' ? 0 : 1),
    ).getTime()
  const [, year, month, dayOfMonth] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  if (year === undefined || !exists(text)) return undefined
  return new Date(Number(year), Number(month) - 1, Number(dayOfMonth) + later).getTime()
}

const units: Readonly<Record<string, number>> = { m: 60_000, h: hour, d: day }

/** ISO 8601, without a zone in that of this process; a day by its word; or so long ago. */
function timeOf(text: string, now: number): number {
  const [, count, unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  if (count !== undefined) return now - Number(count) * (units[unit] ?? 0)
  const isShaped = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.test(text)
  const time = dayOf(text, now) ?? (isShaped && exists(text.slice(0, 10)) ? Date.parse(text) : Number.NaN)
  if (!Number.isNaN(time)) return time
  throw failure('journal.time-unreadable', { text: printable(text) })
}

/** 31 February would be a day in March. */
function exists(date: string): boolean {
  const time = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date)
}

function idOf(text: string): string {
  if (/^[0-9a-f]{24}$/.test(text)) return text
  throw failure('journal.id-unreadable', { text: printable(text) })
}
