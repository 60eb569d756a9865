import { describe, expect, it } from 'vitest'
import { readProxyHeader } from '../../src/smtp/proxy-header.ts'

const signature = '0d0a0d0a000d0a515549540a'
/** Section 2.2 of the specification: 192.0.2.7:40000 to 198.51.100.1:587, and the same over IPv6. */
const overIPv4 = `${'c0000207'}${'c6336401'}9c40024b`
const overIPv6 = `20010db8000000000000000000000007${'20010db8000000000000000000000001'}9c40024b`

function binary(versionAndFamily: string, length: number, rest = ''): Buffer {
  return Buffer.from(`${signature}${versionAndFamily}${length.toString(16).padStart(4, '0')}${rest}`, 'hex')
}

const text = (line: string) => Buffer.from(line, 'latin1')

describe('a PROXY header', () => {
  it.each<[string, Buffer, string | undefined]>([
    ['version 1, IPv4', text('PROXY TCP4 192.0.2.7 198.51.100.1 40000 587\r\n'), '192.0.2.7'],
    ['version 1, IPv6', text('PROXY TCP6 2001:DB8::7 2001:db8::1 40000 587\r\n'), '2001:db8::7'],
    ['version 1, a mapped address', text('PROXY TCP6 ::ffff:192.0.2.7 ::1 0 65535\r\n'), '192.0.2.7'],
    ['version 1, nobody known', text('PROXY UNKNOWN\r\n'), undefined],
    ['version 1, nobody known, and more', text('PROXY UNKNOWN ffff:f... 65535\r\n'), undefined],
    ['version 2, IPv4', binary('2111', 12, overIPv4), '192.0.2.7'],
    ['version 2, IPv6', binary('2121', 36, overIPv6), '2001:db8::7'],
    [
      'version 2, a mapped address',
      binary('2121', 36, `${'00'.repeat(10)}ffffc0000207${overIPv6.slice(32)}`),
      '192.0.2.7',
    ],
    [
      'version 2, with extensions',
      binary('2111', 12 + 300, `${overIPv4}04012901${'00'.repeat(296)}`),
      '192.0.2.7',
    ],
    [
      'version 2, with all the extensions that fit',
      binary('2111', 65_535, `${overIPv4}${'aa'.repeat(65_523)}`),
      '192.0.2.7',
    ],
    ['version 2, of its own', binary('2000', 0), undefined],
    [
      'version 2, of its own, with addresses that are to be thrown away',
      binary('2011', 12, overIPv4),
      undefined,
    ],
    ['version 2, of its own, in an unknown family', binary('20ff', 3, '010203'), undefined],
    ['version 2, nobody known', binary('2100', 5, '0102030405'), undefined],
    ['version 2, a socket of one machine', binary('2131', 216, '00'.repeat(216)), undefined],
  ])('a PROXY header of %s is read, and nothing behind it', (_, header, client) => {
    const read = { octets: header.length, ...(client !== undefined && { client }) }
    for (const rest of ['', 'EHLO device\r\n', '\r\n', '\x16\x03\x01'])
      expect(readProxyHeader(Buffer.concat([header, text(rest)]))).toEqual(read)
  })

  it('a PROXY header is waited for, wherever it is cut', () => {
    const headers = [
      text('PROXY TCP4 192.0.2.7 198.51.100.1 40000 587\r\n'),
      text('PROXY UNKNOWN\r\n'),
      binary('2111', 20, `${overIPv4}0400050102030405`),
      binary('2000', 4, '00000000'),
    ]
    for (const header of headers)
      for (let end = 0; end < header.length; end++)
        expect(readProxyHeader(header.subarray(0, end))).toBe('unfinished')
  })

  it.each([
    'EHLO device\r\n',
    'proxy TCP4 192.0.2.7 198.51.100.1 40000 587\r\n',
    '\x16\x03\x01\x02\x00',
    '\r\nPROXY UNKNOWN\r\n',
    'PROXYTCP4 192.0.2.7 198.51.100.1 40000 587\r\n',
    'PROXY  TCP4 192.0.2.7 198.51.100.1 40000 587\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000 587 \r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000 65536\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 040000 587\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 -1 587\r\n',
    'PROXY TCP4 192.0.2.256 198.51.100.1 40000 587\r\n',
    'PROXY TCP4 192.0.02.7 198.51.100.1 40000 587\r\n',
    'PROXY TCP4 0xc0000207 198.51.100.1 40000 587\r\n',
    'PROXY TCP4 2001:db8::7 2001:db8::1 40000 587\r\n',
    'PROXY TCP6 192.0.2.7 198.51.100.1 40000 587\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 40000 587\r\n',
    'PROXY UDP4 192.0.2.7 198.51.100.1 40000 587\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000 587\nEHLO device\r\n',
    'PROXY UNKNOWN\nEHLO device\r\n',
    'PROXY UNKNOWNS\r\n',
    'PROXY\r\n',
    `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`,
    `PROXY ${'x'.repeat(200)}`,
  ])('a PROXY header that reads %j names nobody', (line) => {
    expect(readProxyHeader(text(line))).toEqual({ mistake: expect.any(String) })
  })

  it.each<[string, Buffer]>([
    ['another version', binary('1111', 12, overIPv4)],
    ['another command', binary('2211', 12, overIPv4)],
    ['datagrams', binary('2112', 12, overIPv4)],
    ['an unknown family', binary('2141', 12, overIPv4)],
    ['addresses that are cut off', binary('2111', 11, overIPv4)],
    ['IPv4 addresses in place of IPv6', binary('2121', 12, overIPv4)],
    ['a signature that is wrong at its end', Buffer.from('0d0a0d0a000d0a515549540d2111', 'hex')],
  ])('a PROXY header with %s names nobody', (_, header) => {
    expect(readProxyHeader(header)).toEqual({ mistake: expect.any(String) })
  })
})
