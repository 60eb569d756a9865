import { type Address, parseAddress } from '../../base/address.ts'

/** The claims of a verified ID token (OpenID Connect Core, section 5.1). */
export type Claims = Readonly<Record<string, unknown>>

export function claim(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}

/** Exactly one mail address with exactly one `@`, or nothing: a claim that could be read in two ways is not read at all. */
export function addressClaim(claims: Claims, name: string): Address[] {
  const value = claim(claims, name)
  if (typeof value !== 'string') return []
  try {
    return [parseAddress(value)]
  } catch {
    return []
  }
}

/** Some providers send the flag as a text. Undefined: the provider does not say. */
export function emailVerified(claims: Claims): boolean | undefined {
  const flag = claim(claims, 'email_verified')
  if (flag === true || flag === 'true') return true
  return flag === false || flag === 'false' ? false : undefined
}
