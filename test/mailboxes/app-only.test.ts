import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { appOnlyFlow } from '../../src/mailboxes/app-only.ts'
import type { MailboxRequest } from '../../src/mailboxes/mailboxes.ts'
import type { RegisteredProvider } from '../../src/providers/provider.ts'
import { registeredProvider } from '../support/registered-provider.ts'

const able: RegisteredProvider = {
  ...registeredProvider(),
  flows: ['authorization-code', 'client-credentials'],
  registration: { clientId: 'app', clientSecrets: [{ value: new Secret('s') }], tenant: 'example.com' },
}
const request: MailboxRequest = { address: 'me@example.com', provider: 'custom', appOnly: true }
const without = (registration: Partial<RegisteredProvider['registration']>) => ({
  ...able,
  registration: { ...able.registration, ...registration },
})

describe('a mailbox without a consent', () => {
  it('a mailbox without a consent is possible with a secret, at one organisation', () => {
    expect(appOnlyFlow(request, able)).toBe('client-credentials')
    expect(appOnlyFlow({ ...request, address: '*@example.com' }, able)).toBe('client-credentials')
  })

  it('nobody has to say so where the provider knows nothing else', () => {
    const { appOnly: _, ...plain } = request
    expect(appOnlyFlow(plain, { ...able, flows: ['client-credentials'] })).toBe('client-credentials')
    const account = { email: 'a@b.example', clientId: '1', keyId: 'k', key: new Secret('k') }
    const google = {
      ...without({ clientSecrets: [], serviceAccount: account }),
      flows: ['service-account' as const],
    }
    expect(appOnlyFlow(plain, google)).toBe('service-account')
    expect(appOnlyFlow(plain, able)).toBeUndefined()
  })

  it.each<[string, Partial<MailboxRequest>, RegisteredProvider, string, RegExp]>([
    ['a person', { signsInAs: 'boss@example.com' }, able, 'invalid', /nobody who signs in/],
    ['a refresh token', { refreshToken: new Secret('r') }, able, 'invalid', /has no refresh token/],
    ['a provider that has no such way', {}, registeredProvider(), 'invalid', /without a person's consent/],
    [
      'a public client',
      {},
      without({ clientSecrets: [] }),
      'configuration',
      /needs a client secret or certificate/,
    ],
    [
      'a whole domain that somebody would have to consent for',
      { address: '*@example.com', appOnly: false },
      able,
      'invalid',
      /nobody can consent for all/,
    ],
    ['all organisations', {}, without({ tenant: 'Common' }), 'configuration', /"Common" stands for many/],
  ])('a mailbox without a consent is refused with %s', (_what, change, provider, code, message) => {
    const ask = () => appOnlyFlow({ ...request, ...change }, provider)
    expect(ask).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }))
  })
})
