import { expect, it } from 'vitest'
import type { HeldState } from '../../src/model/held-message.ts'
import type { HeldMessageStore } from '../../src/store/ports.ts'
import { openStore } from '../../src/store/store.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import {
  contents,
  failureOf,
  heldOctets,
  holdOne,
  newHeldMessage,
  now,
  onPostgres,
  openFixture,
} from './fixture.ts'
import { changeDatabase, readDatabase } from './raw-database.ts'

const outcome = { at: now, reply: { code: 250, text: 'OK' } }

async function stateOf(held: HeldMessageStore, id: string): Promise<HeldState | undefined> {
  return (await held.find(id))?.state
}

it('a held message comes back as it was, part by part', async () => {
  const { store } = await openFixture()
  expect(await store.holdsMessages()).toBe(false)
  const { held, message, added } = await holdOne(store)
  expect(added).toBe('added')
  expect(await store.holdsMessages()).toBe(true)
  const { envelope, owner, octets, parts, createdAt, endsAt } = message
  const kept = { id: message.id, owner, octets, parts, createdAt, endsAt, envelope }
  expect(await held.find(message.id)).toEqual({ ...kept, state: 'waiting', changedAt: now })
  for (const [place, part] of heldOctets.entries()) expect(await held.part(message.id, place)).toEqual(part)
})

it('nothing of it can be read in the files', async () => {
  const { store, dataDir } = await openFixture()
  await holdOne(store)
  if (onPostgres) {
    const rows = await readDatabase(dataDir, 'select * from held_messages')
    expect(JSON.stringify(rows)).not.toContain('secret-of-the-message')
    return
  }
  for (const [name, octets] of await contents(dataDir))
    expect(octets.includes('secret-of-the-message'), name).toBe(false)
})

it('only so many wait at a time, of one owner and in all, and only so many octets', async () => {
  const { store } = await openFixture()
  const added: string[] = []
  for (const over of [{}, {}, {}, {}, { owner: 'login two', octets: 60 }, { owner: 'login two' }])
    added.push((await holdOne(store, over)).added)
  expect(added).toEqual(['added', 'added', 'added', 'owner-full', 'full', 'added'])
})

it('what ended makes room', async () => {
  const { store } = await openFixture()
  const { held, message } = await holdOne(store)
  for (const _ of [2, 3]) await holdOne(store)
  await held.end(message.id, 'refused', 'somebody')
  expect((await holdOne(store)).added).toBe('added')
})

it.each(['claim', 'refuse', 'expire'] as const)(
  'of ten that ask for it at once, one gets it: %s',
  async (how) => {
    const { store } = await openFixture()
    const { held, message } = await holdOne(store)
    const ask = (process: number) => {
      if (how === 'claim') return held.claim(message.id, `process-${process}`, 'somebody')
      return held.end(message.id, how === 'refuse' ? 'refused' : 'expired', 'somebody')
    }
    const got = await Promise.all(Array.from({ length: 10 }, (_, process) => ask(process)))
    expect(got.filter((one) => one)).toHaveLength(1)
  },
)

it('one that is put back can be decided again, and keeps what was said', async () => {
  const { store } = await openFixture()
  const { held, message } = await holdOne(store)
  await held.claim(message.id, 'a-process', 'somebody')
  expect(await held.end(message.id, 'refused')).toBe(false)
  await held.putBack(message.id, 'another', outcome)
  expect(await stateOf(held, message.id)).toBe('sending')
  await held.putBack(message.id, 'a-process', outcome)
  expect(await held.find(message.id)).toMatchObject({ state: 'waiting', outcome })
  expect((await held.find(message.id))?.decidedBy).toBeUndefined()
  expect(await held.claim(message.id, 'another', 'somebody else')).toBe(true)
})

it.each(['sent', 'failed', 'unknown'] as const)('the octets of one that is %s are gone', async (state) => {
  const { store, dataDir } = await openFixture()
  const { held, message } = await holdOne(store)
  await held.claim(message.id, 'a-process', 'somebody')
  await held.finish(message.id, 'a-process', state, outcome)
  expect(await held.find(message.id)).toMatchObject({ state, decidedBy: 'somebody', outcome })
  expect(await readDatabase(dataDir, 'select * from held_parts')).toEqual([])
  expect(await held.claim(message.id, 'a-process', 'somebody')).toBe(false)
})

it('one that a process has left on its way is given up once', async () => {
  const { store } = await openFixture()
  const { held, message } = await holdOne(store)
  await held.claim(message.id, 'gone', 'somebody')
  expect(await held.giveUp(message.id, 'another')).toBe(false)
  expect(await held.giveUp(message.id, 'gone')).toBe(true)
  expect(await held.giveUp(message.id, 'gone')).toBe(false)
  expect(await stateOf(held, message.id)).toBe('unknown')
})

it('what ended long ago is forgotten, and parts of which no message came; what waits is not', async () => {
  const { store, clock, dataDir } = await openFixture()
  const { held, message } = await holdOne(store)
  const { message: waiting } = await holdOne(store)
  await held.keepPart('never-added', 0, Buffer.from('x'))
  await held.end(message.id, 'expired')
  await held.sweep(now)
  expect(await held.list()).toHaveLength(2)
  clock.set(now + 10)
  await held.sweep(now + 1)
  expect((await held.list()).map(({ id }) => id)).toEqual([waiting.id])
  const parts = await readDatabase(dataDir, 'select distinct message_id from held_parts')
  expect(parts).toEqual([{ message_id: waiting.id }])
})

it.each([
  ['makes it wait again', "update held_messages set state = 'waiting'"],
  ['lets it wait for ever', 'update held_messages set ends_at = 9000000000000000'],
  ['takes a part away', 'update held_messages set parts = 1'],
  ['gives it to another', "update held_messages set owner = 'login two'"],
])('whoever writes in the database and %s gets nothing sent', async (_what, sql) => {
  const { store, dataDir, place, clock } = await openFixture()
  const { held, message } = await holdOne(store)
  await held.end(message.id, 'refused')
  await store.close()
  await changeDatabase(dataDir, sql)
  const log = createRecordingLog()
  const opened = await openStore({ ...place, clock, log })
  const again = await opened.store.heldMessages()
  expect(await again.find(message.id)).toBeUndefined()
  expect(await again.claim(message.id, 'a-process', 'somebody')).toBe(false)
  await opened.store.close()
  expect(log.lines.map(({ fields }) => 'event' in fields && fields.event)).toContain('store.row-refused')
})

it('a part or an envelope of another message does not open', async () => {
  const { store, dataDir } = await openFixture()
  const { held, message } = await holdOne(store)
  const { message: other } = await holdOne(store, newHeldMessage())
  await changeDatabase(
    dataDir,
    `update held_parts set content = (select content from held_parts where message_id = '${other.id}' and place = 0)
      where message_id = '${message.id}' and place = 0;
     update held_messages set content = (select content from held_messages where id = '${other.id}') where id = '${message.id}'`,
  )
  for (const look of [() => held.part(message.id, 0), () => held.find(message.id)])
    expect(await failureOf(look())).toMatchObject({ id: 'database.seal-broken' })
})

it('one that does not open keeps no others from being listed, and is swept when its day is over', async () => {
  const { store, dataDir } = await openFixture()
  const { message: broken } = await holdOne(store)
  const { held, message } = await holdOne(store)
  await changeDatabase(dataDir, `update held_messages set content = 'x' where id = '${broken.id}'`)
  const told: unknown[] = []
  const listed = await held.list((id, failure) => told.push([id, failure.id]))
  expect([listed.map(({ id }) => id), told]).toEqual([[message.id], [[broken.id, 'database.seal-broken']]])
  await held.sweep(broken.endsAt)
  expect(await readDatabase(dataDir, 'select id from held_messages')).toHaveLength(2)
  await held.sweep(broken.endsAt + 1)
  expect(await readDatabase(dataDir, 'select id from held_messages')).toEqual([])
})

it('a row that something else has written hides none behind it', async () => {
  const { store, dataDir } = await openFixture()
  const { message } = await holdOne(store)
  await changeDatabase(
    dataDir,
    `insert into held_messages (id, owner, state, content, octets, parts, created_at, ends_at, changed_at, mark)
      select '0', owner, state, content, octets, parts, created_at, ends_at, changed_at, mark
      from held_messages where id = '${message.id}'`,
  )
  expect(await store.holdsMessages()).toBe(true)
})
