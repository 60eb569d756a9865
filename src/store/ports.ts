import type { Address } from '../base/address.ts'
import type { Secret } from '../base/secret.ts'
import type { Capabilities } from '../wire/capabilities.ts'

/**
 * What postern keeps, in the words of the glossary, and what may be asked of the keeper. SQLite stands behind these
 * ports today. Every method is one transaction: when its promise resolves, the change is on disk; when it rejects,
 * nothing changed. All methods throw Failure `store-unavailable` when the store is busy, full or broken.
 * Times are milliseconds since 1970. Secrets go in and come out as `Secret`; at rest they are sealed.
 */
export interface Store {
  mailboxes: MailboxStore
  grants: GrantStore
  logins: LoginStore
  apiKeys: ApiKeyStore
  consentLinks: ConsentLinkStore
  pendingConsents: PendingConsentStore
  recipientCounts: RecipientCountStore
  notices: NoticeStore
  pageAccess: PageAccessStore
  heardOffers: HeardOfferStore
  journal: JournalStore
  /** Resolves when the store answers and its key fits. */
  check(): Promise<void>
  close(): Promise<void>
}

/** An address that mail leaves from, its provider, and (through `GrantStore.ofMailbox`) the grant that may use it. */
export interface Mailbox {
  address: Address
  providerId: string
  /** Who has to sign in at the consent when that is not the mailbox itself. */
  signsInAs?: Address
  /** The name by which the mail server knows whoever signs in, when that is no address of theirs. */
  saslUser?: string
  /** The name by which the mail server has let us in, where there are two: noted by `noteAccepted`, and forgotten when either becomes another. */
  acceptedName?: AcceptedName
  /** Other addresses that the provider accepts from this mailbox. Absent: none; given to `put`, absent: those that there are. */
  aliases?: readonly Address[]
  createdAt: number
  /** Given by the store, and another one as soon as its provider, person or flow is: what was begun under earlier terms ends with them. */
  terms?: string
  /** The domain mailbox that covers this address, which has no entry of its own. */
  coveredBy?: Address
}

/** Of whoever signs in, or of the mailbox that is sent from. */
export type AcceptedName = 'person' | 'mailbox'

export interface MailboxStore {
  /** With its grant, where it has one at once. An entry of its own begins without rights: API keys lose what they had of this address through its domain.
   * @throws Failure `already-exists` */
  add(mailbox: Mailbox, grant?: NewGrant): Promise<void>
  /** Adds it, or changes provider, signsInAs, saslUser and aliases of the one that exists. `grant` takes the place of its grant, all in one transaction. Without one the
   * grant stays only where it is that of the same person at the same provider: it lapses when either is another, and one without a person goes. Under other terms,
   * consents that are under way and links that are open go as well. */
  put(mailbox: Mailbox, grant?: NewGrant): Promise<void>
  /** By which of its names the mail server has let it in. Nothing when there is no such mailbox. */
  noteAccepted(address: Address, name: AcceptedName): Promise<void>
  find(address: Address): Promise<Mailbox | undefined>
  /** As `find`; where there is none, the domain mailbox (`*@example.com`) as if it were this address. */
  covering(address: Address): Promise<Mailbox | undefined>
  list(): Promise<Mailbox[]>
  /** The ids of those that there are mailboxes of. */
  providers(): Promise<string[]>
  /** Removes the mailbox with its grant, consent links and pending consents; logins lose this mailbox, and those left with none are removed; API keys lose
   * every scope that nothing covers any more, and those left with none are revoked. False when there was none. */
  remove(address: Address): Promise<boolean>
}

/** How a grant came about, which is also how its access tokens are had. `adopted`: its refresh token was handed over. The last two need no person, have no
 * refresh token and never lapse. */
export type Flow = 'authorization-code' | 'device' | 'adopted' | 'client-credentials' | 'service-account'

/** What a consent gave us. There is no fourth state. A lapsed grant keeps its refresh token: marked, never deleted. */
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
  /** The registration that it was given to, or that the provider has renewed it for. Absent: not known. */
  givenTo?: GivenTo
  grantedAt: number
  /** When the token endpoint last answered well. */
  renewedAt: number
}

export type ActiveGrant = GrantedConsent & { state: 'active' }
export type LapsedGrant = GrantedConsent & {
  state: 'lapsed'
  since: number
  reason: string
  /** When its provider last refused it, and to which registration. Absent: it lapsed here, with its mailbox or person, and is never tried again. */
  refused?: { at: number; to?: GivenTo }
}

/** What tells one of our registrations at a provider from another: a provider honours a refresh token for the one that it was given to. */
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

export interface GrantStore {
  ofMailbox(address: Address): Promise<Grant>
  /** Undefined where no mailbox covers the address. */
  standing(address: Address): Promise<Standing | undefined>
  list(): Promise<ListedGrant[]>
  /** Those of `list` that somebody may have to be told of: the lapsed ones, those whose refresh token has an end, and all at these providers. */
  lapsedOrEnding(providerIds: readonly string[]): Promise<ListedGrant[]>
  /** Mailboxes of active grants with a refresh token that was not used since, the longest unused first. */
  unusedSince(before: number, most: number): Promise<Address[]>
  /** Mailboxes of active grants whose refresh token has an end, as its provider says, and less than half of the time from the last renewal to that left; the next to
   * end first. None that was renewed within five minutes. */
  endingBy(now: number, most: number): Promise<Address[]>
  /** Makes this the mailbox's grant, in place of any earlier one; `consentLinkId`, if given, is consumed in the same transaction.
   * @param judgedFor the mailbox as it was when the consent was judged: under other terms, or added anew, nothing is adopted
   * @throws Failure `not-found` when the mailbox does not exist or is another, or the link is no longer usable */
  adopt(grant: NewGrant, consentLinkId?: string, judgedFor?: Mailbox): Promise<ActiveGrant>
  /** Lapsed grants that their provider refused, of mailboxes that are still there, those refused longest ago first. */
  refused(most: number): Promise<RefusedGrant[]>
  /** Notes a renewal, with the rotated refresh token if one came: a grant that had lapsed is active again. Undefined (and no change) when `version` is no longer current. */
  renewed(id: string, version: number, renewed: Renewed): Promise<ActiveGrant | undefined>
  /** Its provider has refused it; of one that has lapsed already, again. Undefined (and no change) when `version` is no longer current.
   * @param to the registration that came with it */
  lapse(
    id: string,
    version: number,
    at: number,
    reason: string,
    to?: GivenTo,
  ): Promise<LapsedGrant | undefined>
}

/** How a login's password is recognised. `keyed`: HMAC of a generated password; `scrypt`: of a chosen one. Both base64url. */
export type Verifier =
  | { kind: 'keyed'; hash: string }
  | { kind: 'scrypt'; salt: string; hash: string; cost: number; blockSize: number; parallelization: number }
  /** For CRAM-MD5, which needs the password itself: sealed at rest. `generated`: made here, so that nobody can guess it. */
  | { kind: 'sealed'; generated: boolean; password: Secret }
  /** It has no password: whoever comes from its networks is it. */
  | { kind: 'none' }

/** A local credential of one application. */
export interface Login {
  id: string
  userName: string
  /** What people call it: "Printer, 2nd floor". */
  name: string
  mailboxes: readonly Address[]
  /** Envelope senders beside its mailboxes: addresses, or `*@example.com`. */
  senders: readonly string[]
  /** CIDR blocks that it may sign in from; none: from anywhere that the door listens. */
  networks: readonly string[]
  /** An envelope sender that it may not use is replaced by its first mailbox, instead of refused. */
  rewriteSender: boolean
  /** Its domains are meant with the mailboxes that a person has consented for. Absent: no. */
  personal?: boolean
  /** Absent: nothing, its messages leave octet for octet. */
  mending?: Mending
  verifier: Verifier
  createdAt: number
  expiresAt?: number
  revokedAt?: number
  lastUsedAt?: number
}

/** What old devices send, made right on its way. Each part is off unless somebody asked for it. */
export interface Mending {
  /** The header's `From:` and `Sender:` become the mailbox. */
  rewriteFrom?: true
  /** A bare CR or LF in a message is the end of a line. */
  mendLineEnds?: true
  /** The domain of senders and recipients that have none. */
  completeAddresses?: string
  /** What stands for a sender or recipient: by a word without a domain, or an address, as `addressKey` has it. */
  map?: Readonly<Record<string, Address>>
  /** Several addresses in one RCPT are several recipients. */
  splitRecipients?: true
}

/** A login as lists have it: a sealed password is opened for a sign-in only. */
export type ListedLogin = Omit<Login, 'verifier'> & {
  verifier: Exclude<Verifier, { kind: 'sealed' }> | { kind: 'sealed'; generated: boolean }
}

export interface LoginStore {
  /** @throws Failure `already-exists` when the user name is taken, in whatever case (`userNameKey`), `not-found` when a mailbox does not exist */
  add(login: Login): Promise<void>
  /** In whatever case; by the exact spelling where names of an earlier release differ in case only. */
  findByUserName(userName: string): Promise<Login | undefined>
  list(mailbox?: Address): Promise<ListedLogin[]>
  /** Marks it revoked; its user name becomes free. False when there is no such login, or it is revoked already. */
  revoke(id: string, revokedAt: number): Promise<boolean>
  /** Adds to the senders of a login that is not revoked, and gives it as it is then. Undefined when there is none. */
  allow(id: string, senders: readonly string[]): Promise<ListedLogin | undefined>
  /** What is mended from now on, of a login that is not revoked, by what is mended now. Gives it as it is then; undefined when there is none. */
  mend(id: string, change: (mending: Mending) => Mending): Promise<ListedLogin | undefined>
  /** Noted to the minute: a use within a minute of the noted one changes nothing and costs no write.
   * @param source from where (`sourceOf`), noted to the day and forgotten after 30 */
  used(id: string, at: number, source?: string): Promise<void>
  /** From where each login was used within 30 days, the latest first; a login by its id. */
  sources(): Promise<ReadonlyMap<string, readonly string[]>>
  /** Whether the login was used from this source at `since` or later. */
  knows(id: string, source: string, since: number): Promise<boolean>
}

/** Of a whole domain without the mailboxes that a person has consented for, unless `+personal` stands behind it. */
export type Scope = 'read' | 'admin' | `token:${Address}` | `send:${Address}`

/** A scoped bearer secret for a script. The key itself is not kept, only its keyed hash (base64url). */
export interface ApiKey {
  id: string
  name: string
  scopes: readonly Scope[]
  hash: string
  createdAt: number
  expiresAt?: number
  revokedAt?: number
  lastUsedAt?: number
}

export interface ApiKeyStore {
  /** @throws Failure `not-found` when nothing covers the mailbox of a scope */
  add(key: ApiKey): Promise<void>
  find(id: string): Promise<ApiKey | undefined>
  list(): Promise<ApiKey[]>
  revoke(id: string, revokedAt: number): Promise<boolean>
  /** Noted to the minute: a use within a minute of the noted one changes nothing and costs no write. */
  used(id: string, at: number): Promise<void>
}

/** A one-use URL that lets anybody who holds it finish the consent for one mailbox. Only the hash of its secret is kept. */
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

export interface ConsentLinkStore {
  add(link: ConsentLink): Promise<void>
  find(id: string): Promise<ConsentLink | undefined>
  list(mailbox?: Address): Promise<ConsentLink[]>
  /** With the consents that are under way by it. Gives what it was; undefined when there was none, or it was used. */
  remove(id: string): Promise<ConsentLink | undefined>
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

export interface PendingConsentStore {
  /** In the place of the one that this browser began by the same link (without one: for the same mailbox), and of the oldest where there are too many. */
  add(consent: PendingConsent): Promise<void>
  /** Whose it is. Changes nothing. */
  find(stateHash: string): Promise<Pick<PendingConsent, 'mailbox' | 'browserHash'> | undefined>
  /** Reads and deletes in one transaction: two simultaneous callbacks get it once. Another browser does not get it, nor spend it. */
  take(stateHash: string, browserHash: string): Promise<PendingConsent | undefined>
  /** Deletes those that expired before `now`, so that abandoned consents do not pile up. */
  sweep(now: number): Promise<void>
}

/** How many recipients each mailbox was sent to, by the hour: providers limit them by the day. Kept beside the mailbox, not in it:
 * the provider goes on counting when a mailbox is removed here and added again. */
export interface RecipientCountStore {
  /** The hours that began at `since` or later, each by its first millisecond. */
  since(mailbox: Address, since: number): Promise<readonly { hour: number; recipients: number }[]>
  /** Adds to the count of an hour, and forgets everything older than two days before it. */
  add(mailbox: Address, hour: number, recipients: number): Promise<void>
}

/** What was told to people, so that a restart neither repeats nor forgets it. */
export interface NoticeStore {
  list(): Promise<SentNotice[]>
  /** Adds it, or replaces the one with the same key and channel. */
  put(notice: SentNotice): Promise<void>
  /** It is solved: everything about it, in every channel. */
  remove(key: string): Promise<void>
}

export interface SentNotice {
  /** Of what it is about: its kind and its subject. */
  key: string
  channel: 'webhook' | 'mail' | 'command'
  /** When the trouble was first told in this channel. */
  firstAt: number
  lastAt: number
  /** How far it had come when it was last told, so that a further step is told at once: of an expiry, the days that were left. */
  stage: string
}

/** Who looks at the pages: an administrator, or somebody who sees and changes nothing. */
export const pageRoles = ['administrator', 'viewer'] as const
export type PageRole = (typeof pageRoles)[number]

/** A browser that is signed in. Only the hash of its cookie is kept. */
export interface PageSession {
  id: string
  hash: string
  role: PageRole
  /** By a one-time link, by the role's password, or by signing in at a provider. */
  means: 'link' | 'password' | 'provider'
  /** Who proved to be that at a provider. */
  person?: Address
  /** Its id. */
  provider?: string
  /** `sourceOf` the address that signed in. */
  source: string
  /** What it calls itself (`User-Agent`): foreign text. */
  browser: string
  createdAt: number
  lastUsedAt: number
  expiresAt: number
}

/** `hint`: a few bits of a keyed hash. Absent in one that an earlier version has set. */
export type PageVerifier = Extract<Verifier, { kind: 'scrypt' }> & { hint?: number }

export interface PageAccessStore {
  password(role: PageRole): Promise<PageVerifier | undefined>
  /**
   * Sets or replaces it, and ends the sessions of the role, whatever they came by, but for `keepSession`; with the administrator's, those of everybody.
   * False, and nothing is changed, when `keepSession`, which asks for it, has ended.
   */
  setPassword(role: PageRole, verifier: PageVerifier, keepSession?: string): Promise<boolean>
  /** Another one after each new password. To be asked before that is looked at by which somebody signs in. */
  generation(): Promise<string>
  /** Adds it, and deletes those that have ended by then. False, and nothing is changed, when a password was set since `generation`. */
  begin(session: PageSession, generation: string): Promise<boolean>
  session(hash: string): Promise<PageSession | undefined>
  /** Noted to the minute. */
  used(id: string, at: number): Promise<void>
  /** The last used first, those that have ended among them. */
  sessions(): Promise<PageSession[]>
  /** False when there was none. */
  end(id: string): Promise<boolean>
}

/** What a provider's mail server said in its last EHLO, as far as it is passed on to clients. */
export interface HeardOffer
  extends Pick<Capabilities, 'size' | 'eightBitMime' | 'smtpUtf8' | 'dsn' | 'enhancedStatusCodes'> {
  providerId: string
  /** Of that server. */
  host: string
}

/** Kept so that clients hear the same after a restart as before it. */
export interface HeardOfferStore {
  list(): Promise<HeardOffer[]>
  /** Adds it, or replaces the provider's earlier one. */
  put(offer: HeardOffer): Promise<void>
}

export const journalKinds = ['send', 'sign-in', 'token', 'consent', 'change', 'trouble'] as const
export type JournalKind = (typeof journalKinds)[number]

export const journalOutcomes = ['done', 'refused', 'failed'] as const
export type JournalOutcome = (typeof journalOutcomes)[number]

/** Something that happened. Never what was in a message, nor a secret. */
export interface JournalEntry {
  /** Sorts as it happened; of its own among all processes. */
  id: string
  at: number
  kind: JournalKind
  /** Of `journalEvents`. */
  event: string
  outcome: JournalOutcome
  mailbox?: Address
  /** The user name of a login, or what took its place at the sign-in. */
  login?: string
  /** Address of the client. */
  source?: string
  /** Who did it, where somebody did. */
  by?: string
  /** From the first recipient to the end of it. */
  milliseconds?: number
  details: Readonly<Record<string, JournalDetail>>
}

export type JournalDetail = string | number | boolean | readonly string[]

/** All that are given must hold. */
export interface JournalQuery {
  mailbox?: Address
  login?: string
  kind?: JournalKind
  outcome?: JournalOutcome
  /** At or after. */
  since?: number
  /** Before. */
  until?: number
  /** Older than this entry. */
  before?: string
  /** Newer than this entry. */
  after?: string
  limit: number
}

/** Sends of one hour. */
export interface SendHour {
  /** Its first millisecond. */
  hour: number
  sent: number
  refused: number
  failed: number
  /** Of those that were sent, together. */
  milliseconds: number
}

/** What happened. Outlives the mailboxes and logins that it is about. */
export interface JournalStore {
  /** All of them or none, with what is counted of them. */
  add(entries: readonly JournalEntry[]): Promise<void>
  /** The newest first. */
  list(query: JournalQuery): Promise<JournalEntry[]>
  /** The hours that began at `since` or later and in which something was sent, in their order. */
  sendHours(since: number): Promise<SendHour[]>
  /** When something was last sent from each mailbox, by `addressKey`. */
  lastSends(): Promise<ReadonlyMap<string, number>>
  /** Forgets at most `most` entries older than `before`, and counts of hours; gives how many entries. */
  sweep(before: number, most: number): Promise<number>
}

/** Behind a whole domain: its mailboxes that a person has consented for are meant, too. No domain has a `+` in it. */
export const personalMark = '+personal'

/** The address that a scope is about, or the whole domain; undefined for `read` and `admin`. */
export function scopeAddress(scope: Scope): Address | undefined {
  if (scope === 'read' || scope === 'admin') return undefined
  const address = scope.slice(scope.indexOf(':') + 1)
  return meansPersonal(scope) ? address.slice(0, -personalMark.length) : address
}

export function meansPersonal(scope: Scope): boolean {
  return /^\w+:\*@/.test(scope) && scope.endsWith(personalMark)
}
