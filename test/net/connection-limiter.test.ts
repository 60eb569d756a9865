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

/** Connections by name, so that a test reads as which were accepted and which were evicted. */
function open(limits: Partial<Parameters<typeof createConnectionLimiter>[0]> = {}) {
  const clock = createManualClock()
  const limiter: ConnectionLimiter = createConnectionLimiter(
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
  onTestFinished(() => limiter.close())
  const slots = new Map<string, Slot>()
  const evicted: string[] = []
  const slot = (name: string) => slots.get(name) as Slot
  return {
    evicted,
    wait: clock.advance,
    beginCheck: (name: string) => slot(name).beginCheck(),
    authenticated: (name: string) => slot(name).authenticated(),
    unauthenticated: (name: string) => slot(name).unauthenticated(),
    release: (name: string) => slot(name).release(),
    /** False when it was refused. */
    accept(name: string, address: string, after = 1): boolean {
      clock.advance(after)
      const admitted = limiter.accept(sourceOf(address), () => evicted.push(name))
      if (admitted) slots.set(name, admitted)
      return admitted !== undefined
    },
  }
}

describe('an application on this machine', () => {
  it('an application may hold many authenticated connections, while unauthenticated ones stay few', () => {
    const limiter = open({ connections: 100, connectionsPerLoopbackSource: 20, strangersOnLoopback: 2 })
    for (let number = 1; number <= 20; number += 1) {
      expect(limiter.accept(`pool ${number}`, here)).toBe(true)
      limiter.authenticated(`pool ${number}`)
    }
    expect(limiter.evicted).toEqual([])
    expect(limiter.accept('pool 21', here)).toBe(false)
    for (const name of ['a', 'b', 'c']) expect(limiter.accept(name, '127.0.0.2')).toBe(true)
    expect(limiter.evicted).toEqual(['a'])
  })
})

describe('one more connection of a source', () => {
  it('one more connection evicts the oldest unauthenticated one', () => {
    const limiter = open()
    for (const name of ['a', 'b', 'c', 'd']) expect(limiter.accept(name, there)).toBe(true)
    expect(limiter.evicted).toEqual(['a', 'b'])
  })

  it('a connection evicts none of another source', () => {
    const limiter = open()
    limiter.accept('other', elsewhere)
    for (const name of ['a', 'b', 'c', 'd']) limiter.accept(name, there)
    expect(limiter.evicted).not.toContain('other')
  })

  it('a connection evicts none that is authenticated', () => {
    const limiter = open()
    limiter.accept('a', there)
    limiter.authenticated('a')
    for (const name of ['b', 'c', 'd']) expect(limiter.accept(name, there)).toBe(true)
    expect(limiter.evicted).toEqual(['b'])
  })

  it('a connection is refused when all others are authenticated', () => {
    const limiter = open()
    for (const name of ['a', 'b', 'c']) {
      limiter.accept(name, there)
      limiter.authenticated(name)
    }
    expect(limiter.accept('d', there)).toBe(false)
    expect(limiter.accept('other', elsewhere)).toBe(true)
    limiter.release('b')
    expect(limiter.accept('d', there)).toBe(true)
    expect(limiter.evicted).toEqual([])
  })

  it('a connection that failed to authenticate is evicted before those that have not tried', () => {
    const limiter = open({ unauthenticatedPerSource: 5 })
    for (const name of ['a', 'b', 'c']) limiter.accept(name, there)
    limiter.beginCheck('b')
    limiter.unauthenticated('b')
    limiter.accept('d', there)
    expect(limiter.evicted).toEqual(['b'])
  })

  it('a connection that is authenticating is evicted after all that are not', () => {
    const limiter = open()
    limiter.accept('a', there)
    limiter.beginCheck('a')
    for (const name of ['b', 'c', 'd']) limiter.accept(name, there)
    expect(limiter.evicted).toEqual(['b', 'c'])
    limiter.authenticated('a')
    limiter.authenticated('d')
    limiter.accept('e', there)
    expect(limiter.evicted).toEqual(['b', 'c'])
  })

  it('an authenticated connection is not evicted, even if a later check fails', () => {
    const limiter = open()
    limiter.accept('a', there)
    limiter.authenticated('a')
    limiter.beginCheck('a')
    limiter.unauthenticated('a')
    for (const name of ['b', 'c', 'd']) limiter.accept(name, there)
    expect(limiter.evicted).not.toContain('a')
  })

  it('a connection is not evicted within its first second, while the burst limit is not reached', () => {
    const limiter = open()
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) expect(limiter.accept(name, here, 0.1)).toBe(true)
    expect(limiter.evicted).toEqual([])
    expect(limiter.accept('g', here, 0.5)).toBe(true)
    expect(limiter.evicted).toEqual(['a'])
  })

  it('a new connection has the time to authenticate, however fast others connect and fail', () => {
    const limiter = open({ connections: 1000, unauthenticatedPerSource: 5 })
    limiter.accept('right', there, 0)
    for (let guess = 0; guess < 100; guess++) {
      expect(limiter.accept(`guess ${guess}`, there, 0.009)).toBe(true)
      limiter.beginCheck(`guess ${guess}`)
      limiter.unauthenticated(`guess ${guess}`)
    }
    expect(limiter.evicted).not.toContain('right')
    // Ten times the limit is the most, for a moment only.
    expect(limiter.evicted.length).toBeGreaterThanOrEqual(100 - 10 * 3)
  })

  it('a source on this machine may have one connection more', () => {
    const limiter = open({ unauthenticatedPerSource: 100 })
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) limiter.accept(name, here)
    expect(limiter.evicted).toEqual(['a'])
  })

  it('a connection is counted for its /64 in IPv6', () => {
    const limiter = open()
    for (const [name, address] of [
      ['a', '2001:db8::1'],
      ['b', '2001:db8::2'],
      ['c', '2001:db8::3'],
      ['d', '2001:db8:0:1::1'],
    ] as const) {
      limiter.accept(name, address)
    }
    expect(limiter.evicted).toEqual(['a'])
  })
})

describe('connections that are authenticating', () => {
  const guessers = ['a', 'b', 'c', 'd']

  it('connections that are authenticating hold at most half of the slots of their source', () => {
    const limiter = open({ connectionsPerSource: 4, unauthenticatedPerSource: 4 })
    for (const name of guessers) {
      limiter.accept(name, there, 0.1)
      limiter.beginCheck(name)
    }
    limiter.wait(0.9)
    for (const name of ['e', 'f']) limiter.accept(name, there, 0.1)
    expect(limiter.evicted).toEqual(['c', 'd'])
  })

  it('connections that are authenticating hold at most half of all slots', () => {
    const limiter = open({ connections: 4 })
    for (const [index, name] of guessers.entries()) {
      limiter.accept(name, `203.0.113.${index}`, 0.1)
      limiter.beginCheck(name)
    }
    limiter.wait(0.9)
    for (const name of ['e', 'f']) limiter.accept(name, there, 0.1)
    expect(limiter.evicted).toEqual(['c', 'd'])
  })

  it('connections that are authenticating lose their half when their check takes long', () => {
    const limiter = open({ connectionsPerSource: 4, unauthenticatedPerSource: 4 })
    for (const name of ['a', 'b']) {
      limiter.accept(name, there)
      limiter.beginCheck(name)
    }
    limiter.wait(3)
    limiter.accept('right', there)
    limiter.beginCheck('right')
    for (const name of ['e', 'f']) limiter.accept(name, there)
    expect(limiter.evicted).toEqual(['a'])
  })

  it('connections that are authenticating are evicted when no other can be', () => {
    const limiter = open({ connectionsPerSource: 4 })
    for (const name of ['known', 'friend', 'a', 'b']) limiter.accept(name, there, 0)
    for (const name of ['known', 'friend']) limiter.authenticated(name)
    for (const name of ['a', 'b']) limiter.beginCheck(name)
    expect(limiter.accept('right', there)).toBe(true)
    expect(limiter.evicted).toEqual(['a'])
  })
})

describe('the loopback addresses', () => {
  const from = (name: number) => `127.0.${name >> 8}.${(name & 255) + 1}`

  it('the loopback addresses are one source for unauthenticated connections', () => {
    const limiter = open({ connections: 1000, unauthenticatedPerSource: 1000 })
    for (let guest = 0; guest < 400; guest++) limiter.accept(`guest ${guest}`, from(guest))
    limiter.accept('::1', '::1')
    expect(limiter.evicted).toHaveLength(401 - 5)
  })

  it('the loopback addresses have slots of their own each for authenticated connections', () => {
    const limiter = open({ connections: 1000 })
    for (let guest = 0; guest < 400; guest++) {
      limiter.accept(`guest ${guest}`, from(guest >> 1))
      limiter.authenticated(`guest ${guest}`)
    }
    expect(limiter.evicted).toEqual([])
  })
})

describe('a burst of connections that stay', () => {
  it('a burst is trimmed to the limit after a second, without a further connection', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const limiter = open({ connections: 1000 })
    for (let guest = 0; guest < 25; guest++) limiter.accept(`guest ${guest}`, there, 0)
    limiter.authenticated('guest 7')
    expect(limiter.evicted).toEqual([])
    limiter.wait(1)
    vi.advanceTimersByTime(1_000)
    expect(limiter.evicted).toHaveLength(25 - 3)
    expect(limiter.evicted).not.toContain('guest 7')
  })

  it('a burst keeps the slots of its source and no more when all authenticate', () => {
    const limiter = open({ connections: 1000 })
    for (let guest = 0; guest < 5; guest++) limiter.accept(`guest ${guest}`, there, 0)
    for (let guest = 0; guest < 5; guest++) limiter.authenticated(`guest ${guest}`)
    expect(limiter.evicted).toEqual(['guest 3', 'guest 4'])
    expect(limiter.accept('late', there)).toBe(false)
  })
})

describe('the limit of all connections', () => {
  it('the limit of all makes a burst of one source evict its own connections first', () => {
    const limiter = open({ connections: 6, connectionsPerSource: 6, unauthenticatedPerSource: 6 })
    limiter.accept('other', elsewhere)
    for (let guest = 0; guest < 20; guest++) limiter.accept(`guest ${guest}`, there)
    expect(limiter.evicted).not.toContain('other')
  })

  it('the limit of all evicts the oldest of all unauthenticated connections', () => {
    const limiter = open({ connections: 4 })
    limiter.accept('known', there)
    limiter.authenticated('known')
    for (let guest = 0; guest < 6; guest++) limiter.accept(`guest ${guest}`, `203.0.113.${guest}`)
    expect(limiter.evicted).toEqual(['guest 0', 'guest 1', 'guest 2'])
  })

  it('the limit of all refuses a connection when all others are authenticated', () => {
    const limiter = open({ connections: 2 })
    for (const [name, address] of [
      ['a', there],
      ['b', elsewhere],
    ] as const) {
      limiter.accept(name, address)
      limiter.authenticated(name)
    }
    expect(limiter.accept('c', here)).toBe(false)
    expect(limiter.evicted).toEqual([])
  })
})

it('a connection that is evicted and then released is counted once', () => {
  const limiter = open({ connections: 3 })
  for (const name of ['a', 'b', 'c']) limiter.accept(name, there)
  expect(limiter.evicted).toEqual(['a'])
  limiter.unauthenticated('a')
  limiter.release('a')
  limiter.release('a')
  for (const [name, address] of [
    ['d', elsewhere],
    ['e', here],
  ] as const) {
    expect(limiter.accept(name, address)).toBe(true)
  }
  expect(limiter.evicted).toEqual(['a', 'b'])
})
