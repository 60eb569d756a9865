import type { Address } from '../../base/address.ts'
import type { Registration } from '../provider.ts'
import { isOneTenant } from '../registration-at.ts'
import { addressClaim, type Claims, claim, emailVerified } from './claims.ts'

/**
 * Addresses in the claims of a verified ID token for which somebody answers whom we know, so that they may open a door here. A consent may believe more: what it gets is tried at the
 * mail server.
 *
 * - Any provider: `email`, when it says that it is verified (OpenID Connect Core, section 5.1).
 * - Google: the same of Gmail and of an organisation there (`hd`) only. Of other addresses it has once seen a proof, and they may have another owner by now.
 * - Entra, when the registration is for one tenant: the sign-in name, which the administrators of that tenant give. With a registration for many
 *   tenants, anybody could name any address in a tenant of their own; `email` is never taken from there.
 */
export function vouchedAddresses(claims: Claims, { tenant }: Pick<Registration, 'tenant'>): Address[] {
  const isTheirs = tenant !== undefined && isOneTenant(tenant) && isOfTenant(claims, tenant)
  const named = isTheirs ? ['preferred_username', 'upn'] : []
  const isEntra = tenant !== undefined || claim(claims, 'tid') !== undefined
  const verified = !isEntra && emailVerified(claims) && isOwnOfGoogle(claims) ? ['email'] : []
  return [...new Set([...named, ...verified].flatMap((name) => addressClaim(claims, name)))]
}

/** A tenant that is named by one of its domains has an authority of its own, from which no other tenant's token comes. */
function isOfTenant(claims: Claims, tenant: string): boolean {
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(tenant)
  return !isId || String(claim(claims, 'tid')).toLowerCase() === tenant.toLowerCase()
}

/** True of every other provider. */
function isOwnOfGoogle(claims: Claims): boolean {
  if (claim(claims, 'iss') !== 'https://accounts.google.com') return true
  const ofOrganisation = String(claim(claims, 'hd') ?? '') !== ''
  return ofOrganisation || /@(gmail|googlemail)\.com$/i.test(String(claim(claims, 'email')))
}
