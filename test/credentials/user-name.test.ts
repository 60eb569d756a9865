import { describe, expect, it } from 'vitest'
import { parseUserName } from '../../src/credentials/credential.ts'

describe('a user name', () => {
  it.each([
    ['me@example.com', 'me@example.com'],
    ['Printer 2', 'Printer 2'],
    ['cafe\u0301', 'caf\u00e9'],
    ['__proto__', '__proto__'],
    ['プリンタ', 'プリンタ'],
    ['x'.repeat(128), 'x'.repeat(128)],
    ['𝔘'.repeat(128), '𝔘'.repeat(128)],
  ])('%j is a user name', (text, name) => {
    expect(parseUserName(text)).toBe(name)
  })

  it.each([
    ['nothing', ''],
    ['a space alone', ' '],
    ['a space at its beginning', ' me'],
    ['a space at its end', 'me '],
    ['too long', 'x'.repeat(129)],
    ['NUL', 'me\0'],
    ['CR LF', 'me\r\n'],
    ['a tab', 'a\tb'],
    ['DEL', 'a\u007fb'],
    ['a zero-width joiner', 'a\u200db'],
    ['a zero-width space', 'a\u200bb'],
    ['a right-to-left override', 'a\u202eb'],
    ['a direction isolate', 'a\u2066b'],
    ['a byte order mark', '\ufeffa'],
    ['a soft hyphen', 'a\u00adb'],
    ['a no-break space', 'a\u00a0b'],
    ['an ideographic space', 'a\u3000b'],
    ['a line separator', 'a\u2028b'],
    ['half a surrogate pair', 'a\ud800b'],
    ['a private character', 'a\ue000b'],
  ])('a user name is refused with %s', (_what, text) => {
    expect(() => parseUserName(text)).toThrow(expect.objectContaining({ code: 'invalid' }))
  })
})
