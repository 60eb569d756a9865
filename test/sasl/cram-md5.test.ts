import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cramMd5Exchange, decodeBase64, encodeBase64, type Outcome } from '../../src/sasl/mechanisms.ts'

// RFC 2195, section 2.
const example = {
  challenge: '<1896.697170952@postoffice.reston.mci.net>',
  response: 'dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw',
  userName: 'tim',
  password: 'tanstaaftanstaaf',
  digest: 'b913a602c7eda7a495b4e6e7334d3890',
}

function answerWith(octets: Buffer, challenge = example.challenge): Outcome {
  const exchange = cramMd5Exchange(challenge)
  exchange(undefined)
  return exchange(octets)
}

describe('CRAM-MD5', () => {
  it('CRAM-MD5 is the example of RFC 2195', () => {
    const exchange = cramMd5Exchange(example.challenge)
    const asked = exchange(undefined)
    expect(asked.kind === 'challenge' && encodeBase64(asked.text)).toBe(
      'PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+',
    )
    const { challenge, userName, digest } = example
    expect(exchange(decodeBase64(example.response) ?? Buffer.alloc(0))).toEqual({
      kind: 'credentials',
      credentials: { kind: 'cram-md5', userName, challenge, digest },
    })
    expect(createHmac('md5', example.password).update(challenge).digest('hex')).toBe(digest)
  })

  it.each([
    ['a user name with blanks', `the big printer ${example.digest}`, 'the big printer'],
    ['a digest in capitals', `tim ${example.digest.toUpperCase()}`, 'tim'],
    ['a user name that ends in a blank', `tim  ${example.digest}`, 'tim '],
    ['a user name that looks like a digest', `${example.digest} ${example.digest}`, example.digest],
  ])('CRAM-MD5 reads %s', (_, response, userName) => {
    expect(answerWith(Buffer.from(response))).toMatchObject({
      credentials: { userName, digest: example.digest },
    })
  })

  it('CRAM-MD5 reads a user name in Latin-1', () => {
    const response = Buffer.from(`jürgen ${example.digest}`, 'latin1')
    expect(answerWith(response)).toMatchObject({ credentials: { userName: 'jürgen' } })
  })

  it.each([
    '',
    'tim',
    'tim ',
    example.digest,
    ` ${example.digest}`,
    `tim ${example.digest.slice(1)}`,
    `tim ${example.digest}0`,
    `tim ${example.digest.replace('b', 'g')}`,
    `tim\t${example.digest}`,
    `t\0m ${example.digest}`,
    `tim ${example.digest}\n`,
  ])('CRAM-MD5 is malformed with %j', (response) => {
    expect(answerWith(Buffer.from(response))).toEqual({ kind: 'malformed' })
  })

  it('CRAM-MD5 takes no response before its challenge', () => {
    const response = Buffer.from(`tim ${example.digest}`)
    expect(cramMd5Exchange(example.challenge)(response)).toEqual({ kind: 'malformed' })
    expect(cramMd5Exchange(example.challenge)(Buffer.alloc(0))).toEqual({ kind: 'malformed' })
  })

  it('CRAM-MD5 never throws, whatever arrives', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        expect(['credentials', 'malformed']).toContain(answerWith(Buffer.from(octets)).kind)
      }),
    )
  })
})
