import type { SentenceById } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'
import type { Address } from './address.ts'

/**
 * How a grant came about, which is also how its access tokens are had. `adopted`: its refresh token
 * was handed over. The last two need no person, have no refresh token and never lapse.
 */
export type Flow = 'authorization-code' | 'device' | 'adopted' | 'client-credentials' | 'service-account'

/**
 * What a consent gave us. There is no fourth state. A lapsed grant keeps its refresh token: marked,
 * never deleted.
 */
export type Grant = { state: 'absent' } | ActiveGrant | LapsedGrant

interface GrantedConsent {
  id: string
  mailbox: Address
  /** That gave it. The mailbox's own, or what it was before the grant lapsed. */
  providerId: string
  /** Counts every change; a writer names the version that it read (compare and set). */
  version: number
  /** Absent exactly where no person consented. */
  refreshToken?: Secret
  /** When the refresh token ends, if the provider said so. */
  refreshTokenEndsAt?: number
  flow: Flow
  /** The verified identity that signed in; absent where the provider proves none. */
  signedInAs?: Address
  /** Which account that was, whatever it is called now: see `Identity.account`. */
  subject?: string
  scopes: readonly string[]
  /**
   * The registration that it was given to, or that the provider has renewed it for. Absent: not
   * known.
   */
  givenTo?: GivenTo
  grantedAt: number
  /** When the token endpoint last answered well. */
  renewedAt: number
}

export type ActiveGrant = GrantedConsent & { state: 'active' }

export type LapsedGrant = GrantedConsent & {
  state: 'lapsed'
  since: number
  /** In English, or as the provider said it. */
  reason: string
  /** The same by its id, where the words are ours. */
  reasonText?: SentenceById
  /**
   * When its provider last refused it, and to which registration. Absent: it lapsed here, with its
   * mailbox or person, and is never tried again.
   */
  refused?: { at: number; to?: GivenTo }
}

/**
 * What tells one of our registrations at a provider from another: a provider honours a refresh
 * token for the one that it was given to.
 */
export interface GivenTo {
  clientId: string
  /** At Microsoft. */
  tenant?: string
  /** The issuer, where the token endpoint is discovered. */
  tokenEndpoint?: string
}

/** A lapsed grant that may be tried again. */
export type RefusedGrant = Pick<LapsedGrant, 'mailbox' | 'providerId'> &
  Required<Pick<LapsedGrant, 'refused'>>

/** Its provider is the mailbox's. */
export type NewGrant = Omit<ActiveGrant, 'id' | 'version' | 'state' | 'providerId'>

/** As lists have it: its refresh token stays sealed. */
export type ListedGrant = Omit<ActiveGrant, 'refreshToken'> | Omit<LapsedGrant, 'refreshToken'>

/** What an address may be used by at this moment. */
export interface Standing {
  /** Of its mailbox. */
  providerId: string
  /** Absent: it has none. */
  grant?: Pick<GrantedConsent, 'id' | 'providerId' | 'flow'> & { state: 'active' | 'lapsed' }
  /** The domain mailbox that it has both from. */
  coveredBy?: Address
}

/** What came of a renewal. */
export interface Renewed {
  renewedAt: number
  /** The rotated one, if one came; `refreshTokenEndsAt` is its own then. */
  refreshToken?: Secret
  /** If the provider said so, of whichever refresh token is the grant's now. */
  refreshTokenEndsAt?: number
  givenTo?: GivenTo
}
