import type { Address } from '../base/address.ts'
import { Failure, type FailureCode } from '../base/failure.ts'

/** Why a consent was refused, as a closed list. Nothing was stored, and an earlier grant stays. */
export type ConsentRefusal =
  /** The state is unknown, was used already, or comes from another browser or too late. */
  | 'not-begun'
  | 'other-browser'
  | 'expired'
  /** The link was used, or ended, while the person was signing in. */
  | 'link-ended'
  /** The mailbox was removed meanwhile, or has another provider or person. */
  | 'mailbox-gone'
  /** The person, or their administrator's rules, said no. */
  | 'declined'
  | 'provider-error'
  | 'provider-unavailable'
  /** The provider did not prove who signed in. */
  | 'no-identity'
  /** The provider has not verified the address of whoever signed in, by its own word. */
  | 'unverified-address'
  | 'wrong-person'
  | 'missing-refresh-token'
  | 'missing-scope'
  /** The access token is for something else than the mail server. */
  | 'wrong-token'

const codes: Partial<Record<ConsentRefusal, FailureCode>> = {
  'wrong-person': 'forbidden',
  'provider-unavailable': 'provider-unavailable',
  'mailbox-gone': 'not-found',
  'wrong-token': 'provider-setup',
}

export interface ConsentRefusedDetails {
  fix: string
  mailbox?: Address
  /** Of the wrong person: who signed in, and who had to. */
  signedInAs?: string
  expected?: Address
  /** Of whoever signed in: see `Identity.account`. For the log only. */
  account?: string
  cause?: unknown
}

/** A consent that did not come about. The message says what went wrong, `fix` what to do; both may be shown. */
export class ConsentRefused extends Failure {
  readonly reason: ConsentRefusal
  readonly mailbox: Address | undefined
  readonly signedInAs: string | undefined
  readonly expected: Address | undefined
  readonly account: string | undefined

  constructor(reason: ConsentRefusal, message: string, details: ConsentRefusedDetails) {
    const { fix, cause } = details
    super(codes[reason] ?? 'invalid', message, { fix, ...(cause === undefined ? {} : { cause }) })
    this.name = 'ConsentRefused'
    this.reason = reason
    this.mailbox = details.mailbox
    this.signedInAs = details.signedInAs
    this.expected = details.expected
    this.account = details.account
  }
}
