import { describe, expect, it } from 'vitest'
import { type BreakerPolicy, CircuitBreaker, Looks } from '../../src/base/circuit-breaker.ts'
import { failureAs } from '../support/made-failure.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { tableInSource } from '../support/table-in-source.ts'

type Kind = 'quota' | 'rate'

const waits = { quota: [20, 60, 300], rate: [30, 90] }
const [, second, third] = waits.quota
/** What is left of the wait of another process. */
const told = 45

const policy: BreakerPolicy<Kind, { reason: Kind }> = {
  kindOf: (fault) => fault,
  waitsOf: (fault) => ({ seconds: waits[fault] }),
  wordsOf: (fault) => ({ reason: fault }),
  whenOpen: (fault, retryAfterSeconds) => failureAs('limit-reached', fault, { retryAfterSeconds }),
}

/** A breaker that may look during its waits. */
class Scene {
  readonly clock = createManualClock()
  readonly looks = new Looks(this.clock)
  readonly breaker = new CircuitBreaker(policy, this.clock, () => this.looks)

  /** Of a row of two faults, so that the next wait is neither the first nor the longest. */
  openForLong(): void {
    this.breaker.failed('quota')
    this.clock.advance(waits.quota[0] ?? 0)
    this.breaker.failed('quota')
  }

  wait(): void {
    this.clock.advance(this.breaker.remaining() / 1000)
  }

  seconds(): number {
    return this.breaker.remaining() / 1000
  }
}

/** What leads a new breaker into each state of the table. */
const states: Record<string, (scene: Scene) => void> = {
  closed() {},
  open: (scene) => scene.openForLong(),
  'half-open'(scene) {
    scene.openForLong()
    scene.wait()
  },
  probing(scene) {
    states['half-open']?.(scene)
    scene.breaker.enter()
  },
  looking(scene) {
    scene.openForLong()
    scene.clock.advance(5)
    scene.breaker.enter()
  },
}

/** What stands for the events of the table, and the kind of the fault in it. */
const events: Record<string, { act: (scene: Scene) => void; kind?: Kind }> = {
  enter: { act: ({ breaker }) => breaker.enter() },
  trip: { act: ({ breaker }) => breaker.trip('quota'), kind: 'quota' },
  failed: { act: ({ breaker }) => breaker.failed('quota'), kind: 'quota' },
  'failed, a new kind': { act: ({ breaker }) => breaker.failed('rate'), kind: 'rate' },
  succeeded: { act: ({ breaker }) => breaker.succeeded() },
  release: { act: ({ breaker }) => breaker.release() },
  close: { act: ({ breaker }) => breaker.close() },
  adopt: {
    act: ({ breaker }) => breaker.adopt({ fault: 'quota', inRow: 2, milliseconds: told * 1000 }),
  },
  'adopt its end': { act: ({ breaker }) => breaker.adopt(undefined) },
  hurry: { act: ({ breaker }) => breaker.hurry() },
  'the wait is over': { act: (scene) => scene.wait() },
  'a look is due': { act: ({ clock }) => clock.advance(5) },
  'the probe is lost': { act: ({ clock }) => clock.advance(600) },
}

/** The seconds of each wait that the table names. */
function waitOf(name: string | undefined, kind: Kind, before: number): number {
  const known = { first: waits[kind][0], again: second, next: third, rest: before, told }
  return known[name as keyof typeof known] ?? Number.NaN
}

const { names, rows } = tableInSource('base/circuit-breaker.ts', 'event')

describe('the table in circuit-breaker.ts', () => {
  it('the table has a column for each state and a row for each event', () => {
    expect(names).toEqual(Object.keys(states))
    expect(rows.map(([name]) => name)).toEqual(Object.keys(events))
  })

  describe.each(names.map((state, index) => ({ state, column: index + 1 })))(
    '$state',
    ({ state, column }) => {
      const cells = rows.map((row) => ({ event: row[0] ?? '', next: row[column] ?? '' }))

      it.each(cells.filter(({ next }) => next !== '-'))(
        'the answer to $event is: $next',
        ({ event, next }) => {
          const scene = new Scene()
          states[state]?.(scene)
          expect(scene.breaker.state).toBe(state)
          const before = scene.seconds()
          const { act, kind = 'quota' } = events[event] ?? {}
          act?.(scene)
          const [shown, wait] = next.split(', ')
          expect(scene.breaker.state).toBe(shown)
          if (shown === 'open') expect(scene.seconds()).toBe(waitOf(wait, kind, before))
          if (shown !== 'closed') return
          scene.breaker.failed('quota')
          expect(scene.seconds()).toBe(waits.quota[0])
        },
      )
    },
  )
})

describe('a circuit breaker', () => {
  it('another kind of fault begins at once where there is no look during a wait', () => {
    const clock = createManualClock()
    const breaker = new CircuitBreaker(policy, clock)
    breaker.failed('quota')
    clock.advance(1)
    breaker.failed('rate')
    expect(breaker.remaining()).toBe(30_000)
  })

  it('a wait is at least as long as the provider wants, and no look comes before', () => {
    const clock = createManualClock()
    const looks = new Looks(clock)
    const breaker = new CircuitBreaker({ ...policy, quietOf: () => 25 }, clock, () => looks)
    breaker.failed('quota')
    expect(breaker.remaining()).toBe(25_000)
    clock.advance(24)
    expect(breaker.state).toBe('open')
    clock.advance(1)
    breaker.failed('quota')
    clock.advance(24)
    expect(breaker.state).toBe('open')
    clock.advance(1)
    expect(breaker.state).toBe('half-open')
    expect(breaker.remaining()).toBe(35_000)
  })

  it('a look keeps others back until another one would be due', () => {
    const clock = createManualClock()
    const looks = new Looks(clock)
    const blocking = {
      ...policy,
      whenProbing: (fault: Kind, seconds: number) => policy.whenOpen(fault, seconds, 0),
    }
    const breaker = new CircuitBreaker(blocking, clock, () => looks)
    breaker.failed('quota')
    clock.advance(5)
    breaker.enter()
    expect(breaker.blockedBy()).toMatchObject({ retryAfterSeconds: 15 })
    clock.advance(1.9)
    expect(breaker.blockedBy()).toBeDefined()
    clock.advance(0.1)
    expect(breaker.state).toBe('looking')
    expect(breaker.blockedBy()).toBeUndefined()
  })

  it('the random part of a wait shortens it', () => {
    for (const [random, seconds] of [
      [0, 10],
      [0.5, 15],
      [1, 20],
    ] as const) {
      const spread = { ...policy, waitsOf: () => ({ seconds: [20], spread: 0.5 }), random: () => random }
      const breaker = new CircuitBreaker(spread, createManualClock())
      breaker.failed('quota')
      expect(breaker.remaining()).toBe(seconds * 1000)
    }
  })

  it('waits go on after a success that was none, unless that was long ago', () => {
    for (const [ago, wait] of [
      [59, third],
      [61, waits.quota[0]],
    ] as const) {
      const scene = new Scene()
      states['half-open']?.(scene)
      scene.breaker.succeeded()
      scene.clock.advance(ago)
      scene.breaker.reopen(60)
      scene.breaker.failed('quota')
      expect(scene.seconds()).toBe(wait)
    }
  })

  it('a row of faults that other processes have found out goes on, and they are not told again', () => {
    const heard: string[] = []
    const hearing = { ...policy, onOpen: () => heard.push('open'), onClose: () => heard.push('close') }
    const clock = createManualClock()
    const breaker = new CircuitBreaker(hearing, clock)
    breaker.adopt({ fault: 'quota', inRow: 2, milliseconds: 1000 })
    expect(breaker.pause()).toMatchObject({ reason: 'quota', until: clock.now() + 1000 })
    clock.advance(1)
    breaker.failed('quota')
    expect(breaker.remaining()).toBe((third ?? 0) * 1000)
    breaker.adopt(undefined)
    expect(breaker.state).toBe('closed')
    expect(heard).toEqual(['open'])
  })

  it('people are shown nothing of a fault that makes nothing wait', () => {
    const breaker = new CircuitBreaker({ ...policy, waitsOf: () => ({ seconds: [0] }) }, createManualClock())
    breaker.failed('rate')
    expect(breaker.state).toBe('half-open')
    expect(breaker.pause()).toBeUndefined()
  })
})
