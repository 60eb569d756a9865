import { expect, it } from 'vitest'
import { readUrl } from '../../src/base/text.ts'

it.each(['https://a.example/b?c#d', 'urn:ietf:wg:oauth:2.0:oob', `https://a.example/${'a'.repeat(2_000)}`])(
  '%j is read as a URL',
  (text) => {
    expect(readUrl(text)?.href).toBe(text)
  },
)

it.each([
  '',
  'a',
  'https://',
  `https://a.example/${'a'.repeat(3_000)}`,
  `https://a${'\u0315\u0316'.repeat(30_000)}/`,
])('%j is no URL', (text) => expect(readUrl(text)).toBeUndefined())
