import { describe, expect, it } from 'vitest'
import { isWithin, parseNetwork } from '../../src/net/ip.ts'

describe('a network', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7/32'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['::/0', '::/0'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::ffff:192.0.2.7', '192.0.2.7/32'],
  ])('%s is read as %s', (text, network) => {
    expect(parseNetwork(text)).toBe(network)
  })

  it.each([
    '',
    'x',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0/8',
    '10.0.0.0/8/8',
    '010.0.0.1',
    '::/129',
    '::ffff:10.0.0.0/64',
    'fe80::1%eth0',
    'localhost',
    '10.0.0.0/255.0.0.0',
    '10.0.0.1-10.0.0.9',
  ])('%j is refused', (text) => {
    expect(() => parseNetwork(text)).toThrow(expect.objectContaining({ code: 'invalid' }))
  })
})

describe('an address within networks', () => {
  it.each<[string[], string, boolean]>([
    [[], '203.0.113.9', true],
    [[], '', true],
    [['10.0.0.0/8'], '10.255.1.2', true],
    [['10.1.2.3/8'], '10.255.1.2', true],
    [['10.0.0.0/8'], '11.0.0.1', false],
    [['10.0.0.0/8'], '::ffff:10.255.1.2', true],
    [['10.0.0.0/8'], '::ffff:0aff:0102', true],
    [['10.0.0.0/8'], '::ffff:11.0.0.1', false],
    [['10.0.0.0/8'], '::10.0.0.1', false],
    [['127.0.0.1/32', '::1/128'], '::1', true],
    [['127.0.0.1/32'], '::1', false],
    [['2001:db8::/32'], '2001:db8:ffff::1', true],
    [['2001:db8::/32'], '2001:db9::1', false],
    [['fe80::/10'], 'fe80::1%eth0', true],
    [['::/0'], '192.0.2.1', false],
    [['0.0.0.0/0'], '192.0.2.1', true],
    [['10.0.0.0/8'], '', false],
    [['10.0.0.0/8'], 'nonsense', false],
  ])('%j holds %j: %s', (networks, address, within) => {
    expect(isWithin(networks, address)).toBe(within)
  })
})
