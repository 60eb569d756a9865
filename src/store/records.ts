import type { Address } from '../base/address.ts'
import type { Secret } from '../base/secret.ts'
import type { Capabilities } from '../wire/envelope.ts'

/*
 * What postern keeps, as everybody who uses the store sees it. Times are milliseconds since 1970.
 */

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

/** The name of the person who signs in, or that of the mailbox. */
export type AcceptedName = 'person' | 'mailbox'

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
  reason: string
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

/**
 * How a login's password is recognised. `keyed`: HMAC of a generated password; `scrypt`: of a
 * chosen one. Both base64url.
 */
export type Verifier =
  | { kind: 'keyed'; hash: string }
  | { kind: 'scrypt'; salt: string; hash: string; cost: number; blockSize: number; parallelization: number }
  /**
   * For CRAM-MD5, which needs the password itself: sealed at rest. `generated`: made here, so that
   * nobody can guess it.
   */
  | { kind: 'sealed'; generated: boolean; password: Secret }
  /** It has no password: a client from its networks is this login. */
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
  /** CIDR blocks that it may sign in from; none: from wherever the server listens. */
  networks: readonly string[]
  /**
   * An envelope sender that it may not use is replaced by its first mailbox, instead of refused.
   */
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

/** What old devices send, made right on its way. Each part is off unless it was asked for. */
export interface Mending {
  /** The header's `From:` and `Sender:` become the mailbox. */
  rewriteFrom?: true
  /** A bare CR or LF in a message is the end of a line. */
  mendLineEnds?: true
  /** The domain of senders and recipients that have none. */
  completeAddresses?: string
  /**
   * What stands for a sender or recipient: by a word without a domain, or an address, as
   * `addressKey` has it.
   */
  map?: Readonly<Record<string, Address>>
  /** Several addresses in one RCPT are several recipients. */
  splitRecipients?: true
}

/** A login as lists have it: a sealed password is opened for a sign-in only. */
export type ListedLogin = Omit<Login, 'verifier'> & {
  verifier: Exclude<Verifier, { kind: 'sealed' }> | { kind: 'sealed'; generated: boolean }
}

/**
 * Of a whole domain without the mailboxes that a person has consented for, unless `+personal`
 * stands behind it.
 */
export type Scope = 'read' | 'admin' | `token:${Address}` | `send:${Address}`

/**
 * Behind a whole domain: its mailboxes that a person has consented for are meant, too. No domain
 * has a `+` in it.
 */
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

/**
 * A scoped bearer secret for a script. The key itself is not kept, only its keyed hash (base64url).
 */
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

/**
 * A one-use URL that lets anybody who holds it finish the consent for one mailbox. Only the hash of
 * its secret is kept.
 */
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

/** Who looks at the pages: an administrator, or a viewer, who changes nothing. */
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

/** What a provider's mail server said in its last EHLO, as far as it is passed on to clients. */
export interface ServerCapabilities
  extends Pick<Capabilities, 'size' | 'eightBitMime' | 'smtpUtf8' | 'dsn' | 'enhancedStatusCodes'> {
  providerId: string
  /** Of that server. */
  host: string
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
  /** Who did it, where it was done by a person or a program. */
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
