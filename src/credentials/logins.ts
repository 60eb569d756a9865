import type { Actor } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import type { MendingOptions } from '../mailboxes/mending-options.ts'
import type { Address } from '../model/address.ts'
import type { LoginPart, LoginQuery, Mending } from '../model/login.ts'
import type { SendingLimits } from '../model/sending-limits.ts'
import type { LimitOptions } from './sending-limits.ts'

export interface Logins {
  /**
   * The password is in the answer only when it was generated here: it is shown once and cannot be
   * had again.
   * @throws Failure `not-found` (mailbox), `already-exists` (user name), `invalid` (policy, with
   * the reason)
   */
  add(request: LoginRequest, by?: Actor): Promise<{ login: LoginStatus; password?: Secret }>
  /** @throws Failure `not-found` (mailbox) */
  list(mailbox?: string): Promise<LoginStatus[]>
  /** One that can sign in, where there is any: whichever is found first. */
  anyActive(): Promise<LoginStatus | undefined>
  /** A part of a list that may be long. */
  page(query: LoginQuery): Promise<LoginPage & Pick<LoginPart, 'counts'>>
  /**
   * Whatever its state.
   * @throws Failure `not-found`
   */
  show(id: string): Promise<LoginStatus>
  /** @throws Failure `not-found` */
  revoke(id: string, by?: Actor): Promise<void>
  /**
   * Lets a login use further envelope senders, from its next sign-in on.
   * @throws Failure `not-found`, `invalid`
   */
  allow(id: string, senders: readonly string[], by?: Actor): Promise<LoginStatus>
  /**
   * What is mended of its mail, from its next sign-in on.
   * @throws Failure `not-found`, `invalid`
   */
  set(id: string, options: MendingOptions, by?: Actor): Promise<LoginStatus>
  /**
   * What it may send, from its next message on.
   * @throws Failure `not-found`, `invalid`
   */
  limit(id: string, options: LimitOptions, by?: Actor): Promise<LoginStatus>
}

export interface LoginPage {
  logins: readonly LoginStatus[]
  /** How many fit. */
  found: number
}

export interface LoginRequest extends MendingOptions {
  mailboxes: readonly string[]
  userName?: string
  name?: string
  /** A password that a person chose; absent: one is generated. */
  password?: Secret
  /** Keep the password sealed instead of hashed, so that CRAM-MD5 works. */
  cramMd5?: boolean
  /**
   * Whoever comes from `networks` is this login: at least one, none wider than /8 (IPv4) or /32
   * (IPv6).
   */
  withoutPassword?: boolean
  senders?: readonly string[]
  /** Replace a sender that it may not use by its first mailbox. */
  rewriteSender?: boolean
  /** Its whole domains are meant with the mailboxes that a person has consented for. */
  personal?: boolean
  networks?: readonly string[]
  limits?: LimitOptions
  /** ISO 8601 date or date and time. */
  expires?: string
}

/**
 * A login without its verifier. What is mended of its mail is there only where it is so. Times: ISO
 * 8601.
 */
export interface LoginStatus extends Mending {
  id: string
  userName: string
  name: string
  mailboxes: readonly Address[]
  senders: readonly Address[]
  networks: readonly string[]
  password: 'generated' | 'chosen' | 'none'
  cramMd5: boolean
  rewriteSender: boolean
  /** Only where it is so. */
  personal?: boolean
  /** Only where it has any. */
  limits?: SendingLimits
  state: 'active' | 'expired' | 'revoked'
  createdAt: string
  expiresAt?: string
  lastUsedAt?: string
  /**
   * Addresses (IPv6: /64 networks) that it was used from within 30 days, the latest first. Only in
   * lists.
   */
  usedFrom?: readonly string[]
}
