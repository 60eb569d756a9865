import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import {
  decodeBase64,
  type Exchange,
  type Outcome,
  oauthBearerExchange,
  oauthBearerResponse,
  readErrorChallenge,
  xoauth2Exchange,
  xoauth2Response,
} from '../../src/sasl/mechanisms.ts'

interface Vector {
  source: string
  user: string
  token: string
  base64: string
}

function vectors(name: string): Vector[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../vectors', name), 'utf8')) as Vector[]
}

/** What was read, with the token made visible. */
function read(exchange: Exchange, response: string | Buffer): object {
  const outcome: Outcome = exchange(typeof response === 'string' ? Buffer.from(response) : response)
  if (outcome.kind !== 'credentials' || outcome.credentials.kind !== 'bearer') return outcome
  return { user: outcome.credentials.userName, token: outcome.credentials.token.reveal() }
}

const malformed = { kind: 'malformed' }

describe('XOAUTH2 from a client', () => {
  it.each(vectors('xoauth2.json'))('XOAUTH2 is read: $source', ({ base64, user, token }) => {
    expect(read(xoauth2Exchange(), decodeBase64(base64) ?? '')).toEqual({ user, token })
  })

  it('XOAUTH2 asks with an empty challenge when nothing came beside AUTH', () => {
    expect(xoauth2Exchange()(undefined)).toEqual({ kind: 'challenge', text: '' })
  })

  it.each([
    ['the scheme in any case', 'user=me\x01auth=BEARER tok\x01\x01'],
    ['more than one blank behind the scheme', 'user=me\x01auth=bearer  tok\x01\x01'],
    ['a key that it does not know', 'user=me\x01host=example.com\x01auth=Bearer tok\x01\x01'],
  ])('XOAUTH2 takes %s', (_, response) => {
    expect(read(xoauth2Exchange(), response)).toEqual({ user: 'me', token: 'tok' })
  })

  it.each([
    '',
    'user=me',
    'user=me\x01auth=Bearer tok',
    'user=me\x01auth=Bearer tok\x01',
    'user=me\x01auth=Bearer tok\x01\x01\x01',
    'user=me\x01auth=Bearer tok\x01\x01x',
    'user=me\x01\x01',
    'user=\x01auth=Bearer tok\x01\x01',
    'auth=Bearer tok\x01user=me\x01\x01',
    'user=me\x01auth=Bearer tok\x01auth=Bearer other\x01\x01',
    'user=me\x01auth=Bearer \x01\x01',
    'user=me\x01auth=Bearertok\x01\x01',
    'user=me\x01auth=Basic tok\x01\x01',
    'user=me\x01auth=Bearer to k\x01\x01',
    'user=me\x01auth=Bearer tök\x01\x01',
    'user=me\x01auth=Bearer =tok\x01\x01',
    'user=m\0e\x01auth=Bearer tok\x01\x01',
    'user=me\x01no pair\x01auth=Bearer tok\x01\x01',
  ])('XOAUTH2 is malformed with %j', (response) => {
    expect(read(xoauth2Exchange(), response)).toEqual(malformed)
  })
})

describe('OAUTHBEARER from a client', () => {
  it.each(vectors('oauthbearer.json'))('OAUTHBEARER is read: $source', ({ base64, user, token }) => {
    expect(read(oauthBearerExchange(), decodeBase64(base64) ?? '')).toEqual({ user, token })
  })

  it.each([
    ['no user', 'n,,\x01auth=Bearer tok\x01\x01', ''],
    ['a user with both escapes', 'n,a=a=2Cb=3D2C,\x01auth=Bearer tok\x01\x01', 'a,b=2C'],
    ['a user beyond ASCII', 'n,a=jürgen,\x01auth=Bearer tok\x01\x01', 'jürgen'],
    ['pairs in any order', 'n,a=me,\x01auth=Bearer tok\x01port=25\x01mthd=POST\x01\x01', 'me'],
  ])('OAUTHBEARER takes %s', (_, response, user) => {
    expect(read(oauthBearerExchange(), response)).toEqual({ user, token: 'tok' })
  })

  it.each([
    '',
    '\x01',
    'n,a=me,',
    'y,a=me,\x01auth=Bearer tok\x01\x01',
    'p=tls-exporter,a=me,\x01auth=Bearer tok\x01\x01',
    'F,n,a=me,\x01auth=Bearer tok\x01\x01',
    'n,a=,\x01auth=Bearer tok\x01\x01',
    'n,a=m=e,\x01auth=Bearer tok\x01\x01',
    'n,a=m,e,\x01auth=Bearer tok\x01\x01',
    'n,me,\x01auth=Bearer tok\x01\x01',
    'n,a=me\x01auth=Bearer tok\x01\x01',
    'n,a=m\0e,\x01auth=Bearer tok\x01\x01',
    'n,a=me,\x01auth=\x01\x01',
    'n,a=me,\x01host=a\x01\x01',
    'n,a=me,\x01auth=Bearer tok\x01',
    'n,a=me,auth=Bearer tok\x01\x01',
    'n,a=me,\x01h0st=a\x01auth=Bearer tok\x01\x01',
    'n,a=me,\x01host=ä\x01auth=Bearer tok\x01\x01',
  ])('OAUTHBEARER is malformed with %j', (response) => {
    expect(read(oauthBearerExchange(), response)).toEqual(malformed)
  })
})

describe('both', () => {
  const sides = [
    ['XOAUTH2', xoauth2Exchange, (user: string, token: Secret) => xoauth2Response(user, token)],
    [
      'OAUTHBEARER',
      oauthBearerExchange,
      (user: string, token: Secret) => oauthBearerResponse({ user, token }),
    ],
  ] as const

  it.each(sides)('%s reads what postern itself would say', (_name, exchange, write) => {
    const user = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text))
    const token = fc.stringMatching(/^[A-Za-z0-9._~+/-]+={0,3}$/)
    fc.assert(
      fc.property(user, token, (userName, bearer) => {
        const said = Buffer.from(write(userName, new Secret(bearer)).reveal(), 'base64')
        expect(read(exchange(), said)).toEqual({ user: userName, token: bearer })
      }),
    )
  })

  it.each(sides)(
    '%s takes a line separator of Unicode for a letter like any other',
    (_name, exchange, write) => {
      const user = 'me\u2028\u2029@example.com'
      const said = Buffer.from(write(user, new Secret('tok')).reveal(), 'base64')
      expect(read(exchange(), said)).toEqual({ user, token: 'tok' })
    },
  )

  it.each(sides)('%s takes no part of a good response for a good one', (_name, exchange, write) => {
    const whole = Buffer.from(write('me', new Secret('tok')).reveal(), 'base64')
    for (let length = 0; length < whole.length; length++) {
      expect(read(exchange(), whole.subarray(0, length))).toEqual(malformed)
    }
  })

  it.each(sides)('%s never throws, whatever arrives', (_name, exchange) => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        expect(['credentials', 'malformed']).toContain(exchange()(Buffer.from(octets)).kind)
      }),
    )
  })

  it.each(sides)('%s has an error challenge that can be read', (name, exchange, write) => {
    const outcome = exchange()(Buffer.from(write('me', new Secret('tok')).reveal(), 'base64'))
    const said = outcome.kind === 'credentials' ? (outcome.errorChallenge ?? '') : ''
    const status = name === 'XOAUTH2' ? '401' : 'invalid_token'
    expect(readErrorChallenge(Buffer.from(said).toString('base64'))).toEqual({ status, schemes: 'bearer' })
  })
})
