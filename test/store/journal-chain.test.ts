import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { JournalEntry } from '../../src/model/journal.ts'
import { dataFiles } from '../../src/store/data-dir.ts'
import { openHashRoot } from '../../src/store/hash-root.ts'
import { createJournalChain } from '../../src/store/journal-store.ts'
import { openKeyRing } from '../../src/store/key-ring.ts'
import { createSealer } from '../../src/store/sealer.ts'
import { onPostgres } from '../support/postgres-databases.ts'
import { type Fixture, now, openFixture } from './fixture.ts'
import { changeDatabase, readDatabase } from './raw-database.ts'

function entries(count: number, from = 1): JournalEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    id: (from + index).toString(16).padStart(24, '0'),
    at: now + from + index,
    kind: 'send',
    event: 'message.sent',
    outcome: 'done',
    login: 'printer',
    details: { recipients: 1, mailboxes: ['me@example.com', 'you@example.com'] },
    recipients: [
      { address: 'anna@example.org', code: 550, reply: '5.1.1 No' },
      { address: 'bob@example.org' },
    ],
  }))
}

const oldLink = {
  ...{ id: '1'.repeat(24), at: 1, kind: 'send', event: 'message.sent', outcome: 'done', mailbox_key: null },
  ...{
    mailbox_domain: null,
    login: 'hall',
    source: null,
    done_by: null,
    milliseconds: 5,
    details: '{}',
    place: 1,
  },
}

const idOf = (place: number) => place.toString(16).padStart(24, '0')

/** A journal with ten entries, written in two transactions. */
async function tenEntries(): Promise<Fixture> {
  const fixture = await openFixture()
  await fixture.store.journal.add(entries(4))
  await fixture.store.journal.add(entries(6, 5))
  return fixture
}

/** What is found after somebody has written in the database. */
async function verdictAfter({ dataDir, store }: Fixture, sql: string) {
  await changeDatabase(dataDir, sql)
  return store.journal.verify()
}

describe('the chain of the journal', () => {
  it('an empty journal and one that nobody has touched are whole', async () => {
    const { store } = await openFixture()
    expect(await store.journal.verify()).toEqual({ entries: 0, faults: [] })
    await store.journal.add(entries(1200))
    expect(await store.journal.verify()).toEqual({ entries: 1200, since: now + 1, faults: [] })
  })

  it('the chain goes on after a restart', async () => {
    const { store, reopen } = await tenEntries()
    await store.close()
    const again = (await reopen()).store
    await again.journal.add(entries(2, 11))
    expect(await again.journal.verify()).toEqual({ entries: 12, since: expect.any(Number), faults: [] })
  })

  it.each([
    ['who sent', "login = 'somebody'"],
    ['when', 'at = at + 1'],
    ['what came of it', "outcome = 'refused'"],
    ['a detail', "details = '{}'"],
    ['who did not get it', 'recipients = null, recipient_replies = null'],
    ['a recipient', "recipients = replace(recipients, 'anna', 'emma')"],
    ['what was said to one', "recipient_replies = replace(recipient_replies, '550', '250')"],
    ['its mailboxes', 'mailboxes = null'],
    ['its id', `id = '${idOf(99)}'`],
  ])('an entry in which %s was edited is found', async (_, change) => {
    const fixture = await tenEntries()
    const { faults } = await verdictAfter(fixture, `update journal set ${change} where place = 3`)
    expect(faults).toEqual([{ what: 'changed', id: change.startsWith('id') ? idOf(99) : idOf(3) }])
  })

  it('an entry from before there were recipients has the mark that it had', async () => {
    const chain = createJournalChain(new Secret('cm9vdA'))
    const { mailboxes, recipients, recipient_replies } = {
      mailboxes: null,
      recipients: null,
      recipient_replies: null,
    }
    const old = { ...oldLink, mailboxes, recipients, recipient_replies }
    expect(chain.markOf('before', old)).toBe('hDtEE1OScWylj8KTw0PX8mDncfvaH9P99bmI2UC8uyM')
  })

  it.each([
    ['at the beginning', 'place <= 2', { entries: 2, before: idOf(3) }],
    ['in the middle', 'place in (5, 6)', { entries: 2, before: idOf(7) }],
    ['at the end', 'place > 7', { entries: 3 }],
    ['altogether', 'true', { entries: 10 }],
  ])('entries that were removed %s are found', async (_, which, fault) => {
    const { faults } = await verdictAfter(await tenEntries(), `delete from journal where ${which}`)
    const { before } = fault as { before?: string }
    // Of the entry behind the gap nothing can be said.
    const behind = before === undefined ? [] : [{ what: 'unproven', id: before }]
    expect(faults).toEqual([{ what: 'missing', ...fault }, ...behind])
  })

  it('entries that were put in another order are found', async () => {
    const swap = `update journal set place = -1 where place = 4; update journal set place = 4 where place = 8;
      update journal set place = 8 where place = -1`
    const { faults } = await verdictAfter(await tenEntries(), swap)
    expect(faults).toContainEqual({ what: 'changed', id: idOf(8) })
    expect(faults).toContainEqual({ what: 'changed', id: idOf(4) })
  })

  it('an entry that was copied in behind the last is found', async () => {
    const columns = 'at, kind, event, outcome, login, details'
    const copy = `insert into journal (id, place, mark, ${columns})
      select '${idOf(99)}', 11, mark, ${columns} from journal where place = 10`
    const { faults } = await verdictAfter(await tenEntries(), copy)
    expect(faults).toEqual([{ what: 'added', entries: 1 }])
  })

  it.each([
    ['changed with the entries before it', 'update journal_chain set last_place = 7'],
    ['removed', 'delete from journal_chain'],
  ])('the row of both ends is found to be %s, also once the journal goes on', async (_, change) => {
    const fixture = await tenEntries()
    const { faults } = await verdictAfter(fixture, `delete from journal where place > 7; ${change}`)
    expect(faults).toEqual([{ what: 'ends-changed' }])
    fixture.clock.set(now + 50)
    await fixture.store.journal.add(entries(3, 11))
    expect((await fixture.store.journal.verify()).faults).toContainEqual({
      what: 'ends-changed',
      at: now + 50,
    })
  })

  it('what is left after a sweep is whole, and what is removed after it is found', async () => {
    const fixture = await tenEntries()
    expect(await fixture.store.journal.sweep(now + 5, 100)).toBe(4)
    expect(await fixture.store.journal.verify()).toEqual({
      entries: 6,
      since: expect.any(Number),
      faults: [],
    })
    const { faults } = await verdictAfter(fixture, 'delete from journal where place = 5')
    expect(faults[0]).toEqual({ what: 'missing', entries: 1, before: idOf(6) })
  })

  it('a journal that was swept to its last entry goes on', async () => {
    const { store } = await tenEntries()
    expect(await store.journal.sweep(now + 1000, 100)).toBe(10)
    await store.journal.add(entries(2, 11))
    expect(await store.journal.verify()).toEqual({ entries: 2, since: expect.any(Number), faults: [] })
  })

  it.each([
    ['changed', "update journal set login = 'x' where place = 3"],
    ['removed', 'delete from journal where place = 3'],
    ['given an earlier time', 'update journal set at = 0 where place <= 7'],
  ])('an entry that was %s before a sweep is not forgotten with it', async (_, change) => {
    const fixture = await tenEntries()
    await changeDatabase(fixture.dataDir, change)
    fixture.clock.set(now + 90)
    await fixture.store.journal.sweep(now + 5, 100)
    expect((await fixture.store.journal.verify()).faults).toContainEqual({
      what: 'ends-changed',
      at: now + 90,
    })
  })

  it('an entry from a clock that ran ahead keeps nothing else from being swept', async () => {
    const { store } = await openFixture()
    const [first, ...others] = entries(5)
    await store.journal.add([{ ...(first as JournalEntry), at: now + 1e12 }, ...others])
    expect(await store.journal.sweep(now + 5, 100)).toBe(4)
    expect(await store.journal.verify()).toEqual({ entries: 1, since: expect.any(Number), faults: [] })
  })

  it.each([0, -5, 2])(
    'an entry that was added at the place %i, in front of all others, is found',
    async (at) => {
      const fixture = await tenEntries()
      await fixture.store.journal.sweep(now + 5, 100)
      const columns = 'at, kind, event, outcome, login, details'
      const copy = `insert into journal (id, place, mark, ${columns})
      select '${idOf(99)}', ${at}, mark, ${columns} from journal where place = 10`
      expect((await verdictAfter(fixture, copy)).faults).toEqual([{ what: 'added', entries: 1 }])
    },
  )

  it('the end of the journal that is put back while postern runs is found', async () => {
    const fixture = await tenEntries()
    const [ends] = await readDatabase(fixture.dataDir, 'select * from journal_chain')
    await fixture.store.journal.add(entries(3, 11))
    const { last_place, last_mark, mark } = ends as Record<string, unknown>
    const back = `delete from journal where place > 10;
      update journal_chain set last_place = ${last_place}, last_mark = '${last_mark}', mark = '${mark}'`
    await changeDatabase(fixture.dataDir, back)
    fixture.clock.set(now + 50)
    await fixture.store.journal.add(entries(1, 14))
    expect((await fixture.store.journal.verify()).faults).toContainEqual({
      what: 'ends-changed',
      at: now + 50,
    })
  })

  describe.runIf(!onPostgres)('a database of the schema before the chain', () => {
    const earlier = `drop index journal_place; drop table journal_chain; alter table journal drop column place;
      alter table journal drop column mark; drop index journal_mailboxes; drop index journal_recipients;
      drop index journal_refused_recipients;
      alter table journal drop column mailboxes; alter table journal drop column recipients;
      alter table journal drop column recipient_replies; drop table mailbox_outcomes; drop table registrations;
      drop table processes; drop table store_changes;
      drop table chores; drop table guesses; drop table passing;
      drop table budget_claims; drop table shared_pauses;
      drop table refresh_turns; drop table shared_tokens; drop table sent_keys;
      alter table logins drop column limits; alter table api_keys drop column limits;
      alter table api_keys drop column networks;
      drop table held_messages; drop table held_parts;
      create table last_sends (mailbox_key text primary key not null, at integer not null) strict; delete from schema_versions where version >= 14`

    it('its entries get their places when it is opened', async () => {
      const { store, dataDir, reopen } = await tenEntries()
      await store.close()
      const sealer = createSealer(await openKeyRing(dataFiles(dataDir), undefined))
      const [row] = await readDatabase(dataDir, "select value from secrets where name = 'hash-root'")
      const root = await openHashRoot(sealer, String(row?.value))
      const place = { table: 'secrets', column: 'value', row: 'hash-root of marked rows' }
      const sealed = await sealer.seal(place, root)
      await changeDatabase(
        dataDir,
        `${earlier}; update secrets set value = '${sealed}' where name = 'hash-root'`,
      )
      const { journal } = (await reopen()).store
      await journal.add(entries(1, 11))
      expect(await journal.verify()).toEqual({ entries: 11, since: expect.any(Number), faults: [] })
    })

    it('one that was only made to look so does not open', async () => {
      const { store, dataDir, reopen } = await tenEntries()
      await store.close()
      await changeDatabase(dataDir, `delete from journal where place > 5; ${earlier}`)
      await expect(reopen()).rejects.toThrow('The key does not fit this database')
    })
  })

  it.runIf(!onPostgres)(
    'what nobody has the key for cannot be written: the marks are not the same in another journal',
    async () => {
      const [one, other] = [await tenEntries(), await tenEntries()]
      const marks = async ({ dataDir }: Fixture) => readDatabase(dataDir, 'select mark from journal')
      expect(await marks(one)).not.toEqual(await marks(other))
    },
  )
})
