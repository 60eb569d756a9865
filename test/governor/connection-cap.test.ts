import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createConnectionCap } from '../../src/governor/limits.ts'
import { createManualClock } from '../support/manual-clock.ts'

function stage(limit: number) {
  const clock = createManualClock()
  const provider = { limit }
  return { clock, provider, cap: createConnectionCap(clock, () => provider.limit) }
}

/** How long, in whole seconds, until another number is allowed than now. */
function secondsUntilChange({ clock, cap }: ReturnType<typeof stage>): number {
  const before = cap.allowed()
  for (let seconds = 1; seconds <= 4000; seconds += 1) {
    clock.advance(1)
    if (cap.allowed() !== before) return seconds
  }
  return Number.POSITIVE_INFINITY
}

describe('the number of connections', () => {
  it('the number is the limit until the provider complains, and one more at a time afterwards', () => {
    const at = stage(5)
    expect(at.cap.allowed()).toBe(5)
    at.cap.lower(2)
    for (const allowed of [2, 3, 4]) {
      expect(at.cap.allowed()).toBe(allowed)
      expect(secondsUntilChange(at)).toBe(30)
    }
    expect(at.cap.allowed()).toBe(5)
    expect(secondsUntilChange(at)).toBe(Number.POSITIVE_INFINITY)
  })

  it('the number is back as a whole when nobody asked meanwhile', () => {
    const { clock, cap } = stage(5)
    cap.lower(1)
    clock.advance(30 * 4)
    expect(cap.allowed()).toBe(5)
  })

  it.each([0, -3, 1])('the number is never below one, whatever it is lowered to (%i)', (to) => {
    const at = stage(3)
    at.cap.lower(to)
    expect(at.cap.allowed()).toBe(1)
    at.cap.lower(to)
    expect(at.cap.allowed()).toBe(1)
    expect(secondsUntilChange(at)).toBe(30)
  })

  it('a complaint does not raise the number', () => {
    const { cap } = stage(5)
    cap.lower(2)
    cap.lower(4)
    expect(cap.allowed()).toBe(2)
    cap.lower(99)
    expect(cap.allowed()).toBe(2)
  })

  it('each complaint that follows soon doubles the wait, up to a quarter of an hour', () => {
    const at = stage(2)
    for (const wait of [30, 60, 120, 240, 480, 900, 900]) {
      at.cap.lower(1)
      expect(secondsUntilChange(at)).toBe(wait)
    }
  })

  it('twenty complaints of one moment count as one', () => {
    const at = stage(30)
    for (let number = 0; number < 20; number += 1) at.cap.lower(at.cap.allowed() - 1)
    expect(at.cap.allowed()).toBe(10)
    expect(secondsUntilChange(at)).toBe(30)
    at.cap.lower(10)
    expect(secondsUntilChange(at)).toBe(60)
  })

  it('earlier complaints are forgotten after a quiet time', () => {
    const at = stage(2)
    at.cap.lower(1)
    at.clock.advance(31)
    at.cap.lower(1)
    at.clock.advance(121)
    at.cap.lower(1)
    expect(secondsUntilChange(at)).toBe(30)
  })

  it('the number stays lowered as long as the provider wishes, when it says so', () => {
    const at = stage(2)
    at.cap.lower(1, 900)
    expect(secondsUntilChange(at)).toBe(900)
    at.cap.reset()
    at.cap.lower(1, 5)
    expect(secondsUntilChange(at)).toBe(30)
  })

  it('the number follows the limit of the provider when that changes', () => {
    const { clock, provider, cap } = stage(4)
    cap.lower(2)
    provider.limit = 3
    expect(cap.allowed()).toBe(1)
    provider.limit = 1
    expect(cap.allowed()).toBe(1)
    provider.limit = 10
    expect(cap.allowed()).toBe(8)
    clock.advance(60)
    expect(cap.allowed()).toBe(10)
  })

  it('the number is the limit again after a reset, and the first wait is short again', () => {
    const at = stage(2)
    at.cap.lower(1)
    at.clock.advance(2)
    at.cap.lower(1)
    at.cap.reset()
    expect(at.cap.allowed()).toBe(2)
    at.cap.lower(1)
    expect(secondsUntilChange(at)).toBe(30)
  })

  it('the number is between one and the limit, whatever is complained of when', () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.info(`seed ${seed}`)
    const step = fc.record({ seconds: fc.nat(1000), to: fc.integer({ min: -2, max: 12 }) })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.array(step), (limit, steps) => {
        const { clock, cap } = stage(limit)
        for (const { seconds, to } of steps) {
          clock.advance(seconds)
          const before = cap.allowed()
          cap.lower(to)
          expect(cap.allowed()).toBe(Math.max(1, Math.min(before, to)))
          expect(cap.allowed()).toBeLessThanOrEqual(limit)
        }
        clock.advance(900 * limit)
        expect(cap.allowed()).toBe(limit)
      }),
      { seed, numRuns: 200 },
    )
  })
})
