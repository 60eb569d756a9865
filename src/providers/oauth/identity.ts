import type { OAuthServer, RegisteredProvider } from '../provider.ts'
import { type Claims, claim } from './claims.ts'
import type { Identity } from './oauth-client.ts'
import { provenAddress, whyUnproven } from './proven-address.ts'

/** Whether a consent proves who signed in: by an ID token of a known issuer (OpenID Connect Core, section 3.1.2.1). */
export function provesIdentity({ issuer, scopes }: OAuthServer): boolean {
  return issuer !== undefined && scopes.includes('openid')
}

/**
 * Who signed in, by the claims of a verified ID token, or of a userinfo endpoint about the same account: for a consent, whichever way it was given, and for the pages alike.
 * @param signed whether its signature was checked, beside the TLS that it came by
 */
export function identityOf(
  claims: Claims,
  provider: Pick<RegisteredProvider, 'oauth' | 'registration'>,
  { signed }: { signed: boolean },
): Identity {
  const address = provenAddress(claims, provider)
  const account = accountIn(claims, provider.oauth)
  return address
    ? { account, signed, address }
    : { account, signed, unproven: { kind: whyUnproven(claims, provider) } }
}

/**
 * At Entra `tid` and `oid`: `sub` is another one for each app, and every name may change. Elsewhere `iss` and `sub` (OpenID Connect Core, section 5.7).
 */
function accountIn(claims: Claims, { identityRules }: OAuthServer): string {
  const parts = identityRules === 'entra' ? ['tid', 'oid'] : []
  const atEntra = parts.map((name) => claim(claims, name)).filter((value) => typeof value === 'string')
  if (atEntra.length === 2) return atEntra.join('/')
  return `${String(claim(claims, 'iss'))} ${String(claim(claims, 'sub'))}`
}
