import { describe, expect, it } from 'vitest'
import { Failure, type FailureCode } from '../../src/base/failure.ts'
import { createConnectionCap } from '../../src/governor/connection-cap.ts'
import { createOpenings } from '../../src/governor/openings.ts'
import { createManualClock } from '../support/manual-clock.ts'

function stage(limit = 5) {
  const clock = createManualClock()
  const cap = createConnectionCap(clock, () => limit)
  return { clock, cap, openings: createOpenings(clock, cap) }
}

function failure(code: FailureCode, retryAfterSeconds?: number): Failure {
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
  return new Failure(code, 'smtp.example.com refused us', { fix: 'Wait.', ...wait })
}

/** The waits after failures that each follow when the one before is over. */
function waitsAfter(code: FailureCode, times: number, retryAfterSeconds?: number): number[] {
  const { clock, openings } = stage()
  return Array.from({ length: times }, () => {
    openings.failed(failure(code, retryAfterSeconds), 0)
    const seconds = openings.obstacle()?.retryAfterSeconds ?? 0
    clock.advance(seconds)
    expect(openings.obstacle()).toBeUndefined()
    return seconds
  })
}

describe('openings of connections', () => {
  it('have no obstacle at first', () => {
    const { openings } = stage()
    expect(openings.obstacle()).toBeUndefined()
    expect(openings.probing()).toBe(false)
    expect(openings.pause()).toBeUndefined()
  })

  it.each<[FailureCode, number[]]>([
    ['provider-unavailable', [0, 1, 2, 4, 8, 16, 30, 30]],
    ['provider-setup', [60, 120, 240, 480, 900, 900]],
  ])('wait longer after each %s', (code, waits) => {
    expect(waitsAfter(code, waits.length)).toEqual(waits)
  })

  it.each<[FailureCode, number, number[]]>([
    ['provider-unavailable', 900, [900, 900]],
    ['provider-unavailable', 3, [3, 3, 3, 4]],
    ['provider-setup', 100, [100, 120]],
  ])('wait after %s as long as the provider wishes (%i s) when that is longer', (code, wish, waits) => {
    expect(waitsAfter(code, waits.length, wish)).toEqual(waits)
  })

  it.each<FailureCode>([
    'consent-needed',
    'store-unavailable',
    'limit-reached',
    'configuration',
    'not-found',
    'internal',
  ])('do not wait after %s, which is not the provider’s doing', (code) => {
    const { cap, openings } = stage()
    for (let number = 0; number < 5; number += 1) openings.failed(failure(code, 600), number)
    expect(cap.allowed()).toBe(5)
    expect(openings.obstacle()).toBeUndefined()
    expect(openings.probing()).toBe(false)
    expect(openings.pause()).toBeUndefined()
  })

  it('give the same failure to those who come meanwhile, with what is left of the wait', () => {
    const { clock, openings } = stage()
    const cause = new Error('The provider said: no')
    openings.failed(new Failure('provider-setup', 'No', { cause, fix: 'Repair it.' }), 0)
    clock.advance(17.5)
    expect(openings.obstacle()).toMatchObject({
      code: 'provider-setup',
      message: 'No',
      fix: 'Repair it.',
      cause,
      retryAfterSeconds: 43,
    })
  })

  it('go one at a time from the first failure to the first success', () => {
    const { clock, openings } = stage()
    openings.failed(failure('provider-unavailable'), 0)
    expect(openings.probing()).toBe(true)
    openings.failed(failure('provider-unavailable'), 0)
    clock.advance(1)
    expect(openings.obstacle()).toBeUndefined()
    expect(openings.probing()).toBe(true)
    openings.succeeded()
    expect(openings.probing()).toBe(false)
    expect(openings.pause()).toBeUndefined()
  })

  it.each(['succeeded', 'reset'] as const)('begin anew when one has %s', (end) => {
    const { clock, openings } = stage()
    for (let number = 0; number < 6; number += 1) {
      openings.failed(failure('provider-setup'), 0)
      clock.advance(900)
    }
    openings[end]()
    expect(openings.obstacle()).toBeUndefined()
    openings.failed(failure('provider-setup'), 0)
    expect(openings.obstacle()).toMatchObject({ retryAfterSeconds: 60 })
  })

  it('forget a wait at once that is over by a success', () => {
    const { openings } = stage()
    openings.failed(failure('provider-unavailable', 900), 0)
    openings.succeeded()
    openings.failed(failure('provider-unavailable'), 0)
    expect(openings.obstacle()).toBeUndefined()
  })

  it('count those once that were under way together', () => {
    const { openings } = stage()
    for (let number = 0; number < 5; number += 1) openings.failed(failure('provider-setup'), 0)
    expect(openings.obstacle()).toMatchObject({ retryAfterSeconds: 60 })
  })

  it('do not punish a wrong set-up for the time that the provider was away', () => {
    const { clock, openings } = stage()
    for (let number = 0; number < 10; number += 1) {
      openings.failed(failure('provider-unavailable'), 0)
      clock.advance(30)
    }
    openings.failed(failure('provider-setup'), 0)
    expect(openings.obstacle()).toMatchObject({ retryAfterSeconds: 60 })
  })

  it('wait no shorter because one more fails that was under way', () => {
    const { clock, openings } = stage()
    openings.failed(failure('provider-unavailable', 900), 0)
    clock.advance(10)
    openings.failed(failure('provider-unavailable'), 0)
    expect(openings.obstacle()).toMatchObject({ retryAfterSeconds: 890 })
  })

  it.each<FailureCode>(['provider-setup', 'provider-unavailable'])(
    'are only fewer after %s while other connections still serve',
    (code) => {
      const { cap, openings } = stage()
      openings.failed(failure(code), 2)
      expect(cap.allowed()).toBe(2)
      expect(openings.obstacle()).toBeUndefined()
      expect(openings.probing()).toBe(false)
      expect(openings.pause()).toBeUndefined()
    },
  )

  it('are fewer for as long as the provider wishes', () => {
    const { clock, cap, openings } = stage(2)
    openings.failed(failure('provider-unavailable', 900), 1)
    clock.advance(899)
    expect(cap.allowed()).toBe(1)
    clock.advance(1)
    expect(cap.allowed()).toBe(2)
  })
})

describe('a pause of openings', () => {
  it('is not shown for a first failure that makes nobody wait', () => {
    const { openings } = stage()
    openings.failed(failure('provider-unavailable'), 0)
    expect(openings.pause()).toBeUndefined()
  })

  it('is shown from the second on, since the first, until one has succeeded', () => {
    const { clock, openings } = stage()
    const since = clock.now()
    openings.failed(failure('provider-unavailable'), 0)
    clock.advance(20)
    openings.failed(failure('provider-unavailable'), 0)
    const pause = {
      about: 'sign-in',
      since,
      until: since + 21_000,
      reason: 'smtp.example.com refused us',
      fix: 'Wait.',
    }
    expect(openings.pause()).toEqual(pause)
    clock.advance(500)
    expect(openings.pause()).toEqual(pause)
    openings.succeeded()
    expect(openings.pause()).toBeUndefined()
  })

  it('is shown for a first failure with a wait', () => {
    const { clock, openings } = stage()
    openings.failed(failure('provider-setup'), 0)
    expect(openings.pause()).toMatchObject({ since: clock.now(), until: clock.now() + 60_000 })
  })
})
