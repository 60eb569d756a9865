import { describe, expect, it } from 'vitest'
import { sourceOf } from '../../src/base/source.ts'
import { type ConnectionCount, createConnectionCount, type Place } from '../../src/smtp/connection-count.ts'
import { createManualClock } from '../support/manual-clock.ts'

const here = '127.0.0.1'
const there = '192.0.2.1'
const elsewhere = '198.51.100.1'

/** Connections by name, so that a test reads as who came and who had to go. */
function open(limits: Partial<Parameters<typeof createConnectionCount>[0]> = {}) {
  const clock = createManualClock()
  const count: ConnectionCount = createConnectionCount(
    {
      connections: 10,
      connectionsPerLoopbackSource: 5,
      connectionsPerSource: 3,
      unauthenticatedPerSource: 2,
      ...limits,
    },
    clock,
  )
  const places = new Map<string, Place>()
  const ended: string[] = []
  const place = (name: string) => places.get(name) as Place
  return {
    ended,
    keep: (name: string) => place(name).keep(),
    expose: (name: string) => place(name).expose(),
    leave: (name: string) => place(name).leave(),
    /** False when it was turned away. */
    comes(name: string, address: string, after = 1): boolean {
      clock.advance(after)
      const admitted = count.admit(sourceOf(address), () => ended.push(name))
      if (admitted) places.set(name, admitted)
      return admitted !== undefined
    },
  }
}

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

  it('may end one whose sign-in failed', () => {
    const count = open()
    count.comes('a', there)
    count.keep('a')
    count.expose('a')
    for (const name of ['b', 'c']) count.comes(name, there)
    expect(count.ended).toEqual(['a'])
  })

  it('ends none that came a moment ago, while there is room', () => {
    const count = open()
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) expect(count.comes(name, here, 0.1)).toBe(true)
    expect(count.ended).toEqual(['a'])
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

describe('a full house', () => {
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
