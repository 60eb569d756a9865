import { describe, expect, it, onTestFinished } from 'vitest'
import { failure } from '../../src/base/failure.ts'
import { Secret } from '../../src/base/secret.ts'
import { type Address, addressKey } from '../../src/model/address.ts'
import { dataFiles } from '../../src/store/data-dir.ts'
import { openKeyRing } from '../../src/store/key-ring.ts'
import type { IssuedToken, SharedTokens, Store } from '../../src/store/ports.ts'
import { openPostgresDatabase } from '../../src/store/postgres-database.ts'
import { createSealer } from '../../src/store/sealer.ts'
import { createSharedTokens } from '../../src/store/shared-tokens.ts'
import { openStore } from '../../src/store/store.ts'
import { onPostgres } from '../support/postgres-databases.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { type Fixture, newGrant, now, openFixture } from './fixture.ts'
import { changeDatabase, readDatabase } from './raw-database.ts'

const [printer, cron]: Address[] = ['printer@example.com', 'cron@example.com']

/** Two processes on one store, each with a grant for the printer. */
async function openTwo() {
  const fixture = await openFixture()
  const log = createRecordingLog()
  const other = await openStore({ ...fixture.place, clock: fixture.clock, log })
  onTestFinished(() => other.store.close())
  const grant = await fixture.store.grants.adopt(newGrant())
  const [one, two] = [fixture, other].map(({ others }) => others?.tokens as SharedTokens)
  return { ...fixture, one: one as SharedTokens, two: two as SharedTokens, grant, log }
}

type Two = Awaited<ReturnType<typeof openTwo>>

function issued(text: string, grantId: string, over: Partial<IssuedToken> = {}): IssuedToken {
  const secret = new Secret(text)
  const usual = { mailbox: printer as Address, grantId, ageMilliseconds: 0, lifeSeconds: 3600 }
  return { ...usual, secret, scopes: ['mail'], ...over }
}

/** One process on this store whose company is as the test says. */
async function openBeside({ place }: Fixture, company: Partial<Company> = {}) {
  const database = await openPostgresDatabase(place.postgres as { url: Secret })
  onTestFinished(() => database.close())
  const sealer = createSealer(await openKeyRing(dataFiles(place.dataDir), place.key, true))
  const others = { id: 'this', hear() {}, isHeard: () => true, isSteady: () => true, ...company }
  const clock = { monotonic: () => time }
  let time = 0
  const log = createRecordingLog()
  const tokens = createSharedTokens({ database, sealer, others, tokenRequestSeconds: 10, clock, log })
  return { tokens, pass: (milliseconds: number) => (time += milliseconds) }
}

interface Company {
  isHeard(): boolean
  isSteady(): boolean
}

const nowThere = '(extract(epoch from clock_timestamp()) * 1000)::bigint'

/** As one that was killed in its turn, so many milliseconds after it was last heard. */
async function killedHolder({ dataDir }: Fixture, unheard: number, turnEndsIn = 60_000): Promise<void> {
  await changeDatabase(
    dataDir,
    `insert into processes values ('killed', 'killed', 0, ${nowThere} - ${unheard} + 3000);
    insert into refresh_turns values ('${printer}', 'killed', ${nowThere} + ${turnEndsIn}, 12000, null)`,
  )
}

async function tokenSeen(tokens: SharedTokens, mailbox = printer): Promise<string | undefined> {
  return (await tokens.look(mailbox as Address, false)).token?.secret.reveal()
}

describe.runIf(onPostgres)('the turn of a mailbox', () => {
  it('one process has it, and the other one gets it when it is given back', async () => {
    const { one, two } = await openTwo()
    const taken = await one.take(printer as Address, false)
    expect(taken?.isOurs()).toBe(true)
    expect(await two.take(printer as Address, false)).toBeUndefined()
    expect((await two.look(printer as Address, false)).isTaken).toBe(true)
    expect((await one.look(printer as Address, false)).isTaken).toBe(false)
    const ended = two.ended(printer as Address)
    if (taken) await one.giveBack(taken)
    await ended
    expect(await two.take(printer as Address, false)).toBeDefined()
  })

  it('of many that want it at once, one gets it', async () => {
    const { one, two } = await openTwo()
    const asked = Array.from({ length: 20 }, (_, place) => (place % 2 ? one : two))
    const taken = await Promise.all(asked.map((tokens) => tokens.take(cron as Address, false)))
    // A process may take it again: it asks once at a time.
    const holders = new Set(asked.filter((_, place) => taken[place]))
    expect(holders.size).toBe(1)
  })

  it('that of a process that was killed is free when it was not heard for longer than a request takes', async () => {
    const fixture = await openFixture()
    await killedHolder(fixture, 10_000)
    const { tokens } = await openBeside(fixture)
    expect(await tokens.take(printer as Address, false)).toBeUndefined()
    await changeDatabase(
      fixture.dataDir,
      "update processes set alive_until = alive_until - 10000 where id = 'killed'",
    )
    expect((await tokens.look(printer as Address, false)).isTaken).toBe(false)
    expect(await tokens.take(printer as Address, false)).toBeDefined()
  })

  it('that of one that does not end it is free when its time is over', async () => {
    const fixture = await openFixture()
    await killedHolder(fixture, 0, -1)
    const { tokens } = await openBeside(fixture)
    expect(await tokens.take(printer as Address, false)).toBeDefined()
  })

  it('nobody who could not reach the database itself says that another one is gone', async () => {
    const fixture = await openFixture()
    await killedHolder(fixture, 100_000, -1)
    const { tokens } = await openBeside(fixture, { isSteady: () => false })
    expect(await tokens.take(printer as Address, false)).toBeUndefined()
  })

  it('a process that was stopped after it took its turn does not spend late', async () => {
    const fixture = await openFixture()
    const { tokens, pass } = await openBeside(fixture)
    const turn = await tokens.take(printer as Address, false)
    pass(30_000)
    expect(turn?.isOurs()).toBe(true)
    pass(20_000)
    expect(turn?.isOurs()).toBe(false)
  })

  it('nor does one that could not say that it is alive', async () => {
    const fixture = await openFixture()
    let isHeard = true
    const { tokens } = await openBeside(fixture, { isHeard: () => isHeard })
    const turn = await tokens.take(printer as Address, false)
    isHeard = false
    expect(turn?.isOurs()).toBe(false)
  })

  it('after a failure nobody asks for a moment, unless a person wants it, and all know why', async () => {
    const { one, two, grant } = await openTwo()
    const turn = await one.take(printer as Address, false)
    const said = failure('token.none-now', { mailbox: printer ?? '', provider: 'google', said: 'busy' })
    if (turn) await one.giveBack(turn, { grantId: grant.id, failure: said })
    expect(await two.take(printer as Address, false)).toBeUndefined()
    const { failed, isTaken } = await two.look(printer as Address, false)
    expect(isTaken).toBe(false)
    expect(failed?.grantId).toBe(grant.id)
    expect(failed?.failure).toMatchObject({
      ...{ id: 'token.none-now', code: 'provider-unavailable', said: 'busy', message: said.message },
      retryAfterSeconds: 5,
    })
    expect(await two.take(printer as Address, true)).toBeDefined()
  })

  it('a failure from a clock that was ahead holds nobody back', async () => {
    const fixture = await openFixture()
    await changeDatabase(
      fixture.dataDir,
      `insert into refresh_turns values ('${printer}', null, ${nowThere} + 3600000, 0, null)`,
    )
    expect(await fixture.others?.tokens.take(printer as Address, false)).toBeDefined()
  })
})

async function renewIn({ one, store, grant }: Two, text: string): Promise<void> {
  const turn = await one.take(printer as Address, false)
  const renewed = { renewedAt: now, refreshToken: new Secret(`refresh for ${text}`) }
  await store.grants.renewed(grant.id, 1, renewed, issued(text, grant.id, turn && { turn }))
}

describe.runIf(onPostgres)('an access token for all', () => {
  it('it is there with the rotation that brought it, and the turn has ended with both', async () => {
    const two = await openTwo()
    await renewIn(two, 'access-1')
    const { token, isTaken } = await two.two.look(printer as Address, false)
    expect(isTaken).toBe(false)
    expect(token).toMatchObject({ grantId: two.grant.id, lifeSeconds: 3600, scopes: ['mail'] })
    expect(token?.secret.reveal()).toBe('access-1')
    expect(token?.ageSeconds).toBeLessThan(10)
  })

  it('a rotation that comes too late brings none', async () => {
    const { two, store, grant } = await openTwo()
    await store.grants.renewed(grant.id, 1, { renewedAt: now }, issued('access-1', grant.id))
    expect(
      await store.grants.renewed(grant.id, 1, { renewedAt: now }, issued('late', grant.id)),
    ).toBeUndefined()
    expect(await tokenSeen(two)).toBe('access-1')
  })

  it('one whose turn was lost is stored all the same, and leaves the turn to who has it', async () => {
    const two = await openTwo()
    await changeDatabase(
      two.dataDir,
      `insert into refresh_turns values ('${printer}', 'somebody', ${nowThere} + 60000, 12000, null)`,
    )
    const { store, grant } = two
    await store.grants.renewed(grant.id, 1, { renewedAt: now }, issued('access-1', grant.id))
    expect(await two.two.look(printer as Address, false)).toMatchObject({ isTaken: true })
    expect(await tokenSeen(two.two)).toBe('access-1')
  })

  it('one that a consent brought is there for all', async () => {
    const { one, two, grant } = await openTwo()
    await one.put(issued('of-a-consent', grant.id))
    expect(await tokenSeen(two)).toBe('of-a-consent')
    await one.put(issued('of-another', 'another-grant'))
    expect(await tokenSeen(two)).toBe('of-a-consent')
  })

  it('its warning comes with it', async () => {
    const { one, two, grant } = await openTwo()
    const warning = failure('token.without-scope', { scope: 'SMTP.Send' })
    await one.put(issued('access-1', grant.id, { warning }))
    expect((await two.look(printer as Address, false)).token?.warning?.message).toBe(warning.message)
  })

  it('each renewal is told to all', async () => {
    const two = await openTwo()
    const told = new Promise((resolve) => two.two.follow(resolve))
    await renewIn(two, 'access-1')
    expect(await told).toBe(printer)
  })

  const ends: [string, (store: Store, id: string) => Promise<unknown>][] = [
    ['its provider refuses the grant', (store, id) => store.grants.lapse(id, 2, now, 'withdrawn')],
    ['there is a new consent', (store) => store.grants.adopt(newGrant())],
    ['the mailbox is removed', (store) => store.mailboxes.remove(printer as Address)],
    [
      'the mailbox moves to another provider',
      (store) =>
        store.mailboxes.put({ address: printer as Address, providerId: 'microsoft', createdAt: now }),
    ],
    [
      'another person is to sign in',
      (store) =>
        store.mailboxes.put({
          ...{ address: printer as Address, providerId: 'google', createdAt: now },
          signsInAs: 'anna@example.com',
        }),
    ],
  ]
  it.each(ends)('it goes when %s', async (_, end) => {
    const two = await openTwo()
    await renewIn(two, 'access-1')
    await end(two.store, two.grant.id)
    expect(await readDatabase(two.dataDir, 'select * from shared_tokens')).toEqual([])
  })

  it.each([
    ['of another mailbox', `update shared_tokens set mailbox_key = '${cron}'`, cron],
    ['of an earlier renewal', 'update shared_tokens set version = version + 1', printer],
    ['that was changed', "update shared_tokens set token = replace(token, '.', '.A')", printer],
  ])('one %s is not used, and is named', async (_, statement, mailbox) => {
    const two = await openTwo()
    await renewIn(two, 'access-1')
    await changeDatabase(two.dataDir, statement)
    expect(await tokenSeen(two.two, mailbox)).toBeUndefined()
    expect(await tokenSeen(two.two, mailbox)).toBeUndefined()
    const refused = two.log.lines.filter(({ level }) => level === 'error')
    const row = addressKey(mailbox as Address)
    expect(refused).toMatchObject([{ fields: { event: 'store.row-refused', table: 'shared_tokens', row } }])
  })

  it('one of an other grant of the same address is not used', async () => {
    const two = await openTwo()
    await renewIn(two, 'access-1')
    const { id } = await two.store.grants.adopt(newGrant({ mailbox: cron as Address }))
    await changeDatabase(two.dataDir, `update shared_tokens set grant_id = '${id}'`)
    expect(await tokenSeen(two.two)).toBeUndefined()
  })

  it('those that have ended are swept', async () => {
    const { one, dataDir, grant, store } = await openTwo()
    const { id } = await store.grants.adopt(newGrant({ mailbox: cron as Address }))
    await one.put(issued('old', id, { mailbox: cron as Address, ageMilliseconds: 3_700_000 }))
    await one.put(issued('access-1', grant.id))
    const left = await readDatabase(dataDir, 'select mailbox_key from shared_tokens')
    expect(left).toEqual([{ mailbox_key: printer }])
  })
})
