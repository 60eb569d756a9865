import { expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { validateTokenResponse } from '../../src/consent/validate-token-response.ts'
import type { Address } from '../../src/model/address.ts'
import { google } from '../../src/providers/presets/google.ts'
import { microsoft } from '../../src/providers/presets/microsoft.ts'
import type { Provider } from '../../src/providers/provider.ts'

const consent = (provider: Provider, address: Address, person: Address) =>
  validateTokenResponse({ address, providerId: provider.id, createdAt: 0 }, provider, {
    accessToken: new Secret('a'),
    refreshToken: new Secret('r'),
    expiresInSeconds: 3600,
    scopes: provider.oauth.scopes,
    identity: { account: 'one', signed: true, address: { value: person, vouched: true } },
  })

it.each([
  ['till.x@googlemail.com', 'tillx@gmail.com'],
  ['till+scanner@gmail.com', 'Till@gmail.com'],
  ['till+scanner@example.com', 'till@example.com'],
] as const)('a consent for %s at Google may be given as %s', (address, person) => {
  expect(consent(google, address, person)).toMatchObject({ signedInAs: address })
  expect(() => consent(microsoft('common'), address, person)).toThrow('signed in, but')
})

it('a consent for a mailbox at Google is refused when another account signs in', () => {
  expect(() => consent(google, 'till@gmail.com', 'tilly@gmail.com')).toThrow('tilly@gmail.com signed in, but')
  expect(() => consent(google, 'till.x@example.com', 'tillx@example.com')).toThrow('signed in, but')
})
