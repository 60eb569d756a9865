import type { Transaction } from 'kysely'
import type { Clock } from '../base/clock.ts'
import { userNameKey } from '../base/text.ts'
import { type AddressKey, addressKey, domainMailbox, isDomainMailbox } from '../model/address.ts'
import type { JournalEntry, JournalQuery, SendHour } from '../model/journal.ts'
import { type Database, nullsToAbsent } from './database.ts'
import { chained, type JournalChain, sweepChain, verifyChain } from './journal-chain.ts'
import type { JournalStore } from './ports.ts'
import type { JournalTable, Tables } from './tables.ts'

const hourMilliseconds = 3_600_000
/** Of one statement: SQLite takes 32,766 values in one. */
const rowsAtOnce = 500

export function createJournalStore(
  database: Database,
  chain: JournalChain,
  clock: Pick<Clock, 'now'>,
): JournalStore {
  return {
    add: (entries) =>
      database.change(async (tables) => {
        const rows = await chained(tables, chain, entries.map(rowOf), clock.now())
        for (let from = 0; from < rows.length; from += rowsAtOnce)
          await tables
            .insertInto('journal')
            .values(rows.slice(from, from + rowsAtOnce))
            .execute()
        for (const hour of sendHoursOf(entries)) await addHour(tables, hour)
        for (const [key, at] of lastSendsOf(entries)) await setLastSend(tables, key, at)
      }),

    async list(query) {
      const found = await database.read(async (tables) => {
        const logins = query.login === undefined ? [] : await spellingsOf(tables, query.login)
        return await selection(tables, query, logins).execute()
      })
      return found.map(entryOf)
    },

    sendHours: (since) =>
      database.read((tables) =>
        tables.selectFrom('send_hours').selectAll().where('hour', '>=', since).orderBy('hour').execute(),
      ),

    async lastSends() {
      const found = await database.read((tables) => tables.selectFrom('last_sends').selectAll().execute())
      return new Map(found.map(({ mailbox_key, at }) => [mailbox_key, at]))
    },

    sweep: (before, most) =>
      database.change(async (tables) => {
        await tables.deleteFrom('last_sends').where('at', '<', before).execute()
        await tables.deleteFrom('send_hours').where('hour', '<', before).execute()
        return sweepChain(tables, chain, { before, most, now: clock.now() })
      }),

    verify: () => verifyChain(database, chain),
  }
}

/** Entries name a login as it is called; who asks may write it in another case. */
async function spellingsOf(tables: Readable, login: string): Promise<string[]> {
  const key = userNameKey(login)
  const found = await tables
    .selectFrom('logins')
    .select('user_name')
    .distinct()
    .where('user_name_key', '=', key)
    .execute()
  return [...new Set([login, ...found.map(({ user_name }) => user_name)])]
}

type Readable = Pick<Transaction<Tables>, 'selectFrom'>

function selection(tables: Readable, query: JournalQuery, logins: readonly string[]) {
  const { mailbox, login, kind, outcome, since, until, before, after, limit } = query
  let chosen = tables.selectFrom('journal').selectAll().orderBy('id', 'desc').limit(limit)
  if (mailbox !== undefined) {
    const column = isDomainMailbox(mailbox) ? 'mailbox_domain' : 'mailbox_key'
    chosen = chosen.where(column, '=', addressKey(mailbox))
  }
  if (login !== undefined) chosen = chosen.where('login', 'in', logins)
  if (kind !== undefined) chosen = chosen.where('kind', '=', kind)
  if (outcome !== undefined) chosen = chosen.where('outcome', '=', outcome)
  if (since !== undefined) chosen = chosen.where('at', '>=', since)
  if (until !== undefined) chosen = chosen.where('at', '<', until)
  if (before !== undefined) chosen = chosen.where('id', '<', before)
  if (after !== undefined) chosen = chosen.where('id', '>', after)
  return chosen
}

function addHour(tables: Transaction<Tables>, hour: SendHour) {
  return tables
    .insertInto('send_hours')
    .values(hour)
    .onConflict((on) =>
      on.column('hour').doUpdateSet((by) => ({
        sent: by('send_hours.sent', '+', hour.sent),
        refused: by('send_hours.refused', '+', hour.refused),
        failed: by('send_hours.failed', '+', hour.failed),
        milliseconds: by('send_hours.milliseconds', '+', hour.milliseconds),
      })),
    )
    .execute()
}

function setLastSend(tables: Transaction<Tables>, key: AddressKey, at: number) {
  return tables
    .insertInto('last_sends')
    .values({ mailbox_key: key, at })
    .onConflict((on) => on.column('mailbox_key').doUpdateSet({ at }))
    .execute()
}

/** What is counted of sends, by the hour. */
function sendHoursOf(entries: readonly JournalEntry[]): SendHour[] {
  const hours = new Map<number, SendHour>()
  for (const { kind, at, outcome, milliseconds = 0 } of entries) {
    if (kind !== 'send') continue
    const hour = at - (at % hourMilliseconds)
    const count = hours.get(hour) ?? { hour, sent: 0, refused: 0, failed: 0, milliseconds: 0 }
    hours.set(hour, count)
    if (outcome === 'done') {
      count.sent += 1
      count.milliseconds += milliseconds
    } else count[outcome] += 1
  }
  return [...hours.values()]
}

/** What all addresses of a domain have in common: `*@example.com`. */
function domainKey(key: AddressKey): AddressKey {
  return domainMailbox(key) ?? key
}

function lastSendsOf(entries: readonly JournalEntry[]): Map<AddressKey, number> {
  const sends = entries.filter(({ kind, outcome }) => kind === 'send' && outcome === 'done')
  return new Map(
    sends.flatMap(({ mailbox, at }) => (mailbox === undefined ? [] : [[addressKey(mailbox), at]])),
  )
}

function rowOf(entry: JournalEntry): Omit<JournalTable, 'place' | 'mark'> {
  const { id, at, kind, event, outcome, mailbox } = entry
  const key = mailbox === undefined ? null : addressKey(mailbox)
  return {
    id,
    at,
    kind,
    event,
    outcome,
    mailbox_key: key,
    mailbox_domain: key === null ? null : domainKey(key),
    login: entry.login ?? null,
    source: entry.source ?? null,
    done_by: entry.by ?? null,
    milliseconds: entry.milliseconds ?? null,
    details: JSON.stringify(entry.details),
  }
}

function entryOf(row: JournalTable): JournalEntry {
  const { id, at, event, mailbox_key: mailbox, login, source, done_by: by, milliseconds } = row
  return {
    id,
    at,
    kind: row.kind as JournalEntry['kind'],
    event,
    outcome: row.outcome as JournalEntry['outcome'],
    ...nullsToAbsent({ mailbox, login, source, by, milliseconds }),
    details: JSON.parse(row.details),
  }
}
