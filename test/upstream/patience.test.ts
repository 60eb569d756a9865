import { describe, expect, it } from 'vitest'
import { createPatience, type Waiter } from '../../src/upstream/acquire-queue.ts'
import { createManualClock } from '../support/manual-clock.ts'

const printer: Waiter & { login: string } = { login: 'printer', source: '192.0.2.7', inGroups: false }

function stage(shortWaitSeconds = 8) {
  const clock = createManualClock()
  const patience = createPatience({ leaseWaitSeconds: 20, shortWaitSeconds }, clock)
  return {
    allowed: (waiter = printer) => patience.begins(waiter, waiter.login).seconds,
    waits(seconds: number, how: 'answered' | 'hung-up', waiter = printer) {
      const wait = patience.begins(waiter, waiter.login)
      clock.advance(seconds)
      wait.ended(how)
    },
  }
}

describe('how long a client is let wait', () => {
  it('the wait is short for a client that nobody knows, and long for one that sends commands in groups', () => {
    const { allowed } = stage()
    expect(allowed()).toBe(8)
    expect(allowed({ ...printer, inGroups: true })).toBe(20)
  })

  it('the wait grows with each time that a client has waited, to the longest', () => {
    const { allowed, waits } = stage()
    waits(1, 'answered')
    expect(allowed()).toBe(8)
    waits(8, 'answered')
    expect(allowed()).toBe(12)
    for (let time = 0; time < 5; time += 1) waits(allowed(), 'answered')
    expect(allowed()).toBe(20)
    expect(allowed({ ...printer, source: '192.0.2.8' })).toBe(8)
    expect(allowed({ ...printer, login: 'cron' })).toBe(8)
  })

  it.each([
    [5, 4],
    [10, 8],
    [1, 8],
  ])('the wait for one that hung up after %i seconds is %i', (after, seconds) => {
    const { allowed, waits } = stage()
    waits(after, 'hung-up')
    expect(allowed()).toBe(seconds)
  })

  it('the wait is shorter again also for a client that waited before, or that sends in groups', () => {
    const { allowed, waits } = stage()
    for (let time = 0; time < 5; time += 1) waits(allowed(), 'answered')
    waits(10, 'hung-up')
    expect(allowed()).toBe(8)
    const msmtp = { ...printer, inGroups: true }
    waits(10, 'hung-up', msmtp)
    expect(allowed(msmtp)).toBe(8)
  })

  it('the wait is the same for everybody where the settings make no difference', () => {
    const { allowed, waits } = stage(20)
    waits(5, 'hung-up')
    expect(allowed()).toBe(20)
  })
})
