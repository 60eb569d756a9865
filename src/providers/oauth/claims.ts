import { type Address, parseAddress } from '../../base/address.ts'
import { normalForm } from '../../base/text.ts'

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
