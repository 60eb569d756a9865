import { describe, expect, it } from 'vitest'
import { ehloName } from '../../src/upstream/dial.ts'

describe('the name in EHLO', () => {
  it.each([
    ['mail.example.com', '192.0.2.1', 'mail.example.com'],
    ['localhost', '192.0.2.1', '[192.0.2.1]'],
    ['printserver', '10.0.0.7', '[10.0.0.7]'],
    ['macbook.local', '10.0.0.7', '[10.0.0.7]'],
    ['localhost.localdomain', '10.0.0.7', '[10.0.0.7]'],
    ['3f2a91', 'fd00::7', '[IPv6:fd00::7]'],
    ['host', 'fe80::1%eth0', '[IPv6:fe80::1]'],
    ['under_score.example.com', '127.0.0.1', '[127.0.0.1]'],
    ['192.0.2.9', '127.0.0.1', '[127.0.0.1]'],
    ['a.b\r\nMAIL FROM:<x>', '127.0.0.1', '[127.0.0.1]'],
  ])('the name of a machine called %j with address %s is %s', (hostName, address, name) => {
    expect(ehloName(hostName, address)).toBe(name)
  })
})
