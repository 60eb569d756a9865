import { describe, expect, it } from 'vitest'
import { sourceOf } from '../../src/base/source.ts'
import { createConnectionCount } from '../../src/smtp/connection-count.ts'

describe('sources', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1', true],
    ['127.8.8.8', '127.8.8.8', true],
    ['::1', '::1', true],
    ['::ffff:127.0.0.1', '127.0.0.1', true],
    ['::ffff:192.0.2.1', '192.0.2.1', false],
    ['192.0.2.1', '192.0.2.1', false],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', false],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64', false],
    ['2001:db8::9', '2001:db8:0:0::/64', false],
    ['fe80::1%eth0', 'fe80:0:0:0::/64', false],
  ])('%s counts as %s', (address, key, loopback) => {
    expect(sourceOf(address)).toEqual({ key, loopback })
  })
})

describe('the connection count', () => {
  const limits = { connections: 4, connectionsPerSource: 1, connectionsPerLoopbackSource: 3 }
  const here = { key: '127.0.0.1', loopback: true }
  const there = { key: '192.0.2.1', loopback: false }
  const elsewhere = { key: '192.0.2.2', loopback: false }

  it('admits up to the limit of each source, and again when one has left', () => {
    const count = createConnectionCount(limits)
    const leave = count.admit(there)
    expect(leave).toBeDefined()
    expect(count.admit(there)).toBeUndefined()
    expect(count.admit(elsewhere)).toBeDefined()
    leave?.()
    expect(count.admit(there)).toBeDefined()
  })

  it('admits more from this machine, and no more in all than the total', () => {
    const count = createConnectionCount(limits)
    expect([1, 2, 3].map(() => count.admit(here) !== undefined)).toEqual([true, true, true])
    expect(count.admit(here)).toBeUndefined()
    expect(count.admit(there)).toBeDefined()
    expect(count.admit(elsewhere)).toBeUndefined()
  })
})
