import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { undoDotStuffing } from '../../src/wire/message-scanner.ts'

describe('undoing dot-stuffing', () => {
  it.each([
    ['', ''],
    ['a\r\n', 'a\r\n'],
    ['..\r\n', '.\r\n'],
    ['..a\r\n', '.a\r\n'],
    ['...\r\n...\r\n', '..\r\n..\r\n'],
    ['.a\r\n', 'a\r\n'],
    ['a.\r\n..b..\r\n', 'a.\r\n.b..\r\n'],
  ])('%j becomes %j', (stuffed, message) => {
    expect(undoDotStuffing(Buffer.from(stuffed)).toString()).toBe(message)
  })

  it('every message that was stuffed comes back', () => {
    const lines = fc.array(fc.stringMatching(/^[.ab]{0,5}$/), { maxLength: 10 })
    fc.assert(
      fc.property(lines, (message) => {
        const text = message.map((line) => `${line}\r\n`).join('')
        const stuffed = message.map((line) => `${line.replace(/^\./, '..')}\r\n`).join('')
        expect(undoDotStuffing(Buffer.from(stuffed)).toString()).toBe(text)
      }),
    )
  })
})
