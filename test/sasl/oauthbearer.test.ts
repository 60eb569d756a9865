import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { oauthBearerErrorAnswer, oauthBearerResponse } from '../../src/sasl/mechanisms.ts'

interface Vector {
  source: string
  user: string
  token: string
  host?: string
  port?: number
  base64: string
}

const vectors: Vector[] = JSON.parse(
  readFileSync(new URL('../vectors/oauthbearer.json', import.meta.url), 'utf8'),
)

describe('OAUTHBEARER', () => {
  it.each(vectors)(
    'OAUTHBEARER says what is published: $source',
    ({ source: _, base64, token, ...fields }) => {
      expect(oauthBearerResponse({ ...fields, token: new Secret(token) }).reveal()).toBe(base64)
    },
  )

  it.each([
    ['the user name', { user: 'me\x01@example.com', token: new Secret('t') }],
    ['the token', { user: 'me@example.com', token: new Secret('t\r\n') }],
    ['the host', { user: 'me@example.com', token: new Secret('t'), host: 'a\x01port=1' }],
  ])('OAUTHBEARER refuses a control character in %s', (_, fields) => {
    expect(() => oauthBearerResponse(fields)).toThrow(expect.objectContaining({ code: 'invalid' }))
  })

  it('OAUTHBEARER answers an error challenge with one ^A', () => {
    expect(Buffer.from(oauthBearerErrorAnswer, 'base64')).toEqual(Buffer.from([1]))
  })
})
