import type { Address } from './address.ts'
import type { Verifier } from './login.ts'

/** Who looks at the pages: an administrator, or a viewer, who changes nothing. */
export const pageRoles = ['administrator', 'viewer'] as const

export type PageRole = (typeof pageRoles)[number]

/** A browser that is signed in. Only the hash of its cookie is kept. */
export interface PageSession {
  id: string
  hash: string
  role: PageRole
  /** By a one-time link, by the role's password, or by signing in at a provider. */
  means: 'link' | 'password' | 'provider'
  /** Who proved to be that at a provider. */
  person?: Address
  /** Its id. */
  provider?: string
  /** `sourceOf` the address that signed in. */
  source: string
  /** What it calls itself (`User-Agent`): foreign text. */
  browser: string
  createdAt: number
  lastUsedAt: number
  expiresAt: number
}

/** `hint`: a few bits of a keyed hash. Absent in one that an earlier version has set. */
export type PageVerifier = Extract<Verifier, { kind: 'scrypt' }> & { hint?: number }

/**
 * Who may sign in to the pages by proving one of these addresses at a provider. Without addresses
 * that sign-in is off.
 */
export interface PageAccess {
  administrators: readonly Address[]
  viewers: readonly Address[]
  /** Where, by their ids; absent: at all but those of the providers file. */
  providers?: readonly string[]
}
