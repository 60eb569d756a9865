import type { Clock } from '../base/clock.ts'
import { sql } from './kysely.ts'
import type { Guess, Guesses } from './ports.ts'
import { guessedChannel, now, type SharedChanges, type SharedDatabase } from './shared-changes.ts'

/*
 * Wrong secrets that the processes on one database have counted. Each writes what it has counted in
 * one row now and then, and reads the rows of the others: whatever a flood does, a process makes at
 * most seven statements a second of it.
 */

/** Together with the pause between reads less than a second, most of the time. */
const betweenWrites = 400
const betweenReads = 200
/** In one row. */
const mostInRow = 500
/** While the database is away, or where a flood comes from everywhere; more are counted here alone. */
const mostWaiting = 20_000
/** Rows that are kept; who starts later does not know what was before them. */
const mostRows = 5_000
const rowsAtOnce = 200
const betweenSweeps = 60_000

/** Those who write take turns, or a later row could be seen before an earlier one. "gues" in ASCII. */
const turnLock = 0x67756573

interface SharedGuessesDeps {
  database: SharedDatabase
  others: SharedChanges
  clock: Pick<Clock, 'monotonic'>
}

/** [kind, source, of source, name, times] */
type Told = [Guess['kind'], string, 0 | 1, string, number]

export class SharedGuesses implements Guesses {
  readonly #deps: SharedGuessesDeps
  /** Not written yet, by what is counted together. */
  readonly #waiting = new Map<string, Told>()
  #writeTimer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #readTimer: NodeJS.Timeout | undefined
  #reading: Promise<void> | undefined
  #readAt = Number.NEGATIVE_INFINITY
  #sweptAt = Number.NEGATIVE_INFINITY
  #seen = 0
  #windowMilliseconds = 0
  #see: (guess: Guess, times: number, ageSeconds: number) => void = () => {}
  #isClosed = false

  constructor(deps: SharedGuessesDeps) {
    this.#deps = deps
  }

  tell({ kind, source, ofSource, name = '' }: Guess): void {
    const key = `${kind} ${source} ${ofSource} ${name}`
    const told = this.#waiting.get(key)
    if (told) told[4] += 1
    else if (this.#waiting.size < mostWaiting)
      this.#waiting.set(key, [kind, source, ofSource ? 1 : 0, name, 1])
    this.#writeLater()
  }

  follow(windowSeconds: number, see: (guess: Guess, times: number, ageSeconds: number) => void): void {
    this.#windowMilliseconds = windowSeconds * 1000
    this.#see = see
    this.#deps.others.hearGuesses(() => this.#readLater())
    this.#readLater()
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#writeTimer)
    clearTimeout(this.#readTimer)
    await this.#writing
    await this.#write()
    await this.#reading
  }

  #writeLater(): void {
    if (this.#isClosed || this.#writeTimer || this.#writing || this.#waiting.size === 0) return
    this.#writeTimer = setTimeout(() => {
      this.#writeTimer = undefined
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined
        this.#writeLater()
      })
    }, betweenWrites)
    this.#writeTimer.unref()
  }

  /** What cannot be written waits on: it is counted here all the same. Never throws. */
  async #write(): Promise<void> {
    const entries = [...this.#waiting].slice(0, mostInRow)
    if (entries.length === 0) return
    for (const [key] of entries) this.#waiting.delete(key)
    const what = JSON.stringify(entries.map(([, told]) => told))
    const { database, others } = this.#deps
    const written = database.read((tables) =>
      sql`with turn as materialized (select pg_advisory_xact_lock(${turnLock})),
          told as (select pg_notify(${guessedChannel}, ''))
        insert into guesses (made_by, at, what)
        select ${others.id}::text, ${now}, ${what}::text from turn, told`.execute(tables),
    )
    await written.catch(() => this.#keep(entries))
    await this.#sweep().catch(() => {})
  }

  #keep(entries: [string, Told][]): void {
    for (const [key, told] of entries) {
      const since = this.#waiting.get(key)
      if (since) since[4] += told[4]
      else if (this.#waiting.size < mostWaiting) this.#waiting.set(key, told)
    }
  }

  async #sweep(): Promise<void> {
    const { database, clock } = this.#deps
    if (clock.monotonic() - this.#sweptAt < betweenSweeps) return
    this.#sweptAt = clock.monotonic()
    await database.read((tables) =>
      sql`delete from guesses where at < ${now} - ${this.#windowMilliseconds}
        or revision <= (select max(revision) from guesses) - ${mostRows}`.execute(tables),
    )
  }

  #readLater(): void {
    if (this.#isClosed || this.#readTimer || this.#reading || this.#windowMilliseconds === 0) return
    const wait = Math.max(0, this.#readAt + betweenReads - this.#deps.clock.monotonic())
    this.#readTimer = setTimeout(() => {
      this.#readTimer = undefined
      this.#readAt = this.#deps.clock.monotonic()
      this.#reading = this.#read()
        // The next notification, or the next second, looks again.
        .catch(() => false)
        .then((isMore) => {
          this.#reading = undefined
          if (isMore) this.#readLater()
        })
    }, wait)
    this.#readTimer.unref()
  }

  /** Whether there is more. */
  async #read(): Promise<boolean> {
    const { database, others } = this.#deps
    const { rows } = await database.read((tables) =>
      sql<{ revision: number; what: string; age: number }>`
        select revision, ${now} - at as age, case when made_by = ${others.id} then '[]' else what end as what
        from guesses
        where revision > ${this.#seen} and at > ${now} - ${this.#windowMilliseconds}
        order by revision limit ${rowsAtOnce}`.execute(tables),
    )
    for (const { revision, what, age } of rows) {
      this.#seen = revision
      for (const [kind, source, ofSource, name, times] of JSON.parse(what) as Told[]) {
        const guess = { kind, source, ofSource: ofSource === 1, ...(name !== '' && { name }) }
        this.#see(guess, times, Math.max(0, age) / 1000)
      }
    }
    return rows.length === rowsAtOnce
  }
}
