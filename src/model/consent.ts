import type { Secret } from '../base/secret.ts'
import type { Address } from './address.ts'

/**
 * A one-use URL that lets anybody who holds it finish the consent for one mailbox. Only the hash of
 * its secret is kept.
 */
export interface ConsentLink {
  id: string
  hash: string
  mailbox: Address
  /** Who asked for it, as shown before the redirect. */
  requestedBy: string
  createdAt: number
  expiresAt: number
  usedAt?: number
}

/** A consent under way: from the redirect to the provider until the callback. */
export interface PendingConsent {
  /** Hash of `state`; the state itself is in the browser's URL only. */
  stateHash: string
  /** Hash of the cookie of the browser that began. */
  browserHash: string
  mailbox: Address
  consentLinkId?: string
  codeVerifier: Secret
  nonce: Secret
  createdAt: number
  expiresAt: number
}
