import type { Address } from '../base/address.ts'
import type { Gone } from '../base/async.ts'
import type { Actor } from '../base/log.ts'
import type { Secret } from '../base/secret.ts'
import type { Ending } from '../providers/forecast.ts'
import type { Credentials } from '../sasl/exchange.ts'
import type { Flow, Mending, PageRole, Scope } from '../store/ports.ts'

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
  kind: Ending['kind']
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

export interface Logins {
  /** The password is in the answer only when it was generated here: it is shown once and cannot be had again.
   * @throws Failure `not-found` (mailbox), `already-exists` (user name), `invalid` (policy, with the reason) */
  add(request: LoginRequest, by?: Actor): Promise<{ login: LoginStatus; password?: Secret }>
  /** @throws Failure `not-found` (mailbox) */
  list(mailbox?: string): Promise<LoginStatus[]>
  /** @throws Failure `not-found` */
  revoke(id: string, by?: Actor): Promise<void>
  /** Lets a login use further envelope senders, from its next sign-in on. @throws Failure `not-found`, `invalid` */
  allow(id: string, senders: readonly string[], by?: Actor): Promise<LoginStatus>
  /** What is mended of its mail, from its next sign-in on. @throws Failure `not-found`, `invalid` */
  set(id: string, options: MendingOptions, by?: Actor): Promise<LoginStatus>
}

/** Who hands in mail during one SMTP session: a login, or an API key with `send:`. */
export interface Submitter {
  /** For the log. An API key's is `api-key NAME`. */
  userName: string
  /** The id of the login; absent for an API key. */
  login?: string
  /** The id of the API key; absent for a login. */
  apiKey?: string
  /** At least one. */
  mailboxes: readonly SenderMailbox[]
  /** Envelope senders beside its mailboxes: addresses, or `*@example.com`. */
  senders: readonly string[]
  /** A sender that it may not use is replaced by its first mailbox, instead of refused. */
  rewriteSender: boolean
  /** What is mended of its mail. Absent: nothing. */
  mending?: Mending | undefined
}

/** What is asked about a message before it leaves. */
export interface OutgoingMessage {
  mailbox: Address
  /** Of the envelope, as it is to leave. */
  sender: string
  /** The client's, where another one replaced it. */
  givenSender?: string | undefined
}

export interface SenderMailbox {
  address: Address
  /** Of a whole domain: the mailboxes that a person has consented for are meant, too. */
  personal?: boolean
  /** Other addresses that the provider accepts from this mailbox. */
  aliases: readonly Address[]
}

/** The SMTP door's question who somebody is. One text and one cost for every refusal. `remoteAddress` as the socket gives it. */
export interface SignIns {
  /** `gone`: whoever has left waits no more.
   * @throws Failure `wrong-credentials`; `limit-reached` for a source that guessed too often, after a delay, or when too many wait */
  check(credentials: Credentials, remoteAddress: string, gone?: Gone): Promise<Submitter>
  /** The login without a password whose networks hold this address and which may use this envelope sender.
   * @throws Failure `wrong-credentials` when there is none, `sender-refused` when none of those may use it */
  admit(sender: string, remoteAddress: string): Promise<Submitter>
  /** Asked again for each message, before it begins and before it is sent, because a session may stay open long after its login was revoked or lost a mailbox.
   * @throws Failure `wrong-credentials` when what it signed in with was revoked or removed, has expired, or has not this mailbox any more; `sender-refused` when it may not
   * use this sender any more, or only its domain. Thrown at once or rejected; undefined when there was nothing to wait for */
  confirm(submitter: Submitter, message: OutgoingMessage, remoteAddress: string): Promise<void> | undefined
  /** A user name as a log may show it: one that no login has may be a password that came in the wrong field. */
  shownName(userName: string): string
  /** What a client from this address may be told to use. From memory, at once. */
  offers(remoteAddress: string): Offers
}

/** What exists for a client beside PLAIN and LOGIN, which always do. */
export interface Offers {
  /** A login that asked for it at its creation may sign in from here. */
  cramMd5: boolean
  /** An API key with `send:` exists: XOAUTH2 and OAUTHBEARER. */
  bearer: boolean
  /** A login that needs no password is bound to a network that holds this address. */
  withoutPassword: boolean
}

/** What is mended of a login's mail, as somebody asks for it. Absent: as it is, or off. */
export interface MendingOptions {
  /** The header's `From:` and `Sender:` become the mailbox. */
  rewriteFrom?: boolean
  /** A bare CR or LF in a message becomes CRLF. */
  mendLineEnds?: boolean
  /** The domain of senders and recipients that have none; empty: none. */
  completeAddresses?: string
  /** What stands for them, `{"root": "admin@example.com"}`: all of it, empty for nothing. */
  map?: Readonly<Record<string, string>>
  /** Several addresses in one RCPT are several recipients. */
  splitRecipients?: boolean
}

export interface LoginRequest extends MendingOptions {
  mailboxes: readonly string[]
  userName?: string
  name?: string
  /** A password that a person chose; absent: one is generated. */
  password?: Secret
  /** Keep the password sealed instead of hashed, so that CRAM-MD5 works. */
  cramMd5?: boolean
  /** Whoever comes from `networks` is this login: at least one, none wider than /8 (IPv4) or /32 (IPv6). */
  withoutPassword?: boolean
  senders?: readonly string[]
  /** Replace a sender that it may not use by its first mailbox. */
  rewriteSender?: boolean
  /** Its whole domains are meant with the mailboxes that a person has consented for. */
  personal?: boolean
  networks?: readonly string[]
  /** ISO 8601 date or date and time. */
  expires?: string
}

/** A login without its verifier. What is mended of its mail is there only where it is so. Times: ISO 8601. */
export interface LoginStatus extends Mending {
  id: string
  userName: string
  name: string
  mailboxes: readonly Address[]
  senders: readonly string[]
  networks: readonly string[]
  password: 'generated' | 'chosen' | 'none'
  cramMd5: boolean
  rewriteSender: boolean
  /** Only where it is so. */
  personal?: boolean
  state: 'active' | 'expired' | 'revoked'
  createdAt: string
  expiresAt?: string
  lastUsedAt?: string
  /** Addresses (IPv6: /64 networks) that it was used from within 30 days, the latest first. Only in lists. */
  usedFrom?: readonly string[]
}

export interface ApiKeys {
  /** `key` is shown once. @throws Failure `invalid` (scope), `not-found` (a scope's mailbox) */
  add(request: ApiKeyRequest, by?: Actor): Promise<{ apiKey: ApiKeyStatus; key: Secret }>
  list(): Promise<ApiKeyStatus[]>
  /** @throws Failure `not-found` */
  revoke(id: string, by?: Actor): Promise<void>
  /** Who this bearer is. @throws Failure `wrong-credentials` */
  check(presented: Secret): Promise<Principal>
}

export interface ApiKeyRequest {
  scopes: readonly string[]
  name?: string
  /** ISO 8601 date or date and time. */
  expires?: string
}

export interface ApiKeyStatus {
  id: string
  name: string
  scopes: readonly Scope[]
  state: 'active' | 'expired' | 'revoked'
  createdAt: string
  expiresAt?: string
  lastUsedAt?: string
}

/** Who asks at the HTTP door, and what it may do. The owner key and a signed-in browser are `admin`. */
export interface Principal {
  name: string
  /** The id of the API key; absent for the owner. */
  apiKey?: string
  scopes: readonly Scope[]
}

/** The passwords of those who look at the pages. */
export interface PagePasswords {
  isSet(role: PageRole): Promise<boolean>
  /** Ends sessions as `PageAccessStore.setPassword` does. @throws Failure `invalid` (policy, with the reason), `forbidden` */
  set(role: PageRole, password: Secret, keepSession?: string, by?: Actor): Promise<void>
  /** Whose password it is. `name`: of a role.
   * @throws Failure `wrong-credentials`; `limit-reached` with `retryAfterSeconds` for a source that guessed too often, or when too many wait */
  check(name: string, password: Secret, from: PageClient, gone?: Gone): Promise<PageRole>
}

/** Where somebody signs in to the pages. */
export interface PageClient {
  /** As it is counted and shown. */
  source: string
  /** Everybody behind a proxy, or on this machine, may come from there. */
  isShared: boolean
  /** The id of a browser that has signed in well in this role before. */
  knownBrowser?: string | undefined
}
