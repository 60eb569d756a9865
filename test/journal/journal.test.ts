import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { clientGone, failure } from '../../src/base/failure.ts'
import { causeBeside } from '../../src/base/log.ts'
import { createJournal, type Journal } from '../../src/journal/create-journal.ts'
import type { KeptRecipients } from '../../src/model/journal.ts'
import type { JournalStore } from '../../src/store/ports.ts'
import { failureAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createRecordingLog } from '../support/recording-log.ts'

function setUp(recipients: KeptRecipients = 'refused') {
  const clock = createManualClock()
  const log = createRecordingLog()
  const real = createMemoryStore().journal
  const state = { down: false, writes: 0 }
  const store: JournalStore = {
    ...real,
    async add(...given) {
      if (state.down) throw failureAs('store-unavailable', 'The disk is full')
      state.writes += 1
      await real.add(...given)
    },
  }
  const journal = createJournal({ store, clock, log, days: 90, recipients })
  const all = async (filters = {}) => (await journal.reader.list({ limit: 500, ...filters })).entries
  return { clock, log, state, journal, all }
}

const sent = {
  event: 'message.sent',
  source: '192.0.2.7',
  login: 'hall',
  mailbox: 'me@example.com',
  milliseconds: 80,
}

describe('the journal', () => {
  it('the journal keeps what is logged with an event of its table, and hands on everything', async () => {
    const { journal, log, all } = setUp()
    journal.log.info(
      { ...sent, sender: 'me@example.com', recipients: 2, code: 250, reason: undefined },
      'message sent',
    )
    journal.log.info({ listen: '127.0.0.1' }, 'postern listens')
    journal.log.info({ event: 'grants.kept-alive', grants: 3 }, 'kept alive')
    journal.log.debug({ event: 'message.sent' }, 'only for whoever debugs')
    expect(log.lines).toHaveLength(4)
    expect(await all()).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        at: '2030-05-01T12:00:00.000Z',
        kind: 'send',
        event: 'message.sent',
        outcome: 'done',
        mailbox: 'me@example.com',
        login: 'hall',
        source: '192.0.2.7',
        milliseconds: 80,
        details: { sender: 'me@example.com', recipients: 2, code: 250 },
      },
    ])
  })

  it('the journal takes what a child of the log says of every line', async () => {
    const { journal, all } = setUp()
    journal.log
      .child({ mailbox: 'me@example.com' })
      .warn({ event: 'sending.paused', about: 'mailbox' }, 'paused')
    expect(await all()).toMatchObject([
      { mailbox: 'me@example.com', outcome: 'failed', details: { about: 'mailbox' } },
    ])
  })

  it('nothing is kept that is not a plain value: an error may hold anything', async () => {
    const { journal, all } = setUp()
    journal.log.warn({ event: 'notice.failed', err: new Error('secret'), list: [{ a: 1 }] }, 'failed')
    expect(await all()).toMatchObject([{ details: {} }])
  })

  it('lines that happened at once, or while the clock went back, are sorted as they happened', async () => {
    const { journal, clock, all } = setUp()
    for (const login of ['a', 'b']) journal.log.info({ ...sent, login }, 'message sent')
    clock.advance(-3600)
    journal.log.info({ ...sent, login: 'c' }, 'message sent')
    expect((await all()).map(({ login }) => login)).toEqual(['c', 'b', 'a'])
  })

  it('a refused sign-in is found by the mailbox that its login is for', async () => {
    const { journal, all } = setUp()
    const refused = (mailboxes: readonly string[]) =>
      journal.log.warn({ event: 'sign-in.refused', login: 'hall', mailboxes }, 'sign-in refused')
    refused(['me@example.com'])
    refused(['me@example.com', 'you@example.com'])
    journal.log.warn({ event: 'sign-in.refused', login: 'no such login' }, 'sign-in refused')
    expect(await all({ mailbox: 'me@example.com' })).toHaveLength(2)
    expect((await all({ mailbox: 'me@example.com' }))[1]?.mailbox).toBe('me@example.com')
    expect(await all({ mailbox: 'you@example.com' })).toHaveLength(1)
  })

  it('times may be said in words: so long ago, today, yesterday', async () => {
    const { journal, clock, all } = setUp()
    const log = (login: string) => journal.log.info({ ...sent, login }, 'message sent')
    const logins = async (filters: object) => (await all(filters)).map(({ login }) => login)
    log('on the day before')
    clock.advance(23 * 3600)
    log('today, three hours ago')
    clock.advance(3 * 3600)
    log('now')
    expect(await logins({ since: 'today' })).toEqual(['now', 'today, three hours ago'])
    expect(await logins({ since: 'yesterday', until: 'yesterday' })).toEqual(['on the day before'])
    expect(await logins({ since: '2h' })).toEqual(['now'])
    expect(await logins({ since: '200m' })).toHaveLength(2)
    expect(await logins({ since: '2d' })).toHaveLength(3)
    await expect(all({ since: '2 weeks' })).rejects.toMatchObject({ code: 'invalid' })
  })

  it('days, and times without a zone, are those of the zone in which times are shown', async () => {
    const { TZ } = process.env
    process.env.TZ = 'Asia/Tokyo'
    onTestFinished(() => {
      process.env.TZ = TZ
    })
    const { journal, clock, all } = setUp()
    const log = (login: string) => journal.log.info({ ...sent, login }, 'message sent')
    const logins = async (filters: object) => (await all(filters)).map(({ login }) => login)
    // It is 12:00 UTC, and 21:00 there.
    log('evening')
    clock.advance(4 * 3600)
    log('past midnight')
    expect(await logins({ since: 'today' })).toEqual(['past midnight'])
    expect(await logins({ since: 'yesterday', until: 'yesterday' })).toEqual(['evening'])
    expect(await logins({ since: '2030-05-02' })).toEqual(['past midnight'])
    expect(await logins({ until: '2030-05-01' })).toEqual(['evening'])
    expect(await logins({ since: '2030-05-02T00:30' })).toEqual(['past midnight'])
    expect(await logins({ since: '2030-05-01T12:30:00Z' })).toEqual(['past midnight'])
  })

  it('a program that signs in for each message is told once in an hour', async () => {
    const { journal, clock, all } = setUp()
    const signIn = (login: string, source = '192.0.2.7') =>
      journal.log.info({ event: 'sign-in.done', login, source }, 'signed in')
    for (let count = 0; count < 20; count += 1) signIn('hall')
    signIn('hall', '192.0.2.8')
    clock.advance(3601)
    signIn('hall')
    expect(await all()).toHaveLength(3)
  })

  it('consents that somebody begins without end are summed up', async () => {
    const { journal, all } = setUp()
    const begin = () =>
      journal.log.info({ event: 'consent.begun', mailbox: 'me@example.com' }, 'Consent begun')
    for (let count = 0; count < 1000; count += 1) begin()
    expect(await all()).toHaveLength(60)
    await journal.close()
    expect((await all())[0]).toMatchObject({ event: 'consent.begun', details: { more: 940 } })
  })

  it('sixty guesses of a minute are kept one by one, and the others counted', async () => {
    const { journal, clock, all } = setUp()
    const guess = () =>
      journal.log.warn({ event: 'sign-in.refused', source: '192.0.2.66' }, 'sign-in refused')
    for (let count = 0; count < 1000; count += 1) guess()
    expect(await all()).toHaveLength(60)
    clock.advance(61)
    guess()
    const [last, together] = await all()
    expect(last?.source).toBe('192.0.2.66')
    expect(together).toMatchObject({ event: 'sign-in.refused', details: { more: 940 } })
    expect(await all()).toHaveLength(62)
  })

  it('the journal writes many at once, and changes at once', async () => {
    const { journal, state } = setUp()
    for (let count = 0; count < 400; count += 1) journal.log.info(sent, 'message sent')
    expect(state.writes).toBe(0)
    journal.log.info({ event: 'login.revoked', userName: 'hall' }, 'Login revoked')
    await vi.waitFor(() => expect(state.writes).toBe(1), { timeout: 15_000 })
    await journal.close()
    expect(state.writes).toBe(1)
  })

  it('lines that wait are written when the journal closes', async () => {
    const { journal, state } = setUp()
    journal.log.info(sent, 'message sent')
    await journal.close()
    expect(state.writes).toBe(1)
  })

  it('the journal goes on while the store is down, writes what it has kept afterwards, and says what it had to drop', async () => {
    const { journal, log, state, all } = setUp()
    state.down = true
    for (let count = 0; count < 10_100; count += 1)
      journal.log.info({ ...sent, octets: count }, 'message sent')
    expect(await all()).toEqual([])
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    state.down = false
    const [newest] = await all()
    expect(newest?.details.octets).toBe(10_099)
    expect(log.lines.at(-1)).toMatchObject({
      fields: { dropped: 100 },
      message: 'The journal is written again',
    })
    expect((await all({ before: newest?.id })).length).toBe(500)
  })

  it('lines older than they are kept are forgotten', async () => {
    const { journal, clock, all } = setUp()
    journal.log.info(sent, 'message sent')
    await all()
    clock.advance(91 * 86_400)
    journal.log.info(sent, 'message sent')
    await journal.close()
    expect(await all()).toHaveLength(1)
  })
})

describe('reading the journal', () => {
  it('the answer says how to go on, and when nothing older is there', async () => {
    const { journal } = setUp()
    for (let count = 0; count < 5; count += 1) journal.log.info(sent, 'message sent')
    const first = await journal.reader.list({ limit: 3 })
    expect(first.entries).toHaveLength(3)
    expect(first.next).toBe(first.entries[2]?.id)
    const second = await journal.reader.list({ limit: 3, before: first.next ?? '' })
    expect(second.entries).toHaveLength(2)
    expect(second).not.toHaveProperty('next')
  })

  it('days and times are read, all of the last day among them', async () => {
    const { journal, all } = setUp()
    journal.log.info(sent, 'message sent')
    expect(await all({ since: '2030-05-01', until: '2030-05-01' })).toHaveLength(1)
    expect(await all({ until: '2030-04-30' })).toHaveLength(0)
    expect(await all({ since: '2030-05-01T12:00' })).toHaveLength(1)
    expect(await all({ since: '2030-05-01T14:00:01+02:00' })).toHaveLength(0)
    expect(await all({ since: '', mailbox: '', kind: '' })).toHaveLength(1)
  })

  it('lines are found that happened while the clock was set back, and pages lie within days', async () => {
    const { journal, clock, all } = setUp()
    journal.log.info(sent, 'message sent')
    clock.advance(-3 * 3600)
    journal.log.info({ ...sent, login: 'earlier' }, 'message sent')
    expect(await all({ until: '2030-05-01T10:00' })).toMatchObject([{ login: 'earlier' }])
    expect(await all({ since: '2030-05-01T08:00' })).toHaveLength(2)
    const [newest, oldest] = await all({ since: '2030-05-01' })
    expect(await all({ until: '2030-05-01', before: newest?.id ?? '' })).toEqual([oldest])
    expect(await all({ since: '2030-05-01', after: oldest?.id ?? '' })).toEqual([newest])
  })

  it.each([
    [{ limit: 0 }, '1 to 500'],
    [{ limit: 501 }, '1 to 500'],
    [{ kind: 'sends' }, 'send, sign-in, token, consent, change, trouble'],
    [{ outcome: 'bad' }, 'done, refused, failed'],
    [{ since: 'tomorrow' }, '2030-12-31'],
    [{ since: '2030-02-31' }, '2030-12-31'],
    [{ before: 'x' }, 'an id'],
  ])('the failure says what is wrong with %j', async (filters, fix) => {
    const { journal } = setUp()
    const asked = journal.reader.list(filters)
    await expect(asked).rejects.toMatchObject({ code: 'invalid', fix: expect.stringContaining(fix) })
  })

  it('sends are counted over the last day and week', async () => {
    const { journal, clock } = setUp()
    journal.log.info(sent, 'message sent')
    clock.advance(3600)
    journal.log.info({ ...sent, milliseconds: 120 }, 'message sent')
    journal.log.info({ ...sent, event: 'message.refused' }, 'refused')
    journal.log.info({ ...sent, event: 'message.failed' }, 'failed')
    const day = await journal.reader.activity('day')
    expect(day.bars).toHaveLength(24)
    expect(day.bars.slice(-2)).toEqual([
      { since: Date.UTC(2030, 4, 1, 12), sent: 1, refused: 0, milliseconds: 80 },
      { since: Date.UTC(2030, 4, 1, 13), sent: 1, refused: 2, milliseconds: 120 },
    ])
    const week = await journal.reader.activity('week')
    expect(week).toMatchObject({ span: 'week', hours: 6 })
    expect(week.bars.at(-1)).toMatchObject({ sent: 2, refused: 2, milliseconds: 100 })
  })

  it('the last outcome of each mailbox is kept, with what is so since when', async () => {
    const { journal, clock } = setUp()
    const noon = Date.UTC(2030, 4, 1, 12)
    const told = async () => (await journal.reader.outcomes())[0]
    const refused = failure('upstream.token-refused', { host: 'h', mailbox: 'm', status: '535', said: 'no' })
    journal.log.info(sent, 'message sent')
    expect(await told()).toEqual({
      mailbox: 'me@example.com',
      at: noon,
      tried: 'message',
      outcome: 'done',
      login: 'hall',
      sentAt: noon,
      failures: 0,
    })
    clock.advance(60)
    const failing = { ...sent, event: 'message.failed', [causeBeside]: refused }
    journal.log.info(failing, 'message not sent')
    journal.log.info({ ...sent, event: 'message.refused', code: 550, reply: '5.1.1 Nobody' }, 'refused')
    await told()
    clock.advance(60)
    const test = { event: 'test-message.failed', mailbox: 'ME@example.com', [causeBeside]: refused }
    journal.log.warn(test, 'a test message was not sent')
    expect(await told()).toEqual({
      mailbox: 'me@example.com',
      at: noon + 120_000,
      tried: 'test',
      outcome: 'failed',
      why: {
        code: 'provider-setup',
        message: refused.message,
        fix: refused.fix,
        failure: { id: refused.id, values: refused.values },
        said: 'no',
      },
      sentAt: noon,
      failingSince: noon + 60_000,
      failures: 3,
    })
    journal.log.info({ event: 'mailbox.let-in', mailbox: 'me@example.com' }, 'let in')
    expect(await told()).toMatchObject({ tried: 'sign-in', outcome: 'done', failures: 0, sentAt: noon })
    expect(await told()).not.toHaveProperty('failingSince')
  })

  it.each([
    ['the client', { event: 'message.cut', mailbox: 'me@example.com' }],
    ['the client, too', { event: 'message.failed', mailbox: 'me@example.com', [causeBeside]: clientGone() }],
    [
      'a guesser',
      {
        event: 'sign-in.refused',
        mailboxes: ['me@example.com'],
        [causeBeside]: failureAs('wrong-credentials', 'No'),
      },
    ],
    [
      'a login of two mailboxes',
      {
        event: 'sign-in.refused',
        mailboxes: ['me@example.com', 'you@example.com'],
        [causeBeside]: failureAs('provider-setup', 'No'),
      },
    ],
  ])('what went wrong with %s says nothing of the mailbox', async (_, fields) => {
    const { journal } = setUp()
    journal.log.info(fields, 'not done')
    expect(await journal.reader.outcomes()).toEqual([])
  })

  it.each(['domains', 'no'] as const)(
    'the last outcome names no recipient where the journal keeps none (%s)',
    async (kept) => {
      const { journal } = setUp(kept)
      const cause = failureAs('provider-setup', 'anna@example.net is refused for me@example.com', {
        said: '550 anna@example.net: no',
      })
      const fields = { event: 'test-message.failed', mailbox: 'me@example.com', [causeBeside]: cause }
      journal.log.warn(fields, 'a test message was not sent')
      const told = JSON.stringify(await journal.reader.outcomes())
      expect(told).toContain('is refused for me@example.com')
      expect(told).not.toContain('anna')
    },
  )

  it('outcomes that could not be written are written later, and a flood of entries hides none', async () => {
    const { journal, state } = setUp()
    const cause = { [causeBeside]: failureAs('provider-setup', 'SMTP AUTH is disabled') }
    const refused = { event: 'sign-in.refused', mailboxes: ['me@example.com'], ...cause }
    for (let guess = 0; guess < 100; guess += 1) journal.log.warn({ event: 'sign-in.refused' }, 'refused')
    state.down = true
    journal.log.warn(refused, 'sign-in refused')
    expect(await journal.reader.outcomes()).toEqual([])
    state.down = false
    expect(await journal.reader.outcomes()).toMatchObject([{ outcome: 'failed', tried: 'sign-in' }])
  })
})

describe('a clock that is wrong', () => {
  const day = 86_400_000

  /** A journal of so many days, an entry each, and what the next start sees with this clock. */
  async function afterDays(days: number) {
    const { journal: store } = createMemoryStore()
    const { clock, log } = setUp()
    const entry = () => ({ ...sent, mailbox: 'me@example.com' })
    for (let at = 0; at < days; at += 1) {
      const one = createJournal({ store, clock, log, days: 1000, recipients: 'refused' })
      one.log.info(entry(), 'message sent')
      await one.close()
      clock.advance(day / 1000)
    }
    const start = () => createJournal({ store, clock, log, days: 90, recipients: 'refused' })
    const count = async (journal: Journal) => (await journal.reader.list({ limit: 500 })).entries.length
    return { clock, log, start, count, entry }
  }

  it('a start with the clock 100 days ahead removes a day of the journal, not all of it, and says so', async () => {
    const { clock, log, start, count, entry } = await afterDays(10)
    // To a process that begins now, a jump and a long absence look the same.
    clock.advance(100 * 86_400)
    const journal = start()
    journal.log.info(entry(), 'message sent')
    await journal.close()
    expect(await count(start())).toBe(10)
    const events = eventsIn(log)
    expect(events.filter((event) => event === 'journal.swept')).toHaveLength(1)
    expect(events).toContain('journal.sweep-held-back')
  })

  it('what is really old goes within days, all the same', async () => {
    const { clock, log, start, count, entry } = await afterDays(30)
    clock.advance(200 * 86_400)
    const journal = start()
    for (let hour = 0; hour < 24 * 6; hour += 1) {
      journal.log.info(entry(), 'message sent')
      // Looked at by somebody, so that it is written, and swept after that.
      await count(journal)
      clock.advance(3600)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await journal.close()
    expect(eventsIn(log).filter((event) => event === 'journal.swept').length).toBeGreaterThan(3)
    expect(await count(start())).toBe(24 * 6)
  })
})

function eventsIn({ lines }: ReturnType<typeof createRecordingLog>): unknown[] {
  return lines.map(({ fields }) => ('event' in fields ? fields.event : undefined))
}
