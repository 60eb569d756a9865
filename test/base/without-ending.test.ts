import fc from 'fast-check'
import { expect, it } from 'vitest'
import { withoutEnding } from '../../src/base/text.ts'

it.each([
  ['', ''],
  [' \t ', ''],
  ['a', 'a'],
  [' a\t b \t', ' a\t b'],
])('blanks are taken off the end of %j', (text, without) => {
  expect(withoutEnding(text, ' \t')).toBe(without)
})

it('the result is that of the regular expression', () => {
  const texts = fc.string({ unit: fc.constantFrom('=', '/', 'a', '😀', '\ud800') })
  const same = (text: string) => withoutEnding(text, '=/') === text.replace(/[=/]+$/, '')
  fc.assert(fc.property(texts, same))
})
