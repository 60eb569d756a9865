import { expect, it } from 'vitest'
import { placeOfJsonMistake } from '../../src/providers/file/providers-file-mistakes.ts'

const whole = JSON.stringify(
  { a: [1, -2.5e3, true, null, '\u00e4 \\ " \n', {}], b: { c: [] }, '': 'x' },
  undefined,
  1,
)

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

it('a mistake is found exactly where the parser finds one, whatever is taken out or put in', () => {
  const pieces = [
    '',
    ' ',
    ',',
    ':',
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    '0',
    '-',
    '.',
    'e',
    'x',
    '\n',
    '\u0001',
    '\u2028',
  ]
  for (let at = 0; at <= whole.length; at++) {
    for (const piece of pieces) {
      for (const text of [
        whole.slice(0, at) + piece + whole.slice(at),
        whole.slice(0, at) + piece + whole.slice(at + 1),
      ])
        expect([text, placeOfJsonMistake(text) === undefined]).toEqual([text, isJson(text)])
    }
    if (at < whole.length) expect(placeOfJsonMistake(whole.slice(0, at))).toBeDefined()
  }
})

it('a mistake is looked for in any text, however deep', () => {
  expect(placeOfJsonMistake('['.repeat(100_000))).toEqual({ line: 1, column: 502 })
})
