import { describe, expect, it } from 'vitest'
import { type Capabilities, formatMail, formatRecipient, type Parameter } from '../../src/wire/envelope.ts'

const none: Capabilities = {
  pipelining: false,
  eightBitMime: false,
  smtpUtf8: false,
  dsn: false,
  enhancedStatusCodes: false,
  chunking: false,
  startTls: false,
  mechanisms: [],
}
const all: Capabilities = { ...none, size: 0, eightBitMime: true, smtpUtf8: true, dsn: true }

const mailParameters: Parameter[] = [
  { keyword: 'SIZE', value: '1000' },
  { keyword: 'BODY', value: '8BITMIME' },
  { keyword: 'SMTPUTF8' },
  { keyword: 'RET', value: 'HDRS' },
  { keyword: 'ENVID', value: 'QQ314159' },
]

describe('the envelope', () => {
  it.each([
    ['everything is offered', all, ' SIZE=1000 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ314159'],
    ['nothing is offered', none, ''],
    ['only SIZE is offered', { ...none, size: 5 }, ' SIZE=1000'],
    ['only 8BITMIME is offered', { ...none, eightBitMime: true }, ' BODY=8BITMIME'],
    ['only SMTPUTF8 is offered', { ...none, smtpUtf8: true }, ' SMTPUTF8'],
    ['only DSN is offered', { ...none, dsn: true }, ' RET=HDRS ENVID=QQ314159'],
  ])('the envelope keeps what the provider offers: %s', (_, offered, kept) => {
    const mail = formatMail({ sender: 'me@example.com', parameters: mailParameters }, offered)
    expect(mail.toString()).toBe(`MAIL FROM:<me@example.com>${kept}\r\n`)
  })

  it('the envelope writes recipients with their DSN parameters, where there is DSN', () => {
    const recipient = {
      recipient: 'you@example.com',
      parameters: [
        { keyword: 'NOTIFY', value: 'SUCCESS,DELAY' },
        { keyword: 'ORCPT', value: 'rfc822;you+3Dx@example.com' },
      ],
    }
    expect(formatRecipient(recipient, all).toString()).toBe(
      'RCPT TO:<you@example.com> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;you+3Dx@example.com\r\n',
    )
    expect(formatRecipient(recipient, none).toString()).toBe('RCPT TO:<you@example.com>\r\n')
  })

  it('the envelope never sends a parameter that it does not know', () => {
    const parameters = [{ keyword: 'AUTH', value: '<>' }, { keyword: 'XVERP' }]
    expect(formatMail({ sender: '', parameters }, all).toString()).toBe('MAIL FROM:<>\r\n')
  })

  it('the envelope writes UTF-8, and quoted local parts as they are', () => {
    expect(formatMail({ sender: 'grüße@exämple.com', parameters: [] }, all)).toEqual(
      Buffer.from('MAIL FROM:<grüße@exämple.com>\r\n', 'utf8'),
    )
    expect(formatRecipient({ recipient: '"a b>\\"c"@example.com', parameters: [] }, all).toString()).toBe(
      'RCPT TO:<"a b>\\"c"@example.com>\r\n',
    )
  })

  it('the envelope does not turn a letter beyond latin1 into a line end', () => {
    const octets = formatMail({ sender: '\u010d\u010a@example.com', parameters: [] }, all)
    expect(octets.indexOf('\r\n', 0, 'latin1')).toBe(octets.length - 2)
  })

  it.each([
    ['a line end in the sender', 'me@example.com>\r\nRCPT TO:<x@example.com', []],
    ['a bare LF in the sender', 'me\n@example.com', []],
    ['a NUL', 'me\0@example.com', []],
    ['a next-line character', 'me\u0085@example.com', []],
    ['half a surrogate pair', 'me\ud800@example.com', []],
    ['a bracket that ends the path', 'me@example.com> SIZE=1', []],
    ['a line end in a value', 'me@example.com', [{ keyword: 'SIZE', value: '1\r\nDATA' }]],
    ['a second parameter in a value', 'me@example.com', [{ keyword: 'SIZE', value: '1 RET=FULL' }]],
  ])('the envelope refuses %s', (_, sender, parameters) => {
    expect(() => formatMail({ sender, parameters }, all)).toThrow(
      expect.objectContaining({ code: 'invalid' }),
    )
  })
})
