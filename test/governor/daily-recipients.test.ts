import { describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { type DailyRecipients, openDailyRecipients } from '../../src/governor/daily-recipients.ts'
import type { Address } from '../../src/model/address.ts'
import type { RecipientCountStore } from '../../src/store/ports.ts'
import { openFixture, stillClock } from '../store/fixture.ts'
import { createMemoryStore } from '../support/memory-store.ts'

const mailbox: Address = 'printer@example.com'
const hour = 3_600_000
/** A quarter past some hour. */
const quarterPast = 500_000 * hour + hour / 4

interface Stage {
  clock: ReturnType<typeof stillClock>
  counts: RecipientCountStore
  daily: DailyRecipients
  /** As after a restart. */
  reopen(): Promise<DailyRecipients>
}

async function stage(limit?: number): Promise<Stage> {
  const clock = stillClock()
  clock.set(quarterPast)
  const counts = createMemoryStore().recipientCounts
  const reopen = () =>
    openDailyRecipients({ account: mailbox, counts, limit: () => limit, clock, log: silentLog })
  return { clock, counts, daily: await reopen(), reopen }
}

function send(daily: DailyRecipients, recipients: number): void {
  daily.take(recipients)
  daily.commit(recipients, recipients)
}

/** The Failure that `take` throws. */
function refusalOf(daily: DailyRecipients, recipients: number): unknown {
  try {
    daily.take(recipients)
  } catch (error) {
    return error
  }
  throw new Error('nothing was refused')
}

describe('the recipients of the last day', () => {
  it('recipients that were sent to count, not those that were only taken', async () => {
    const { daily } = await stage()
    daily.take(5)
    expect(daily.total()).toBe(0)
    daily.commit(5, 3)
    expect(daily.total()).toBe(3)
    daily.take(2)
    daily.commit(2, 0)
    expect(daily.total()).toBe(3)
  })

  it('as many are taken as the provider allows, what is under way included, and not one more', async () => {
    const { daily } = await stage(10)
    send(daily, 4)
    daily.take(6)
    expect(refusalOf(daily, 1)).toMatchObject({
      code: 'limit-reached',
      message:
        'printer@example.com has had 4 recipients in 24 hours and 6 under way, its provider allows 10, and a message to 1 more was to leave',
      fix: expect.stringContaining('recipientsPerDay'),
    })
    daily.commit(6, 0)
    daily.take(6)
    daily.commit(6, 6)
    expect(refusalOf(daily, 1)).toMatchObject({
      message: expect.stringContaining('10 recipients in 24 hours, its'),
    })
  })

  it('recipients are not limited without a limit', async () => {
    const { daily } = await stage()
    send(daily, 1_000_000)
    send(daily, 1_000_000)
    expect(daily.total()).toBe(2_000_000)
  })

  it('recipients roll out by the hour, the oldest hour as a whole', async () => {
    const { clock, daily } = await stage()
    send(daily, 3)
    clock.set(quarterPast + hour / 2)
    send(daily, 4)
    clock.set(quarterPast + 10 * hour)
    send(daily, 5)
    clock.set(quarterPast + 24 * hour)
    expect(daily.total()).toBe(12)
    // Both of the first were in one hour, which counts until a day after its end.
    clock.set(quarterPast + 24.75 * hour - 1)
    expect(daily.total()).toBe(12)
    clock.set(quarterPast + 24.75 * hour)
    expect(daily.total()).toBe(5)
    clock.set(quarterPast + 34.75 * hour)
    expect(daily.total()).toBe(0)
  })

  it('no recipient counts after a day and an hour, and each counts for a day', async () => {
    const { clock, daily } = await stage()
    const sent: { time: number; recipients: number }[] = []
    const since = (age: number) => sent.filter(({ time }) => time > clock.now() - age)
    const sum = (some: typeof sent) => some.reduce((total, { recipients }) => total + recipients, 0)
    for (let step = 0; step < 400; step += 1) {
      clock.set(quarterPast + step * 13 * 60_000)
      const recipients = 1 + (step % 7)
      send(daily, recipients)
      sent.push({ time: clock.now(), recipients })
      expect(daily.total()).toBeGreaterThanOrEqual(sum(since(24 * hour)))
      expect(daily.total()).toBeLessThanOrEqual(sum(since(25 * hour)))
    }
  })

  it.each<[string, number, [atHour: number, recipients: number][], number, number, number]>([
    [
      'the oldest hour rolls out',
      10,
      [
        [0, 4],
        [2, 6],
      ],
      3,
      1,
      21.75 * 3600,
    ],
    [
      'as many hours have rolled out as it takes',
      10,
      [
        [0, 4],
        [2, 6],
      ],
      3,
      5,
      23.75 * 3600,
    ],
    ['a day is over, for what no day has room for', 10, [], 0, 11, 24 * 3600],
  ])('the refusal says when to come again: when %s', async (_, limit, sent, now, recipients, seconds) => {
    const { clock, daily } = await stage(limit)
    for (const [atHour, count] of sent) {
      clock.set(quarterPast + atHour * hour)
      send(daily, count)
    }
    clock.set(quarterPast + now * hour)
    const refusal = refusalOf(daily, recipients)
    expect(refusal).toMatchObject({ retryAfterSeconds: seconds })
    if (recipients > limit) return
    clock.set(clock.now() + seconds * 1000 - 1000)
    expect(() => daily.take(recipients)).toThrow()
    clock.set(clock.now() + 1000)
    daily.take(recipients)
  })

  it('the refusal says to come again soon when only what is under way fills the day', async () => {
    const { daily } = await stage(10)
    daily.take(10)
    expect(refusalOf(daily, 1)).toMatchObject({ retryAfterSeconds: 60 })
    daily.commit(10, 1)
    daily.take(9)
    expect(refusalOf(daily, 1)).toMatchObject({ retryAfterSeconds: 60 })
  })

  it('the count survives a wall clock that is set back, and one that was a year ahead', async () => {
    const { clock, daily, reopen } = await stage(10)
    send(daily, 4)
    clock.set(quarterPast - 3 * hour)
    send(daily, 2)
    expect(daily.total()).toBe(6)
    clock.set(quarterPast + 365 * 24 * hour)
    send(daily, 10)
    await daily.close()
    clock.set(quarterPast)
    for (const one of [daily, await reopen()]) {
      expect(one.total()).toBeLessThanOrEqual(6)
      one.take(4)
    }
  })
})

describe('a restart', () => {
  it('a restart changes nothing of what was sent, over the real store', async () => {
    const { store, clock, reopen } = await openFixture()
    clock.set(quarterPast)
    const open = (counts: RecipientCountStore, limit = 10) =>
      openDailyRecipients({ account: mailbox, counts, limit: () => limit, clock, log: silentLog })
    const before = await open(store.recipientCounts)
    send(before, 3)
    clock.set(quarterPast + 5 * hour)
    send(before, 4)
    before.take(2)
    await before.close()
    await store.close()

    const { store: again } = await reopen()
    const after = await open(again.recipientCounts)
    expect(after.total()).toBe(7)
    expect(() => after.take(4)).toThrow()
    send(after, 3)
    await after.close()
    clock.set(quarterPast + 24.75 * hour)
    expect(after.total()).toBe(7)
    expect((await open(again.recipientCounts)).total()).toBe(7)
  })
})
