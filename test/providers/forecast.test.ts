import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { grantEndings, registrationEndings } from '../../src/providers/forecast.ts'
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
  it('is that nobody uses it, counted from its last renewal', () => {
    expect(endingsIn(grantEndings(grant, provider(90)))).toEqual([['unused', 90]])
  })

  it('is also what its provider has said, and a test phase counted from the consent: the soonest first', () => {
    const ending = { ...grant, refreshTokenEndsAt: now + 30 * day }
    expect(endingsIn(grantEndings(ending, provider(180, { grantsEndAfterDays: 7 })))).toEqual([
      ['test-phase', 4],
      ['refresh-token', 30],
      ['unused', 180],
    ])
  })

  it.each(['client-credentials', 'service-account'] as const)(
    'is nothing where nobody consented: %s',
    (flow) => {
      expect(grantEndings({ ...grant, flow }, provider(90, { grantsEndAfterDays: 7 }))).toEqual([])
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
  ])('is %s', (_, clientSecrets, endings) => {
    expect(endingsIn(registrationEndings({ clientId: 'app', clientSecrets }))).toEqual(endings)
  })

  it('is its certificate', () => {
    const certificate = { thumbprint: 't', key: new Secret('k'), expiresAt: now + 10 * day }
    expect(endingsIn(registrationEndings({ clientId: 'app', clientSecrets: [], certificate }))).toEqual([
      ['certificate', 10],
    ])
  })
})
