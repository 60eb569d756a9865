import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type CountWriter, createCountWriter } from '../../src/governor/daily-recipients.ts'
import { createRecordingLog } from '../support/recording-log.ts'

// Only the timer that gathers counts is set by hand.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
})

function stage() {
  const log = createRecordingLog()
  const writes: [hour: number, count: number][] = []
  const stored = new Map<number, number>()
  const disk = { full: false }
  const writer = createCountWriter({
    async add(hour, count) {
      await Promise.resolve()
      if (disk.full) throw new Error('disk full')
      writes.push([hour, count])
      stored.set(hour, (stored.get(hour) ?? 0) + count)
    },
    log,
  })
  return { log, writes, stored, disk, writer }
}

function addMany(writer: CountWriter, hour: number, times: number): void {
  for (let number = 0; number < times; number += 1) writer.add(hour, 1)
}

describe('counts', () => {
  it('counts are written within a second, many in one', async () => {
    const { writes, writer } = stage()
    addMany(writer, 1, 500)
    await vi.advanceTimersByTimeAsync(999)
    addMany(writer, 1, 500)
    expect(writes).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(writes).toEqual([[1, 1000]])
    writer.add(1, 3)
    writer.add(2, 4)
    await vi.advanceTimersByTimeAsync(1000)
    expect(writes).toEqual([
      [1, 1000],
      [1, 3],
      [2, 4],
    ])
    await vi.advanceTimersByTimeAsync(100_000)
    expect(writes).toHaveLength(3)
  })

  it('all counts are stored when closing has ended, also what a write under way did not have', async () => {
    const { stored, writer } = stage()
    writer.add(1, 1)
    vi.advanceTimersByTime(1000)
    writer.add(1, 2)
    await writer.close()
    expect(stored).toEqual(new Map([[1, 3]]))
    expect(vi.getTimerCount()).toBe(0)
  })

  it('counts that cannot be stored go with a later write, and none is lost or stored twice', async () => {
    const { log, writes, stored, disk, writer } = stage()
    disk.full = true
    writer.add(1, 3)
    writer.add(2, 4)
    await vi.advanceTimersByTimeAsync(1000)
    expect(log.lines).toMatchObject([
      { level: 'warn', message: 'the recipients of the day could not be stored' },
    ])
    disk.full = false
    writer.add(1, 10)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(stored).toEqual(
      new Map([
        [1, 13],
        [2, 4],
      ]),
    )
    expect(writes).toHaveLength(2)
  })

  it('counts are tried again without a message to come, and the log says it once a minute', async () => {
    const { log, stored, disk, writer } = stage()
    disk.full = true
    writer.add(1, 3)
    await vi.advanceTimersByTimeAsync(1000)
    for (let minute = 0; minute < 10; minute += 1) {
      addMany(writer, 1, 10)
      await vi.advanceTimersByTimeAsync(60_000)
    }
    expect(log.lines).toHaveLength(11)
    disk.full = false
    await vi.advanceTimersByTimeAsync(60_000)
    expect(stored).toEqual(new Map([[1, 103]]))
  })

  it('counts that cannot be stored at the end hold nothing up', async () => {
    const { disk, writer } = stage()
    disk.full = true
    writer.add(1, 3)
    await writer.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
