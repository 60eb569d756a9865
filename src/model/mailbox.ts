import type { Address, KeyedAddress } from './address.ts'
import type { ListedGrant } from './grant.ts'

/**
 * An address that mail leaves from, its provider, and (through `GrantStore.ofMailbox`) the grant
 * that may use it.
 */
export interface Mailbox {
  address: Address
  providerId: string
  /** Who has to sign in at the consent when that is not the mailbox itself. */
  signsInAs?: Address
  /**
   * The name by which the mail server knows the person who signs in, where that is no address.
   */
  saslUser?: string
  /**
   * The name by which the mail server has let us in, where there are two: noted by `noteAccepted`,
   * and forgotten when either becomes another.
   */
  acceptedName?: AcceptedName
  /**
   * Other addresses that the provider accepts from this mailbox. Absent: none; given to `put`,
   * absent: those that there are.
   */
  aliases?: readonly Address[]
  createdAt: number
  /**
   * Given by the store, and another one as soon as its provider, person or flow is: what was begun
   * under earlier terms ends with them.
   */
  terms?: string
  /** The domain mailbox that covers this address, which has no entry of its own. */
  coveredBy?: Address
}

/** As the store gives it. */
export type StoredMailbox = Mailbox & KeyedAddress

/** As lists have it. */
export type ListedMailbox = StoredMailbox & { grant?: ListedGrant }

/** The name of the person who signs in, or that of the mailbox. */
export type AcceptedName = 'person' | 'mailbox'
