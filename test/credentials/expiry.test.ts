import { describe, expect, it } from 'vitest'
import { credentialState, parseExpiry } from '../../src/credentials/credential.ts'

const now = Date.UTC(2030, 4, 1, 12)

describe('an expiry', () => {
  it.each([
    ['2030-05-01', '2030-05-01T23:59:59.999Z'],
    ['2032-02-29', '2032-02-29T23:59:59.999Z'],
    ['2030-05-01T12:00:01Z', '2030-05-01T12:00:01.000Z'],
    ['2030-05-02T00:30+02:00', '2030-05-01T22:30:00.000Z'],
    ['2031-01-01T00:00:00.5-05:30', '2031-01-01T05:30:00.500Z'],
  ])('%s is read', (text, end) => {
    expect(new Date(parseExpiry(text, now)).toISOString()).toBe(end)
  })

  it.each([
    '',
    'tomorrow',
    '2030-5-1',
    '31.12.2030',
    '2030-02-30',
    '2031-02-29',
    '2030-13-01',
    '2030-00-10',
    '2030-12-31T18:00:00',
    '2030-12-31 18:00Z',
    '2030-12-31T24:00Z',
    '2030-12-31T18:60Z',
    '+002030-12-31',
    '1924905600',
    '2030-12-31\n',
  ])('%j is refused, which is no date', (text) => {
    expect(() => parseExpiry(text, now)).toThrow(/not a date/)
  })

  it.each(['2030-04-30', '2030-05-01T12:00:00Z', '1999-01-01'])('%s is refused, which has passed', (text) => {
    expect(() => parseExpiry(text, now)).toThrow(/passed already/)
  })
})

it('a credential is active until the moment of its expiry, and stays revoked after it', () => {
  expect(credentialState({}, now)).toBe('active')
  expect(credentialState({ expiresAt: now + 1 }, now)).toBe('active')
  expect(credentialState({ expiresAt: now }, now)).toBe('expired')
  expect(credentialState({ expiresAt: now - 1, revokedAt: now - 2 }, now)).toBe('revoked')
})
