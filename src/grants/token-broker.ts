import type { Address } from '../base/address.ts'
import type { Secret } from '../base/secret.ts'
import type { Pause } from '../governor/governor.ts'

/** The grant that a token came from. */
export interface TokenGrant {
  id: string
  /** That gave it: no other is shown the token. */
  providerId: string
  /** A person consented. */
  personal: boolean
}

/** A bearer token (RFC 6750) with what its users need to know of it. */
export interface AccessToken {
  secret: Secret
  grant: TokenGrant
  /** What is left of its life at this moment, in seconds, counted on the monotonic clock from before the request. */
  remainingSeconds(): number
  /** How old it is, in seconds. */
  ageSeconds(): number
  /** When it ends by the wall clock, in milliseconds since 1970: for people, never for decisions. */
  expiresAt: number
  scopes: readonly string[]
  /** A sentence, for people: what may be wrong with it if the provider refuses it. */
  warning?: string
}

export interface AccessTokenRequest {
  /** Seconds of life that the token must still have; the provider's refresh margin is the least. */
  minimumLife?: number
  /** A token that the provider refused: it is dropped, and a fresh one fetched. One that was fetched so itself, less than a minute ago, is handed out again. */
  refused?: AccessToken
}

/** What a consent has brought, just now. */
export interface FreshToken {
  secret: Secret
  expiresInSeconds: number
  scopes: readonly string[]
  grant: TokenGrant
  warning?: string
}

/** The one way to a token, for SMTP, HTTP and command alike. */
export interface TokenBroker {
  /** Only ever a token of the grant that is the mailbox's at that moment, as the store has it.
   * @throws Failure `consent-needed`, `provider-unavailable`, `provider-setup`, `store-unavailable` or `not-found` */
  accessTokenFor(mailbox: Address, request?: AccessTokenRequest): Promise<AccessToken>
  /** After a consent, an adopted refresh token or a removal: forget what is cached for this mailbox, and use this token if given, as long as its grant is the
   * mailbox's. It proves, too, that its provider accepts the registration. A rotated refresh token that is not stored yet is not forgotten: it is stored, or
   * dropped, with the grant that it belongs to. */
  grantChanged(mailbox: Address, fresh?: FreshToken): void
  /** Starts no more renewals, and resolves when those under way have ended and every rotated refresh token is stored, as far as the store
   * takes it. Never throws. */
  close(): Promise<void>
}

/** For grants that nobody uses. */
export interface IdleRenewal {
  /** Spends the refresh token once, though the access token may still serve: an idle grant ends at its provider otherwise. Joins a renewal that is under way; asks
   * nobody while the mailbox or its registration waits after trouble. What was in memory serves on when it fails.
   * @throws Failure as `accessTokenFor` */
  renew(mailbox: Address): Promise<void>
  /** As `renew`; of a grant that its provider has refused as well, which is active again when it is accepted now.
   * @throws Failure as `accessTokenFor`: `consent-needed` when it is refused again */
  tryAgain(mailbox: Address): Promise<void>
}

/** For somebody who has changed something. */
export interface TokenTrial {
  /** Where no token can be had: whatever is waited for is forgotten, and the provider asked, also with a grant that it has refused before.
   * @throws Failure as `accessTokenFor` */
  tryNow(mailbox: Address): Promise<void>
}

/** What the broker holds for each mailbox, for people. */
export interface TokenStates {
  /** @throws Failure `store-unavailable` */
  state(mailbox: Address): Promise<TokenState>
  /** Everything that the token endpoints are not asked for now, from memory. A mailbox by its `addressKey`. */
  troubles(): readonly TokenTrouble[]
}

export type TokenTrouble = Omit<Pause, 'about'> & ({ mailbox: Address } | { provider: string })

/** Times in milliseconds since 1970. */
export interface TokenState {
  /** Until when the access token in memory serves, whatever the token endpoint says meanwhile. */
  accessTokenUntil?: number
  pause?: TokenPause
}

/** The token endpoint is not asked for a while: for this mailbox, or for every mailbox of its registration. */
export type TokenPause = Pause & { about: 'mailbox' | 'registration' }
