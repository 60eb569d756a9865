import { createHmac } from 'node:crypto'
import { setImmediate as turnOfOthers } from 'node:timers/promises'
import type { CompiledQuery, Kysely, Transaction } from 'kysely'
import type { Clock } from '../base/clock.ts'
import type { Secret } from '../base/secret.ts'
import { userNameKey, withoutCase } from '../base/text.ts'
import {
  type Address,
  type AddressKey,
  addressKey,
  domainMailbox,
  isDomainMailbox,
} from '../model/address.ts'
import type {
  JournalEntry,
  JournalFault,
  JournalOutcome,
  JournalQuery,
  JournalRecipient,
  JournalVerdict,
  SendHour,
} from '../model/journal.ts'
import type { LastOutcome, MailboxOutcome } from '../model/mailbox-outcome.ts'
import { type Database, escaped, isLike, nullsToAbsent } from './database.ts'
import { deriveKey } from './hash-root.ts'
import { sql } from './kysely.ts'
import type { JournalStore } from './ports.ts'
import { isSame } from './row-marks.ts'
import type { JournalChainTable, JournalTable, MailboxOutcomesTable, Tables } from './tables.ts'

const hourMilliseconds = 3_600_000
/** Of one reading. */
const rowsAtOnce = 500

export function createJournalStore(
  database: Database,
  chain: JournalChain,
  clock: Pick<Clock, 'now'>,
): JournalStore {
  const insert = createInsertion()
  /** The end as this process has written it; undefined where it is not known what was written. */
  let end: Walk | undefined

  return {
    async add(entries, outcomes = []) {
      const known = end
      end = undefined
      end = await database.change(async (tables) => {
        const rows = await chained(tables, chain, entries.map(rowOf), { known, now: clock.now() })
        await insert(tables, rows)
        for (const hour of sendHoursOf(entries)) await addHour(tables, hour)
        for (const last of lastOutcomesOf(outcomes)) await setOutcome(tables, last)
        return rows.at(-1) ?? known
      })
    },

    async list(query) {
      const rows =
        query.recipient === undefined
          ? await database.read((tables) => rowsFor(tables, query))
          : await searched(database, query)
      return database.read(async (tables) => {
        const names = await loginNames(tables, rows)
        return rows.map((row) => entryOf(row, names))
      })
    },

    sendHours: (since) =>
      database.read((tables) =>
        tables.selectFrom('send_hours').selectAll().where('hour', '>=', since).orderBy('hour').execute(),
      ),

    async outcomes(mailbox) {
      const found = await database.read((tables) => {
        const all = tables.selectFrom('mailbox_outcomes').selectAll()
        if (mailbox === undefined) return all.execute()
        const column = isDomainMailbox(mailbox) ? 'mailbox_domain' : 'mailbox_key'
        return all.where(column, '=', mailbox).execute()
      })
      return found.map(outcomeOf)
    },

    sweep: (before, most) =>
      database.change(async (tables) => {
        await tables.deleteFrom('mailbox_outcomes').where('at', '<', before).execute()
        await tables.deleteFrom('send_hours').where('hour', '<', before).execute()
        return sweepChain(tables, chain, { before, most, now: clock.now() })
      }),

    async oldest() {
      const times = await database.read(async (tables) => {
        // A sweep begins with the one that was written first.
        const entry = await tables
          .selectFrom('journal')
          .select('at')
          .orderBy('place')
          .limit(1)
          .executeTakeFirst()
        const hour = await tables
          .selectFrom('send_hours')
          .select(({ fn }) => fn.min('hour').as('at'))
          .executeTakeFirst()
        const outcome = await tables
          .selectFrom('mailbox_outcomes')
          .select(({ fn }) => fn.min('at').as('at'))
          .executeTakeFirst()
        return [entry?.at, hour?.at, outcome?.at]
      })
      const known = times.flatMap((at) => (at === undefined || at === null ? [] : [Number(at)]))
      return known.length === 0 ? undefined : Math.min(...known)
    },

    verify: () => verifyChain(database, chain),
  }
}

const columns = [
  'id',
  'at',
  'kind',
  'event',
  'outcome',
  'mailbox_key',
  'mailbox_domain',
  'login',
  'source',
  'done_by',
  'milliseconds',
  'details',
  'mailboxes',
  'recipients',
  'recipient_replies',
  'place',
  'mark',
] as const satisfies readonly (keyof JournalTable)[]

/** Rows of one statement, the most first. */
const statementSizes = [100, 10, 1]

/**
 * Writes rows by statements of a few sizes, each built and compiled once: for every message that is
 * sent there is a row, and building it anew takes as long as writing it.
 */
function createInsertion() {
  const compiled = new Map<number, CompiledQuery>()

  function statementFor(tables: Transaction<Tables>, size: number): CompiledQuery {
    const known = compiled.get(size)
    if (known) return known
    const row = Object.fromEntries(columns.map((column) => [column, ''])) as unknown as JournalTable
    const built = tables
      .insertInto('journal')
      .values(Array.from({ length: size }, () => row))
      .compile()
    compiled.set(size, built)
    return built
  }

  return async (tables: Transaction<Tables>, rows: readonly JournalTable[]): Promise<void> => {
    for (let from = 0; from < rows.length; ) {
      const size = statementSizes.find((one) => one <= rows.length - from) ?? 1
      const parameters: unknown[] = []
      for (const row of rows.slice(from, from + size))
        for (const column of columns) parameters.push(row[column])
      await tables.executeQuery({ ...statementFor(tables, size), parameters })
      from += size
    }
  }
}

type Readable = Kysely<Tables>

/** So many rows with recipients are looked through at a time: a million in one go would hold up everybody who sends mail. */
const searchedAtOnce = 10_000

/** What a query for a recipient finds. There is no index of parts of addresses, so all are looked through, the newest first. */
async function searched(database: Database, query: JournalQuery): Promise<JournalTable[]> {
  const found: JournalTable[] = []
  let { before } = query
  for (;;) {
    const last = await database.read((tables) => lastOfSearch(tables, before))
    const isEnd = last === undefined || (query.after !== undefined && last <= query.after)
    const range = { ...(before !== undefined && { before }), ...(!isEnd && { after: last }) }
    const asked = { ...query, ...range, limit: query.limit - found.length }
    found.push(...(await database.read((tables) => rowsFor(tables, asked))))
    if (isEnd || found.length >= query.limit) return found
    // Right behind it in the order of ids, which all have the same length.
    before = `${last}0`
    await turnOfOthers()
  }
}

/** Where to stop, from `before` on; undefined: nowhere, there are no more than are looked through at a time. */
async function lastOfSearch(tables: Readable, before: string | undefined): Promise<string | undefined> {
  let chosen = tables
    .selectFrom('journal')
    .select('id')
    .where('recipients', 'is not', null)
    .orderBy('id', 'desc')
    .offset(searchedAtOnce)
    .limit(1)
  if (before !== undefined) chosen = chosen.where('id', '<', before)
  return (await chosen.executeTakeFirst())?.id
}

async function rowsFor(tables: Readable, query: JournalQuery): Promise<JournalTable[]> {
  const logins = query.login === undefined ? undefined : await userNamesOf(tables, query.login)
  const { mailbox, outcome, limit } = query
  const alternatives: (readonly Narrow[])[] = []
  if (mailbox !== undefined) alternatives.push(mailboxFilters(mailbox, await mailboxKeys(tables, mailbox)))
  if (outcome !== undefined) alternatives.push(outcomeFilters(outcome))
  const found = new Map<string, JournalTable>()
  // One after the other: each is found by an index of its own, which all at once would not be.
  for (const narrow of everyWay(alternatives))
    for (const row of await narrow(selection(tables, query, logins)).execute()) found.set(row.id, row)
  const inOrder = [...found.values()].sort((left, right) => (left.id < right.id ? 1 : -1))
  return inOrder.slice(0, limit)
}

/** Every choice of one of each. */
function everyWay([first, ...others]: readonly (readonly Narrow[])[]): Narrow[] {
  if (first === undefined) return [(chosen) => chosen]
  return everyWay(others).flatMap((rest) =>
    first.map(
      (one): Narrow =>
        (chosen) =>
          one(rest(chosen)),
    ),
  )
}

/** A message that was sent, but not to all, was refused for somebody. */
function outcomeFilters(outcome: JournalOutcome): Narrow[] {
  const itself: Narrow = (chosen) => chosen.where('outcome', '=', outcome)
  if (outcome !== 'refused') return [itself]
  return [itself, (chosen) => chosen.where('recipient_replies', 'is not', null)]
}

/** Entries name a login as it signs in; who asks may write that in another case, or what people call it. */
async function userNamesOf(tables: Readable, login: string): Promise<string[]> {
  const all = tables.selectFrom('logins').select('user_name').distinct()
  const part = `%${escaped(login)}%`
  for (const chosen of [
    all.where('user_name_key', '=', userNameKey(login)),
    all.where('id', '=', login),
    all.where(isLike('name', escaped(login))),
    all.where((by) => by.or([isLike('user_name', part), isLike('name', part)])),
  ]) {
    const found = await chosen.execute()
    if (found.length > 0) return [...new Set([login, ...found.map(({ user_name }) => user_name)])]
  }
  return [login]
}

/** By user name: the one that is not revoked, or one that was. */
async function loginNames(tables: Readable, rows: readonly JournalTable[]): Promise<Map<string, string>> {
  const userNames = [...new Set(rows.flatMap(({ login }) => login ?? []))]
  if (userNames.length === 0) return new Map()
  const found = await tables
    .selectFrom('logins')
    .select(['user_name', 'name', 'revoked_at'])
    .where('user_name', 'in', userNames)
    .orderBy('created_at')
    .execute()
  const inOrder = [
    ...found.filter((one) => one.revoked_at !== null),
    ...found.filter((one) => one.revoked_at === null),
  ]
  return new Map(inOrder.map(({ user_name, name }) => [user_name, name]))
}

/** Those that entries are about: this one, or all whose address has this part. From one to the next by the index. */
async function mailboxKeys(tables: Readable, mailbox: string): Promise<AddressKey[]> {
  const text = withoutCase(mailbox)
  const found = await sql<{ key: AddressKey }>`
    with recursive keys(key) as (
      select min(mailbox_key) from journal
      union all
      select (select min(mailbox_key) from journal where mailbox_key > key) from keys where key is not null
    )
    select key from keys where ${isLike('key', `%${escaped(text)}%`)}`.execute(tables)
  const keys = found.rows.map(({ key }) => key)
  return keys.some((key) => key === text) ? [text as AddressKey] : keys
}

type Selection = ReturnType<typeof selection>
type Narrow = (chosen: Selection) => Selection

/** Entries about a mailbox are those about it alone, and those that name it among others. */
function mailboxFilters(mailbox: string, keys: readonly AddressKey[]): [about: Narrow, among: Narrow] {
  const text = withoutCase(mailbox)
  const among = (pattern: string): Narrow => {
    return (chosen) => chosen.where('mailboxes', 'is not', null).where(isLike('mailboxes', pattern))
  }
  if (isDomainMailbox(text)) {
    const about: Narrow = (chosen) => chosen.where('mailbox_domain', '=', text as AddressKey)
    return [about, among(`%${escaped(text.slice(1))}\n%`)]
  }
  const pattern = keys[0] === text ? `%\n${escaped(text)}\n%` : `%${escaped(text)}%`
  // PostgreSQL knows no empty list, and no key is empty.
  const some = keys.length > 0 ? keys : ['' as AddressKey]
  return [(chosen) => chosen.where('mailbox_key', 'in', some), among(pattern)]
}

/** Addresses, and domains where no more than that was kept of them. */
function recipientPatterns(recipient: string): string[] {
  const written = JSON.stringify(recipient).slice(1, -1)
  const domain = recipient.slice(recipient.indexOf('@') + 1)
  return recipient.includes('@') && domain !== ''
    ? [`%${escaped(written)}%`, `%"${escaped(domain)}"%`]
    : [`%${escaped(written)}%`]
}

function selection(tables: Readable, query: JournalQuery, logins: readonly string[] | undefined) {
  const { recipient, kind, since, until, before, after, limit } = query
  let chosen = tables.selectFrom('journal').selectAll().orderBy('id', 'desc').limit(limit)
  if (logins !== undefined) chosen = chosen.where('login', 'in', logins)
  if (recipient !== undefined) {
    const patterns = recipientPatterns(recipient)
    chosen = chosen
      .where('recipients', 'is not', null)
      .where((by) => by.or(patterns.map((pattern) => isLike('recipients', pattern))))
  }
  if (kind !== undefined) chosen = chosen.where('kind', '=', kind)
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

/** Failures since the last that was done are counted on where none of these was. */
function setOutcome(tables: Transaction<Tables>, { last, isNewCount }: Counted) {
  const { mailbox_key, mailbox_domain, sent_at, ...values } = outcomeRowOf(last)
  return tables
    .insertInto('mailbox_outcomes')
    .values({ mailbox_key, mailbox_domain, sent_at, ...values })
    .onConflict((on) =>
      on.column('mailbox_key').doUpdateSet((by) => ({
        ...values,
        ...(sent_at !== null && { sent_at }),
        ...(!isNewCount && {
          failing_since: by.fn.coalesce('mailbox_outcomes.failing_since', by.val(values.failing_since)),
          failures: by('mailbox_outcomes.failures', '+', values.failures),
        }),
      })),
    )
    .execute()
}

interface Counted {
  last: LastOutcome
  /** One of them was done, so that what failed before them counts no more. */
  isNewCount: boolean
}

/** One of each mailbox: the last of these. */
function lastOutcomesOf(outcomes: readonly MailboxOutcome[]): Iterable<Counted> {
  const all = new Map<AddressKey, Counted>()
  for (const outcome of outcomes) {
    const { at, tried } = outcome
    const mailbox = addressKey(outcome.mailbox)
    const { last, isNewCount = false } = all.get(mailbox) ?? {}
    const isDone = outcome.outcome === 'done'
    const sentAt = isDone && tried !== 'sign-in' ? at : last?.sentAt
    const sent = sentAt === undefined ? {} : { sentAt }
    all.set(mailbox, {
      last: isDone
        ? { ...outcome, mailbox, ...sent, failures: 0 }
        : {
            ...outcome,
            mailbox,
            ...sent,
            failingSince: last?.failingSince ?? at,
            failures: (last?.failures ?? 0) + 1,
          },
      isNewCount: isNewCount || isDone,
    })
  }
  return all.values()
}

function outcomeRowOf(last: LastOutcome): MailboxOutcomesTable {
  return {
    mailbox_key: last.mailbox,
    mailbox_domain: domainKey(last.mailbox),
    at: last.at,
    tried: last.tried,
    outcome: last.outcome,
    login: last.login ?? null,
    why: last.why === undefined ? null : JSON.stringify(last.why),
    sent_at: last.sentAt ?? null,
    failing_since: last.failingSince ?? null,
    failures: last.failures,
  }
}

function outcomeOf(row: MailboxOutcomesTable): LastOutcome {
  const { mailbox_key: mailbox, at, outcome, login, why, failures } = row
  return {
    mailbox,
    at,
    tried: row.tried as LastOutcome['tried'],
    outcome: outcome as LastOutcome['outcome'],
    ...nullsToAbsent({ login, sentAt: row.sent_at, failingSince: row.failing_since }),
    ...(why !== null && { why: JSON.parse(why) }),
    failures,
  }
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
    mailboxes: severalMailboxes(entry),
    recipients: entry.recipients ? JSON.stringify(entry.recipients.map((one) => one.address)) : null,
    recipient_replies: repliesOf(entry.recipients ?? []),
  }
}

function severalMailboxes({ details: { mailboxes } }: JournalEntry): string | null {
  if (!Array.isArray(mailboxes) || mailboxes.length < 2) return null
  return `\n${mailboxes.map((address: Address) => addressKey(address)).join('\n')}\n`
}

function repliesOf(recipients: readonly JournalRecipient[]): string | null {
  const refused = recipients.filter(({ code }) => code !== undefined)
  return refused.length === 0 ? null : JSON.stringify(refused.map(({ code, reply }) => [code, reply]))
}

function recipientsOf({ recipients, recipient_replies }: JournalTable): JournalRecipient[] | null {
  if (recipients === null) return null
  const replies: [number, string][] = JSON.parse(recipient_replies ?? '[]')
  return JSON.parse(recipients).map((address: string, index: number): JournalRecipient => {
    const [code, reply] = replies[index] ?? []
    return { address, ...(code !== undefined && { code }), ...(reply !== undefined && { reply }) }
  })
}

function entryOf(row: JournalTable, names: ReadonlyMap<string, string>): JournalEntry {
  const { id, at, event, mailbox_key: mailbox, login, source, done_by: by, milliseconds } = row
  return {
    id,
    at,
    kind: row.kind as JournalEntry['kind'],
    event,
    outcome: row.outcome as JournalEntry['outcome'],
    ...nullsToAbsent({ mailbox, login, loginName: names.get(login ?? '') ?? null, source, by, milliseconds }),
    ...nullsToAbsent({ recipients: recipientsOf(row) }),
    details: JSON.parse(row.details),
  }
}

/*
 * The entries of the journal are a chain: each has a place, and a mark that is a keyed hash of its
 * content, its place and the mark before it. Who can write in the database and has no key can
 * neither change an entry nor remove one, nor put it elsewhere, without that being found. Both ends
 * of the chain stand in a row of their own, which is marked as well: so entries that were swept are
 * known from entries that were removed, at the beginning and at the end.
 *
 * What is not found: a database, or the end of the journal with the row of its ends, that was put
 * back from an earlier copy while postern did not run.
 */

/** An entry that has its place. */
type Link = Omit<JournalTable, 'mark'>

export interface JournalChain {
  /** @param before the mark of the entry before it; empty for the first one */
  markOf(before: string, link: Link): string
  markOfEnds(ends: Ends): string
}

type Ends = Omit<JournalChainTable, 'id' | 'mark'>

export function createJournalChain(root: Secret): JournalChain {
  const key = deriveKey(root, 'postern journal chain')
  const markOf = (...parts: unknown[]) =>
    createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url')
  return {
    markOf(before, link) {
      const { id, at, kind, event, outcome, mailbox_key, login, source, done_by } = link
      const { milliseconds, details, place } = link
      const who = [mailbox_key, link.mailbox_domain, login, source, done_by]
      const said = [before, place, id, at, kind, event, outcome, who, milliseconds, details]
      const { mailboxes, recipients, recipient_replies } = link
      const more = [mailboxes, recipients, recipient_replies]
      // Entries from before there were these have a mark without them.
      return more.every((one) => one === null) ? markOf('entry', ...said) : markOf('entry', ...said, ...more)
    },
    markOfEnds: ({ swept_place, swept_mark, last_place, last_mark, doubted_at }) =>
      markOf('ends', swept_place, swept_mark, last_place, last_mark, doubted_at),
  }
}

const onlyRow = 1
/** Of a verdict: who wrecks a journal must not fill the memory. */
const mostFaults = 100

/** Gives the entries that there are their places, in the order of what happened. */
export async function beginChain(tables: Kysely<Tables>, chain: JournalChain): Promise<void> {
  let [place, mark, behind] = [0, '', '']
  for (;;) {
    const rows = await tables
      .selectFrom('journal')
      .selectAll()
      .where('id', '>', behind)
      .orderBy('id')
      .limit(rowsAtOnce)
      .execute()
    for (const row of rows) {
      place += 1
      mark = chain.markOf(mark, { ...row, place })
      await tables.updateTable('journal').set({ place, mark }).where('id', '=', row.id).execute()
    }
    const last = rows.at(-1)
    if (last === undefined) break
    behind = last.id
  }
  await putEnds(tables, chain, {
    swept_place: 0,
    swept_mark: '',
    last_place: place,
    last_mark: mark,
    doubted_at: null,
  })
}

/** The entries as they follow the last one; both ends are written. */
async function chained(
  tables: Kysely<Tables>,
  chain: JournalChain,
  entries: readonly Omit<Link, 'place'>[],
  { known, now }: { known: Walk | undefined; now: number },
): Promise<JournalTable[]> {
  const ends = await withKnownEnd(tables, await endsOf(tables, chain, now), known, now)
  let { last_place: place, last_mark: mark } = ends
  const rows = entries.map((entry) => {
    place += 1
    const link = { ...entry, place }
    mark = chain.markOf(mark, link)
    return { ...link, mark }
  })
  await putEnds(tables, chain, { ...ends, last_place: place, last_mark: mark })
  return rows
}

/**
 * Removes the oldest entries, at most so many, up to the last that is older than `before`: one from
 * a clock that ran ahead does not keep those behind it. What is to go is followed first, so that
 * nobody has entries swept by giving them an earlier time.
 */
async function sweepChain(
  tables: Kysely<Tables>,
  chain: JournalChain,
  { before, most, now }: { before: number; most: number; now: number },
): Promise<number> {
  const oldest = await tables.selectFrom('journal').selectAll().orderBy('place').limit(most).execute()
  const old = oldest.slice(0, oldest.findLastIndex(({ at }) => at < before) + 1)
  const last = old.at(-1)
  if (last === undefined) return 0
  const ends = await endsOf(tables, chain, now)
  const faults = createFaults()
  follow(chain, { place: ends.swept_place, mark: ends.swept_mark }, old, faults)
  await tables.deleteFrom('journal').where('place', '<=', last.place).execute()
  // A doubt stays for as long as entries do.
  const earlier = ends.doubted_at !== null && ends.doubted_at >= before ? ends.doubted_at : null
  await putEnds(tables, chain, {
    ...ends,
    swept_place: last.place,
    swept_mark: last.mark,
    doubted_at: faults.found.length > 0 ? now : earlier,
  })
  return old.length
}

/**
 * An end that is not the one that was written last was put back from an earlier copy; unless others
 * write here as well, who have gone on from the entry that was the last.
 */
async function withKnownEnd(
  tables: Kysely<Tables>,
  ends: Ends,
  known: Walk | undefined,
  now: number,
): Promise<Ends> {
  if (known === undefined || (ends.last_place === known.place && ends.last_mark === known.mark)) return ends
  if (ends.last_place > known.place && (await isStillThere(tables, ends, known))) return ends
  return { ...ends, last_place: Math.max(ends.last_place, known.place), doubted_at: ends.doubted_at ?? now }
}

async function isStillThere(tables: Kysely<Tables>, ends: Ends, { place, mark }: Walk): Promise<boolean> {
  if (ends.swept_place >= place) return true
  const found = await tables
    .selectFrom('journal')
    .select('mark')
    .where('place', '=', place)
    .executeTakeFirst()
  return found?.mark === mark
}

/** As they were written. Where something else has changed them, the chain goes on and says so. */
async function endsOf(tables: Kysely<Tables>, chain: JournalChain, now: number): Promise<Ends> {
  const row = await tables
    .selectFrom('journal_chain')
    .selectAll()
    .where('id', '=', onlyRow)
    .executeTakeFirst()
  if (row && isSame(row.mark, chain.markOfEnds(row))) return row
  const { first, last } = await tables
    .selectFrom('journal')
    .select(({ fn }) => [fn.min('place').as('first'), fn.max('place').as('last')])
    .executeTakeFirstOrThrow()
  return {
    swept_place: Math.max(0, Number(first ?? 1) - 1),
    swept_mark: row?.swept_mark ?? '',
    last_place: Math.max(Number(last ?? 0), row?.last_place ?? 0),
    last_mark: row?.last_mark ?? '',
    doubted_at: now,
  }
}

async function putEnds(tables: Kysely<Tables>, chain: JournalChain, ends: Ends): Promise<void> {
  const { swept_place, swept_mark, last_place, last_mark, doubted_at } = ends
  const values = { swept_place, swept_mark, last_place, last_mark, doubted_at }
  const mark = chain.markOfEnds(values)
  await tables
    .insertInto('journal_chain')
    .values({ id: onlyRow, ...values, mark })
    .onConflict((on) => on.column('id').doUpdateSet({ ...values, mark }))
    .execute()
}

/** Where a walk along the chain stands: at the entry of this place. */
interface Walk {
  place: number
  mark: string
}

/** What was found, and no more of it than somebody reads: who wrecks a journal must not fill the memory. */
function createFaults() {
  const found: JournalFault[] = []
  return {
    found,
    add(fault: JournalFault): void {
      if (found.length < mostFaults) found.push(fault)
    },
  }
}

type Faults = ReturnType<typeof createFaults>

/** Follows these entries, and gives where that has led. */
function follow(chain: JournalChain, from: Walk, rows: readonly JournalTable[], faults: Faults): Walk {
  let { place, mark } = from
  for (const row of rows) {
    if (row.place !== place + 1) {
      faults.add({ what: 'missing', entries: row.place - place - 1, before: row.id })
      // The mark before it is gone, and without that nothing can be said of this one.
      faults.add({ what: 'unproven', id: row.id })
    } else if (!isSame(row.mark, chain.markOf(mark, row))) faults.add({ what: 'changed', id: row.id })
    place = row.place
    mark = row.mark
  }
  return { place, mark }
}

/** Follows the chain from end to end, a little at a time. What is written meanwhile is not looked at. */
async function verifyChain(database: Database, chain: JournalChain): Promise<JournalVerdict> {
  const ends = await database.read(readEnds)
  if (ends === undefined || !isSame(ends.mark, chain.markOfEnds(ends)))
    return { entries: 0, faults: [{ what: 'ends-changed' }] }
  const faults = createFaults()
  if (ends.doubted_at !== null) faults.add({ what: 'ends-changed', at: ends.doubted_at })
  let walk: Walk = { place: ends.swept_place, mark: ends.swept_mark }
  let entries = 0
  let since: number | undefined
  while (walk.place < ends.last_place) {
    const rows = await database.read((tables) => linksBehind(tables, walk.place, ends.last_place))
    if (rows.length === 0) break
    walk = follow(chain, walk, rows, faults)
    entries += rows.length
    since ??= rows[0]?.at
    await turnOfOthers()
  }
  if (walk.place < ends.last_place) faults.add({ what: 'missing', entries: ends.last_place - walk.place })
  else if (!isSame(walk.mark, ends.last_mark)) faults.add({ what: 'ends-changed' })
  const added = await database.read(countOutside)
  if (added > 0) faults.add({ what: 'added', entries: added })
  const sweptMeanwhile = (await database.read(readEnds))?.swept_place !== ends.swept_place
  if (sweptMeanwhile && faults.found.length > 0) return verifyChain(database, chain)
  return { entries, ...(since !== undefined && { since }), faults: faults.found }
}

function readEnds(tables: Kysely<Tables>) {
  return tables.selectFrom('journal_chain').selectAll().where('id', '=', onlyRow).executeTakeFirst()
}

function linksBehind(tables: Kysely<Tables>, behind: number, last: number) {
  return tables
    .selectFrom('journal')
    .selectAll()
    .where('place', '>', behind)
    .where('place', '<=', last)
    .orderBy('place')
    .limit(rowsAtOnce)
    .execute()
}

/** Entries that are at no place between the ends. In one query, because entries are written all the time. */
async function countOutside(tables: Kysely<Tables>): Promise<number> {
  const swept = tables.selectFrom('journal_chain').select('swept_place').where('id', '=', onlyRow)
  const last = tables.selectFrom('journal_chain').select('last_place').where('id', '=', onlyRow)
  const found = await tables
    .selectFrom('journal')
    .select(({ fn }) => fn.countAll().as('added'))
    .where((by) => by.or([by('place', 'is', null), by('place', '<=', swept), by('place', '>', last)]))
    .executeTakeFirst()
  return Number(found?.added ?? 0)
}
