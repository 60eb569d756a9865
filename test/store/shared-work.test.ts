import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Secret } from '../../src/base/secret.ts'
import { openStore } from '../../src/store/store.ts'
import { eventually } from '../support/eventually.ts'
import { newPlace, onPostgres, type Place } from './fixture.ts'
import { changeDatabase, readDatabase } from './raw-database.ts'

async function openProcess(place: Place) {
  const opened = await openStore({ ...place, clock: systemClock, log: silentLog })
  onTestFinished(() => opened.store.close())
  return opened
}

async function openChores(place: Place) {
  const { others, store } = await openProcess(place)
  if (!others) throw new Error('there is only one process')
  return { chores: others.chores, end: () => store.close() }
}

describe.runIf(onPostgres)('work that is divided', () => {
  it('a chore is done by one process, and by another one after that has ended', async () => {
    const place = await newPlace()
    const [one, two] = [await openChores(place), await openChores(place)]
    const asked = await Promise.all([one, two, one, two].map(({ chores }) => chores.isMine('notices')))
    expect(new Set([asked[0], asked[1]])).toEqual(new Set([true, false]))
    expect(asked.slice(2)).toEqual(asked.slice(0, 2))
    const [holder, other] = asked[0] ? [one, two] : [two, one]
    await holder.end()
    expect(await other.chores.isMine('notices')).toBe(true)
  })

  it('the chore of a process that was killed is taken over when it counts as gone', async () => {
    const place = await newPlace()
    const one = await openChores(place)
    const until = `(extract(epoch from clock_timestamp()) * 1000)::bigint + 300`
    await changeDatabase(place.dataDir, `insert into processes values ('killed', 'killed', 0, ${until})`)
    await changeDatabase(place.dataDir, `insert into chores values ('notices', 'killed')`)
    expect(await one.chores.isMine('notices')).toBe(false)
    await eventually('taken over', () => one.chores.isMine('notices'))
  })

  it('each key is in the share of exactly one of those that are alive', async () => {
    const place = await newPlace()
    const all = [await openChores(place), await openChores(place), await openChores(place)]
    const keys = Array.from({ length: 300 }, (_, index) => `user${index}@example.com`)
    const shares = await Promise.all(all.map(({ chores }) => chores.share()))
    for (const key of keys) expect(shares.filter((share) => share.has(key))).toHaveLength(1)
    for (const share of shares) {
      expect(share.parts).toBe(3)
      expect(keys.filter((key) => share.has(key)).length).toBeGreaterThan(60)
    }
    await all[2]?.end()
    const left = await Promise.all(all.slice(0, 2).map(({ chores }) => chores.share()))
    for (const key of keys) expect(left.filter((share) => share.has(key))).toHaveLength(1)
  })
})

describe('what is kept for a while', () => {
  it('it is found until it is taken, by one asker alone', async () => {
    const { passing } = await openProcess(await newPlace())
    await passing.put('sign-in-link', 'a', new Secret('first'), 60)
    await passing.put('sign-in-link', 'a', new Secret('second'), 60)
    expect((await passing.find('sign-in-link', 'a'))?.reveal()).toBe('second')
    expect(await passing.find('callback', 'a')).toBeUndefined()
    const taken = await Promise.all([1, 2, 3].map(() => passing.take('sign-in-link', 'a')))
    expect(taken.filter((one) => one !== undefined).map((one) => one?.reveal())).toEqual(['second'])
    expect(await passing.find('sign-in-link', 'a')).toBeUndefined()
  })

  it('one of several who claim a key gets it, and the next one after its time', async () => {
    const { passing } = await openProcess(await newPlace())
    const claimed = await Promise.all(
      [1, 2, 3].map(() => passing.claim('sign-in-taken', 'a', new Secret('x'), 0.3)),
    )
    expect(claimed.filter(Boolean)).toHaveLength(1)
    await eventually('over', () => passing.claim('sign-in-taken', 'a', new Secret('x'), 60))
  })

  it('what has ended is not there, nor in a list', async () => {
    const { passing } = await openProcess(await newPlace())
    await passing.put('token-trouble', 'a', new Secret('x'), 60)
    await passing.put('token-trouble', 'b', new Secret('y'), 0)
    const listed = await passing.list('token-trouble')
    expect(listed.map(({ key, value }) => [key, value.reveal()])).toEqual([['a', 'x']])
    expect(await passing.find('token-trouble', 'b')).toBeUndefined()
    await passing.removeAll('token-trouble')
    expect(await passing.list('token-trouble')).toEqual([])
  })

  it.runIf(onPostgres)('another process has it as well, and the database has it sealed', async () => {
    const place = await newPlace()
    const [one, two] = [await openProcess(place), await openProcess(place)]
    await one.passing.put('made-password', 'a', new Secret('correct horse'), 60)
    expect((await two.passing.find('made-password', 'a'))?.reveal()).toBe('correct horse')
    expect(JSON.stringify(await readDatabase(place.dataDir, 'select * from passing'))).not.toContain('horse')
    // What was moved to another key does not open.
    await changeDatabase(place.dataDir, `update passing set key = 'b'`)
    expect(await two.passing.find('made-password', 'b')).toBeUndefined()
  })
})
