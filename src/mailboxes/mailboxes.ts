import type { Address } from '../base/address.ts'
import type { Actor } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import type { Expiry } from '../providers/forecast.ts'
import type { Flow } from '../store/ports.ts'

/** What the doors may ask of mailboxes, logins and API keys. Made by `createMailboxes`, `createLogins`, `createApiKeys`. `by`: who asks for a change. */
export interface Mailboxes {
  /** @throws Failure `already-exists` (without `replace`), `not-found` (provider), `invalid` (address), `configuration` (provider without registration) */
  add(request: MailboxRequest, by?: Actor): Promise<MailboxStatus>
  /** @throws Failure `not-found` */
  show(address: string): Promise<MailboxStatus>
  /** The address of a mailbox, as it was added, from how somebody wrote it. Nothing of its grant is looked at.
   * @throws Failure `not-found`, `invalid` */
  named(address: string): Promise<Address>
  /** The name that signs in for it at the mail server with such a token. @throws Failure `not-found` */
  signInName(address: string, token: { grant: { personal: boolean } }): Promise<string>
  /** Forgets what was refused lately, for which it waits, and finds out whether the provider lets it in now.
   * @throws Failure `not-found`, `invalid`, and as `Relay.verify` when it does not */
  tryNow(address: string, by?: Actor): Promise<MailboxStatus>
  list(): Promise<MailboxStatus[]>
  /** Whether it is a person's own, so that rights to its whole domain do not reach it. @throws Failure `invalid` */
  isPersonal(address: string): Promise<boolean>
  /** With its grant, which is ended at the provider, too, where that can be. @throws Failure `not-found` */
  remove(address: string, by?: Actor): Promise<RemovedMailbox>
}

export interface RemovedMailbox extends RevocationStatus {
  removed: Address
}

/** What became of a removed grant at its provider. */
export interface RevocationStatus {
  /** `nothing`: there was no consent. `kept`: another mailbox may live on it. `unsupported`: the provider cannot. */
  revocation: 'revoked' | 'nothing' | 'kept' | 'unsupported' | 'failed'
  /** Where it lives on: what to do. */
  advice?: string
}

export interface MailboxRequest {
  address: string
  provider: string
  signsInAs?: string
  /** The name by which the mail server knows whoever signs in, when that is none of their addresses. Empty: no such name any more. */
  saslUser?: string
  /** Other addresses that the provider accepts from it. With `replace`: absent keeps those that there are. */
  aliases?: readonly string[]
  /** Nobody consents: the app registration itself may send for it. */
  appOnly?: boolean
  /** Adopt this refresh token as the mailbox's grant. */
  refreshToken?: Secret
  /** For a mailbox that exists, too. */
  replace?: boolean
}

/** A mailbox as pages, API and command show it. Field names are the API's. Times: ISO 8601. Holds no secret. */
export interface MailboxStatus {
  address: Address
  provider: string
  /** The domain mailbox that stands for it: it has no entry of its own. */
  coveredBy?: Address
  signsInAs?: Address
  /** The name by which the mail server knows whoever signs in, where one is set. */
  saslUser?: string
  /** The name with which the mail server has let postern in, where there are two that it may know. */
  acceptedName?: string
  /** Absent when there are none. */
  aliases?: readonly Address[]
  state: 'absent' | 'active' | 'lapsed'
  /** Of a lapsed grant. */
  since?: string
  reason?: string
  /** Of one that its provider has refused: when it did so last. It is tried again each day, and on demand. */
  refusedAt?: string
  signedInAs?: Address
  flow?: Flow
  scopes?: readonly string[]
  grantedAt?: string
  renewedAt?: string
  /** Of an active grant with a refresh token: when it is renewed at the latest. */
  renewsBy?: string
  /** What will end its grant, or what its registration authenticates with, the soonest first. Absent when nothing is known of. */
  endings?: readonly EndingStatus[]
  /** What it may send now. Absent while no postern runs, and in lists. */
  sending?: SendingStatus
}

/** Times: ISO 8601. */
export interface EndingStatus {
  kind: Expiry['kind']
  endsAt: string
  /** What to do: a whole sentence. */
  fix: string
}

/** What a mailbox may send now, by what its provider allows and has said lately. Times: ISO 8601. */
export interface SendingStatus {
  /** To the provider: open now, in use now, allowed now (fewer than the limit for a while after the provider complained). */
  connections: { open: number; inUse: number; allowed: number; limit: number }
  /** Messages that wait for a connection, or for the rate. */
  waiting: number
  messagesLastMinute: number
  messagesPerMinute?: number
  /** Over the last 24 hours, to the hour. */
  recipientsLastDay: number
  recipientsPerDay?: number
  /** The day is used up: when there is room again. */
  recipientsRoomAt?: string
  /** What is not tried for a while. */
  pauses: readonly PauseStatus[]
}

export interface PauseStatus {
  /** `token`: no access token is asked for. */
  about: 'mailbox' | 'sender' | 'program' | 'registration' | 'sign-in' | 'token'
  sender?: Address
  /** Of a program: its user name, and where it is (absent: postern itself). */
  login?: string
  source?: string
  since: string
  /** Then one try finds out. */
  until: string
  reason: string
  /** The provider's own words. */
  said?: string
  fix?: string
}
