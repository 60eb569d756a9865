import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Kysely, Transaction } from 'kysely'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Address } from '../model/address.ts'
import type { Database, MarkableDatabase } from './database.ts'
import type { Change } from './followed-store.ts'
import { sql } from './kysely.ts'
import type { Chores, Confirmations, Share } from './ports.ts'
import type { MarkedTable, Row } from './row-marks.ts'
import type { Tables } from './tables.ts'

/*
 * Several postern processes on one database. What each of them remembers of the store follows the
 * changes of all: a change writes a row of its own in its transaction, and the others are notified.
 * A change that somebody's right depends on is acknowledged when every process that is alive has
 * taken it up: so a login that was revoked on one host is revoked on all of them.
 *
 * A process is alive as long as it says so: one that could not for three seconds counts as gone, and
 * nobody waits for it any more. One that cannot reach the database goes on with what it remembers,
 * as it cannot know whether anybody can.
 */

/** One that several processes use. */
export interface SharedDatabase extends MarkableDatabase {
  /** From now on each change is told to other processes. */
  share(by: Sharing): void
  /** A connection of its own that hears what is notified there, until it is lost or closed. */
  listen(channels: readonly string[], hear: (channel: string, said: string) => void): Promise<Listening>
}

interface Listening {
  /** Resolves when it is, or was closed. Never rejects. */
  lost: Promise<void>
  close(): Promise<void>
}

/** What other processes have to know of a change. */
export interface Sharing {
  /** In the transaction of the change. Gives its number, where others have to know it. */
  record(changing: Transaction<Tables>, touched: Touched): Promise<number | undefined>
  /**
   * Resolves when every other process that is alive has taken it up, or when that cannot be waited for
   * any longer. Never rejects: the change is made.
   */
  taken(revision: number): Promise<void>
}

/** What the transaction that is under way has changed, of that which somebody may remember. */
export class Touched {
  #change: SharedChange = { addresses: [] }

  clear(): void {
    this.#change = { addresses: [] }
  }

  see(table: MarkedTable, row: Row, how: 'added' | 'changed' | 'removed'): void {
    const change = this.#change
    switch (table) {
      case 'mailboxes':
        change.mailboxes = change.signIns = change.reads = true
        this.#address(row.address_key)
        return
      case 'grants':
        change.reads = true
        // A renewal leaves the tokens of others as good as they were.
        if (how !== 'changed' || row.state === 'lapsed') this.#address(row.mailbox_key)
        return
      case 'logins':
      case 'login_mailboxes':
      case 'api_keys':
        change.signIns = true
        return
      case 'registrations':
        change.registrations = true
    }
  }

  #address(key: unknown): void {
    if (typeof key === 'string' && !this.#change.addresses.includes(key)) this.#change.addresses.push(key)
  }

  /** Undefined when nobody has to know. */
  change(): SharedChange | undefined {
    const { addresses, ...kinds } = this.#change
    return addresses.length === 0 && Object.keys(kinds).length === 0 ? undefined : this.#change
  }
}

interface SharedChange {
  addresses: string[]
  mailboxes?: true
  signIns?: true
  registrations?: true
  /** What a mailbox or its grant is answered from. */
  reads?: true
}

/** The changes of other processes. */
export interface ChangesOfOthers {
  /**
   * @param see is given each of them; what it resolves for is acknowledged. `change` is undefined
   * when it is not known any more what was changed, and anything may have been
   */
  follow(see: (change: Change[] | undefined) => Promise<void>): void
  /**
   * A process that stood still for so long that others count it as gone does not know what they have
   * changed, and nobody waited for it.
   * @param forget is called then: nothing is to be answered from memory until it was read anew
   */
  followStandstills(forget: () => void): void
  /** Looks whether this process stood still. To be called before anything is answered from memory. */
  look(): void
}

/** Processes that are alive, and what they notify each other of. */
export interface AliveProcesses {
  /** This one, in the table `processes`. */
  readonly id: string
  /** What is notified on a channel of `otherChannels`, by this process as well. */
  hear(channel: OtherChannel, hear: (said: string) => void): void
}

/** Of what is shared beside the changes of the store. */
const otherChannels = ['postern_budgets', 'postern_pauses', 'postern_turns'] as const
export type OtherChannel = (typeof otherChannels)[number]

/** Whether one of them may do what no two may. */
export interface SteadyProcesses extends AliveProcesses {
  /**
   * Whether this process has said so lately that it is alive that no other takes it for gone: with what
   * must not be done twice it may begin.
   */
  isHeard(): boolean
  /**
   * Whether this process has reached the database for a good while without a break. Only then another
   * one that was not heard is gone: otherwise the database was.
   */
  isSteady(): boolean
}

const [changedChannel, takenChannel] = ['postern_changed', 'postern_taken']
/** Who counts guesses is told by it that others have. */
export const guessedChannel = 'postern_guessed'
const beatMilliseconds = 1000
/** How often one looks who has taken a change up, where no notification comes. */
const lookMilliseconds = 100
/** How long a process counts as alive after it has said so. */
export const leaseMilliseconds = 3000
/** A process looks at the clock so often, and stood still where it could not for so long. */
const [tickMilliseconds, standstillMilliseconds] = [250, 1000]
/** How long ago a process has said it at most that begins something that must not be done twice. */
export const heardMilliseconds = 5000
/** After a break, in which a process may have been unable to store what it got, it has so long for that. */
const steadyMilliseconds = 15_000
/** How long the changes are kept. A process that was away for longer takes everything anew. */
const keptMilliseconds = 3_600_000
/** Whoever says that it is alive, and still has not taken a change up by then, is not waited for. */
const patienceMilliseconds = 10_000

interface SharedChangesDeps {
  database: SharedDatabase
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

export class SharedChanges implements Sharing, ChangesOfOthers, Chores, SteadyProcesses, Confirmations {
  readonly #database: SharedDatabase
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #log: Log
  /** Of this process, for as long as it lives. */
  readonly id = randomUUID()
  readonly #name = `${hostname()} (process ${process.pid})`
  #see: (change: Change[] | undefined) => Promise<void> = async () => {}
  #forget = () => {}
  #hearGuesses = () => {}
  /** The last change that this process knows of. */
  #seen = 0
  #caughtUpAt: number
  #catchingUp: Promise<void> | undefined
  #isBehind = false
  #listening: Listening | undefined
  #timer: NodeJS.Timeout | undefined
  #ticking: NodeJS.Timeout | undefined
  #lookedAt: number
  #beating: Promise<void> | undefined
  #isClosed = false
  /** Who has not confirmed what is done for one request. */
  readonly #unconfirmed = new AsyncLocalStorage<Set<string>>()
  /** When this process last said that it is alive, and since when it has done so without a break. */
  #aliveAt: number
  #steadySince: number
  /** Those who wait for others to take a change up. */
  readonly #waiting = new Set<() => void>()
  readonly #heard = new Map<string, (said: string) => void>()

  private constructor({ database, clock, log }: SharedChangesDeps) {
    this.#database = database
    this.#clock = clock
    this.#log = log
    this.#caughtUpAt = this.#aliveAt = this.#steadySince = this.#lookedAt = clock.monotonic()
  }

  /** Joins the processes on this database. @throws Failure `store-unavailable` */
  static async join(deps: SharedChangesDeps): Promise<SharedChanges> {
    const joined = new SharedChanges(deps)
    await joined.#enter()
    deps.database.share(joined)
    void joined.#listen()
    joined.#beatLater()
    joined.#ticking = setInterval(() => joined.look(), tickMilliseconds).unref()
    return joined
  }

  follow(see: (change: Change[] | undefined) => Promise<void>): void {
    this.#see = see
  }

  followStandstills(forget: () => void): void {
    this.#forget = forget
  }

  look(): void {
    const at = this.#clock.monotonic()
    const stood = at - this.#lookedAt
    this.#lookedAt = at
    // One that only cannot reach the database goes on with what it remembers.
    if (stood < standstillMilliseconds || at - this.#aliveAt < leaseMilliseconds) return
    this.#log.warn(
      { event: 'store.stood-still', seconds: Math.round(stood / 1000) },
      'This process stood still: what it remembers is read anew',
    )
    this.#forget()
    // What others change until they know again that this process is alive may be missed, too.
    clearTimeout(this.#timer)
    this.#beatNow(() => this.#forget())
  }

  /** @param hear is called when there may be some, at least once a second */
  hearGuesses(hear: () => void): void {
    this.#hearGuesses = hear
  }

  hear(channel: OtherChannel, hear: (said: string) => void): void {
    this.#heard.set(channel, hear)
  }

  async isMine(chore: string): Promise<boolean> {
    const { rows } = await this.#database.read((tables) =>
      sql`insert into chores (name, held_by) values (${chore}, ${this.id})
        on conflict (name) do update set held_by = excluded.held_by
        where chores.held_by = ${this.id} or not exists
          (select from processes where id = chores.held_by and alive_until > ${now})
        returning name`.execute(tables),
    )
    return rows.length > 0
  }

  async end(chore: string): Promise<void> {
    await this.#database.read((tables) =>
      sql`delete from chores where name = ${chore} and held_by = ${this.id}`.execute(tables),
    )
  }

  async share(): Promise<Share> {
    const { rows } = await this.#database.read((tables) =>
      sql<{
        id: string
      }>`select id from processes where id = ${this.id} or alive_until > ${now} order by id`.execute(tables),
    )
    const [parts, own] = [rows.length, rows.findIndex(({ id }) => id === this.id)]
    return { parts, has: (key) => parts < 2 || numberOf(key) % parts === own }
  }

  during<T>(work: () => T): T {
    return this.#unconfirmed.run(new Set(), work)
  }

  missing(): readonly string[] {
    return [...(this.#unconfirmed.getStore() ?? [])]
  }

  isHeard(): boolean {
    return this.#clock.monotonic() - this.#aliveAt < heardMilliseconds
  }

  isSteady(): boolean {
    return this.isHeard() && this.#clock.monotonic() - this.#steadySince >= steadyMilliseconds
  }

  async record(changing: Transaction<Tables>, touched: Touched): Promise<number | undefined> {
    const change = touched.change()
    if (!change) return undefined
    const { rows } = await sql<{ revision: number }>`
      insert into store_changes (what, made_by, at) values (${JSON.stringify(change)}, ${this.id}, ${now})
      returning revision`.execute(changing)
    await sql`select pg_notify(${changedChannel}, '')`.execute(changing)
    return rows[0]?.revision
  }

  async taken(revision: number): Promise<void> {
    const begun = this.#clock.monotonic()
    for (;;) {
      // A database that has gone away since then says nothing of the others.
      const behind = await this.#whoIsBehind(revision).catch(() => undefined)
      if (behind?.length === 0) return
      if (this.#isClosed || this.#clock.monotonic() - begun >= patienceMilliseconds) {
        this.#warnOfUnconfirmed(behind)
        return
      }
      await this.#untilSomebodyHasTaken()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    clearInterval(this.#ticking)
    for (const wake of this.#waiting) wake()
    // One that comes later would say once more that this process is alive.
    await this.#beating
    await this.#catchingUp?.catch(() => {})
    await this.#listening?.close().catch(() => {})
    await this.#database
      .read((tables) => sql`delete from processes where id = ${this.id}`.execute(tables))
      .catch(() => {})
  }

  async #enter(): Promise<void> {
    await this.#database.change(async (tables) => {
      const { rows } = await sql<{ newest: number }>`
        select coalesce(max(revision), 0) as newest from store_changes`.execute(tables)
      this.#seen = rows[0]?.newest ?? 0
      await this.#sayAlive(tables)
    })
  }

  /** Forgets what is old, as well. */
  #sayAlive(tables: Kysely<Tables>): Promise<unknown> {
    return sql`with swept as (delete from store_changes where at < ${now} - ${keptMilliseconds}),
        gone as (delete from processes where alive_until < ${now} - ${keptMilliseconds}),
        free as (delete from chores where not exists (select from processes where id = held_by))
      insert into processes (id, name, seen, alive_until)
      values (${this.id}, ${this.#name}, ${this.#seen}, ${now} + ${leaseMilliseconds})
      on conflict (id) do update set alive_until = excluded.alive_until`.execute(tables)
  }

  async #whoIsBehind(revision: number): Promise<string[]> {
    const { rows } = await this.#database.read((tables) =>
      sql<{ name: string }>`select name from processes
        where id <> ${this.id} and seen < ${revision} and alive_until > ${now}`.execute(tables),
    )
    return rows.map(({ name }) => name)
  }

  /** @param behind who they are; undefined: nobody can tell */
  #warnOfUnconfirmed(behind: readonly string[] | undefined): void {
    const event = 'store.change-not-taken'
    for (const name of behind ?? ['unknown']) this.#unconfirmed.getStore()?.add(name)
    if (behind)
      this.#log.warn(
        { event, processes: behind.join(', ') },
        'Another postern on this database has not taken a change up: it may go on with what was before',
      )
    else
      this.#log.warn(
        { event },
        'A change was made, and the database went away before other posterns had taken it up: they may go on with what was before',
      )
  }

  /** Or until it is time to look again, as a notification may be lost. */
  #untilSomebodyHasTaken(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, lookMilliseconds)
      this.#waiting.add(wake)
    })
  }

  async #listen(): Promise<void> {
    while (!this.#isClosed) {
      const listening = await this.#database
        .listen([changedChannel, takenChannel, guessedChannel, ...otherChannels], (channel, said) => {
          if (channel === changedChannel) void this.#catchUp()
          else if (channel === guessedChannel) this.#hearGuesses()
          else if (channel === takenChannel) for (const wake of this.#waiting) wake()
          else this.#heard.get(channel)?.(said)
        })
        .catch(() => undefined)
      this.#listening = listening
      if (this.#isClosed) await listening?.close().catch(() => {})
      // What was notified while nobody listened.
      else if (listening) void this.#catchUp()
      await (listening ? listening.lost : new Promise((resolve) => setTimeout(resolve, beatMilliseconds)))
    }
  }

  #beatLater(): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => this.#beatNow(), beatMilliseconds)
    this.#timer.unref()
  }

  /**
   * One after the other.
   * @param then is called when it was said, or could not be
   */
  #beatNow(then = () => {}): void {
    const round = async (before: Promise<void> | undefined) => {
      await before
      await this.#beat()
      then()
      if (this.#beating === beating) this.#beatLater()
    }
    const beating: Promise<void> = round(this.#beating)
    this.#beating = beating
  }

  /** Says that this process is alive, and takes up what it was not notified of. */
  async #beat(): Promise<void> {
    try {
      const said = this.#clock.monotonic()
      await this.#database.read((tables) => this.#sayAlive(tables))
      if (said - this.#aliveAt > leaseMilliseconds) this.#steadySince = said
      this.#aliveAt = said
      this.#hearGuesses()
      await this.#catchUp()
    } catch (error) {
      this.#log.debug(
        { cause: error },
        'The database does not answer, so changes of other processes are not known',
      )
    }
  }

  /** One at a time; what comes meanwhile is taken up by another round. */
  #catchUp(): Promise<void> {
    this.#isBehind = true
    this.#catchingUp ??= this.#takeUp()
      .catch(() => {})
      .finally(() => {
        this.#catchingUp = undefined
      })
    return this.#catchingUp
  }

  async #takeUp(): Promise<void> {
    while (this.#isBehind && !this.#isClosed) {
      this.#isBehind = false
      const wasAway = this.#clock.monotonic() - this.#caughtUpAt > keptMilliseconds / 2
      const { rows } = await this.#database.read((tables) =>
        sql<{ revision: number; what: string; made_by: string }>`
          select revision, what, made_by from store_changes where revision > ${this.#seen} order by revision`.execute(
          tables,
        ),
      )
      const last = rows.at(-1)
      const others = rows.filter(({ made_by }) => made_by !== this.id)
      if (wasAway) await this.#see(undefined)
      else if (others.length > 0) await this.#see(others.flatMap(({ what }) => changesIn(what)))
      this.#caughtUpAt = this.#clock.monotonic()
      if (last === undefined) continue
      this.#seen = last.revision
      await this.#database.read((tables) =>
        sql`with seen as (update processes set seen = ${this.#seen} where id = ${this.id})
          select pg_notify(${takenChannel}, '')`.execute(tables),
      )
    }
  }
}

/**
 * The processes that are alive on a database, as somebody sees them who does not join. One that was
 * killed is among them until it counts as gone, which is waited for.
 */
export async function processesOn(database: Database): Promise<string[]> {
  const mostLooks = (leaseMilliseconds + beatMilliseconds) / lookMilliseconds
  for (let looks = 0; ; looks += 1) {
    const { rows } = await database.read((tables) =>
      sql<{ name: string }>`select name from processes where alive_until > ${now}`.execute(tables),
    )
    if (rows.length === 0 || looks >= mostLooks) return rows.map(({ name }) => name)
    await new Promise((resolve) => setTimeout(resolve, lookMilliseconds))
  }
}

/** Milliseconds since 1970, by the clock that all processes share. */
export const now = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`

/** The same in each process, and spread evenly. */
function numberOf(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE()
}

function changesIn(what: string): Change[] {
  const { addresses, mailboxes, signIns, registrations } = JSON.parse(what) as SharedChange
  return [
    ...addresses.map((mailbox) => ({ mailbox: mailbox as Address })),
    { ...(mailboxes && { mailboxes }), ...(signIns && { signIns }), ...(registrations && { registrations }) },
  ]
}
