import { isGuid, normalForm } from '../../base/text.ts'
import { type Address, addressKey, parseAddress } from '../../model/address.ts'
import { personalTenant } from '../presets/microsoft.ts'
import type { RegisteredProvider } from '../provider.ts'
import { isOneTenant } from '../registration.ts'
import type { ProvenAddress } from './oauth-client.ts'

/** The claims of a verified ID token (OpenID Connect Core, section 5.1). */
export type Claims = Readonly<Record<string, unknown>>

export function claim(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}

/**
 * Returns a claim that is exactly one mail address with one `@`, otherwise undefined: an ambiguous
 * claim is not used. Nor is a text that becomes an address, perhaps of another person, only when it
 * is normalised (U+212A, the Kelvin sign, would become a K).
 */
export function addressClaim(claims: Claims, name: string): Address | undefined {
  const value = claim(claims, name)
  if (typeof value !== 'string' || value !== normalForm(value)) return undefined
  try {
    return parseAddress(value)
  } catch {
    return undefined
  }
}

/**
 * `unsaid`: the claim is absent. Only `true` means yes (OpenID Connect Core, section 5.1: a
 * boolean); any other value means no.
 */
export function emailVerified(claims: Claims): 'yes' | 'no' | 'unsaid' {
  const flag = claim(claims, 'email_verified')
  if (flag === undefined) return 'unsaid'
  return flag === true ? 'yes' : 'no'
}

/**
 * An ID token for another client. The message names the check, and contains nothing of the token.
 */
export class IdTokenRefused extends Error {
  constructor(claim: string) {
    super(`unexpected ID Token "${claim}" claim value`)
    this.name = 'IdTokenRefused'
  }
}

/**
 * The checks that openid-client does not make; it checks `iss`, `aud`, `exp`, `nonce` and the
 * signature.
 * @param nonce only for a response that was pasted by hand, where openid-client compares none
 * @throws IdTokenRefused
 */
export function requireOwnIdToken(
  claims: Claims,
  { oauth, registration }: Pick<RegisteredProvider, 'oauth' | 'registration'>,
  nonce?: string,
): void {
  // OpenID Connect Core, section 3.1.3.7: even if `aud` is ours alone, the token was issued to the
  // client in `azp`.
  const azp = claim(claims, 'azp')
  if (azp !== undefined && azp !== registration.clientId) throw new IdTokenRefused('azp')
  if (nonce !== undefined && claim(claims, 'nonce') !== nonce) throw new IdTokenRefused('nonce')
  if (oauth.identityRules === 'entra') requireOwnTenant(claims, registration.tenant)
}

/** The issuer names the tenant only if it belongs to one tenant. */
function requireOwnTenant(claims: Claims, own = ''): void {
  const tenant = tenantOf(claims)
  if (tenant === undefined || (isGuid(own) && tenant !== own.toLowerCase())) throw new IdTokenRefused('tid')
}

/** Domains in which Microsoft itself gives mailboxes to personal accounts. */
const personalDomain = /@((outlook|hotmail|live)\.(com?\.)?[a-z]{2,3}|msn\.com|passport\.com)$/

/**
 * The name that an account signs in with at Entra. For a member of a tenant, its domain is one that
 * the tenant has proven to own, and no other tenant can have it. `email` is never used, whatever
 * stands beside it (`xms_edov`): every tenant can set it to any value.
 *
 * The name of a guest is not used, because another tenant controls it. Where every tenant may sign
 * in, nor is the name of a personal account outside of Microsoft's own mail domains: such an
 * address was verified once, and may have another owner now.
 */
export function entraSignInName(
  claims: Claims,
  { oauth, registration }: Pick<RegisteredProvider, 'oauth' | 'registration'>,
): ProvenAddress | undefined {
  const tenant = tenantOf(claims)
  if (tenant === undefined || !maySignIn(tenant, registration.tenant) || isGuest(claims, tenant))
    return undefined
  const name = oneName(claims)
  if (name === undefined) return undefined
  const anyTenant = oauth.issuer?.includes('{tenantid}') !== false
  if (tenant === personalTenant && anyTenant && !personalDomain.test(name)) return undefined
  // Where every tenant may sign in, no party that we know vouches for it.
  const vouched = registration.tenant !== undefined && isOneTenant(registration.tenant)
  return { value: name, vouched }
}

/** The `tid` claim, if it fits the issuer. */
function tenantOf(claims: Claims): string | undefined {
  const tid = claim(claims, 'tid')
  if (typeof tid !== 'string' || !isGuid(tid)) return undefined
  const tenant = tid.toLowerCase()
  const parts = String(claim(claims, 'iss')).toLowerCase().split('/')
  const inIssuer = parts.find(isGuid)
  return inIssuer === undefined || inIssuer === tenant ? tenant : undefined
}

/**
 * The domain of a tenant has been replaced by its id before this; a domain that is left matches no
 * token.
 */
function maySignIn(tenant: string, own: string | undefined): boolean {
  if (own === undefined) return true
  if (isGuid(own)) return tenant === own.toLowerCase()
  switch (own.toLowerCase()) {
    case 'common':
      return true
    case 'organizations':
      return tenant !== personalTenant
    case 'consumers':
      return tenant === personalTenant
    default:
      return false
  }
}

/**
 * Whether an account was invited from elsewhere: `idp` names another tenant, or the user name shows
 * it.
 */
function isGuest(claims: Claims, tenant: string): boolean {
  if (tenant === personalTenant) return false
  const [idp, acct, upn] = ['idp', 'acct', 'upn'].map((name) => claim(claims, name))
  const own = [claim(claims, 'iss'), `https://sts.windows.net/${tenant}/`, undefined]
  const member = acct === undefined || acct === 0 || acct === '0'
  return !own.includes(idp) || !member || /#EXT#/i.test(String(upn))
}

/**
 * `upn` is present only if the tenant adds it. If it differs from `preferred_username`, neither is
 * used.
 */
function oneName(claims: Claims): Address | undefined {
  const names = ['preferred_username', 'upn']
    .map((name) => addressClaim(claims, name))
    .filter((name) => name !== undefined)
  const [name] = names
  return new Set(names.map(addressKey)).size === 1 ? name : undefined
}
