import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSlidingWindow } from '../../src/governor/limits.ts'
import { createManualClock } from '../support/manual-clock.ts'

const minute = 60_000

/** Whoever may leave leaves; `steps`: how long nobody comes, in milliseconds, and how many come then. */
function departures(limit: number, steps: readonly (readonly [number, number])[]) {
  const clock = createManualClock()
  const window = createSlidingWindow(clock, () => limit)
  const times: number[] = []
  const delays: number[] = []
  for (const [milliseconds, comers] of steps) {
    clock.advance(milliseconds / 1000)
    for (let comer = 0; comer < comers; comer += 1) {
      const delay = window.delay()
      delays.push(delay)
      if (delay > 0) continue
      window.recordSend()
      times.push(clock.monotonic())
    }
  }
  return { times, delays }
}

/** The most departures that any minute holds, its first instant included and its last not. */
function fullestMinute(times: readonly number[]): number {
  return Math.max(
    0,
    ...times.map((start) => times.filter((time) => time >= start && time < start + minute).length),
  )
}

/** A client that comes again exactly when it is told to. */
function obedient(limit: number, seconds: number) {
  const clock = createManualClock()
  const window = createSlidingWindow(clock, () => limit)
  const times: number[] = []
  while (clock.monotonic() < seconds * 1000) {
    const delay = window.delay()
    if (delay > 0) clock.advance(delay / 1000)
    expect(window.delay()).toBe(0)
    window.recordSend()
    times.push(clock.monotonic())
  }
  return times
}

describe('the window of the rate', () => {
  it('no minute holds more than the limit, and nobody hears of more than 15 seconds, whoever comes when', () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.info(`seed ${seed}`)
    const step = fc.tuple(
      fc.oneof(
        fc.constant(0),
        fc.nat(8000).map((quarters) => quarters / 4),
        fc.integer({ min: 0, max: 20_000 }),
      ),
      fc.integer({ min: 1, max: 12 }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.array(step, { maxLength: 120 }), (limit, steps) => {
        const { times, delays } = departures(limit, steps)
        expect(fullestMinute(times)).toBeLessThanOrEqual(limit)
        // Rounded up to the whole millisecond.
        expect(Math.max(0, ...delays)).toBeLessThanOrEqual(1 + (limit >= 4 ? 15_000 : minute / limit))
      }),
      { seed, numRuns: 300 },
    )
  })

  it.each([1, 2, 3, 4, 5, 7, 8, 11, 30, 31, 100])(
    'a window of %i a minute lets nearly as many leave as it may, when they come exactly when told',
    (limit) => {
      const times = obedient(limit, 600)
      expect(fullestMinute(times)).toBeLessThanOrEqual(limit)
      expect(times.length / 10).toBeGreaterThanOrEqual(limit < 8 ? limit * 0.99 : limit - 3)
    },
  )

  it.each([
    [1, 1, 60_000],
    [2, 1, 30_000],
    [3, 1, 20_000],
    [4, 1, 15_000],
    [7, 1, 8572],
    [8, 2, 15_000],
    [30, 7, 15_000],
  ])('a window of %i a minute lets %i leave at once, and the next after %i ms', (limit, burst, delay) => {
    const clock = createManualClock()
    const window = createSlidingWindow(clock, () => limit)
    for (let number = 0; number < burst; number += 1) {
      expect(window.delay()).toBe(0)
      window.recordSend()
    }
    expect(window.delay()).toBe(delay)
    clock.advance((delay - 1) / 1000)
    expect(window.delay()).toBe(1)
    clock.advance(0.001)
    expect(window.delay()).toBe(0)
  })

  it('messages that left by another way count, and make the next wait for them', () => {
    const window = createSlidingWindow(createManualClock(), () => 8)
    for (let number = 0; number < 5; number += 1) window.recordSend()
    expect(window.delay()).toBe(15_000)
    expect(window.lastMinute()).toBe(5)
  })

  it('the place of one that does not leave is for the next, and one that leaves late counts from then on', () => {
    const clock = createManualClock()
    const window = createSlidingWindow(clock, () => 8)
    const [first, second] = [window.recordSend(), window.recordSend()]
    expect(window.delay()).toBe(15_000)
    first.undo()
    expect(window.delay()).toBe(0)
    clock.advance(10)
    second.sentNow()
    window.recordSend()
    clock.advance(10)
    expect(window.delay()).toBe(5000)
    expect(window.lastMinute()).toBe(2)
    clock.advance(5)
    expect(window.delay()).toBe(0)
    // Long gone: that changes nothing.
    first.undo()
    expect(window.lastMinute()).toBe(2)
  })

  it('the window foresees when one leaves behind so many others, to the millisecond', () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.info(`seed ${seed}`)
    const steps = fc.array(fc.nat(6000), { maxLength: 30 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), steps, fc.nat(40), (limit, pauses, ahead) => {
        const clock = createManualClock()
        const window = createSlidingWindow(clock, () => limit)
        for (const milliseconds of pauses) {
          clock.advance(milliseconds / 1000)
          if (window.delay() === 0) window.recordSend()
        }
        const foreseen = clock.monotonic() + window.delay(ahead)
        for (let number = 0; number <= ahead; number += 1) {
          clock.advance(window.delay() / 1000)
          window.recordSend()
        }
        // Each that waits in between may be rounded up.
        expect(Math.abs(clock.monotonic() - foreseen)).toBeLessThanOrEqual(ahead + 1)
      }),
      { seed, numRuns: 300 },
    )
  })

  it('nobody waits without a limit, and all are counted the same', () => {
    const clock = createManualClock()
    const window = createSlidingWindow(clock, () => undefined)
    for (let second = 0; second < 120; second += 1) {
      for (let number = 0; number < 100; number += 1) window.recordSend()
      expect(window.delay()).toBe(0)
      clock.advance(1)
    }
    expect(window.lastMinute()).toBe(5900)
    clock.advance(60)
    expect(window.lastMinute()).toBe(0)
  })

  it('the window follows a limit that changes', () => {
    let limit: number | undefined = 8
    const clock = createManualClock()
    const window = createSlidingWindow(clock, () => limit)
    window.recordSend()
    expect(window.delay()).toBe(0)
    limit = 4
    expect(window.delay()).toBe(15_000)
    limit = undefined
    expect(window.delay()).toBe(0)
    limit = 400
    expect(window.delay()).toBe(0)
  })

  it.each([
    [0, 3],
    [59, 3],
    [60, 0],
  ])('the last minute, %i seconds later, holds %i of three', (seconds, count) => {
    const clock = createManualClock()
    const window = createSlidingWindow(clock, () => 100)
    for (let number = 0; number < 3; number += 1) window.recordSend()
    clock.advance(seconds)
    expect(window.lastMinute()).toBe(count)
  })
})
