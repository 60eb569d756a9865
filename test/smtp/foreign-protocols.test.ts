import { describe, expect, it } from 'vitest'
import { type Beginning, beginningOf, foreignText } from '../../src/smtp/client-opening.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

describe('the first octets of a connection', () => {
  it.each<[string, string, Beginning]>([
    ['a hello of TLS 1.3', '16 03 01 02 00 01', 'tls'],
    ['a hello of SSL 3', '16 03 00', 'tls'],
    ['its first two octets', '16 03', 'tls'],
    ['its first', '16', 'unknown'],
    ['nothing', '', 'unknown'],
    ['an octet 22 before a letter', '16 45', 'text'],
    ['the hello of SSL 2', '80 2e 01 00 02 00 15', 'old-hello'],
    ['one that asks for TLS 1.0', '81 03 01 03 01', 'old-hello'],
    ['its first four octets', '80 2e 01 03', 'unknown'],
    ['telnet negotiation', 'ff fd 01', 'text'],
    ['more of it', 'ff fb 01 03 01', 'text'],
    ['one octet of it', 'ff', 'text'],
    ['a byte order mark', 'ef bb bf', 'text'],
    ['one of UTF-16', 'ff fe 45 00', 'text'],
    ['a letter of Latin-1', 'c4 48 4c 4f', 'text'],
    ['a euro sign of Windows-1252 before a command', '80 45 48 4c 4f', 'text'],
    ['what has the length and the 1, but no version', '80 2e 01 45 48', 'text'],
    ['EHLO', '45', 'text'],
  ])('the first octets of %s: %s is %s', (_what, octets, beginning) => {
    expect(beginningOf(hex(octets))).toBe(beginning)
  })

  it.each([
    ['ff fd 01 ff fd 1f', 'telnet'],
    ['ff fa 1f 00 50 00 18', 'telnet'],
    ['ff fe 01 45', 'telnet'],
    ['ef bb bf 45 48', 'byte order mark'],
    ['ff fe 45 00', 'byte order mark'],
    ['fe ff 00 45', 'byte order mark'],
    ['45 00 48 00', 'UTF-16'],
    ['00 45 00 48', 'UTF-16'],
    ['15 03 01 00 02', 'TLS'],
    ['17 03 03 04 d2', 'TLS'],
    ['16 03 01 02 00', 'TLS'],
    ['16', 'a letter of ASCII'],
    ['16 45 48 4c 4f', 'a letter of ASCII'],
    ['15 45 48 4c 4f', 'a letter of ASCII'],
    ['80 2e 01 45 48', 'a letter of ASCII'],
    ['1b 5b 41', 'a letter of ASCII'],
    ['09 45 48', 'a letter of ASCII'],
    ['7f 45 48', 'a letter of ASCII'],
    ['c4 48 4c 4f', 'a letter of ASCII'],
    ['ff', 'a letter of ASCII'],
  ])('foreign octets have their own words: %s', (octets, words) => {
    expect(foreignText(hex(octets))).toMatchObject({ code: 500, lines: [expect.stringContaining(words)] })
  })

  it('the octets of a command have no such words', () => {
    for (const text of ['EHLO ü', '', ' EHLO', '220 erp', '\r\n\r\n\0', '\n', '\0', 'E\0'])
      expect(foreignText(Buffer.from(text))).toBeUndefined()
  })
})
