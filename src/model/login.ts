import type { Secret } from '../base/secret.ts'
import type { Address } from './address.ts'
import type { SendingLimits } from './sending-limits.ts'

/** A local credential of one application. */
export interface Login {
  id: string
  userName: string
  /** What people call it: "Printer, 2nd floor". */
  name: string
  mailboxes: readonly Address[]
  /** Envelope senders beside its mailboxes: addresses, or `*@example.com`. */
  senders: readonly Address[]
  /** CIDR blocks that it may sign in from; none: from wherever the server listens. */
  networks: readonly string[]
  /**
   * An envelope sender that it may not use is replaced by its first mailbox, instead of refused.
   */
  rewriteSender: boolean
  /** Its domains are meant with the mailboxes that a person has consented for. Absent: no. */
  personal?: boolean
  /** Absent: nothing, its messages leave octet for octet. */
  mending?: Mending
  /** Absent: those of its mailboxes alone. */
  limits?: SendingLimits
  verifier: Verifier
  createdAt: number
  expiresAt?: number
  revokedAt?: number
  lastUsedAt?: number
}

/**
 * How a login's password is recognised. `keyed`: HMAC of a generated password; `scrypt`: of a
 * chosen one. Both base64url.
 */
export type Verifier =
  | { kind: 'keyed'; hash: string }
  | { kind: 'scrypt'; salt: string; hash: string; cost: number; blockSize: number; parallelization: number }
  /**
   * For CRAM-MD5, which needs the password itself: sealed at rest. `generated`: made here, so that
   * nobody can guess it.
   */
  | { kind: 'sealed'; generated: boolean; password: Secret }
  /** It has no password: a client from its networks is this login. */
  | { kind: 'none' }

/** What old devices send, made right on its way. Each part is off unless it was asked for. */
export interface Mending {
  /** The header's `From:` and `Sender:` become the mailbox. */
  rewriteFrom?: true
  /** A bare CR or LF in a message is the end of a line. */
  mendLineEnds?: true
  /** The domain of senders and recipients that have none. */
  completeAddresses?: string
  /**
   * What stands for a sender or recipient: by a word without a domain, or an address, in
   * lower case.
   */
  map?: Readonly<Record<string, Address>>
  /** Several addresses in one RCPT are several recipients. */
  splitRecipients?: true
}

/** A login as lists have it: a sealed password is opened for a sign-in only. */
export type ListedLogin = Omit<Login, 'verifier'> & {
  verifier: Exclude<Verifier, { kind: 'sealed' }> | { kind: 'sealed'; generated: boolean }
}

/** The logins that a list can be narrowed to. */
export const loginGroups = [
  /** They can sign in. */
  'active',
  /** Of those, the ones that never did. */
  'never-used',
  /** Of those, the ones that somebody names. */
  'failing',
  'expired',
  'revoked',
] as const

export type LoginGroup = (typeof loginGroups)[number]

export const loginOrders = ['added', 'name', 'used'] as const

/** `added`: the oldest first. `used`: the last used first. */
export type LoginOrder = (typeof loginOrders)[number]

/** What is asked of a long list. */
export interface LoginQuery {
  /**
   * A part of a user name, of what people call it, of a mailbox, or of where it was used from, in
   * whatever case; or its id.
   */
  find?: string
  /** Only those of this mailbox. */
  mailbox?: Address
  /** Absent: all, those that have ended among them. */
  group?: LoginGroup
  /** User names of those that are failing. */
  failing?: readonly string[]
  order: LoginOrder
  /** How many to pass over. */
  from: number
  most: number
}

/** A part of a long list. */
export interface LoginPart {
  logins: readonly ListedLogin[]
  /** By id, from where each of them was used within 30 days, the latest first. */
  sources: ReadonlyMap<string, readonly string[]>
  /** How many there are that fit the search, of each group and together. */
  counts: Readonly<Record<LoginGroup | 'all', number>>
}
