/**
 * A message that a careless relay would change: lines of dots, 8-bit octets that are no UTF-8, a line of the greatest length
 * (RFC 5321, section 4.5.3.1.6), blanks at the ends of lines, a tab, empty lines at the end.
 */
export function awkwardMessage(sender: string, recipient: string): Buffer {
  const head = [
    `From: ${sender}`,
    `To: ${recipient}`,
    'Subject: All of it',
    'Date: Mon, 2 Nov 2026 10:00:00 +0000',
  ]
  const identity = ['Message-ID: <awkward@example.com>', 'Content-Type: text/plain; charset=utf-8']
  const body = [
    '.',
    '..',
    '.hidden',
    'Grüße',
    '\u0080\u00ff',
    'x'.repeat(998),
    'blank at the end ',
    '\ttab',
    '',
    '',
  ]
  const text = [...head, ...identity, '', ...body].map((line) => `${line}\r\n`).join('')
  return Buffer.from(text, 'latin1')
}
