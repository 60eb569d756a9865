import { describe, expect, it } from 'vitest'
import { type Address, addressKey } from '../../src/model/address.ts'
import type { JournalEntry } from '../../src/model/journal.ts'
import type { MailboxOutcome } from '../../src/model/mailbox-outcome.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { newLogin, now, openFixture } from './fixture.ts'

const hour = 3_600_000
let count = 0

function entry(over: Partial<JournalEntry> = {}): JournalEntry {
  count += 1
  return {
    id: count.toString(16).padStart(24, '0'),
    at: now + count,
    kind: 'send',
    event: 'message.sent',
    outcome: 'done',
    details: {},
    ...over,
  }
}

const stores = {
  'a file': async () => (await openFixture()).store.journal,
  memory: async () => createMemoryStore().journal,
}

describe.each(Object.entries(stores))('the journal in %s', (_name, open) => {
  it('the journal gives back what was added, the newest first', async () => {
    const journal = await open()
    const full = entry({
      mailbox: 'printer@example.com',
      login: 'hall',
      source: '192.0.2.7',
      by: 'administrator',
      milliseconds: 120,
      details: { sender: 'printer@example.com', recipients: 2, senders: ['a', 'b'], adopted: false },
    })
    const bare = entry()
    await journal.add([full, bare])
    expect(await journal.list({ limit: 10 })).toEqual([bare, full])
    expect(await journal.list({ limit: 1 })).toEqual([bare])
  })

  it('the journal is filtered by all that is asked at once', async () => {
    const journal = await open()
    const [first, second, third, fourth] = [
      entry({ mailbox: 'me@example.com', login: 'a' }),
      entry({ mailbox: 'me@example.com', login: 'b', outcome: 'refused', event: 'message.refused' }),
      entry({ mailbox: 'you@example.com', login: 'a' }),
      entry({ kind: 'sign-in', event: 'sign-in.done', login: 'a' }),
    ]
    await journal.add([first, second, third, fourth])
    const asked = async (query: object) => (await journal.list({ limit: 10, ...query })).map(({ id }) => id)
    expect(await asked({ mailbox: 'ME@example.com' })).toEqual([second.id, first.id])
    expect(await asked({ mailbox: 'me@example.com', login: 'a' })).toEqual([first.id])
    expect(await asked({ outcome: 'refused' })).toEqual([second.id])
    expect(await asked({ kind: 'sign-in', login: 'a' })).toEqual([fourth.id])
    expect(await asked({ since: second.at, until: fourth.at })).toEqual([third.id, second.id])
    expect(await asked({ before: third.id })).toEqual([second.id, first.id])
    expect(await asked({ after: second.id, before: fourth.id })).toEqual([third.id])
  })

  it('the journal is paged without a gap or a repeat while more comes in', async () => {
    const journal = await open()
    const old = Array.from({ length: 25 }, () => entry())
    await journal.add(old)
    const seen: string[] = []
    let before: string | undefined
    for (;;) {
      const page = await journal.list({ limit: 10, ...(before !== undefined && { before }) })
      if (page.length === 0) break
      seen.push(...page.map(({ id }) => id))
      before = page.at(-1)?.id
      await journal.add([entry(), entry()])
    }
    expect(seen).toEqual(old.map(({ id }) => id).reverse())
  })

  it('the journal counts sends by the hour', async () => {
    const journal = await open()
    const start = now - (now % hour)
    const at = (hours: number, over: Partial<JournalEntry>) =>
      entry({ at: start + hours * hour + 5, ...over })
    await journal.add([
      at(0, { mailbox: 'Me@example.com', milliseconds: 100 }),
      at(0, { mailbox: 'me@example.com', milliseconds: 300 }),
    ])
    await journal.add([
      at(0, { outcome: 'refused', mailbox: 'you@example.com', milliseconds: 9 }),
      at(2, { outcome: 'failed' }),
      at(2, { kind: 'sign-in', event: 'sign-in.done' }),
    ])
    expect(await journal.sendHours(start)).toEqual([
      { hour: start, sent: 2, refused: 1, failed: 0, milliseconds: 400 },
      { hour: start + 2 * hour, sent: 0, refused: 0, failed: 1, milliseconds: 0 },
    ])
    expect(await journal.sendHours(start + hour)).toHaveLength(1)
  })

  it('the journal is looked through for an address, or for its whole domain', async () => {
    const journal = await open()
    const [bob, alice] = [entry({ mailbox: 'Bob@Example.com' }), entry({ mailbox: 'alice@example.com' })]
    await journal.add([bob, alice, entry({ mailbox: 'x@sub.example.com' }), entry()])
    const ids = async (mailbox: Address) => (await journal.list({ limit: 9, mailbox })).map(({ id }) => id)
    expect(await ids('*@EXAMPLE.com')).toEqual([alice.id, bob.id])
    expect(await ids('bob@example.com')).toEqual([bob.id])
  })

  it('a part of an address finds its mailbox, and a whole address only that one', async () => {
    const journal = await open()
    const [bob, bobby, alice] = [
      entry({ mailbox: 'bob@example.com' }),
      entry({ mailbox: 'bob@example.community' }),
      entry({ mailbox: 'alice@example.com' }),
    ]
    await journal.add([bob, bobby, alice])
    const ids = async (mailbox: string) => (await journal.list({ limit: 9, mailbox })).map(({ id }) => id)
    expect(await ids('BOB')).toEqual([bobby.id, bob.id])
    expect(await ids('bob@example.com')).toEqual([bob.id])
    expect(await ids('bob@example.co')).toEqual([bobby.id, bob.id])
    expect(await ids('b_b')).toEqual([])
    expect(await ids('zzz')).toEqual([])
  })

  it('an entry about several mailboxes is found by each of them, in its place among the others', async () => {
    const journal = await open()
    const mailboxes = ['bob@example.com', 'Carol@example.com', '*@example.net']
    const [first, several, last] = [
      entry({ mailbox: 'carol@example.com' }),
      entry({ kind: 'sign-in', event: 'sign-in.refused', details: { mailboxes } }),
      entry({ mailbox: 'carol@example.com' }),
    ]
    await journal.add([first, several, last])
    const ids = async (mailbox: string, limit = 9) =>
      (await journal.list({ limit, mailbox })).map(({ id }) => id)
    expect(await ids('carol@example.com')).toEqual([last.id, several.id, first.id])
    expect(await ids('carol@example.com', 2)).toEqual([last.id, several.id])
    expect(await ids('bob')).toEqual([several.id])
    expect(await ids('ob@example.com')).toEqual([several.id])
    expect(await ids('*@example.com')).toEqual([last.id, several.id, first.id])
    expect(await ids('*@example.net')).toEqual([several.id])
    expect((await journal.list({ limit: 9, mailbox: 'bob', outcome: 'failed' })).length).toBe(0)
  })

  it('a message that some recipients were refused of is among the refused ones, in its place', async () => {
    const journal = await open()
    const refused = (address: string) => ({ address, code: 550, reply: '5.1.1 No' })
    const [first, partly, last, done] = [
      entry({ outcome: 'refused', mailbox: 'me@example.com' }),
      entry({ recipients: [refused('anna@example.org')], mailbox: 'me@example.com' }),
      entry({ outcome: 'refused', recipients: [refused('bob@example.org')] }),
      entry({ recipients: [{ address: 'bob@example.org' }] }),
    ]
    await journal.add([first, partly, last, done])
    const asked = async (query: object) => (await journal.list({ limit: 9, ...query })).map(({ id }) => id)
    expect(await asked({ outcome: 'refused' })).toEqual([last.id, partly.id, first.id])
    expect(await asked({ outcome: 'refused', limit: 2 })).toEqual([last.id, partly.id])
    expect(await asked({ outcome: 'refused', mailbox: 'me@' })).toEqual([partly.id, first.id])
    expect(await asked({ outcome: 'refused', recipient: 'bob' })).toEqual([last.id])
    expect(await asked({ outcome: 'done' })).toEqual([done.id, partly.id])
  })

  it('a recipient is found among tens of thousands, in pages, without a gap or a repeat', async () => {
    const journal = await open()
    const all = Array.from({ length: 21_000 }, (_, index) =>
      entry({ recipients: [{ address: index % 7000 === 0 ? 'anna@example.org' : 'bob@example.org' }] }),
    )
    await journal.add(all)
    const annas = all.filter(({ recipients }) => recipients?.[0]?.address === 'anna@example.org').reverse()
    expect(await journal.list({ limit: 9, recipient: 'anna' })).toEqual(annas)
    expect(await journal.list({ limit: 2, recipient: 'anna' })).toEqual(annas.slice(0, 2))
    const [first, second, third] = annas
    expect(await journal.list({ limit: 9, recipient: 'anna', before: first?.id ?? '' })).toEqual([
      second,
      third,
    ])
    expect(await journal.list({ limit: 9, recipient: 'anna', after: third?.id ?? '' })).toEqual([
      first,
      second,
    ])
    expect(await journal.list({ limit: 1, recipient: 'bob' })).toEqual(all.slice(-1))
    expect(await journal.list({ limit: 9, recipient: 'nobody' })).toEqual([])
  })

  it('the journal is swept of what is old, a little at a time', async () => {
    const journal = await open()
    const [old, alsoOld, fresh] = [entry({ at: now - 2 }), entry({ at: now - 1 }), entry({ at: now })]
    await journal.add([old, alsoOld, fresh])
    expect(await journal.sweep(now, 1)).toBe(1)
    expect(await journal.sweep(now, 5)).toBe(1)
    expect(await journal.sweep(now, 5)).toBe(0)
    expect(await journal.list({ limit: 5 })).toEqual([fresh])
  })
})

it('the journal takes all of what is added or nothing', async () => {
  const { journal } = (await openFixture()).store
  const twice = entry()
  await journal.add([twice])
  await expect(journal.add([entry(), twice])).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(await journal.list({ limit: 5 })).toEqual([twice])
  expect((await journal.sendHours(0)).map(({ sent }) => sent)).toEqual([1])
})

it('the journal outlives the mailbox that it is about', async () => {
  const { store } = await openFixture()
  await store.journal.add([entry({ mailbox: 'printer@example.com' })])
  await store.mailboxes.remove('printer@example.com')
  expect(await store.journal.list({ mailbox: 'printer@example.com', limit: 5 })).toHaveLength(1)
})

function outcome(address: Address, over: Partial<MailboxOutcome> = {}): MailboxOutcome {
  return { mailbox: address, at: now, tried: 'message', outcome: 'done', ...over }
}

it('what came of the last message of a mailbox goes with it, and is swept when it is old', async () => {
  const { store } = await openFixture()
  await store.mailboxes.add({ address: 'Gone@example.com', providerId: 'custom', createdAt: now })
  await store.journal.add(
    [],
    [outcome('gone@example.com'), outcome('kept@example.org'), outcome('b@example.org')],
  )
  await store.mailboxes.remove('gone@example.com')
  const found = async (mailbox?: Address) =>
    (await store.journal.outcomes(mailbox && addressKey(mailbox))).map((one) => one.mailbox).sort()
  expect(await found()).toEqual(['b@example.org', 'kept@example.org'])
  expect(await found('kept@example.org')).toEqual(['kept@example.org'])
  expect(await found('*@example.org')).toHaveLength(2)
  await store.journal.sweep(now + 1, 10)
  expect(await found()).toEqual([])
})

it('failures of a mailbox are counted over several writings, until something is sent', async () => {
  const { journal } = (await openFixture()).store
  const failed = (at: number) => outcome('me@example.com', { at, outcome: 'failed' })
  await journal.add([], [outcome('Me@Example.com'), failed(now + 1)])
  await journal.add([], [failed(now + 2), failed(now + 3)])
  const [last] = await journal.outcomes()
  expect(last).toMatchObject({ at: now + 3, sentAt: now, failingSince: now + 1, failures: 3 })
  await journal.add([], [failed(now + 4), outcome('me@example.com', { at: now + 5 }), failed(now + 6)])
  expect((await journal.outcomes())[0]).toMatchObject({ sentAt: now + 5, failingSince: now + 6, failures: 1 })
})

it('entries of a login are found by its name in any case', async () => {
  const { store } = await openFixture()
  await store.logins.add(newLogin({ id: 'first', userName: 'Till', name: 'Printer 2nd floor' }))
  const [till, tim] = [entry({ login: 'Till' }), entry({ login: 'tim' })]
  await store.journal.add([till, tim])
  const named = { ...till, loginName: 'Printer 2nd floor' }
  expect(await store.journal.list({ limit: 10, login: 'TILL' })).toEqual([named])
  expect(await store.journal.list({ limit: 10, login: 'printer 2ND floor' })).toEqual([named])
  expect(await store.journal.list({ limit: 10, login: '2nd' })).toEqual([named])
  expect(await store.journal.list({ limit: 10, login: 'first' })).toEqual([named])
  expect(await store.journal.list({ limit: 10, login: 'tim' })).toEqual([tim])
  expect(await store.journal.list({ limit: 10, login: 'TIM' })).toEqual([])
})
