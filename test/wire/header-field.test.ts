import { expect, it } from 'vitest'
import { phraseWords } from '../../src/wire/from-rewriter.ts'

it('a field keeps what stands in quotes, and a quote that is never closed', () => {
  expect(phraseWords('"Büro" 2')).toEqual([`=?UTF-8?B?${Buffer.from('Büro 2').toString('base64')}?=`])
  expect(phraseWords('Scanner "2')).toEqual(['"Scanner', '\\"2"'])
})

it('a line separator of Unicode behind a backslash is a letter like any other', () => {
  const words = Buffer.from('Scanner \u2028 2').toString('base64')
  expect(phraseWords('"Scanner \\\u2028 2"')).toEqual([`=?UTF-8?B?${words}?=`])
})

it('quotes that are never closed are read in the time of their length', () => {
  const name = `"${'\\"'.repeat(32_000)}`
  const before = process.cpuUsage()
  expect(phraseWords(name).length).toBeGreaterThan(0)
  const { user, system } = process.cpuUsage(before)
  // The square of it took three seconds.
  expect((user + system) / 1000).toBeLessThan(1_000)
})
