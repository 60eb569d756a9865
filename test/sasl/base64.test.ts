import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64, encodeBase64 } from '../../src/sasl/mechanisms.ts'

describe('strict base64', () => {
  // RFC 4648, section 10.
  it.each([
    ['', ''],
    ['Zg==', 'f'],
    ['Zm8=', 'fo'],
    ['Zm9v', 'foo'],
    ['Zm9vYg==', 'foob'],
    ['Zm9vYmE=', 'fooba'],
    ['Zm9vYmFy', 'foobar'],
  ])('base64 decodes %j', (text, octets) => {
    expect(decodeBase64(text)?.toString()).toBe(octets)
    expect(encodeBase64(octets)).toBe(text)
  })

  it.each([
    ['half the padding', 'Zg='],
    ['too much padding', 'Zm9v===='],
    ['padding only', '===='],
    ['data behind the padding', 'Zg==Zm9v'],
    ['one letter too many', 'Zm9vZ'],
    ['stray bits under two pads', 'Zh=='],
    ['stray bits where two pads are missing', 'Zh'],
    ['stray bits where one pad is missing', 'Zm9'],
    ['stray bits under one pad', 'Zm9='],
    ['a blank', 'Zm 9'],
    ['a line end', 'Zm9v\n'],
    ['the URL alphabet', 'Zm_v'],
    ['a NUL', 'Zm9\0'],
    ['an octet above 127', 'Zm9\xff'],
  ])('base64 refuses %s', (_, text) => {
    expect(decodeBase64(text)).toBeUndefined()
  })

  it.each([
    ['Zg', 'f'],
    ['Zm8', 'fo'],
    ['Zm9vYg', 'foob'],
  ])('%j is taken, whose padding an old client left away', (text, octets) => {
    expect(decodeBase64(text)?.toString()).toBe(octets)
  })

  it('base64 takes exactly what an encoder makes, with its padding or without', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        const text = Buffer.from(octets).toString('base64')
        expect(decodeBase64(text)).toEqual(Buffer.from(octets))
        expect(decodeBase64(text.replaceAll('=', ''))).toEqual(Buffer.from(octets))
      }),
    )
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-f0-3+/=]{0,12}$/), (text) => {
        const octets = decodeBase64(text)
        if (octets === undefined) return
        const whole = octets.toString('base64')
        expect([whole, whole.replaceAll('=', '')]).toContain(text)
      }),
    )
  })
})
