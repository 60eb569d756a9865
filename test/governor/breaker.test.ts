import { describe, expect, it } from 'vitest'
import type { Probe } from '../../src/base/circuit-breaker.ts'
import { createSendBreaker, type Fault } from '../../src/governor/breakers.ts'
import { filledAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'

const fault: Fault = {
  about: 'mailbox',
  seconds: 60,
  why: filledAs('limit-reached', 'The provider has enough', { fix: 'Wait.' }),
}

function saying(message: string, fix = 'Wait.'): Pick<Fault, 'why'> {
  return { why: filledAs('limit-reached', message, { fix }) }
}

function stage() {
  const clock = createManualClock()
  const log = createRecordingLog()
  const breaker = createSendBreaker(clock, log)
  /** The probe that is due. */
  const probe = (): Probe<Fault> => {
    expect(breaker.blockedBy()).toBeUndefined()
    const entered = breaker.enter()
    if (!entered) throw new Error('the breaker is closed')
    return entered
  }
  const said = () => log.lines.filter(({ level }) => level !== 'debug').map(({ message }) => message)
  return { clock, log, breaker, probe, said }
}

describe('a breaker', () => {
  it('a breaker is in nobody’s way as long as nothing has happened', () => {
    const { breaker } = stage()
    expect(breaker.blockedBy()).toBeUndefined()
    expect(breaker.enter()).toBeUndefined()
    expect(breaker.remaining()).toBe(0)
    expect(breaker.pause()).toBeUndefined()
  })

  it('nothing gets through until the time is up, and the refusal says when that is', () => {
    const { clock, breaker } = stage()
    breaker.trip(fault)
    expect(breaker.blockedBy()).toMatchObject({
      code: 'limit-reached',
      message: 'The provider has enough; it is tried again at 2030-05-01T12:01:00.000Z',
      fix: 'Wait.',
      retryAfterSeconds: 60,
    })
    clock.advance(59.5)
    expect(breaker.blockedBy()).toMatchObject({ retryAfterSeconds: 1 })
    expect(breaker.remaining()).toBe(500)
    clock.advance(0.5)
    expect(breaker.blockedBy()).toBeUndefined()
    expect(breaker.remaining()).toBe(0)
  })

  it('exactly one probe gets through when the time is up, however many ask', () => {
    const { clock, breaker, probe } = stage()
    breaker.trip(fault)
    clock.advance(60)
    probe()
    for (let number = 0; number < 100; number += 1)
      expect(breaker.blockedBy()).toMatchObject({
        code: 'limit-reached',
        message: expect.stringContaining('another message finds out now'),
        retryAfterSeconds: 10,
      })
  })

  it('a probe that succeeds closes the breaker', () => {
    const { clock, breaker, probe } = stage()
    breaker.trip(fault)
    clock.advance(60)
    probe().succeeded()
    expect(breaker.blockedBy()).toBeUndefined()
    expect(breaker.enter()).toBeUndefined()
    expect(breaker.pause()).toBeUndefined()
  })

  it('the next try is the probe when one ends without an answer, and waits no longer', () => {
    const { clock, breaker, probe } = stage()
    breaker.trip(fault)
    clock.advance(60)
    for (let number = 0; number < 5; number += 1) {
      probe().release()
      expect(breaker.remaining()).toBe(0)
    }
    probe().failed(fault)
    expect(breaker.remaining()).toBe(120_000)
  })

  it('each probe that fails doubles the wait, up to an hour', () => {
    const { clock, breaker, probe } = stage()
    breaker.trip(fault)
    for (const seconds of [60, 120, 240, 480, 960, 1920, 3600, 3600]) {
      expect(breaker.remaining()).toBe(seconds * 1000)
      clock.advance(seconds)
      probe().failed(fault)
    }
  })

  it('another kind of trouble has a wait of its own, and the log says that it is another', () => {
    const { clock, breaker, probe, said } = stage()
    const quota = { ...fault, seconds: 3600, ...saying('The day is used up', 'Wait until tomorrow.') }
    breaker.trip(quota)
    clock.advance(3600)
    probe().failed(fault)
    expect(breaker.remaining()).toBe(60_000)
    clock.advance(60)
    probe().failed({ ...fault, ...saying('The provider has enough, by another code') })
    expect(breaker.remaining()).toBe(120_000)
    clock.advance(120)
    breaker.trip(quota)
    expect(breaker.remaining()).toBe(3_600_000)
    clock.advance(3600)
    breaker.trip(fault)
    expect(breaker.remaining()).toBe(60_000)
    expect(said()).toHaveLength(4)
  })

  it('the first wait after a success is as long as the first', () => {
    const { clock, breaker, probe } = stage()
    breaker.trip(fault)
    clock.advance(60)
    probe().failed(fault)
    clock.advance(120)
    probe().succeeded()
    breaker.trip(fault)
    expect(breaker.remaining()).toBe(60_000)
  })

  it('tries that were under way change nothing when they find out the same', () => {
    const { clock, breaker } = stage()
    breaker.trip(fault)
    clock.advance(10)
    const before = breaker.pause()
    breaker.trip({ ...fault, seconds: 3600, ...saying('Something else') })
    expect(breaker.remaining()).toBe(50_000)
    expect(breaker.pause()).toEqual(before)
  })

  it('others are not heard while a probe is under way, and make no wait longer', () => {
    const { clock, breaker, probe } = stage()
    breaker.trip(fault)
    clock.advance(60)
    const first = probe()
    breaker.trip(fault)
    expect(breaker.remaining()).toBe(0)
    first.failed(fault)
    expect(breaker.remaining()).toBe(120_000)
  })

  it('a straggler that finds out the same after the time is up does not double the wait', () => {
    const { clock, breaker, probe } = stage()
    breaker.trip(fault)
    clock.advance(60)
    probe().failed(fault)
    clock.advance(120)
    breaker.trip(fault)
    expect(breaker.remaining()).toBe(120_000)
  })

  it('a probe that nobody ends does not keep the breaker open, and does not close it by what it says later', () => {
    const { clock, breaker, probe } = stage()
    breaker.trip(fault)
    clock.advance(60)
    const lost = probe()
    clock.advance(599)
    expect(breaker.blockedBy()).toBeDefined()
    clock.advance(1)
    const second = probe()
    lost.release()
    expect(breaker.blockedBy()).toBeDefined()
    lost.succeeded()
    lost.failed(fault)
    expect(breaker.remaining()).toBe(0)
    expect(breaker.blockedBy()).toBeDefined()
    second.succeeded()
    expect(breaker.blockedBy()).toBeUndefined()
  })

  it('a slow probe that nobody has overtaken is heard', () => {
    const { clock, breaker, probe } = stage()
    breaker.trip(fault)
    clock.advance(60)
    const slow = probe()
    clock.advance(3000)
    slow.failed(fault)
    expect(breaker.remaining()).toBe(120_000)
  })

  it('a breaker that was closed by hand waits again when its probe fails then', () => {
    const { clock, breaker, probe } = stage()
    breaker.trip(fault)
    clock.advance(60)
    const first = probe()
    breaker.close()
    expect(breaker.blockedBy()).toBeUndefined()
    first.failed(fault)
    expect(breaker.remaining()).toBe(60_000)
  })

  it('the state shows since when the breaker is open and until when it waits, by the wall clock', () => {
    const { clock, breaker, probe } = stage()
    const since = clock.now()
    breaker.trip(fault)
    expect(breaker.pause()).toEqual({
      about: 'mailbox',
      reason: 'The provider has enough',
      fix: 'Wait.',
      failure: { id: 'postern.fault', values: {} },
      since,
      until: since + 60_000,
    })
    clock.advance(70)
    expect(breaker.pause()).toMatchObject({ since, until: since + 60_000 })
    probe().failed({ ...fault, ...saying('Still enough') })
    expect(breaker.pause()).toMatchObject({ since, until: since + 190_000, reason: 'Still enough' })
  })

  it('the log says once that it begins and once that it is over, however long it takes', () => {
    const { clock, log, breaker, probe, said } = stage()
    breaker.close()
    expect(said()).toEqual([])
    breaker.trip({ ...fault, sender: 'a@example.com' })
    for (let number = 0; number < 20; number += 1) {
      breaker.trip(fault)
      clock.advance(3600)
      probe().failed(fault)
    }
    clock.advance(3600)
    probe().succeeded()
    breaker.close()
    expect(said()).toEqual(['nothing is sent for a while', 'sending goes on'])
    expect(log.lines[0]).toMatchObject({
      level: 'warn',
      fields: {
        about: 'mailbox',
        sender: 'a@example.com',
        failure: fault.why.id,
        reason: fault.why.message,
        seconds: 60,
        fix: fault.why.fix,
      },
    })
  })
})
