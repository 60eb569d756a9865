import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  type ConnectionLimiter,
  createConnectionLimiter,
  type Slot,
} from '../../src/net/connection-limiter.ts'
import { sourceOf } from '../../src/net/ip.ts'
import { createManualClock } from '../support/manual-clock.ts'

const here = '127.0.0.1'
const there = '192.0.2.1'
const elsewhere = '198.51.100.1'

/** Connections by name, so that a test reads as who came and who had to go. */
function open(limits: Partial<Parameters<typeof createConnectionLimiter>[0]> = {}) {
  const clock = createManualClock()
  const count: ConnectionLimiter = createConnectionLimiter(
    {
      connections: 10,
      connectionsPerLoopbackSource: 5,
      strangersOnLoopback: 5,
      connectionsPerSource: 3,
      unauthenticatedPerSource: 2,
      ...limits,
    },
    clock,
  )
  onTestFinished(() => count.close())
  const places = new Map<string, Slot>()
  const ended: string[] = []
  const place = (name: string) => places.get(name) as Slot
  return {
    ended,
    wait: clock.advance,
    check: (name: string) => place(name).beginCheck(),
    keep: (name: string) => place(name).authenticated(),
    expose: (name: string) => place(name).unauthenticated(),
    leave: (name: string) => place(name).release(),
    /** False when it was turned away. */
    comes(name: string, address: string, after = 1): boolean {
      clock.advance(after)
      const admitted = count.accept(sourceOf(address), () => ended.push(name))
      if (admitted) places.set(name, admitted)
      return admitted !== undefined
    },
  }
}

describe('an application on this machine', () => {
  it('has its many connections once it has signed in on them, while strangers stay few', () => {
    const count = open({ connections: 100, connectionsPerLoopbackSource: 20, strangersOnLoopback: 2 })
    for (let number = 1; number <= 20; number += 1) {
      expect(count.comes(`pool ${number}`, here)).toBe(true)
      count.keep(`pool ${number}`)
    }
    expect(count.ended).toEqual([])
    expect(count.comes('pool 21', here)).toBe(false)
    for (const name of ['a', 'b', 'c']) expect(count.comes(name, '127.0.0.2')).toBe(true)
    expect(count.ended).toEqual(['a'])
  })
})

describe('one more connection of a source', () => {
  it('ends the oldest that nobody has signed in on', () => {
    const count = open()
    for (const name of ['a', 'b', 'c', 'd']) expect(count.comes(name, there)).toBe(true)
    expect(count.ended).toEqual(['a', 'b'])
  })

  it('ends none of another source', () => {
    const count = open()
    count.comes('other', elsewhere)
    for (const name of ['a', 'b', 'c', 'd']) count.comes(name, there)
    expect(count.ended).not.toContain('other')
  })

  it('ends none on which somebody signs in or has', () => {
    const count = open()
    count.comes('a', there)
    count.keep('a')
    for (const name of ['b', 'c', 'd']) expect(count.comes(name, there)).toBe(true)
    expect(count.ended).toEqual(['b'])
  })

  it('is turned away where all the others have signed in', () => {
    const count = open()
    for (const name of ['a', 'b', 'c']) {
      count.comes(name, there)
      count.keep(name)
    }
    expect(count.comes('d', there)).toBe(false)
    expect(count.comes('other', elsewhere)).toBe(true)
    count.leave('b')
    expect(count.comes('d', there)).toBe(true)
    expect(count.ended).toEqual([])
  })

  it('ends one whose sign-in failed before those that have said nothing', () => {
    const count = open({ unauthenticatedPerSource: 5 })
    for (const name of ['a', 'b', 'c']) count.comes(name, there)
    count.check('b')
    count.expose('b')
    count.comes('d', there)
    expect(count.ended).toEqual(['b'])
  })

  it('ends one that is being looked at after all that are not', () => {
    const count = open()
    count.comes('a', there)
    count.check('a')
    for (const name of ['b', 'c', 'd']) count.comes(name, there)
    expect(count.ended).toEqual(['b', 'c'])
    count.keep('a')
    count.keep('d')
    count.comes('e', there)
    expect(count.ended).toEqual(['b', 'c'])
  })

  it('ends none that has proven itself, though a later look fails', () => {
    const count = open()
    count.comes('a', there)
    count.keep('a')
    count.check('a')
    count.expose('a')
    for (const name of ['b', 'c', 'd']) count.comes(name, there)
    expect(count.ended).not.toContain('a')
  })

  it('ends none that came within a second, while there is room', () => {
    const count = open()
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) expect(count.comes(name, here, 0.1)).toBe(true)
    expect(count.ended).toEqual([])
    expect(count.comes('g', here, 0.5)).toBe(true)
    expect(count.ended).toEqual(['a'])
  })

  it('leaves one that came just now the time to sign in, however fast others come and fail', () => {
    const count = open({ connections: 1000, unauthenticatedPerSource: 5 })
    count.comes('right', there, 0)
    for (let guess = 0; guess < 100; guess++) {
      expect(count.comes(`guess ${guess}`, there, 0.009)).toBe(true)
      count.check(`guess ${guess}`)
      count.expose(`guess ${guess}`)
    }
    expect(count.ended).not.toContain('right')
    // Ten times the limit is the most, for a moment only.
    expect(count.ended.length).toBeGreaterThanOrEqual(100 - 10 * 3)
  })

  it('has more room on this machine', () => {
    const count = open({ unauthenticatedPerSource: 100 })
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) count.comes(name, here)
    expect(count.ended).toEqual(['a'])
  })

  it('counts for its network in IPv6', () => {
    const count = open()
    for (const [name, address] of [
      ['a', '2001:db8::1'],
      ['b', '2001:db8::2'],
      ['c', '2001:db8::3'],
      ['d', '2001:db8:0:1::1'],
    ] as const) {
      count.comes(name, address)
    }
    expect(count.ended).toEqual(['a'])
  })
})

describe('those who are being looked at', () => {
  const guessers = ['a', 'b', 'c', 'd']

  it('hold half of the places of their source at most', () => {
    const count = open({ connectionsPerSource: 4, unauthenticatedPerSource: 4 })
    for (const name of guessers) {
      count.comes(name, there, 0.1)
      count.check(name)
    }
    count.wait(0.9)
    for (const name of ['e', 'f']) count.comes(name, there, 0.1)
    expect(count.ended).toEqual(['c', 'd'])
  })

  it('hold half of the places in all at most', () => {
    const count = open({ connections: 4 })
    for (const [index, name] of guessers.entries()) {
      count.comes(name, `203.0.113.${index}`, 0.1)
      count.check(name)
    }
    count.wait(0.9)
    for (const name of ['e', 'f']) count.comes(name, there, 0.1)
    expect(count.ended).toEqual(['c', 'd'])
  })

  it('lose their half when they are made to wait', () => {
    const count = open({ connectionsPerSource: 4, unauthenticatedPerSource: 4 })
    for (const name of ['a', 'b']) {
      count.comes(name, there)
      count.check(name)
    }
    count.wait(3)
    count.comes('right', there)
    count.check('right')
    for (const name of ['e', 'f']) count.comes(name, there)
    expect(count.ended).toEqual(['a'])
  })

  it('make room when nobody else does', () => {
    const count = open({ connectionsPerSource: 4 })
    for (const name of ['known', 'friend', 'a', 'b']) count.comes(name, there, 0)
    for (const name of ['known', 'friend']) count.keep(name)
    for (const name of ['a', 'b']) count.check(name)
    expect(count.comes('right', there)).toBe(true)
    expect(count.ended).toEqual(['a'])
  })
})

describe('the addresses of this machine', () => {
  const from = (name: number) => `127.0.${name >> 8}.${(name & 255) + 1}`

  it('are one source for those who have proven nothing', () => {
    const count = open({ connections: 1000, unauthenticatedPerSource: 1000 })
    for (let guest = 0; guest < 400; guest++) count.comes(`guest ${guest}`, from(guest))
    count.comes('::1', '::1')
    expect(count.ended).toHaveLength(401 - 5)
  })

  it('have each its own places for those who have', () => {
    const count = open({ connections: 1000 })
    for (let guest = 0; guest < 400; guest++) {
      count.comes(`guest ${guest}`, from(guest >> 1))
      count.keep(`guest ${guest}`)
    }
    expect(count.ended).toEqual([])
  })
})

describe('a crowd that comes at once and stays', () => {
  it('is as large as allowed again after a moment, though nobody else comes', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const count = open({ connections: 1000 })
    for (let guest = 0; guest < 25; guest++) count.comes(`guest ${guest}`, there, 0)
    count.keep('guest 7')
    expect(count.ended).toEqual([])
    count.wait(1)
    vi.advanceTimersByTime(1_000)
    expect(count.ended).toHaveLength(25 - 3)
    expect(count.ended).not.toContain('guest 7')
  })

  it('has the places of its source and no more when all of it signs in', () => {
    const count = open({ connections: 1000 })
    for (let guest = 0; guest < 5; guest++) count.comes(`guest ${guest}`, there, 0)
    for (let guest = 0; guest < 5; guest++) count.keep(`guest ${guest}`)
    expect(count.ended).toEqual(['guest 3', 'guest 4'])
    expect(count.comes('late', there)).toBe(false)
  })
})

describe('a full house', () => {
  it('is no matter of one crowd and the others: its own strangers make room first', () => {
    const count = open({ connections: 6, connectionsPerSource: 6, unauthenticatedPerSource: 6 })
    count.comes('other', elsewhere)
    for (let guest = 0; guest < 20; guest++) count.comes(`guest ${guest}`, there)
    expect(count.ended).not.toContain('other')
  })

  it('ends the oldest of all that nobody has signed in on', () => {
    const count = open({ connections: 4 })
    count.comes('known', there)
    count.keep('known')
    for (let guest = 0; guest < 6; guest++) count.comes(`guest ${guest}`, `203.0.113.${guest}`)
    expect(count.ended).toEqual(['guest 0', 'guest 1', 'guest 2'])
  })

  it('turns away when everybody has signed in', () => {
    const count = open({ connections: 2 })
    for (const [name, address] of [
      ['a', there],
      ['b', elsewhere],
    ] as const) {
      count.comes(name, address)
      count.keep(name)
    }
    expect(count.comes('c', here)).toBe(false)
    expect(count.ended).toEqual([])
  })
})

it('does not count one twice that had to go and then leaves', () => {
  const count = open({ connections: 3 })
  for (const name of ['a', 'b', 'c']) count.comes(name, there)
  expect(count.ended).toEqual(['a'])
  count.expose('a')
  count.leave('a')
  count.leave('a')
  for (const [name, address] of [
    ['d', elsewhere],
    ['e', here],
  ] as const) {
    expect(count.comes(name, address)).toBe(true)
  }
  expect(count.ended).toEqual(['a', 'b'])
})
