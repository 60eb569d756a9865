import type { OAuthServer, RegisteredProvider } from '../provider.ts'
import { addressClaim, type Claims, claim, emailVerified } from './claims.ts'
import type { Identity } from './oauth-client.ts'
import { vouchedAddresses } from './vouched-addresses.ts'

/** Whether a consent proves who signed in: by an ID token of a known issuer (OpenID Connect Core, section 3.1.2.1). */
export function provesIdentity({ issuer, scopes }: OAuthServer): boolean {
  return issuer !== undefined && scopes.includes('openid')
}

/** Who signed in, by the claims of a verified ID token (OpenID Connect Core, section 5.1). */
export function identityOf(
  claims: Claims,
  { oauth: { identityClaims }, registration }: Pick<RegisteredProvider, 'oauth' | 'registration'>,
): Identity {
  // An address that its owner never confirmed proves nothing.
  const unverified = emailVerified(claims) === false
  const addresses = identityClaims
    .filter((name) => !(name === 'email' && unverified))
    .flatMap((name) => addressClaim(claims, name))
  return {
    subject: String(claim(claims, 'sub')),
    addresses: [...new Set(addresses)],
    vouched: vouchedAddresses(claims, registration),
  }
}
