import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { shellWord } from '../../src/base/text.ts'

it.each(['me@example.com', '/var/lib/postern', '192.0.2.0/28'])(
  'a harmless word stays as it is: %s',
  (word) => {
    expect(shellWord(word)).toBe(word)
  },
)

it.each([
  '',
  ' ',
  '*@example.com',
  '$(id)',
  '`id`',
  "it's",
  '"',
  '\\',
  'a;b',
  'a&b',
  '~',
  '#',
  '!1',
  'ü',
  'a\nb',
])('a shell takes %j literally', (word) => {
  expect(execFileSync('sh', ['-c', `printf %s ${shellWord(word)}`]).toString()).toBe(word)
})

it.each(['me@example.com', 'C:\\Users\\Anna\\postern.tar', '192.0.2.0/28'])(
  'on Windows a harmless word stays as it is: %s',
  (word) => {
    expect(shellWord(word, 'win32')).toBe(word)
  },
)

it.each([
  ['', "''"],
  ['C:\\Program Files\\postern', "'C:\\Program Files\\postern'"],
  ["it's", "'it''s'"],
  ['\u2019;calc', "'\u2019\u2019;calc'"],
  ['$(calc)', "'$(calc)'"],
  ['a`n', "'a`n'"],
  ['a,b', "'a,b'"],
  ['@a', "'@a'"],
  ['*@example.com', "'*@example.com'"],
])('on Windows PowerShell takes %j literally', (word, quoted) => {
  expect(shellWord(word, 'win32')).toBe(quoted)
})
