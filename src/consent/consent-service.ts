import type { Clock } from '../base/clock.ts'
import type { Actor, Log } from '../base/log.ts'
import type { KeyedHash, Secret } from '../base/secret.ts'
import type { FreshToken } from '../grants/token-broker.ts'
import type { Address } from '../model/address.ts'
import type { Limits } from '../model/limits.ts'
import type { OAuthClient } from '../providers/oauth/oauth-client.ts'
import type { Catalogue } from '../providers/provider.ts'
import type { Chores, PassingStore, Store } from '../store/ports.ts'

/** Starts and completes consents. Made by `createConsentService`. */
export interface ConsentService {
  /** @throws Failure `not-found` (mailbox), `configuration` (provider without registration) */
  createLink(mailbox: string, requestedBy: string, by?: Actor): Promise<CreatedLink>
  /** Lists links, the newest first, without those that ended long ago. */
  links(): Promise<ConsentLinkStatus[]>
  /** Revokes an unused link and the consents started with it. @throws Failure `not-found` */
  revokeLink(id: string, by?: Actor): Promise<void>
  /**
   * What a link is for, shown before the redirect.
   * @throws Failure `not-found` when it is unknown, used or expired (one text)
   */
  openLink(link: string): Promise<OpenedLink>
  /**
   * Starts a consent for the mailbox of a link, or for a mailbox that an administrator names.
   * `browser`: the value of the browser's consent cookie.
   * @throws Failure as the two above
   */
  begin(target: { link: string } | { mailbox: string }, browser: Secret): Promise<BegunConsent>
  /**
   * Completes a consent from the full URL of the callback. Takes the pending consent, exchanges the
   * code, compares the identity, checks refresh token and scopes, and stores the grant. A refusal
   * stores nothing and keeps an earlier grant. A callback in another browser leaves the consent
   * pending, too.
   * @throws ConsentRefused with what to do; Failure otherwise
   */
  complete(
    callback: URL,
    browser: Secret | undefined,
    how?: { codeOnly?: boolean },
  ): Promise<CompletedConsent>
  /**
   * Completes a consent from what a person pasted: the address that the browser ended at or, where
   * the provider cannot redirect to postern, the code that its page shows. `state`: that of the
   * authorization URL.
   * @throws as `complete`; Failure `invalid` for any other text, which ends nothing
   */
  completePasted(text: string, state: string, browser: Secret | undefined): Promise<CompletedConsent>
  device: DeviceConsents
  admin: AdminConsents
}

/** Consents on another device (RFC 8628). */
export interface DeviceConsents {
  /**
   * Starts a consent and polls the provider until it ends.
   * @throws Failure `not-found`, `configuration`, `invalid` (no such flow), `limit-reached`, and
   * those of the provider
   */
  begin(mailbox: string): Promise<BegunDeviceConsent>
  /** @throws Failure `not-found` */
  state(id: string): Promise<DeviceConsentState>
  /** Stops polling. */
  close(): void
}

export interface BegunDeviceConsent {
  id: string
  mailbox: Address
  providerName: string
  userCode: string
  verificationUri: string
  /** The address with the code in it. */
  verificationUriComplete?: string
  /** ISO 8601. */
  expiresAt: string
}

export type DeviceConsentState =
  | { state: 'pending'; mailbox: Address }
  | ({ state: 'completed' } & CompletedConsent)
  | { state: 'refused'; mailbox: Address; failure: string; code: string; message: string; fix?: string }

/** Consents of an administrator for a whole organisation, at Entra. */
export interface AdminConsents {
  /** @throws Failure `not-found`, `configuration`, `invalid` (the provider has none) */
  begin(providerId: string): Promise<{ url: string; provider: string; expiresAt: string }>
  /** Whether a callback belongs to one of these. */
  isOne(callback: URL): Promise<boolean>
  /** @throws Failure `invalid` (nobody consented), `not-found` */
  complete(callback: URL): Promise<{ providerName: string; tenant?: string }>
}

export interface CreatedLink {
  id: string
  url: string
  mailbox: Address
  /** ISO 8601. */
  expiresAt: string
}

/** A link without what it takes to use it. Times: ISO 8601. */
export interface ConsentLinkStatus {
  id: string
  mailbox: Address
  requestedBy: string
  state: 'open' | 'used' | 'expired'
  createdAt: string
  expiresAt: string
  usedAt?: string
}

export interface OpenedLink {
  mailbox: Address
  providerName: string
  /** Who has to sign in: the mailbox, or its `signsInAs`. */
  signsInAs: Address
  requestedBy: string
  expiresAt: string
}

export interface BegunConsent {
  authorizationUrl: URL
  /** The provider cannot redirect to postern, so the person pastes the answer. */
  byHand: boolean
  mailbox: Address
  providerName: string
}

export interface CompletedConsent {
  mailbox: Address
  signedInAs?: Address
}

/** The address that providers redirect browsers to. */
export function redirectUriOf(publicUrl: URL): string {
  return underPublicUrl(publicUrl, '/oauth/callback')
}

/** A path below the public address, which may itself have one. */
export function underPublicUrl(publicUrl: URL, path: string): string {
  return `${publicUrl.origin}${publicUrl.pathname.replace(/\/$/, '')}${path}`
}

/** What the consent service needs. */
export interface ConsentDeps {
  store: Pick<Store, 'mailboxes' | 'grants' | 'consentLinks' | 'pendingConsents'>
  catalogue: Pick<Catalogue, 'registered' | 'list'>
  oauthClientFor(providerId: string): OAuthClient
  keyedHash: KeyedHash
  passing: PassingStore
  /** Where there are several processes: one of them asks for the answer to a device consent. */
  chores?: Pick<Chores, 'isMine' | 'end'>
  clock: Clock
  log: Log
  publicUrl: URL
  limits: Pick<Limits, 'consentSeconds' | 'consentLinkSeconds'>
  /** Runs something after a while, without keeping the process alive for it. */
  later?: (milliseconds: number, run: () => void) => void
  /** Drops what is cached for the mailbox, and caches the token of the consent. */
  grantChanged(mailbox: Address, fresh?: FreshToken): void
}
