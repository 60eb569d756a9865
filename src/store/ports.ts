import type { Failure, Sentence } from '../base/failure.ts'
import type { Secret } from '../base/secret.ts'
import type { Address, AddressKey } from '../model/address.ts'
import type { ApiKey } from '../model/api-key.ts'
import type { ConsentLink, PendingConsent } from '../model/consent.ts'
import type {
  ActiveGrant,
  GivenTo,
  Grant,
  LapsedGrant,
  ListedGrant,
  NewGrant,
  RefusedGrant,
  Renewed,
  Standing,
} from '../model/grant.ts'
import type { HeldEnvelope, HeldMessage, HeldOutcome } from '../model/held-message.ts'
import type { JournalEntry, JournalQuery, JournalVerdict, SendHour } from '../model/journal.ts'
import type { ListedLogin, Login, LoginPart, LoginQuery, Mending } from '../model/login.ts'
import type { AcceptedName, ListedMailbox, Mailbox, StoredMailbox } from '../model/mailbox.ts'
import type { LastOutcome, MailboxOutcome } from '../model/mailbox-outcome.ts'
import type { PageRole, PageSession, PageVerifier } from '../model/page-access.ts'
import type { KeptRegistration, StoredRegistration } from '../model/registration.ts'
import type { SendingLimits } from '../model/sending-limits.ts'
import type { Capabilities } from '../wire/envelope.ts'

/**
 * What may be asked of the keeper of all that postern keeps (`model/`). SQLite or PostgreSQL
 * stands behind these ports. Every method is one transaction: when its promise resolves, the change is on
 * disk; when it rejects, nothing changed. All methods throw Failure `store-unavailable` when the
 * store is busy, full or broken. Times are milliseconds since 1970. Secrets go in and come out as
 * `Secret`; at rest they are sealed.
 */
export interface Store {
  mailboxes: MailboxStore
  grants: GrantStore
  registrations: RegistrationStore
  logins: LoginStore
  apiKeys: ApiKeyStore
  consentLinks: ConsentLinkStore
  pendingConsents: PendingConsentStore
  recipientCounts: RecipientCountStore
  notices: NoticeStore
  pageAccess: PageAccessStore
  serverCapabilities: ServerCapabilityStore
  journal: JournalStore
  sentKeys: SentKeyStore
  /** Loaded when somebody asks: few have messages that wait for a person. */
  heldMessages(): Promise<HeldMessageStore>
  /** Whether there is any such message, or was lately. */
  holdsMessages(): Promise<boolean>
  /**
   * Resolves when the store answers, its key fits, and it can be written: a token that is renewed now would be kept.
   * @throws Failure `store-unavailable`, `configuration`
   */
  check(): Promise<void>
  close(): Promise<void>
}

export interface MailboxStore {
  /**
   * With its grant, where it has one at once. An entry of its own begins without rights: API keys
   * lose what they had of this address through its domain.
   * @throws Failure `already-exists`
   */
  add(mailbox: Mailbox, grant?: NewGrant): Promise<void>
  /**
   * Adds it, or changes provider, signsInAs, saslUser and aliases of the one that exists. `grant`
   * takes the place of its grant, all in one transaction. Without one the grant stays only where it
   * is that of the same person at the same provider: it lapses when either is another, and one
   * without a person goes. Under other terms, consents that are under way and links that are open
   * go as well.
   */
  put(mailbox: Mailbox, grant?: NewGrant): Promise<void>
  /** By which of its names the mail server has let it in. Nothing when there is no such mailbox. */
  noteAccepted(address: Address, name: AcceptedName): Promise<void>
  find(address: Address): Promise<StoredMailbox | undefined>
  /**
   * As `find`; where there is none, the domain mailbox (`*@example.com`) as if it were this
   * address.
   */
  covering(address: Address): Promise<StoredMailbox | undefined>
  list(): Promise<StoredMailbox[]>
  /**
   * All of them, or those of these keys that are there, each with its grant, in the order of their
   * keys.
   */
  listWithGrants(keys?: readonly AddressKey[]): Promise<ListedMailbox[]>
  /** Those of all, in the order of their keys. Nothing else is read of them. */
  addresses(): Promise<Address[]>
  /** The ids of those that there are mailboxes of. */
  providers(): Promise<string[]>
  /**
   * Removes the mailbox with its grant, consent links and pending consents; logins lose this
   * mailbox, and those left with none are removed; API keys lose every scope that nothing covers
   * any more, and those left with none are revoked. False when there was none.
   */
  remove(address: Address): Promise<boolean>
}

/** A rotation as the store takes it: `GrantStore.renewed`. */
export interface KeptRotation {
  id: string
  version: number
  mailbox: Address
  renewed: Renewed
}

/** An access token as a token endpoint has just given it. */
export interface IssuedToken {
  mailbox: Address
  /** That it came from. */
  grantId: string
  secret: Secret
  ageMilliseconds: number
  lifeSeconds: number
  scopes: readonly string[]
  /** The registration that asked for it. Absent: not known. */
  givenTo?: GivenTo
  /** What may be wrong with it. */
  warning?: Sentence
  /** The turn that it was asked for in, which ends with it. */
  turn?: RefreshTurn
}

/** The right to ask the provider for a token of this mailbox. No other process on the database has it. */
export interface RefreshTurn {
  mailbox: Address
  /** When it was taken at the latest, by both clocks. */
  at: { database: number; monotonic: number }
  /**
   * To be asked right before the refresh token is spent: false where this process was stopped, or out
   * of reach of the database, for so long that another one may have the turn.
   */
  isOurs(): boolean
}

/** An access token that any process on the database was given. */
export interface SharedToken
  extends Pick<IssuedToken, 'grantId' | 'secret' | 'lifeSeconds' | 'scopes' | 'givenTo' | 'warning'> {
  ageSeconds: number
}

export interface SharedLook {
  token?: SharedToken
  /** The last request has failed, in whichever process, and it is too early for another one. */
  failed?: { grantId: string; failure: Failure }
  /** Another process has the turn. */
  isTaken: boolean
}

/**
 * Where several processes use one database: whose turn it is to renew a grant, and the access tokens
 * of all. All methods but `giveBack`, `put` and `ended` throw Failure `store-unavailable`.
 */
export interface SharedTokens {
  /** @param anyway a request that has failed lately is nothing to wait for */
  look(mailbox: Address, anyway: boolean): Promise<SharedLook>
  /** Undefined: another process was faster, or a request has failed lately. */
  take(mailbox: Address, anyway: boolean): Promise<RefreshTurn | undefined>
  /** Also one that has ended by a renewal: nothing is done then. */
  giveBack(turn: RefreshTurn, failed?: { grantId: string; failure: Failure }): Promise<void>
  /** A token that no renewal has brought. */
  put(issued: IssuedToken): Promise<void>
  /** Resolves when the turn of another process may have ended. */
  ended(mailbox: Address): Promise<void>
  /** From now on `see` is told of each mailbox whose token was renewed by any process. A few may be missed. */
  follow(see: (mailbox: AddressKey) => void): void
}

/** Whether other processes on the database have taken up what somebody has changed. */
export interface Confirmations {
  /** Does what somebody has asked for. */
  during<T>(work: () => T): T
  /**
   * Within that: the processes that have not taken up a change of it. It is made all the same, and
   * there what was before may count for a while.
   */
  missing(): readonly string[]
}

export interface GrantStore {
  ofMailbox(address: Address): Promise<Grant>
  /** Undefined where no mailbox covers the address. */
  standing(address: Address): Promise<Standing | undefined>
  list(): Promise<ListedGrant[]>
  /**
   * Those of `list` that a notice may be due for: the lapsed ones, those whose refresh
   * token has an end, and all at these providers.
   */
  lapsedOrEnding(providerIds: readonly string[]): Promise<ListedGrant[]>
  /**
   * Mailboxes of active grants with a refresh token that was not used since, the longest unused
   * first.
   */
  unusedSince(before: number, most: number): Promise<Address[]>
  /**
   * Mailboxes of active grants whose refresh token has an end, as its provider says, and less than
   * half of the time from the last renewal to that left; the next to end first. None that was
   * renewed within five minutes.
   */
  endingBy(now: number, most: number): Promise<Address[]>
  /**
   * Makes this the mailbox's grant, in place of any earlier one; `consentLinkId`, if given, is
   * consumed in the same transaction.
   * @param judgedFor the mailbox as it was when the consent was judged: under other terms, or added
   * anew, nothing is adopted
   * @throws Failure `not-found` when the mailbox does not exist or is another, or the link is no
   * longer usable
   */
  adopt(grant: NewGrant, consentLinkId?: string, judgedFor?: Mailbox): Promise<ActiveGrant>
  /**
   * Lapsed grants that their provider refused, of mailboxes that are still there, those refused
   * longest ago first.
   */
  refused(most: number): Promise<RefusedGrant[]>
  /**
   * Notes a renewal, with the rotated refresh token if one came: a grant that had lapsed is active
   * again. Undefined (and no change) when `version` is no longer current.
   * @param issued for other processes on the database, which have it as soon as the renewal is stored
   */
  renewed(
    id: string,
    version: number,
    renewed: Renewed,
    issued?: IssuedToken,
  ): Promise<ActiveGrant | undefined>
  /**
   * Its provider has refused it; of one that has lapsed already, again. Undefined (and no change)
   * when `version` is no longer current.
   * @param to the registration that came with it
   */
  lapse(
    id: string,
    version: number,
    at: number,
    reason: string | Sentence,
    to?: GivenTo,
  ): Promise<LapsedGrant | undefined>
}

export interface LoginStore {
  /**
   * @throws Failure `already-exists` when the user name is taken, in whatever case (`userNameKey`),
   * `not-found` when a mailbox does not exist
   */
  add(login: Login): Promise<void>
  /**
   * In whatever case; by the exact spelling where names of an earlier release differ in case only.
   */
  findByUserName(userName: string): Promise<Login | undefined>
  /** Whatever its state. */
  find(id: string): Promise<ListedLogin | undefined>
  list(mailbox?: Address): Promise<ListedLogin[]>
  /** One that can sign in, where there is any: the first by its id. */
  anyActive(now: number): Promise<ListedLogin | undefined>
  /** As many as a page shows, in four questions, however many there are. */
  part(query: LoginQuery, now: number): Promise<LoginPart>
  /**
   * Marks it revoked; its user name becomes free. False when there is no such login, or it is
   * revoked already.
   */
  revoke(id: string, revokedAt: number): Promise<boolean>
  /**
   * Adds to the senders of a login that is not revoked, and gives it as it is then. Undefined when
   * there is none.
   */
  allow(id: string, senders: readonly Address[]): Promise<ListedLogin | undefined>
  /**
   * What is mended from now on, of a login that is not revoked, by what is mended now. Gives it as
   * it is then; undefined when there is none.
   */
  mend(id: string, change: (mending: Mending) => Mending): Promise<ListedLogin | undefined>
  /** The same of what it may send. */
  limit(id: string, change: (limits: SendingLimits) => SendingLimits): Promise<ListedLogin | undefined>
  /**
   * Noted to the minute: a use within a minute of the noted one changes nothing and costs no write.
   * @param source from where (`sourceOf`), noted to the day and forgotten after 30
   */
  used(id: string, at: number, source?: string): Promise<void>
  /** From where each login was used within 30 days, the latest first; a login by its id. Of these, or all. */
  sources(ids?: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>
  /** Whether the login was used from this source at `since` or later. */
  knows(id: string, source: string, since: number): Promise<boolean>
}

/** App registrations that are not in the settings. */
export interface RegistrationStore {
  /** One that does not open any more is there without its content. */
  list(): Promise<KeptRegistration[]>
  /** @throws Failure `already-exists` */
  add(registration: StoredRegistration): Promise<void>
  /**
   * Replaces it with its next revision. False, and nothing is changed, where the one that is kept
   * is another than the one before that.
   */
  put(registration: StoredRegistration): Promise<boolean>
  /** False when there was none. */
  remove(id: string): Promise<boolean>
}

export interface ApiKeyStore {
  /** @throws Failure `not-found` when nothing covers the mailbox of a scope */
  add(key: ApiKey): Promise<void>
  find(id: string): Promise<ApiKey | undefined>
  list(): Promise<ApiKey[]>
  revoke(id: string, revokedAt: number): Promise<boolean>
  /**
   * What it may send from now on, by the key as it is now, where it is not revoked. Gives it as it
   * is then; undefined when there is none.
   */
  limit(id: string, change: (key: ApiKey) => SendingLimits): Promise<ApiKey | undefined>
  /**
   * Noted to the minute: a use within a minute of the noted one changes nothing and costs no write.
   */
  used(id: string, at: number): Promise<void>
}

export interface ConsentLinkStore {
  add(link: ConsentLink): Promise<void>
  find(id: string): Promise<ConsentLink | undefined>
  list(mailbox?: Address): Promise<ConsentLink[]>
  /**
   * With the consents that are under way by it. Gives what it was; undefined when there was none,
   * or it was used.
   */
  remove(id: string): Promise<ConsentLink | undefined>
}

export interface PendingConsentStore {
  /**
   * In the place of the one that this browser began by the same link (without one: for the same
   * mailbox), and of the oldest where there are too many.
   */
  add(consent: PendingConsent): Promise<void>
  /** Whose it is. Changes nothing. */
  find(stateHash: string): Promise<Pick<PendingConsent, 'mailbox' | 'browserHash'> | undefined>
  /**
   * Reads and deletes in one transaction: two simultaneous callbacks get it once. Another browser
   * does not get it, nor spend it.
   */
  take(stateHash: string, browserHash: string): Promise<PendingConsent | undefined>
  /** Deletes those that expired before `now`, so that abandoned consents do not pile up. */
  sweep(now: number): Promise<void>
}

/**
 * How many recipients each account was sent to, by the hour: providers limit them by the day. An
 * account is the name that signs in for a mailbox, in whatever case. Kept beside the mailbox, not
 * in it: the provider goes on counting when a mailbox is removed here and
 * added again.
 */
export interface RecipientCountStore {
  /** The hours that began at `since` or later, each by its first millisecond. */
  since(account: string, since: number): Promise<readonly { hour: number; recipients: number }[]>
  /** Adds to the count of an hour, and forgets everything older than two days before it. */
  add(account: string, hour: number, recipients: number): Promise<void>
}

export interface SentNotice {
  /** Of what it is about: its kind and its subject. */
  key: string
  channel: 'webhook' | 'mail' | 'command'
  /** When it was first reported in this channel. */
  firstAt: number
  lastAt: number
  /**
   * How far it had come when it was last reported, so that a further step is reported at once: of
   * an expiry, the days that were left.
   */
  stage: string
}

/** The notices that were sent, so that a restart neither repeats nor forgets one. */
export interface NoticeStore {
  list(): Promise<SentNotice[]>
  /** Adds it, or replaces the one with the same key and channel. */
  put(notice: SentNotice): Promise<void>
  /** It is solved: everything about it, in every channel. */
  remove(key: string): Promise<void>
}

export interface PageAccessStore {
  password(role: PageRole): Promise<PageVerifier | undefined>
  /**
   * Sets or replaces it, and ends the sessions of the role, whatever they came by, but for
   * `keepSession`; with the administrator's, those of everybody. False, and nothing is changed,
   * when `keepSession`, which asks for it, has ended.
   */
  setPassword(role: PageRole, verifier: PageVerifier, keepSession?: string): Promise<boolean>
  /**
   * Changes with each new password. To be read before the credential of a sign-in is checked.
   */
  generation(): Promise<string>
  /**
   * Adds it, and deletes those that have ended by then. False, and nothing is changed, when a
   * password was set since `generation`.
   */
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
export interface ServerCapabilities
  extends Pick<Capabilities, 'size' | 'eightBitMime' | 'smtpUtf8' | 'dsn' | 'enhancedStatusCodes'> {
  providerId: string
  /** Of that server. */
  host: string
}

/** Kept so that clients hear the same after a restart as before it. */
export interface ServerCapabilityStore {
  list(): Promise<ServerCapabilities[]>
  /** Adds it, or replaces the provider's earlier one. */
  put(offer: ServerCapabilities): Promise<void>
}

/** What happened. Outlives the mailboxes and logins that it is about. */
export interface JournalStore {
  /**
   * All of them or none, with what is counted of them.
   * @param outcomes in their order; only the last of each mailbox is kept
   */
  add(entries: readonly JournalEntry[], outcomes?: readonly MailboxOutcome[]): Promise<void>
  /** The newest first. */
  list(query: JournalQuery): Promise<JournalEntry[]>
  /** The hours that began at `since` or later and in which something was sent, in their order. */
  sendHours(since: number): Promise<SendHour[]>
  /**
   * The last outcome of each address that something was sent from; of one mailbox alone, which may
   * be a whole domain.
   */
  outcomes(mailbox?: AddressKey): Promise<LastOutcome[]>
  /**
   * Forgets at most `most` entries older than `before`, counts of hours, and outcomes; gives how
   * many entries.
   */
  sweep(before: number, most: number): Promise<number>
  /** The time of the oldest of what a sweep may remove. */
  oldest(): Promise<number | undefined>
  /** Whether all entries are there, as they were written and in their order. */
  verify(): Promise<JournalVerdict>
}

/** A message that left with an Idempotency-Key. */
export interface SentKey {
  /** A keyed hash of its request; absent, as the answer, while it is not known what came of it. */
  fingerprint?: string
  answer?: Secret
}

/** Kept for a day each. The ids are keyed hashes. */
export interface SentKeyStore {
  find(id: string): Promise<SentKey | undefined>
  /**
   * Notes that the message of this key leaves now.
   * @param owner whose keys are counted
   * @param most that are kept of them
   */
  claim(id: string, owner: string, most: number): Promise<'claimed' | 'taken' | 'full'>
  /** It was sent. */
  finish(id: string, fingerprint: string, answer: Secret): Promise<void>
  /** It was not sent: the key is free again. */
  release(id: string): Promise<void>
}

/** As it comes, in parts that are kept already. */
export interface NewHeldMessage
  extends Pick<HeldMessage, 'id' | 'owner' | 'octets' | 'parts' | 'createdAt' | 'endsAt'> {
  envelope: HeldEnvelope
}

/** How much may wait at a time. */
export interface HeldBounds {
  messagesOfOwner: number
  messages: number
  octets: number
}

/** Messages that wait for a person, and for a while what became of them. */
export interface HeldMessageStore {
  /** Of a message that is added when all of its parts are kept. */
  keepPart(id: string, place: number, octets: Buffer): Promise<void>
  part(id: string, place: number): Promise<Buffer>
  /** Those of a message that is not added after all. */
  dropParts(id: string): Promise<void>
  add(message: NewHeldMessage, bounds: HeldBounds): Promise<'added' | 'owner-full' | 'full'>
  /** Whether there is room for another one of this owner; undefined: there is. */
  whyFull(owner: string, bounds: HeldBounds): Promise<'owner-full' | 'full' | undefined>
  find(id: string): Promise<HeldMessage | undefined>
  /**
   * The oldest first.
   * @param unreadable is told of those that do not open: the others are none the worse for them
   */
  list(unreadable?: (id: string, failure: Failure) => void): Promise<HeldMessage[]>
  /**
   * From `waiting` to `sending`: one asker alone gets it. False where it does not wait any more.
   * @param process which sends it
   */
  claim(id: string, process: string, decidedBy: string): Promise<boolean>
  /** It was not sent, and waits again. */
  putBack(id: string, process: string, outcome: HeldOutcome): Promise<void>
  /** From `sending`. Its octets go. */
  finish(
    id: string,
    process: string,
    state: 'sent' | 'failed' | 'unknown',
    outcome: HeldOutcome,
  ): Promise<void>
  /** From `waiting`: one asker alone gets it. Its octets go. */
  end(id: string, state: 'refused' | 'expired' | 'unknown', decidedBy?: string): Promise<boolean>
  /** This process had begun to send it, and has stopped. Its octets go. */
  giveUp(id: string, process: string): Promise<boolean>
  /** Forgets what ended before then, or had to, and parts from before then of which no message came. */
  sweep(before: number): Promise<void>
}

/*
 * What several processes on one database have in common beside the store. Where there is one process
 * alone, there is nothing of this.
 */

/** Work that is divided among the processes that are alive. */
export interface Chores {
  /**
   * Whether this one falls to this process: to one at a time, which keeps it as long as it is alive.
   * @throws Failure `store-unavailable`
   */
  isMine(chore: string): Promise<boolean>
  /** It is done for good. @throws Failure `store-unavailable` */
  end(chore: string): Promise<void>
  /** @throws Failure `store-unavailable` */
  share(): Promise<Share>
}

/** One of several equal parts of the work. */
export interface Share {
  /** How many parts there are. */
  parts: number
  /** Whether what this key stands for is in this process's part. */
  has(key: string): boolean
}

/** A wrong secret, as it is counted. What stands for names and sources is a keyed hash. */
export interface Guess {
  kind: 'login' | 'page' | 'secret'
  source: string
  /** Counted for the source as well. */
  ofSource: boolean
  /** Absent for a secret that is nobody's by name. */
  name?: string
}

/** Wrong secrets that any process has counted count in all of them, within about a second. */
export interface Guesses {
  /** This process has counted one. Takes no time: it is written with others, a moment later. */
  tell(guess: Guess): void
  /**
   * @param see is given what others have counted, and those of the window before now
   * @param ageSeconds how long ago that was
   */
  follow(windowSeconds: number, see: (guess: Guess, times: number, ageSeconds: number) => void): void
}

/** What is kept for a while, for whichever process is asked for it. */
export type PassingKind =
  | 'admin-consent'
  | 'callback'
  | 'callback-result'
  | 'consent-origin'
  | 'device-consent'
  | 'form-words'
  | 'made-password'
  | 'shown-page'
  | 'sign-in-link'
  | 'sign-in-taken'
  | 'token-trouble'

/** Small things that go with their time, sealed. The keys are hashes or names, and no secrets. */
export interface PassingStore {
  /** Adds it, or puts it in the place of the one of that key. */
  put(kind: PassingKind, key: string, value: Secret, seconds: number): Promise<void>
  /** As `put`. False, and nothing is changed, where there is one already. */
  claim(kind: PassingKind, key: string, value: Secret, seconds: number): Promise<boolean>
  find(kind: PassingKind, key: string): Promise<Secret | undefined>
  /** It is not there afterwards: one asker alone gets it. */
  take(kind: PassingKind, key: string): Promise<Secret | undefined>
  list(kind: PassingKind): Promise<{ key: string; value: Secret }[]>
  removeAll(kind: PassingKind): Promise<void>
}
