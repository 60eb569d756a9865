import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeBase64,
  encodeBase64,
  loginExchange,
  mechanismsFor,
  type Outcome,
  plainExchange,
} from '../../src/sasl/mechanisms.ts'

/** An outcome with its password made visible. */
function shown(outcome: Outcome): object {
  if (outcome.kind !== 'credentials' || outcome.credentials.kind !== 'password') return outcome
  const { userName, password } = outcome.credentials
  return { kind: outcome.kind, userName, password: password.reveal() }
}

describe('PLAIN', () => {
  it('PLAIN asks with an empty challenge when nothing came beside AUTH', () => {
    expect(plainExchange()(undefined)).toEqual({ kind: 'challenge', text: '' })
  })

  it.each([
    // RFC 4616, section 4, first example.
    ['\0tim\0tanstaaftanstaaf', 'tim', 'tanstaaftanstaaf'],
    ['me@example.com\0me@example.com\0right', 'me@example.com', 'right'],
    ['\0jürgen\0pässwörd ☃', 'jürgen', 'pässwörd ☃'],
    ['\0\ufeffa\0\ufeffb', '\ufeffa', '\ufeffb'],
  ])('PLAIN reads %j', (response, userName, password) => {
    const outcome = plainExchange()(Buffer.from(response))
    expect(shown(outcome)).toEqual({ kind: 'credentials', userName, password })
  })

  it.each([
    ['empty', Buffer.alloc(0)],
    ['no NUL', Buffer.from('me')],
    ['one NUL', Buffer.from('me\0right')],
    ['three NULs', Buffer.from('\0me\0right\0')],
    ['no user name', Buffer.from('\0\0right')],
    ['no password', Buffer.from('\0me\0')],
  ])('PLAIN is malformed with %s', (_, response) => {
    expect(plainExchange()(response)).toEqual({ kind: 'malformed' })
  })

  it('PLAIN reads each field as UTF-8 where it can be, else as Latin-1', () => {
    const response = Buffer.concat([Buffer.from('\0jürgen\0'), Buffer.from('pässwörd', 'latin1')])
    expect(shown(plainExchange()(response))).toMatchObject({ userName: 'jürgen', password: 'pässwörd' })
    const authorized = Buffer.concat([Buffer.from('jürgen', 'latin1'), Buffer.from('\0jürgen\0a')])
    expect(shown(plainExchange()(authorized))).toMatchObject({ userName: 'jürgen', password: 'a' })
  })

  it('PLAIN says for whom the client wants to act, where that is another name', () => {
    // RFC 4616, section 4, second example.
    const other = plainExchange()(Buffer.from('Ursel\0Kurt\0xipj3plmq'))
    expect(other).toMatchObject({ credentials: { userName: 'Kurt', actsAs: 'Ursel' } })
    const same = plainExchange()(Buffer.from('Kurt\0Kurt\0xipj3plmq'))
    expect(same).not.toHaveProperty('credentials.actsAs')
  })

  it('PLAIN takes no truncation of a good response for another good one', () => {
    const whole = Buffer.from('\0tim\0tanstaaf')
    for (let length = 0; length < whole.length - 'anstaaf'.length - 1; length++) {
      expect(plainExchange()(whole.subarray(0, length)).kind).toBe('malformed')
    }
  })

  it('PLAIN survives every single-bit change of a good response in base64', () => {
    const good = Buffer.from('AHRpbQB0YW5zdGFhZg==')
    for (let bit = 0; bit < good.length * 8; bit++) {
      const changed = Buffer.from(good)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const response = decodeBase64(changed.toString('latin1'))
      if (response !== undefined) expect(plainExchange()(response).kind).not.toBe('challenge')
    }
  })

  it('PLAIN never throws, whatever arrives', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        expect(['credentials', 'malformed']).toContain(plainExchange()(Buffer.from(octets)).kind)
      }),
    )
  })
})

describe('LOGIN', () => {
  it('LOGIN asks with the two exact challenges', () => {
    const exchange = loginExchange()
    const first = exchange(undefined)
    const second = exchange(Buffer.from('me@example.com'))
    expect(first.kind === 'challenge' && encodeBase64(first.text)).toBe('VXNlcm5hbWU6')
    expect(second.kind === 'challenge' && encodeBase64(second.text)).toBe('UGFzc3dvcmQ6')
    expect(shown(exchange(Buffer.from('right')))).toEqual({
      kind: 'credentials',
      userName: 'me@example.com',
      password: 'right',
    })
  })

  it('LOGIN takes the user name that comes beside AUTH', () => {
    const exchange = loginExchange()
    expect(exchange(Buffer.from('me'))).toEqual({ kind: 'challenge', text: 'Password:' })
    expect(shown(exchange(Buffer.from('right')))).toMatchObject({ userName: 'me', password: 'right' })
  })

  it.each([
    ['user name', 0],
    ['password', 1],
  ])('a %s with a NUL is malformed', (_, before) => {
    const exchange = loginExchange()
    for (let said = 0; said < before; said++) exchange(Buffer.from('me'))
    expect(exchange(Buffer.from('a\0b'))).toEqual({ kind: 'malformed' })
  })

  it('LOGIN asks when what comes beside AUTH is empty, but takes an empty answer for an answer', () => {
    const exchange = loginExchange()
    expect(exchange(Buffer.alloc(0))).toEqual({ kind: 'challenge', text: 'Username:' })
    expect(exchange(Buffer.alloc(0))).toEqual({ kind: 'challenge', text: 'Password:' })
    expect(shown(exchange(Buffer.alloc(0)))).toMatchObject({ userName: '', password: '' })
  })

  it('LOGIN reads Latin-1', () => {
    const exchange = loginExchange()
    exchange(Buffer.from('jürgen', 'latin1'))
    const outcome = exchange(Buffer.from('pässwörd', 'latin1'))
    expect(shown(outcome)).toMatchObject({ userName: 'jürgen', password: 'pässwörd' })
  })
})

describe('the mechanisms', () => {
  it.each([
    [{ bearer: false, cramMd5: false }, ['PLAIN', 'LOGIN']],
    [{ bearer: true, cramMd5: false }, ['PLAIN', 'LOGIN', 'XOAUTH2', 'OAUTHBEARER']],
    [{ bearer: false, cramMd5: true }, ['PLAIN', 'LOGIN', 'CRAM-MD5']],
    [{ bearer: true, cramMd5: true }, ['PLAIN', 'LOGIN', 'XOAUTH2', 'OAUTHBEARER', 'CRAM-MD5']],
  ])('the mechanisms for %j are %j', (offers, names) => {
    expect(mechanismsFor(offers).map(({ name }) => name)).toEqual(names)
  })

  it('each exchange gets a challenge of its own', () => {
    let made = 0
    const cramMd5 = mechanismsFor({ bearer: false, cramMd5: true }).at(-1)
    const ask = () => cramMd5?.begin(() => `<${++made}@host>`)(undefined)
    expect([ask(), ask()]).toEqual([
      { kind: 'challenge', text: '<1@host>' },
      { kind: 'challenge', text: '<2@host>' },
    ])
  })
})
