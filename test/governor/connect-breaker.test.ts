import { describe, expect, it } from 'vitest'
import { Looks } from '../../src/base/circuit-breaker.ts'
import type { Failure, FailureCode } from '../../src/base/failure.ts'
import { MailboxConnectBreaker } from '../../src/governor/breakers.ts'
import { createConnectionCap } from '../../src/governor/limits.ts'
import { failureAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'

function stageOf(limit = 5) {
  const clock = createManualClock()
  const cap = createConnectionCap(clock, () => limit)
  const looks = new Looks(clock)
  return { clock, cap, breaker: new MailboxConnectBreaker(clock, cap, () => looks) }
}

function failure(code: FailureCode, retryAfterSeconds?: number): Failure {
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
  return failureAs(code, 'smtp.example.com refused us', { fix: 'Wait.', ...wait })
}

/** The waits after failures that each follow when the one before is over. */
function waitsAfter(code: FailureCode, times: number, retryAfterSeconds?: number): number[] {
  const { clock, breaker } = stageOf()
  return Array.from({ length: times }, () => {
    breaker.failed(failure(code, retryAfterSeconds), 0)
    const seconds = breaker.blockedBy()?.retryAfterSeconds ?? 0
    clock.advance(seconds)
    expect(breaker.blockedBy()).toBeUndefined()
    return seconds
  })
}

describe('attempts to connect', () => {
  it('attempts are not blocked at first', () => {
    const { breaker } = stageOf()
    expect(breaker.blockedBy()).toBeUndefined()
    expect(breaker.probing()).toBe(false)
    expect(breaker.pause()).toBeUndefined()
  })

  it.each<[FailureCode, number[]]>([
    ['provider-unavailable', [0, 1, 2, 4, 8, 8]],
    ['provider-setup', [5, 15, 60, 300, 900, 900]],
  ])('attempts wait longer after each %s', (code, waits) => {
    expect(waitsAfter(code, waits.length)).toEqual(waits)
  })

  it.each<[FailureCode, number, number[]]>([
    ['provider-unavailable', 900, [900, 900]],
    ['provider-unavailable', 3, [3, 3, 3, 4]],
    ['provider-setup', 10, [10, 15, 60]],
  ])(
    'attempts wait after %s as long as the provider wishes (%i s) when that is longer',
    (code, wish, waits) => {
      expect(waitsAfter(code, waits.length, wish)).toEqual(waits)
    },
  )

  it.each<FailureCode>([
    'consent-needed',
    'store-unavailable',
    'limit-reached',
    'configuration',
    'not-found',
    'internal',
  ])('attempts do not wait after %s, which is not the provider’s doing', (code) => {
    const { cap, breaker } = stageOf()
    for (let number = 0; number < 5; number += 1) breaker.failed(failure(code, 600), number)
    expect(cap.allowed()).toBe(5)
    expect(breaker.blockedBy()).toBeUndefined()
    expect(breaker.probing()).toBe(false)
    expect(breaker.pause()).toBeUndefined()
  })

  it('those who come meanwhile get the same failure, with what is left of the wait', () => {
    const { clock, breaker } = stageOf()
    const cause = new Error('The provider said: no')
    breaker.failed(failureAs('provider-setup', 'No', { cause, fix: 'Repair it.' }), 0)
    clock.advance(1.5)
    expect(breaker.blockedBy()).toMatchObject({
      code: 'provider-setup',
      message: 'No',
      fix: 'Repair it.',
      cause,
      retryAfterSeconds: 4,
    })
  })

  it('attempts go one at a time from the first failure to the first success', () => {
    const { clock, breaker } = stageOf()
    breaker.failed(failure('provider-unavailable'), 0)
    expect(breaker.probing()).toBe(true)
    breaker.failed(failure('provider-unavailable'), 0)
    clock.advance(1)
    expect(breaker.blockedBy()).toBeUndefined()
    expect(breaker.probing()).toBe(true)
    breaker.succeeded()
    expect(breaker.probing()).toBe(false)
    expect(breaker.pause()).toBeUndefined()
  })

  it.each(['succeeded', 'reset'] as const)('waits begin anew when an attempt has %s', (end) => {
    const { clock, breaker } = stageOf()
    for (let number = 0; number < 6; number += 1) {
      breaker.failed(failure('provider-setup'), 0)
      clock.advance(900)
    }
    breaker[end]()
    expect(breaker.blockedBy()).toBeUndefined()
    breaker.failed(failure('provider-setup'), 0)
    expect(breaker.blockedBy()).toMatchObject({ retryAfterSeconds: 5 })
  })

  it('a success forgets the wait at once', () => {
    const { breaker } = stageOf()
    breaker.failed(failure('provider-unavailable', 900), 0)
    breaker.succeeded()
    breaker.failed(failure('provider-unavailable'), 0)
    expect(breaker.blockedBy()).toBeUndefined()
  })

  it('failures of attempts that were under way together count once', () => {
    const { breaker } = stageOf()
    for (let number = 0; number < 5; number += 1) breaker.failed(failure('provider-setup'), 0)
    expect(breaker.blockedBy()).toMatchObject({ retryAfterSeconds: 5 })
  })

  it('a wrong set-up is not punished for the time that the provider was away', () => {
    const { clock, breaker } = stageOf()
    for (let number = 0; number < 10; number += 1) {
      breaker.failed(failure('provider-unavailable'), 0)
      clock.advance(30)
    }
    breaker.failed(failure('provider-setup'), 0)
    expect(breaker.blockedBy()).toMatchObject({ retryAfterSeconds: 5 })
  })

  it('an attempt that was under way shortens no wait by failing', () => {
    const { clock, breaker } = stageOf()
    breaker.failed(failure('provider-unavailable', 900), 0)
    clock.advance(10)
    breaker.failed(failure('provider-unavailable'), 0)
    expect(breaker.blockedBy()).toMatchObject({ retryAfterSeconds: 890 })
  })

  it.each<FailureCode>(['provider-setup', 'provider-unavailable'])(
    'connections are only fewer after %s while others still serve',
    (code) => {
      const { cap, breaker } = stageOf()
      breaker.failed(failure(code), 2)
      expect(cap.allowed()).toBe(2)
      expect(breaker.blockedBy()).toBeUndefined()
      expect(breaker.probing()).toBe(false)
      expect(breaker.pause()).toBeUndefined()
    },
  )

  it('connections are fewer for as long as the provider wishes', () => {
    const { clock, cap, breaker } = stageOf(2)
    breaker.failed(failure('provider-unavailable', 900), 1)
    clock.advance(899)
    expect(cap.allowed()).toBe(1)
    clock.advance(1)
    expect(cap.allowed()).toBe(2)
  })
})

/** After failures up to a wait of so many seconds. */
function waiting(seconds: number, stage: 'connection' | 'sign-in' = 'connection') {
  const house = stageOf()
  const fail = () => house.breaker.failed(failure('provider-setup'), 0, stage)
  fail()
  while ((house.breaker.blockedBy()?.retryAfterSeconds ?? 0) < seconds) {
    house.clock.advance(house.breaker.blockedBy()?.retryAfterSeconds ?? 0)
    fail()
  }
  return { ...house, fail }
}

describe('a look whether the provider is back', () => {
  it.each(['connection', 'sign-in'] as const)(
    'a look is allowed five seconds after the last try, however long the wait (%s)',
    (stage) => {
      const { clock, breaker } = waiting(300, stage)
      clock.advance(4.9)
      expect(breaker.blockedBy()).toMatchObject({ retryAfterSeconds: 296 })
      clock.advance(0.1)
      expect(breaker.blockedBy()).toBeUndefined()
      expect(breaker.probing()).toBe(true)
    },
  )

  it('others who come meanwhile wait for what a look finds', () => {
    const { clock, breaker } = waiting(60)
    clock.advance(5)
    breaker.begun()
    expect(breaker.blockedBy()).toBeUndefined()
    breaker.succeeded()
    expect(breaker.probing()).toBe(false)
  })

  it('a look that fails does not begin the wait anew', () => {
    const { clock, breaker, fail } = waiting(60)
    for (let look = 1; look <= 11; look += 1) {
      clock.advance(5)
      breaker.begun()
      fail()
      expect(breaker.blockedBy()).toMatchObject({ retryAfterSeconds: 60 - 5 * look })
    }
    clock.advance(5)
    breaker.begun()
    fail()
    expect(breaker.blockedBy()).toMatchObject({ retryAfterSeconds: 300 })
  })

  it('a look is over when there was no token to look with', () => {
    const { clock, breaker } = waiting(60)
    clock.advance(5)
    breaker.begun()
    breaker.failed(failure('consent-needed'), 0, 'token')
    expect(breaker.blockedBy()).toMatchObject({ retryAfterSeconds: 55 })
  })

  it('a look finds the same fault where the provider lets a mailbox in, and then takes no mail from it', () => {
    const { clock, breaker } = stageOf()
    const waits: number[] = []
    for (let time = 0; time < 5; time += 1) {
      breaker.succeeded()
      breaker.failed(failure('provider-setup'), 0, 'mail')
      waits.push(breaker.blockedBy()?.retryAfterSeconds ?? 0)
      clock.advance(waits.at(-1) ?? 0)
    }
    expect(waits).toEqual([5, 15, 60, 300, 900])
    clock.advance(3600)
    breaker.succeeded()
    breaker.failed(failure('provider-setup'), 0, 'mail')
    expect(breaker.blockedBy()).toMatchObject({ retryAfterSeconds: 5 })
  })

  it('a provider is left alone that says for how long it wants that', () => {
    const { clock, breaker } = stageOf()
    breaker.failed(failure('provider-unavailable', 900), 0)
    clock.advance(899)
    expect(breaker.blockedBy()).toMatchObject({ retryAfterSeconds: 1 })
  })

  it('all mailboxes of a provider have one look in two seconds', () => {
    const clock = createManualClock()
    const looks = new Looks(clock)
    const cap = createConnectionCap(clock, () => 1)
    const all = [1, 2].map(() => new MailboxConnectBreaker(clock, cap, () => looks))
    for (const seconds of [5, 15, 8]) {
      for (const breaker of all) breaker.failed(failure('provider-setup'), 0)
      clock.advance(seconds)
    }
    const free = () => all.filter((breaker) => breaker.blockedBy() === undefined).length
    expect(free()).toBe(2)
    all[0]?.begun()
    all[0]?.failed(failure('provider-setup'), 0)
    clock.advance(1.9)
    expect(free()).toBe(0)
    clock.advance(0.1)
    expect(free()).toBe(1)
  })
})

describe('a pause of sign-ins', () => {
  it('a first failure that makes nobody wait is not shown', () => {
    const { breaker } = stageOf()
    breaker.failed(failure('provider-unavailable'), 0)
    expect(breaker.pause()).toBeUndefined()
  })

  it('a pause is shown from the second failure on, since the first, until one has succeeded', () => {
    const { clock, breaker } = stageOf()
    const since = clock.now()
    breaker.failed(failure('provider-unavailable'), 0)
    clock.advance(20)
    breaker.failed(failure('provider-unavailable'), 0)
    const pause = {
      about: 'sign-in',
      since,
      until: since + 21_000,
      reason: 'smtp.example.com refused us',
      fix: 'Wait.',
      failure: { id: 'postern.fault', values: {} },
    }
    expect(breaker.pause()).toEqual(pause)
    clock.advance(500)
    expect(breaker.pause()).toEqual(pause)
    breaker.succeeded()
    expect(breaker.pause()).toBeUndefined()
  })

  it('a first failure with a wait is shown', () => {
    const { clock, breaker } = stageOf()
    breaker.failed(failure('provider-setup'), 0)
    expect(breaker.pause()).toMatchObject({ since: clock.now(), until: clock.now() + 5000 })
  })
})
