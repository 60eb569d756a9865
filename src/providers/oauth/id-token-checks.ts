import { isGuid } from '../presets/microsoft.ts'
import type { RegisteredProvider } from '../provider.ts'
import { type Claims, claim } from './claims.ts'
import { tenantOf } from './entra-sign-in-name.ts'

/** An ID token that is not for us. The message names the check, and nothing of the token. */
export class IdTokenRefused extends Error {
  constructor(claim: string) {
    super(`unexpected ID Token "${claim}" claim value`)
    this.name = 'IdTokenRefused'
  }
}

/**
 * What openid-client leaves to us, beside `iss`, `aud`, `exp`, `nonce` and signature.
 * @param nonce where the answer was carried over by hand, and openid-client compared none
 * @throws IdTokenRefused
 */
export function requireOwnIdToken(
  claims: Claims,
  { oauth, registration }: Pick<RegisteredProvider, 'oauth' | 'registration'>,
  nonce?: string,
): void {
  // OpenID Connect Core, section 3.1.3.7: also where `aud` is ours alone, it was made for the client that `azp` names.
  const azp = claim(claims, 'azp')
  if (azp !== undefined && azp !== registration.clientId) throw new IdTokenRefused('azp')
  if (nonce !== undefined && claim(claims, 'nonce') !== nonce) throw new IdTokenRefused('nonce')
  if (oauth.identityRules === 'entra') requireOwnTenant(claims, registration.tenant)
}

/** The issuer tells it only where it is one tenant's. */
function requireOwnTenant(claims: Claims, own = ''): void {
  const tenant = tenantOf(claims)
  if (tenant === undefined || (isGuid(own) && tenant !== own.toLowerCase())) throw new IdTokenRefused('tid')
}
