import { domainMailbox } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import type { JournalEntry, JournalStore, SendHour } from '../store/ports.ts'
import { readFilters } from './read-filters.ts'
import type { Activity, ActivityBar, ActivitySpan, JournalEntryStatus, JournalReader } from './service.ts'

const hour = 3_600_000
const spans: Record<ActivitySpan, { bars: number; hours: number }> = {
  day: { bars: 24, hours: 1 },
  week: { bars: 28, hours: 6 },
}

export interface JournalReaderNeeds {
  store: Pick<JournalStore, 'list' | 'sendHours' | 'lastSends'>
  clock: Pick<Clock, 'now'>
  /** Writes what waits. */
  flush(): Promise<void>
}

export function createJournalReader({ store, clock, flush }: JournalReaderNeeds): JournalReader {
  return {
    async list(filters) {
      const query = readFilters(filters)
      await flush()
      // One more than asked for tells whether there are older ones.
      const found = await store.list({ ...query, limit: query.limit + 1 })
      const entries = found.slice(0, query.limit).map(statusOf)
      const last = entries.at(-1)
      return { entries, ...(found.length > query.limit && last && { next: last.id }) }
    },

    async activity(span) {
      const { bars, hours } = spans[span]
      await flush()
      const width = hours * hour
      const end = clock.now() - (clock.now() % hour) + hour
      const start = end - bars * width
      return { span, hours, bars: barsOf(await store.sendHours(start), { start, bars, width }) }
    },

    async lastSends() {
      await flush()
      const sends = withDomains(await store.lastSends())
      return new Map([...sends].map(([key, at]) => [key, new Date(at).toISOString()]))
    },
  }
}

/** A mailbox that is a whole domain last sent when any address of it did. */
function withDomains(sends: ReadonlyMap<string, number>): Map<string, number> {
  const all = new Map(sends)
  for (const [key, at] of sends) {
    const domain = domainMailbox(key) ?? key
    all.set(domain, Math.max(all.get(domain) ?? 0, at))
  }
  return all
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
