import { describe, expect, it } from 'vitest'
import { Looks } from '../../src/base/circuit-breaker.ts'
import { MailboxConnectBreaker } from '../../src/governor/breakers.ts'
import type { OpeningStage } from '../../src/governor/governor.ts'
import { createConnectionCap } from '../../src/governor/limits.ts'
import { failureAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'

/** One provider and mailboxes there, each with a client that tries again and again. */
function house(mailboxes: number, stage: OpeningStage = 'sign-in') {
  const clock = createManualClock()
  const looks = new Looks(clock)
  const cap = createConnectionCap(clock, () => 2)
  const all = Array.from({ length: mailboxes }, () => new MailboxConnectBreaker(clock, cap, () => looks))
  const state = { refused: new Set<MailboxConnectBreaker>(), tries: 0 }

  /** A client comes, and wants a new connection. */
  function comes(breaker: MailboxConnectBreaker): boolean {
    if (breaker.blockedBy()) return false
    state.tries += 1
    breaker.begun()
    const isServed = !state.refused.has(breaker)
    if (isServed || stage === 'mail') breaker.succeeded()
    if (!isServed) breaker.failed(failureAs('provider-setup', 'smtp.example.com refused us'), 0, stage)
    return isServed
  }

  /** For so long each client comes every so many seconds. */
  function pass(seconds: number, rhythm: number): void {
    for (let passed = 0; passed < seconds; passed += rhythm) {
      all.forEach(comes)
      clock.advance(rhythm)
    }
  }

  /** How long it takes until each client has been served once. */
  function untilAllAreServed(rhythm: number): number {
    const waiting = new Set(all)
    for (let seconds = 0; seconds < 3600; seconds += rhythm) {
      for (const breaker of waiting) if (comes(breaker)) waiting.delete(breaker)
      if (waiting.size === 0) return seconds
      clock.advance(rhythm)
    }
    return Number.POSITIVE_INFINITY
  }

  return { clock, all, state, comes, pass, untilAllAreServed }
}

const halfAnHour = 1800
const twoHours = 7200

describe.each<OpeningStage>(['connection', 'sign-in', 'mail'])(
  'a provider that refuses everybody (%s)',
  (stage) => {
    it.each([halfAnHour, twoHours])(
      'an outage of %i seconds costs one try in five seconds, and whoever asks is served within ten seconds of its end',
      (outage) => {
        for (const rhythm of [0.5, 1, 2, 2.5, 3, 4, 5, 6, 7, 9, 10]) {
          const { all, state, pass, untilAllAreServed } = house(1, stage)
          state.refused = new Set(all)
          pass(outage, rhythm)
          expect(state.tries).toBeLessThanOrEqual(outage / 5 + 1)
          state.refused.clear()
          expect(untilAllAreServed(rhythm)).toBeLessThanOrEqual(10)
        }
      },
    )

    it.each([halfAnHour, twoHours])(
      'the mailboxes look one after the other in an outage of %i seconds, and all are served within ten seconds of its end',
      (outage) => {
        const { all, state, pass, untilAllAreServed } = house(40, stage)
        state.refused = new Set(all)
        pass(60, 2)
        state.tries = 0
        pass(outage, 2)
        // The waits themselves are over now and then: by now each is five minutes and more.
        const byWaits = 40 * (2 + outage / 900)
        expect(state.tries).toBeLessThanOrEqual(outage / 2 + byWaits)
        state.refused.clear()
        expect(untilAllAreServed(2)).toBeLessThanOrEqual(10)
      },
    )
  },
)

it('a mailbox that is served after a refusal, and after its route was in trouble, tells all the others as well', () => {
  const { all, clock, state, pass, untilAllAreServed } = house(40, 'connection')
  state.refused = new Set(all)
  pass(halfAnHour, 2)
  for (const breaker of all) breaker.failed(failureAs('provider-unavailable', 'The way is closed'), 0)
  clock.advance(5)
  state.refused.clear()
  expect(untilAllAreServed(2)).toBeLessThanOrEqual(10)
})

describe('a mailbox that is refused while others are served', () => {
  it('the mailbox is looked at for ten minutes, as it may have met a bad machine, and then left to its waits', () => {
    const { all, clock, state, comes } = house(2)
    const [bad, good] = all
    if (bad) state.refused.add(bad)
    const triesIn = (seconds: number) => {
      let tries = 0
      for (let second = 0; second < seconds; second += 1) {
        if (good) comes(good)
        const before = state.tries
        if (bad) comes(bad)
        tries += state.tries - before
        clock.advance(1)
      }
      return tries
    }
    expect(triesIn(600)).toBeGreaterThan(80)
    expect(triesIn(twoHours)).toBeLessThanOrEqual(twoHours / 900 + 1)
  })

  it('the mailbox is looked at as soon as another one is served that had been refused', () => {
    const { all, state, comes, pass, clock } = house(3)
    const [bad, other, good] = all
    if (!bad || !other || !good) throw new Error('three are needed')
    state.refused.add(bad)
    pass(halfAnHour, 5)
    expect(bad.blockedBy()).toBeDefined()
    state.refused.add(other)
    comes(other)
    state.refused.clear()
    clock.advance(5)
    expect(comes(other)).toBe(true)
    expect(comes(bad)).toBe(true)
  })

  it('the mailbox shares the trouble of all once they are refused as well', () => {
    const { all, state, pass, untilAllAreServed } = house(3)
    const [bad] = all
    if (bad) state.refused.add(bad)
    pass(halfAnHour, 5)
    state.refused = new Set(all)
    pass(halfAnHour, 5)
    state.refused.clear()
    expect(untilAllAreServed(3)).toBeLessThanOrEqual(10)
  })

  it.each([1, 3, 25])(
    'the refused take no turn from those that were served before the trouble of all: %i of them',
    (bad) => {
      for (const rhythm of [0.5, 1, 2, 3, 5]) {
        const { all, clock, state, comes, pass } = house(bad + 1)
        const good = all.at(-1)
        if (!good) throw new Error('one is needed')
        state.refused = new Set(all.slice(0, bad))
        pass(halfAnHour, rhythm)
        state.refused = new Set(all)
        pass(halfAnHour, rhythm)
        state.refused.delete(good)
        let seconds = 0
        for (; !all.map(comes).at(-1) && seconds < 3600; seconds += rhythm) clock.advance(rhythm)
        expect(seconds).toBeLessThanOrEqual(10)
      }
    },
  )

  it('the mailbox may be tried at once when it is repaired', () => {
    const { all, state, comes, pass } = house(2)
    const [bad] = all
    if (!bad) throw new Error('one is needed')
    state.refused.add(bad)
    pass(halfAnHour, 5)
    state.refused.clear()
    expect(comes(bad)).toBe(false)
    bad.reset()
    expect(comes(bad)).toBe(true)
  })
})
