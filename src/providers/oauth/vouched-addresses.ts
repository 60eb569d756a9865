import { type Address, parseAddress } from '../../base/address.ts'
import type { Registration } from '../provider.ts'
import { severalTenants } from '../registration-at.ts'

/**
 * Addresses in the claims of a verified ID token for which somebody answers whom we know, so that they may open a door here. A consent may believe more: what it gets is tried at the
 * mail server.
 *
 * - Any provider: `email`, when it says that it is verified (OpenID Connect Core, section 5.1).
 * - Entra, when the registration is for one tenant: the sign-in name, which the administrators of that tenant give. With a registration for many
 *   tenants, anybody could name any address in a tenant of their own, and Entra does not say whether `email` is verified.
 */
export function vouchedAddresses(
  claims: Readonly<Record<string, unknown>>,
  { tenant }: Pick<Registration, 'tenant'>,
): Address[] {
  const named = isOneTenant(tenant) && isOfTenant(claims, tenant) ? ['preferred_username', 'upn'] : []
  const verified = [true, 'true'].includes(own(claims, 'email_verified') as boolean | string) ? ['email'] : []
  return [...new Set([...named, ...verified].flatMap((name) => addressIn(own(claims, name))))]
}

function isOneTenant(tenant: string | undefined): tenant is string {
  return tenant !== undefined && !severalTenants.includes(tenant.toLowerCase())
}

/** A tenant that is named by one of its domains has an authority of its own, from which no other tenant's token comes. */
function isOfTenant(claims: Readonly<Record<string, unknown>>, tenant: string): boolean {
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(tenant)
  return !isId || String(own(claims, 'tid')).toLowerCase() === tenant.toLowerCase()
}

function addressIn(value: unknown): Address[] {
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
