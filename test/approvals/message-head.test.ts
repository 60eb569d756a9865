import { expect, it } from 'vitest'
import { shownHead } from '../../src/approvals/message-head.ts'

const subject = (...lines: string[]) =>
  shownHead(Buffer.from(`Subject: ${lines.join('\r\n')}\r\n\r\nBody\r\n`)).subject

it.each([
  [['Hello'], 'Hello'],
  [['A long', ' one'], 'A long one'],
  [['=?utf-8?q?Gr=C3=BC=C3=9Fe?='], 'Grüße'],
  [['=?UTF-8?B?44GT44KT44Gr44Gh44Gv?='], 'こんにちは'],
  [['=?ISO-2022-JP?B?GyRCJDMkcyRLJEEkTxsoQg==?='], 'こんにちは'],
  // The blank between two encoded words is none of the text (RFC 2047, section 6.2).
  [['=?utf-8?q?one?=', ' =?utf-8?q?two?='], 'onetwo'],
  [['=?utf-8*de?q?a_b?= c'], 'a b c'],
  [['=?no-such-thing?q?a?='], '=?no-such-thing?q?a?='],
  [['=?utf-8?q?unfinished'], '=?utf-8?q?unfinished'],
  [['Grüße'], 'Grüße'],
  [['x'.repeat(500)], `${'x'.repeat(300)}…`],
  [['a\u0007b\u202ec'], 'a?b?c'],
] as const)('the subject %j is shown as %j', (lines, shown) => {
  expect(subject(...lines)?.replace(/\s+/g, ' ')).toBe(shown)
})

it('only its header is looked at, and what is not there is absent', () => {
  expect(shownHead(Buffer.from('To: you@example.net\r\n\r\nSubject: of the text\r\n'))).toEqual({})
  expect(shownHead(Buffer.from('\r\nSubject: of the text\r\n'))).toEqual({})
  expect(shownHead(Buffer.alloc(0))).toEqual({})
  expect(shownHead(Buffer.from('SUBJECT:a\r\nfrom :b\r\nMessage-ID:<c@d>\r\n\r\n'))).toEqual({
    subject: 'a',
    from: 'b',
    messageId: '<c@d>',
  })
})

it('of several fields all are shown, because a mail program shows one or the other', () => {
  const text =
    'Subject: harmless\r\nFrom: me@example.com\r\nsubject: Pay now\r\nFrom: boss@example.net\r\n\r\n'
  expect(shownHead(Buffer.from(text))).toEqual({
    subject: 'harmless + Pay now',
    from: 'me@example.com + boss@example.net',
  })
})

it('a dot that a line begins with hides nothing: the server takes it away', () => {
  const text = '.Subject: Pay now\r\nSubject: harmless\r\n.From: boss@example.net\r\n. folded\r\n\r\n'
  expect(shownHead(Buffer.from(text))).toEqual({
    subject: 'Pay now + harmless',
    from: 'boss@example.net folded',
  })
})

it('takes linear time', () => {
  const long = `Subject: ${'=?utf-8?q?'.repeat(6000)}\r\n\r\n`
  const since = performance.now()
  shownHead(Buffer.from(long))
  expect(performance.now() - since).toBeLessThan(1000)
})
