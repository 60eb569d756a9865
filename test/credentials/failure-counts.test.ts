import { describe, expect, it } from 'vitest'
import { createFailureCounter } from '../../src/credentials/failure-counts.ts'

describe('a counter of failures', () => {
  it('holds no more keys than it may: those counted longest ago are forgotten', async () => {
    const counter = createFailureCounter(2, 900, 100)
    for (const key of ['first', 'second', 'first', 'second']) await counter.add(key)
    for (let index = 0; index < 98; index++) await counter.add(`other-${index}`)
    expect(await counter.add('first')).toBe(3)
    await counter.add('one more')
    expect(await counter.count('first')).toBe(3)
    expect(await counter.count('second')).toBe(0)
    expect(await counter.add('second')).toBe(1)
  })
})
