import type { Address } from './address.ts'
import type { SendingLimits } from './sending-limits.ts'

/**
 * A scoped bearer secret for a script. The key itself is not kept, only its keyed hash (base64url).
 */
export interface ApiKey {
  id: string
  name: string
  scopes: readonly Scope[]
  /** CIDR blocks that it may be used from. Absent: from anywhere. */
  networks?: readonly string[]
  /** Of what it sends. Absent: those of its mailboxes alone. */
  limits?: SendingLimits
  hash: string
  createdAt: number
  expiresAt?: number
  revokedAt?: number
  lastUsedAt?: number
}

/**
 * Of a whole domain without the mailboxes that a person has consented for, unless `+personal`
 * stands behind it.
 */
export type Scope = 'read' | 'admin' | `token:${Address}` | `send:${Address}`

/**
 * Behind a whole domain: its mailboxes that a person has consented for are meant, too. No domain
 * has a `+` in it.
 */
export const personalMark = '+personal'

/** The address that a scope is about, or the whole domain; undefined for `read` and `admin`. */
export function scopeAddress(scope: Scope): Address | undefined {
  if (scope === 'read' || scope === 'admin') return undefined
  const address = scope.slice(scope.indexOf(':') + 1) as Address
  return meansPersonal(scope) ? (address.slice(0, -personalMark.length) as Address) : address
}

export function meansPersonal(scope: Scope): boolean {
  return /^\w+:\*@/.test(scope) && scope.endsWith(personalMark)
}
