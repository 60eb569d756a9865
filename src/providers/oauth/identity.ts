import { type Address, parseAddress } from '../../base/address.ts'
import type { OAuthServer, RegisteredProvider } from '../provider.ts'
import type { Identity } from './oauth-client.ts'
import { vouchedAddresses } from './vouched-addresses.ts'

/** Whether a consent proves who signed in: by an ID token of a known issuer (OpenID Connect Core, section 3.1.2.1). */
export function provesIdentity({ issuer, scopes }: OAuthServer): boolean {
  return issuer !== undefined && scopes.includes('openid')
}

/** Who signed in, by the claims of a verified ID token (OpenID Connect Core, section 5.1). */
export function identityOf(
  claims: Readonly<Record<string, unknown>>,
  { oauth: { identityClaims }, registration }: Pick<RegisteredProvider, 'oauth' | 'registration'>,
): Identity {
  // An address that its owner never confirmed proves nothing. Some providers send the flag as a text.
  const unverified = [false, 'false'].includes(own(claims, 'email_verified') as boolean | string)
  const addresses = identityClaims
    .filter((name) => !(name === 'email' && unverified))
    .flatMap((name) => singleAddress(own(claims, name)))
  return {
    subject: String(own(claims, 'sub')),
    addresses: [...new Set(addresses)],
    vouched: vouchedAddresses(claims, registration),
  }
}

/** Exactly one mail address with exactly one `@`, or nothing: a claim that could be read in two ways is not read at all. */
function singleAddress(value: unknown): Address[] {
  if (typeof value !== 'string') return []
  try {
    return [parseAddress(value)]
  } catch {
    return []
  }
}

function own(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}
