import { describe, expect, it } from 'vitest'
import { createBlockedSources, createFailureCounter } from '../../src/credentials/failure-counts.ts'

describe('a counter of failures', () => {
  it('the counter holds no more keys than it may: those counted longest ago are forgotten', () => {
    const counter = createFailureCounter(900, { monotonic: () => 0 }, 100)
    for (const key of ['first', 'second', 'first', 'second']) counter.add(key)
    for (let index = 0; index < 98; index++) counter.add(`other-${index}`)
    expect(counter.add('first')).toBe(3)
    counter.add('one more')
    expect(counter.count('first')).toBe(3)
    expect(counter.count('second')).toBe(0)
    expect(counter.add('second')).toBe(1)
  })

  it('a key that is looked at is not kept for it', () => {
    const counter = createFailureCounter(900, { monotonic: () => 0 }, 2)
    for (const key of ['first', 'second']) counter.add(key)
    counter.count('first')
    counter.add('third')
    expect(counter.count('first')).toBe(0)
    expect(counter.count('second')).toBe(1)
  })

  it('a window begins with the first failure of a key, and further ones do not prolong it', () => {
    let now = 5_000
    const counter = createFailureCounter(900, { monotonic: () => now })
    expect(counter.add('key')).toBe(1)
    now += 899_999
    expect(counter.add('key')).toBe(2)
    expect(counter.count('key')).toBe(2)
    now += 1
    expect(counter.count('key')).toBe(0)
    expect(counter.add('key')).toBe(1)
  })

  it('failures of some time ago, several together, end when the window that they began does', () => {
    let now = 5_000
    const counter = createFailureCounter(900, { monotonic: () => now })
    expect(counter.add('key', 7, 600)).toBe(7)
    now += 299_999
    expect(counter.count('key')).toBe(7)
    now += 1
    expect(counter.count('key')).toBe(0)
  })

  it('that a limit is reached is news once in a window, whoever has counted', () => {
    let now = 5_000
    const counter = createFailureCounter(900, { monotonic: () => now })
    counter.add('key', 2)
    expect(counter.isNews('key', 3)).toBe(false)
    counter.add('key', 5)
    expect([counter.isNews('key', 3), counter.isNews('key', 3)]).toEqual([true, false])
    now += 900_000
    counter.add('key', 3)
    expect(counter.isNews('key', 3)).toBe(true)
  })
})

it('a blocked source is told whole seconds, whatever noise the clock has', () => {
  let now = 1234.1
  const blocked = createBlockedSources(900, { now: () => 0, monotonic: () => now })
  blocked.add('198.51.100.7')
  now = 1234.1 + 3000 - 1e-9
  expect(Math.ceil(blocked.remainingSeconds('198.51.100.7'))).toBe(897)
})
