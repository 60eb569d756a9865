import { type Address, addressKey, parseAddress } from '../../base/address.ts'
import { isGuid, normalForm } from '../../base/text.ts'
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
 * Exactly one mail address with exactly one `@`, or undefined: a claim that could be read in two ways is not read at all. Nor is one that only becomes an
 * address, maybe somebody else's, by being normalised (U+212A, the Kelvin sign, would become a K).
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
 * `unsaid`: there is no such claim. Only `true` itself is a yes (OpenID Connect Core, section 5.1: a boolean); whatever cannot be understood is a no.
 */
export function emailVerified(claims: Claims): 'yes' | 'no' | 'unsaid' {
  const flag = claim(claims, 'email_verified')
  if (flag === undefined) return 'unsaid'
  return flag === true ? 'yes' : 'no'
}

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

/** Where personal accounts get their mailboxes from Microsoft itself. */
const personalDomain = /@((outlook|hotmail|live)\.(com?\.)?[a-z]{2,3}|msn\.com|passport\.com)$/

/**
 * The name with which somebody signs in at Entra. Of a member of a tenant it ends with a domain that this tenant has proven to be its own, and no other tenant can have
 * that domain. `email` is never looked at, whatever stands beside it (`xms_edov`): it is an attribute that each tenant fills as it likes.
 *
 * No name is believed of a guest, whose account and name are somebody else's to change; nor, where any tenant may come, one of a personal account beyond the
 * domains of Microsoft's own mail: an address elsewhere had its proof once, and may have another owner by now.
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
  // Where any tenant may come, nobody whom we know answers for it.
  const vouched = registration.tenant !== undefined && isOneTenant(registration.tenant)
  return { value: name, vouched }
}

/** `tid`, if the issuer is that tenant's. */
function tenantOf(claims: Claims): string | undefined {
  const tid = claim(claims, 'tid')
  if (typeof tid !== 'string' || !isGuid(tid)) return undefined
  const tenant = tid.toLowerCase()
  const parts = String(claim(claims, 'iss')).toLowerCase().split('/')
  const inIssuer = parts.find(isGuid)
  return inIssuer === undefined || inIssuer === tenant ? tenant : undefined
}

/** A tenant that goes by a domain has been resolved by now; one that has not lets nobody in. */
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

/** Somebody of another tenant, or of none, who was invited: `idp` names another place than the tenant, or the name tells. */
function isGuest(claims: Claims, tenant: string): boolean {
  if (tenant === personalTenant) return false
  const [idp, acct, upn] = ['idp', 'acct', 'upn'].map((name) => claim(claims, name))
  const own = [claim(claims, 'iss'), `https://sts.windows.net/${tenant}/`, undefined]
  const member = acct === undefined || acct === 0 || acct === '0'
  return !own.includes(idp) || !member || /#EXT#/i.test(String(upn))
}

/** `upn` is there only where a tenant adds it; if it is another than `preferred_username`, neither is believed. */
function oneName(claims: Claims): Address | undefined {
  const names = ['preferred_username', 'upn']
    .map((name) => addressClaim(claims, name))
    .filter((name) => name !== undefined)
  const [name] = names
  return new Set(names.map(addressKey)).size === 1 ? name : undefined
}
