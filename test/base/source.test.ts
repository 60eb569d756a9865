import { describe, expect, it } from 'vitest'
import { sourceOf } from '../../src/net/ip.ts'

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
