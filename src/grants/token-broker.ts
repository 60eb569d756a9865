import type { Sentence } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'
import type { Pause } from '../governor/governor.ts'
import type { Address, AddressKey } from '../model/address.ts'

/** The grant that a token came from. */
export interface TokenGrant {
  id: string
  /** The provider that gave it: no other is shown the token. */
  providerId: string
  /** Given by a person's consent. */
  personal: boolean
}

/** A bearer token (RFC 6750) with what its users need to know of it. */
export interface AccessToken {
  secret: Secret
  grant: TokenGrant
  /**
   * What is left of its life, in seconds, counted on the monotonic clock from before the request.
   */
  remainingSeconds(): number
  /** How old it is, in seconds. */
  ageSeconds(): number
  /**
   * When it expires by the wall clock, in milliseconds since 1970: for people, never for decisions.
   */
  expiresAt: number
  scopes: readonly string[]
  /** A sentence for people: what may be wrong with the token if the provider refuses it. */
  warning?: Sentence
}

export interface AccessTokenRequest {
  /** How many seconds the token must still be valid; at least the provider's refresh margin. */
  minimumLife?: number
  /**
   * A token that the provider refused: it is dropped, and a fresh one fetched. A replacement that
   * is less than a minute old is handed out again.
   */
  refused?: AccessToken
}

/** The token that a consent has just brought. */
export interface FreshToken {
  secret: Secret
  expiresInSeconds: number
  scopes: readonly string[]
  grant: TokenGrant
  warning?: Sentence
}

/** The face of this room: the one way to a token, for SMTP, HTTP and command alike. */
export interface TokenBroker {
  /**
   * Hands out only a token of the grant that the mailbox has at that moment, by the store.
   * @throws Failure `consent-needed`, `provider-unavailable`, `provider-setup`, `store-unavailable`
   * or `not-found`
   */
  accessTokenFor(mailbox: Address, request?: AccessTokenRequest): Promise<AccessToken>
  /**
   * Call this after a consent, an adopted refresh token or a removal: forgets what is cached for
   * the mailbox. A fresh token is used as long as its grant is the mailbox's, and shows that its
   * provider accepts the registration. A rotated refresh token that is not stored yet is not
   * forgotten: it is stored, or dropped, with its grant.
   */
  grantChanged(mailbox: Address, fresh?: FreshToken): void
  /**
   * Starts no more renewals, and resolves when those under way have ended and every rotated refresh
   * token is stored, or kept elsewhere; `unstored` tells where not. Never throws.
   */
  close(): Promise<void>
}

/** For grants that are not in use. */
export interface IdleRenewal {
  /**
   * Refreshes now even if the cached access token is still valid (providers expire unused refresh
   * tokens). Joins a refresh in flight. Throws without asking while the mailbox or its
   * registration backs off. The cached token stays in use when it fails.
   * @throws Failure as `accessTokenFor`
   */
  renew(mailbox: Address): Promise<void>
  /**
   * As `renew`, also for a grant that its provider has refused: it becomes active again if it is
   * accepted now.
   * @throws Failure as `accessTokenFor`: `consent-needed` when it is refused again
   */
  tryAgain(mailbox: Address): Promise<void>
}

/** For a person who has changed something. */
export interface TokenTrial {
  /**
   * If no token can be had: forgets all waits and asks the provider, also with a grant that it has
   * refused before.
   * @throws Failure as `accessTokenFor`
   */
  tryNow(mailbox: Address): Promise<void>
}

/** What the broker holds for each mailbox, for pages, API and command. */
export interface TokenStates {
  /** @throws Failure `store-unavailable` */
  state(mailbox: Address): Promise<TokenState>
  /** What keeps a mailbox of this provider from getting a token now, from memory. */
  pauseOf(mailbox: AddressKey, providerId: string): TokenPause | undefined
  /** All current pauses of token endpoints, from memory. A mailbox by its `addressKey`. */
  pauses(): readonly EndpointPause[]
  /** Mailboxes with a rotated refresh token that is not stored yet, from memory. */
  unstored(): readonly Address[]
}

export type EndpointPause = Omit<Pause, 'about'> & ({ mailbox: AddressKey } | { provider: string })

/** Times in milliseconds since 1970. */
export interface TokenState {
  /** Until when the cached access token serves, whatever the token endpoint says meanwhile. */
  accessTokenUntil?: number
  pause?: TokenPause
}

/**
 * The token endpoint is not asked for a while: for this mailbox, or for every mailbox of its
 * registration.
 */
export type TokenPause = Pause & { about: 'mailbox' | 'registration' }
