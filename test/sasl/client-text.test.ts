import { describe, expect, it } from 'vitest'
import { readClientText } from '../../src/wire/input-buffer.ts'

describe('what a client typed', () => {
  it.each([
    ['ASCII', Buffer.from('right'), 'right'],
    ['UTF-8', Buffer.from('Grüße ☃'), 'Grüße ☃'],
    ['Latin-1', Buffer.from('Grüße', 'latin1'), 'Grüße'],
    ['Windows-1252', Buffer.from([0x80, 0x20, 0x93, 0x9f, 0x94]), '€ “Ÿ”'],
    ['octets that Windows-1252 does not know', Buffer.from([0x81, 0xff]), '\x81ÿ'],
    ['a byte order mark', Buffer.from([0xef, 0xbb, 0xbf, 0x61]), '\ufeffa'],
    ['UTF-8 in too many octets, which is none', Buffer.from([0xc0, 0x80]), 'À€'],
    ['nothing', Buffer.alloc(0), ''],
  ])('what a client typed is read as %s', (_, octets, text) => {
    expect(readClientText(octets)).toBe(text)
  })

  it('two single octets never become the same text', () => {
    const texts = Array.from({ length: 256 }, (_, octet) => readClientText(Buffer.from([octet])))
    expect(new Set(texts).size).toBe(256)
  })
})
