import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import type { Change } from '../../src/store/followed-store.ts'
import { sql } from '../../src/store/kysely.ts'
import { openPostgresDatabase } from '../../src/store/postgres-database.ts'
import { openStore } from '../../src/store/store.ts'
import { eventually } from '../support/eventually.ts'
import { newPostgresDatabase, onPostgres, takeAway } from '../support/postgres-databases.ts'
import { templateKey } from '../support/postgres-template.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { failureOf, newDataDir, newGrant, newLogin, now, openFixture } from './fixture.ts'
import { changeDatabase, readDatabase } from './raw-database.ts'

/** Two processes on one store: the second one keeps what it is told of the changes of the first. */
async function openTwo() {
  const one = await openFixture()
  const log = createRecordingLog()
  const two = await openStore({ ...one.place, clock: systemClock, log })
  onTestFinished(() => two.store.close())
  const told: Change[] = []
  two.others?.follow(async (changes) => void told.push(...(changes ?? [])))
  return { one: one.store, two: two.store, told, log, ...one }
}

// No `eventually`: a change is acknowledged after the other process has taken it up.
describe.runIf(onPostgres)('a change of what another process remembers', () => {
  it('a revoked login is told before the revocation is acknowledged', async () => {
    const { one, told } = await openTwo()
    await one.logins.add(newLogin({ id: 'a' }))
    told.length = 0
    expect(await one.logins.revoke('a', now)).toBe(true)
    expect(told).toEqual([{ signIns: true }])
  })

  it('a removed mailbox is told by its address, with the logins and keys that go with it', async () => {
    const { one, told } = await openTwo()
    await one.mailboxes.remove('cron@example.com')
    expect(told).toEqual([{ mailbox: 'cron@example.com' }, { mailboxes: true, signIns: true }])
  })

  it('a new grant is told by its mailbox, a renewal is not, and one that lapses is', async () => {
    const { one, told } = await openTwo()
    const grant = await one.grants.adopt(newGrant())
    expect(told).toEqual([{ mailbox: 'printer@example.com' }, {}])
    told.length = 0
    const renewed = await one.grants.renewed(grant.id, grant.version, { renewedAt: now })
    expect(told.filter(({ mailbox }) => mailbox)).toEqual([])
    await one.grants.lapse(grant.id, renewed?.version ?? 0, now, 'withdrawn')
    expect(told).toContainEqual({ mailbox: 'printer@example.com' })
  })

  it('what nobody remembers is told to nobody', async () => {
    const { one, told, dataDir } = await openTwo()
    const before = await readDatabase(dataDir, 'select max(revision) as newest from store_changes')
    await one.recipientCounts.add('printer@example.com', 0, 1)
    await one.logins.used('nobody', now)
    expect(await readDatabase(dataDir, 'select max(revision) as newest from store_changes')).toEqual(before)
    expect(told).toEqual([])
  })

  it('a change that failed is told to nobody', async () => {
    const { one, told } = await openTwo()
    await expect(one.logins.add(newLogin({ mailboxes: ['nobody@example.com'] }))).rejects.toThrow()
    expect(told).toEqual([])
  })

  it('a process that has ended is not waited for', async () => {
    const { one, two, told } = await openTwo()
    await two.close()
    await one.logins.add(newLogin())
    expect(told).toEqual([])
  })

  it('a process that was killed is waited for until it counts as gone', async () => {
    const { one, dataDir } = await openTwo()
    const until = `(extract(epoch from clock_timestamp()) * 1000)::bigint + 400`
    await changeDatabase(dataDir, `insert into processes values ('killed', 'killed', 0, ${until})`)
    await one.logins.add(newLogin())
    const alive = await readDatabase(
      dataDir,
      `select id from processes where alive_until > (extract(epoch from clock_timestamp()) * 1000)::bigint and id = 'killed'`,
    )
    expect(alive).toEqual([])
  })

  it('a change that was made is done, also when the database goes away before others have taken it up', async () => {
    const { others, place, clock, dataDir } = await openFixture()
    let takeUp = () => {}
    others?.follow(() => new Promise<void>((resolve) => (takeUp = resolve)))
    onTestFinished(() => takeUp())
    const log = createRecordingLog()
    const { store, others: own } = await openStore({ ...place, clock, log })
    onTestFinished(() => store.close())
    const adding = own?.confirmations.during(async () => {
      await store.logins.add(newLogin({ id: 'a' }))
      return own.confirmations.missing()
    })
    await eventually('the change is made', async () => {
      const made = await readDatabase(dataDir, "select id from logins where id = 'a'")
      return made.length === 1
    })
    await takeAway(place.postgres?.url.reveal() ?? '')
    clock.set(now + 60_000)
    expect(await adding).toEqual(['unknown'])
    expect(log.lines).toMatchObject([{ fields: { event: 'store.change-not-taken' } }])
  })

  it('who changes something learns which process has not taken it up, and nobody else does', async () => {
    const { store, others, place, clock } = await openFixture()
    const other = await openStore({ ...place, clock: systemClock, log: silentLog })
    onTestFinished(() => other.store.close())
    let takeUp: (() => void) | undefined
    other.others?.follow(() => new Promise<void>((resolve) => (takeUp = resolve)))
    onTestFinished(() => takeUp?.())
    const added = others?.confirmations.during(async () => {
      const adding = store.logins.add(newLogin({ id: 'a' }))
      await eventually('the other process is told', () => takeUp)
      clock.set(now + 60_000)
      await adding
      return others.confirmations.missing()
    })
    expect(await added).toEqual([expect.stringContaining(`process ${process.pid}`)])
    expect(others?.confirmations.during(() => others.confirmations.missing())).toEqual([])
  })

  it('a database that goes away in the middle of a change fails it, and ends no process', async () => {
    const { place } = await openFixture()
    const postgres = place.postgres as { url: Secret }
    const database = await openPostgresDatabase(postgres)
    onTestFinished(() => database.close())
    const changing = database.change(async (tables) => {
      await takeAway(postgres.url.reveal())
      // The connection has broken while no query was under way on it.
      await new Promise((resolve) => setImmediate(resolve))
      await sql`select 1`.execute(tables)
    })
    expect(await failureOf(changing)).toMatchObject({ code: 'store-unavailable' })
  })

  it('a process that lost its connection hears what it missed', async () => {
    const { one, told, dataDir } = await openTwo()
    await changeDatabase(
      dataDir,
      "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' and pid <> pg_backend_pid()",
    )
    await one.logins.add(newLogin())
    expect(told).toContainEqual({ signIns: true })
  })

  it('both write in one journal, and its chain holds', async () => {
    const { one, two } = await openTwo()
    const entry = (id: string) => ({
      ...{ id, at: now, kind: 'send' as const, event: 'message', outcome: 'done' as const },
      details: {},
    })
    await one.journal.add([entry('1')])
    await two.journal.add([entry('2')])
    await one.journal.add([entry('3')])
    await two.journal.add([entry('4')])
    expect(await one.journal.verify()).toMatchObject({ entries: 4, faults: [] })
  })

  it('two that start at once on an empty database make one store', async () => {
    const postgres = { url: new Secret(await newPostgresDatabase('nothing')) }
    const place = { dataDir: await newDataDir(), key: templateKey, postgres }
    const opened = await Promise.all(
      [1, 2, 3].map(() => openStore({ ...place, clock: systemClock, log: silentLog })),
    )
    const hashes = opened.map(({ keyedHash }) => keyedHash('login', 'x'))
    expect(new Set(hashes).size).toBe(1)
    for (const { store } of opened) await store.close()
  })
})
