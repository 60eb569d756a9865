import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { grantExpiries, registrationExpiries } from '../../src/providers/forecast.ts'
import type { Registration } from '../../src/providers/provider.ts'
import { registeredProvider } from '../support/registered-provider.ts'

const day = 86_400_000
const now = Date.parse('2030-01-01T00:00:00Z')
const grant = { flow: 'authorization-code' as const, grantedAt: now - 3 * day, renewedAt: now }

function provider(unusedDays: number | undefined, registration: Partial<Registration> = {}) {
  const usual = registeredProvider()
  return {
    ...usual,
    oauth: { ...usual.oauth, ...(unusedDays !== undefined && { unusedDays }) },
    registration: { ...usual.registration, ...registration },
  }
}

const endingsIn = (endings: readonly { kind: string; endsAt: number }[]) =>
  endings.map(({ kind, endsAt }) => [kind, (endsAt - now) / day])

describe('what will end a grant', () => {
  it('a grant ends when nobody uses it, counted from its last renewal', () => {
    expect(endingsIn(grantExpiries(grant, provider(90)))).toEqual([['unused', 90]])
  })

  it('a grant also ends when its provider says so, and with a test phase counted from the consent: the soonest first', () => {
    const ending = { ...grant, refreshTokenEndsAt: now + 30 * day }
    expect(endingsIn(grantExpiries(ending, provider(180, { grantsEndAfterDays: 7 })))).toEqual([
      ['test-phase', 4],
      ['refresh-token', 30],
      ['unused', 180],
    ])
  })

  it('an end is said once where the end of the test phase comes with the refresh token, too', () => {
    const google = { ...grant, refreshTokenEndsAt: now + 4 * day - 1000 }
    expect(endingsIn(grantExpiries(google, provider(undefined, { grantsEndAfterDays: 7 })))).toEqual([
      ['test-phase', 4],
    ])
  })

  it.each([
    ['a year is left', 365, [0]],
    ['it is more than a week', 7.5, [0]],
    ['a week is left', 7, [0, 7]],
    ['a day is left', 1, [0, 1, 7]],
    ['it lives for half an hour', 1 / 48, [0]],
  ])('an end is told ahead by what the last renewal has left: %s', (_, days, daysAhead) => {
    const [ending] = grantExpiries({ ...grant, refreshTokenEndsAt: now + days * day }, provider(undefined))
    expect(ending).toMatchObject({ kind: 'refresh-token', daysAhead })
  })

  it.each(['client-credentials', 'service-account'] as const)(
    'nothing ends where nobody consented: %s',
    (flow) => {
      expect(grantExpiries({ ...grant, flow }, provider(90, { grantsEndAfterDays: 7 }))).toEqual([])
    },
  )
})

describe('what will end of a registration', () => {
  const secret = (days?: number) => ({
    value: new Secret('s'),
    ...(days !== undefined && { expiresAt: now + days * day }),
  })
  it.each<[string, Registration['clientSecrets'], [string, number][]]>([
    ['nothing that anybody has written down', [secret()], []],
    ['its only secret', [secret(20)], [['client-secret', 20]]],
    ['the last of those that overlap', [secret(20), secret(400)], [['client-secret', 400]]],
    ['nothing known, where the next one has no date', [secret(20), secret()], []],
    ['one that has ended already', [secret(-2)], [['client-secret', -2]]],
    [
      'one to be taken out, where the next one works',
      [secret(-2), secret(20)],
      [
        ['old-client-secret', -2],
        ['client-secret', 20],
      ],
    ],
    ['that one alone, where the next one has no date', [secret(-2), secret()], [['old-client-secret', -2]]],
    ['the last of those that have all ended', [secret(-9), secret(-2)], [['client-secret', -2]]],
    ['nothing without secrets', [], []],
  ])('the next end is %s', (_, clientSecrets, endings) => {
    expect(endingsIn(registrationExpiries({ clientId: 'app', clientSecrets }, now))).toEqual(endings)
  })

  it('a registration ends with its certificate', () => {
    const certificate = { thumbprint: 't', key: new Secret('k'), expiresAt: now + 10 * day }
    expect(endingsIn(registrationExpiries({ clientId: 'app', clientSecrets: [], certificate }, now))).toEqual(
      [['certificate', 10]],
    )
  })
})
