import { describe, expect, it } from 'vitest'
import { openFixture } from './fixture.ts'
import { readDatabase } from './raw-database.ts'

const hour = 3_600_000
const first = 500_000 * hour

describe('the counts of recipients', () => {
  it('the counts add up by mailbox and hour, and are read from a time on', async () => {
    const { store } = await openFixture()
    const { recipientCounts: counts } = store
    await counts.add('printer@example.com', first, 3)
    await counts.add('Printer@EXAMPLE.com', first, 4)
    await counts.add('printer@example.com', first + hour, 1)
    await counts.add('other@example.com', first, 100)
    expect(await counts.since('printer@example.com', first)).toEqual([
      { hour: first, recipients: 7 },
      { hour: first + hour, recipients: 1 },
    ])
    expect(await counts.since('printer@example.com', first + 1)).toEqual([
      { hour: first + hour, recipients: 1 },
    ])
  })

  it('the counts are forgotten when they are older than two days and something is added', async () => {
    const { store, dataDir } = await openFixture()
    const { recipientCounts: counts } = store
    await counts.add('printer@example.com', first, 3)
    await counts.add('other@example.com', first + 48 * hour, 1)
    expect(await counts.since('printer@example.com', 0)).toHaveLength(1)
    await counts.add('other@example.com', first + 49 * hour, 1)
    expect(await readDatabase(dataDir, 'select hour from recipient_counts order by hour')).toEqual([
      { hour: first + 48 * hour },
      { hour: first + 49 * hour },
    ])
  })

  it('the counts of the day are still there after a moment with the clock a month ahead', async () => {
    const { store } = await openFixture()
    const { recipientCounts: counts } = store
    for (let at = 0; at < 24; at += 1) await counts.add('printer@example.com', first + at * hour, 3)
    await counts.add('other@example.com', first + 720 * hour, 1)
    expect((await counts.since('printer@example.com', first)).length).toBeGreaterThanOrEqual(23)
  })

  it('the counts outlive their mailbox, as they do at the provider', async () => {
    const { store } = await openFixture()
    await store.recipientCounts.add('printer@example.com', first, 3)
    await store.mailboxes.remove('printer@example.com')
    expect(await store.recipientCounts.since('printer@example.com', first)).toHaveLength(1)
  })
})
