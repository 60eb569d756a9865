import fc from 'fast-check'
import { expect, it } from 'vitest'
import { countingSuspends } from '../../src/base/clock.ts'
import { handClock } from '../grants/fixture.ts'

it('an age is the larger one of wall and monotonic clock, whatever happened before', () => {
  const hand = handClock()
  const clock = countingSuspends(hand)
  const ages = (seconds: number, pass: (seconds: number) => void) => {
    const before = clock.monotonic()
    pass(seconds)
    return (clock.monotonic() - before) / 1000
  }
  expect(ages(3600, hand.pass)).toBe(3600)
  // A suspend.
  expect(ages(7200, hand.jump)).toBe(7200)
  // Somebody sets the wall clock back, and the machine is suspended again.
  expect(ages(-86_400, hand.jump)).toBe(0)
  expect(ages(600, hand.jump)).toBe(600)
  expect(ages(60, hand.pass)).toBe(60)
})

it('two clocks that tick a little apart make no time pass twice', () => {
  const hand = handClock()
  const clock = countingSuspends(hand)
  const before = clock.monotonic()
  for (let step = 0; step < 10_000; step += 1) {
    hand.pass(0.5)
    hand.jump(step % 2 === 0 ? 0.4 : -0.4)
    clock.monotonic()
  }
  expect((clock.monotonic() - before) / 1000).toBeCloseTo(5000, 3)
})

it('the clock never goes back, nor slower than the monotonic clock, nor further than both clocks together', () => {
  const step = fc.record({
    pass: fc.integer({ min: 0, max: 10_000 }),
    jump: fc.integer({ min: -10_000, max: 10_000 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const hand = handClock()
      const clock = countingSuspends(hand)
      for (const { pass, jump } of steps) {
        const before = clock.monotonic()
        hand.pass(pass)
        hand.jump(jump)
        const passed = (clock.monotonic() - before) / 1000
        expect(passed).toBeGreaterThanOrEqual(pass)
        expect(passed).toBeLessThanOrEqual(pass + Math.max(0, jump) + 1)
      }
    }),
  )
})
