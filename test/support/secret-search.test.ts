import fc from 'fast-check'
import { expect, it } from 'vitest'
import { findSecrets } from './secret-search.ts'

const secret = { name: 'token', value: 'a-Secret_value?>~42' }
const seen = (text: string) => findSecrets([{ where: 'log', text }], [secret])

it.each([
  ['as it is', `x ${secret.value} y`],
  ['URL-encoded', encodeURIComponent(`x=${secret.value}&`)],
  ['in hexadecimal', Buffer.from(secret.value).toString('hex')],
])('the search finds a secret %s', (_name, text) => {
  expect(seen(text)).toEqual(['token in log'])
})

it('the search finds a secret in base64 and base64url, whatever stands around it', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.constantFrom('base64', 'base64url'),
      (before, after, encoding) => {
        const text = Buffer.from(`${before}${secret.value}${after}`).toString(encoding as BufferEncoding)
        expect(seen(text)).toEqual(['token in log'])
      },
    ),
  )
})

it('the search says nothing of a text without a secret, or of the place that shows it', () => {
  expect(seen('a-Secret_value')).toEqual([])
  expect(
    findSecrets([{ where: 'answer', text: secret.value }], [{ ...secret, shownIn: /^answer$/ }]),
  ).toEqual([])
})
