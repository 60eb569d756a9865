import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readErrorChallenge } from '../../src/sasl/mechanisms.ts'

interface Vector {
  source: string
  base64: string
  challenge: object
}

const vectors: Vector[] = JSON.parse(
  readFileSync(new URL('../vectors/error-challenges.json', import.meta.url), 'utf8'),
)

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('an error challenge', () => {
  it.each(vectors)('an error challenge is read: $source', ({ base64, challenge }) => {
    expect(readErrorChallenge(base64)).toEqual(challenge)
  })

  it('an error challenge may hold its status as a number', () => {
    expect(readErrorChallenge(base64('{"status":401}'))).toEqual({ status: '401' })
  })

  it.each([
    ['an empty one', ''],
    ['what is not base64', '{"status":"401"}'],
    ['what is not JSON', base64('no')],
    ['JSON without a status', base64('{"scope":"x"}')],
    ['a list', base64('["status"]')],
    ['null', base64('null')],
    ['a status that is inherited', base64('{"__proto__":{"status":"401"}}')],
  ])('an error challenge is not %s', (_, text) => {
    expect(readErrorChallenge(text)).toBeUndefined()
  })
})
