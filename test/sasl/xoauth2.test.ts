import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { xoauth2Response } from '../../src/sasl/mechanisms.ts'

interface Vector {
  source: string
  user: string
  token: string
  base64: string
}

const vectors: Vector[] = JSON.parse(
  readFileSync(new URL('../vectors/xoauth2.json', import.meta.url), 'utf8'),
)

describe('XOAUTH2', () => {
  it.each(vectors)('XOAUTH2 says what is published: $source', ({ user, token, base64 }) => {
    expect(xoauth2Response(user, new Secret(token)).reveal()).toBe(base64)
  })

  it('XOAUTH2 decodes to exactly user, token and three ^A, or refuses', () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.info(`seed ${seed}`)
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (user, token) => {
        const refused = [user, token].some((part) => part === '' || /[\p{Cc}\p{Cs}]/u.test(part))
        if (refused) {
          expect(() => xoauth2Response(user, new Secret(token))).toThrow('control characters')
          return
        }
        const decoded = Buffer.from(xoauth2Response(user, new Secret(token)).reveal(), 'base64').toString()
        expect(decoded).toBe(`user=${user}\x01auth=Bearer ${token}\x01\x01`)
      }),
      { seed, numRuns: 500 },
    )
  })

  it.each([
    ['a ^A in the user name', 'me@example.com\x01auth=Bearer other', 'token'],
    ['a line end in the token', 'me@example.com', 'token\r\nMAIL FROM:<x@example.com>'],
    ['a NUL', 'me@example.com\0', 'token'],
    ['an empty token', 'me@example.com', ''],
    ['an empty user name', '', 'token'],
  ])('XOAUTH2 refuses %s without showing it', (_, user, token) => {
    const build = () => xoauth2Response(user, new Secret(token))
    expect(build).toThrow(expect.objectContaining({ code: 'invalid' }))
    expect(build).not.toThrow('other')
  })

  it('XOAUTH2 does not print itself', () => {
    const response = xoauth2Response('me@example.com', new Secret('hidden-token'))
    expect(`${response} ${JSON.stringify({ response })}`).not.toContain('dXNlcj')
  })
})
