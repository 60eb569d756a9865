import { describe, expect, it } from 'vitest'
import { parseCapabilities } from '../../src/wire/envelope.ts'
import { say } from '../../src/wire/reply.ts'

const nothing = {
  pipelining: false,
  eightBitMime: false,
  smtpUtf8: false,
  dsn: false,
  enhancedStatusCodes: false,
  chunking: false,
  startTls: false,
  mechanisms: [],
}

describe('capabilities', () => {
  it('capabilities are read from what Gmail says', () => {
    const reply = say(
      250,
      'smtp.gmail.com at your service, [192.0.2.1]',
      'SIZE 35882577',
      '8BITMIME',
      'AUTH LOGIN PLAIN XOAUTH2 PLAIN-CLIENTTOKEN OAUTHBEARER XOAUTH',
      'ENHANCEDSTATUSCODES',
      'PIPELINING',
      'CHUNKING',
      'SMTPUTF8',
    )
    expect(parseCapabilities(reply)).toEqual({
      size: 35882577,
      pipelining: true,
      eightBitMime: true,
      smtpUtf8: true,
      dsn: false,
      enhancedStatusCodes: true,
      chunking: true,
      startTls: false,
      mechanisms: ['LOGIN', 'PLAIN', 'XOAUTH2', 'PLAIN-CLIENTTOKEN', 'OAUTHBEARER', 'XOAUTH'],
    })
  })

  it.each([
    ['no keyword in the greeting', ['PIPELINING AUTH XOAUTH2'], nothing],
    ['any case', ['hi', 'startTLS', 'Dsn'], { ...nothing, startTls: true, dsn: true }],
    ['the old form of AUTH', ['hi', 'AUTH=LOGIN xoauth2'], { ...nothing, mechanisms: ['LOGIN', 'XOAUTH2'] }],
    [
      'both forms of AUTH, each mechanism once',
      ['hi', 'AUTH XOAUTH2 LOGIN', 'AUTH=LOGIN OAUTHBEARER'],
      { ...nothing, mechanisms: ['XOAUTH2', 'LOGIN', 'OAUTHBEARER'] },
    ],
    ['AUTH without mechanisms', ['hi', 'AUTH'], nothing],
    ['SIZE without a figure', ['hi', 'SIZE'], { ...nothing, size: 0 }],
    ['SIZE with an odd figure', ['hi', 'SIZE lots'], { ...nothing, size: 0 }],
    ['SIZE beyond all numbers', ['hi', 'SIZE 99999999999999999999'], { ...nothing, size: 0 }],
    ['what a middlebox leaves of STARTTLS', ['hi', 'XXXXXXXA'], nothing],
    ['odd spacing', ['hi', ' AUTH   XOAUTH2 '], { ...nothing, mechanisms: ['XOAUTH2'] }],
    ['names of object properties', ['hi', 'constructor', '__proto__'], nothing],
  ] as const)('capabilities know %s', (_, lines, expected) => {
    const [first, ...more] = lines
    expect(parseCapabilities(say(250, first, ...more))).toEqual(expected)
  })
})
