import type { Address } from '../base/address.ts'
import type { Secret } from '../base/secret.ts'

/** Begins and completes consents. Made by `createConsentService`. */
export interface ConsentService {
  /** @throws Failure `not-found` (mailbox), `configuration` (provider without registration) */
  createLink(mailbox: string, requestedBy: string): Promise<CreatedLink>
  /** What a link would do, shown before the redirect. @throws Failure `not-found` when it is unknown, used or expired (one text) */
  openLink(link: string): Promise<OpenedLink>
  /** Begins a consent for the mailbox of a link, or for a mailbox named by an administrator.
   * `browser` is the value of the browser's consent cookie. @throws Failure as the two above */
  begin(target: { link: string } | { mailbox: string }, browser: Secret): Promise<BegunConsent>
  /** Completes it from the callback's full URL. Takes the pending consent, exchanges the code, compares the identity, checks refresh token
   * and scopes, stores the grant. On any refusal nothing is stored and an earlier grant stays.
   * @throws ConsentRefused with what to do; Failure otherwise */
  complete(callback: URL, browser: Secret | undefined): Promise<CompletedConsent>
}

export interface CreatedLink {
  id: string
  url: string
  mailbox: Address
  /** ISO 8601. */
  expiresAt: string
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
  mailbox: Address
  providerName: string
}

export interface CompletedConsent {
  mailbox: Address
  signedInAs?: Address
}
