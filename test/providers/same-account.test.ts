import { expect, it } from 'vitest'
import { isSameAccount } from '../../src/providers/oauth/identity.ts'
import { google } from '../../src/providers/presets/google.ts'
import { microsoft } from '../../src/providers/presets/microsoft.ts'

it.each([
  ['till.x@gmail.com', 'TillX@googlemail.com', true],
  ['t.i.l.l+scanner@gmail.com', 'till@gmail.com', true],
  ['till+scanner@example.com', 'till@example.com', true],
  ['till.x@example.com', 'tillx@example.com', false],
  ['till@gmail.com', 'tilly@gmail.com', false],
  ['till@gmail.com', 'till@gmail.com.example.com', false],
  ['+a@gmail.com', '+b@gmail.com', false],
  ['till@gmail.com', 'till@example.com', false],
])('%s and %s are one account at Google: %s, and nowhere else', (left, right, same) => {
  expect(isSameAccount(google.oauth, left, right)).toBe(same)
  expect(isSameAccount(google.oauth, right, left)).toBe(same)
  expect(isSameAccount(microsoft('common').oauth, left, right)).toBe(false)
})
