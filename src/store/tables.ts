import type { Kysely } from 'kysely'
import type { Address, AddressKey } from '../model/address.ts'

/**
 * The tables as kysely sees them. Text ids, whole numbers for milliseconds since 1970, JSON as
 * text: what SQLite and PostgreSQL both have. Sealed columns hold JWE; their places are named where
 * they are sealed.
 */
export interface Tables {
  secrets: SecretsTable
  mailboxes: MailboxesTable
  grants: GrantsTable
  registrations: RegistrationsTable
  logins: LoginsTable
  login_mailboxes: LoginMailboxesTable
  login_sources: LoginSourcesTable
  api_keys: ApiKeysTable
  consent_links: ConsentLinksTable
  pending_consents: PendingConsentsTable
  recipient_counts: RecipientCountsTable
  sent_notices: SentNoticesTable
  page_passwords: PagePasswordsTable
  page_sessions: PageSessionsTable
  journal: JournalTable
  journal_chain: JournalChainTable
  send_hours: SendHoursTable
  mailbox_outcomes: MailboxOutcomesTable
  heard_offers: HeardOffersTable
  processes: ProcessesTable
  store_changes: StoreChangesTable
  chores: ChoresTable
  guesses: GuessesTable
  passing: PassingTable
  budget_claims: BudgetClaimsTable
  shared_pauses: SharedPausesTable
  refresh_turns: RefreshTurnsTable
  shared_tokens: SharedTokensTable
  sent_keys: SentKeysTable
  held_messages: HeldMessagesTable
  held_parts: HeldPartsTable
}

/** Secrets of the store itself: the hash root. */
interface SecretsTable {
  name: string
  /** Sealed. */
  value: string
}

export interface MailboxesTable {
  /** `addressKey` of the address: what every other table refers to. */
  address_key: AddressKey
  address: Address
  provider_id: string
  signs_in_as: Address | null
  /** The name by which the mail server knows the person who signs in, where it is set. */
  sasl_user: string | null
  /** By which of two names it has let us in: `person`, `mailbox`. */
  accepted_name: string | null
  /** JSON: Address[]. */
  aliases: string
  /** Of its own each time that provider, person or flow is another. */
  terms: string
  created_at: number
}

export interface GrantsTable {
  id: string
  mailbox_key: AddressKey
  /** That gave it; the mailbox may have moved since. */
  provider_id: string
  version: number
  state: 'active' | 'lapsed'
  /** Sealed. Null where no person consented. */
  refresh_token: string | null
  refresh_token_ends_at: number | null
  flow: string
  signed_in_as: Address | null
  subject: string | null
  /** JSON: string[]. */
  scopes: string
  granted_at: number
  renewed_at: number
  lapsed_since: number | null
  lapse_reason: string | null
  /** JSON: GivenTo. Null while it is not known. */
  given_to: string | null
  /**
   * When its provider last refused it. Null while it is active, and where it lapsed here: then it
   * is not tried again.
   */
  refused_at: number | null
  /** JSON: GivenTo; the registration that came with it then. */
  refused_to: string | null
}

export interface RegistrationsTable {
  id: string
  /** Sealed. */
  content: string
  revision: number
  created_at: number
  changed_at: number
}

export interface LoginsTable {
  id: string
  /** NFC; unique among those that are not revoked. */
  user_name: string
  /**
   * `userNameKey` of it; unique among those that were added since there is one, and are not
   * revoked.
   */
  user_name_key: string
  name: string
  /** JSON: string[]. */
  senders: string
  /** JSON: string[]. */
  networks: string
  /** 0 or 1. */
  rewrite_sender: number
  /** 0 or 1. */
  personal: number
  /** JSON: Mending; null: nothing. */
  mending: string | null
  /** JSON: SendingLimits; null: none. */
  limits: string | null
  /** JSON: Verifier, without the password of a sealed one. */
  verifier: string
  /** Sealed; of a sealed verifier. */
  sealed_password: string | null
  created_at: number
  expires_at: number | null
  revoked_at: number | null
  last_used_at: number | null
}

interface LoginMailboxesTable {
  login_id: string
  mailbox_key: AddressKey
  position: number
}

interface LoginSourcesTable {
  login_id: string
  /** `sourceOf(remoteAddress).key` */
  source: string
  /** To the day. */
  last_at: number
}

export interface ApiKeysTable {
  id: string
  name: string
  /** JSON: Scope[]. */
  scopes: string
  /** JSON: string[]; null: none. */
  networks: string | null
  /** JSON: SendingLimits; null: none. */
  limits: string | null
  hash: string
  created_at: number
  expires_at: number | null
  revoked_at: number | null
  last_used_at: number | null
}

export interface ConsentLinksTable {
  id: string
  hash: string
  mailbox_key: AddressKey
  requested_by: string
  created_at: number
  expires_at: number
  used_at: number | null
}

export interface PendingConsentsTable {
  state_hash: string
  browser_hash: string
  mailbox_key: AddressKey
  consent_link_id: string | null
  /** Sealed. */
  code_verifier: string
  /** Sealed. */
  nonce: string
  created_at: number
  expires_at: number
}

interface RecipientCountsTable {
  /** The name that signs in, in lower case. */
  mailbox_key: string
  /** Its first millisecond. */
  hour: number
  recipients: number
}

export interface SentNoticesTable {
  notice_key: string
  channel: string
  first_at: number
  last_at: number
  stage: string
}

interface PagePasswordsTable {
  role: string
  /** JSON: an scrypt verifier. */
  verifier: string
}

export interface PageSessionsTable {
  id: string
  /** Keyed hash of the cookie. */
  hash: string
  role: string
  means: string
  person: Address | null
  provider: string | null
  source: string
  browser: string
  created_at: number
  last_used_at: number
  expires_at: number
}

export interface JournalTable {
  /**
   * In the order of what happened: milliseconds and a count, in hexadecimal, and something random.
   */
  id: string
  at: number
  kind: string
  event: string
  outcome: string
  mailbox_key: AddressKey | null
  /** `*@example.com` of that address: one may look for a whole domain. */
  mailbox_domain: AddressKey | null
  /** A user name. */
  login: string | null
  source: string | null
  done_by: string | null
  milliseconds: number | null
  /** JSON: JournalEntry['details']. */
  details: string
  /** Keys of all mailboxes that it is about, where these are several: each on a line of its own, with a line break on both sides. */
  mailboxes: string | null
  /** JSON: string[], the addresses of `JournalEntry['recipients']`. */
  recipients: string | null
  /** JSON: [code, reply][] of the first of these recipients, in the same order. */
  recipient_replies: string | null
  /** In the chain of all entries, from 1. */
  place: number
  /** See journal-store.ts. */
  mark: string
}

/** One row: where the chain of the journal begins and ends. */
export interface JournalChainTable {
  id: number
  /** Of the last entry that was swept. */
  swept_place: number
  swept_mark: string
  last_place: number
  last_mark: string
  /** When it was found that something else had changed this row. */
  doubted_at: number | null
  mark: string
}

interface SendHoursTable {
  /** Its first millisecond. */
  hour: number
  sent: number
  refused: number
  failed: number
  /** Of those that were sent, together. */
  milliseconds: number
}

/** Of each address that something was sent from, the last outcome. */
export interface MailboxOutcomesTable {
  mailbox_key: AddressKey
  /** `*@example.com` of that address. */
  mailbox_domain: AddressKey
  at: number
  tried: string
  outcome: string
  login: string | null
  /** JSON: OutcomeReason. */
  why: string | null
  /** The last that was done. */
  sent_at: number | null
  /** The first since then that was not. */
  failing_since: number | null
  failures: number
}

export interface HeardOffersTable {
  provider_id: string
  /** Of the server that said it. */
  host: string
  /** Null: it offers none. */
  size: number | null
  /** 0 or 1, as those below it. */
  eight_bit_mime: number
  smtp_utf8: number
  dsn: number
  enhanced_status_codes: number
}

/** The postern processes on this database, where there may be several. */
interface ProcessesTable {
  id: string
  name: string
  /** The revision of the last change that it has taken up. */
  seen: number
  /** By the clock of the database. */
  alive_until: number
}

/** Changes of what processes remember. */
interface StoreChangesTable {
  revision: number
  /** JSON; see shared-changes.ts. */
  what: string
  /** The id of a process. */
  made_by: string
  at: number
}

/** What one process does for all of them. */
interface ChoresTable {
  name: string
  /** The id of a process, which may have ended. */
  held_by: string
}

/** Wrong passwords and keys that were counted, some of one process together. */
interface GuessesTable {
  revision: number
  /** The id of a process. */
  made_by: string
  /** By the clock of the database. */
  at: number
  /** JSON; see shared-guesses.ts. */
  what: string
}

/** What is needed for a while, by whichever process it is asked from. */
export interface PassingTable {
  kind: string
  /** A hash, or a name that is no secret. */
  key: string
  /** Sealed. */
  value: string
  /** By the clock of the database. */
  ends_at: number
}

/** What each process may use of an account at a provider: see budget-store.ts. */
interface BudgetClaimsTable {
  /** Provider and name that signs in. */
  account: string
  /** A BudgetKind. */
  kind: string
  /** The id of a process. */
  process: string
  amount: number
  /** More than `amount`: the process waits for others to give up what they do not use. */
  wanted: number
  /** When it began to have something, or to want something while it had nothing. */
  since: number
}

/** What nothing is sent for, as one process has found out. */
interface SharedPausesTable {
  about: string
  subject: string
  /** JSON; see governor/told-pauses.ts. Null: it is over. */
  fault: string | null
  paused_until: number
  told_at: number
  /** The id of a process. */
  told_by: string
}

/** Whose turn it is to renew a grant for an address, among several processes; shared-tokens.ts says how. */
interface RefreshTurnsTable {
  mailbox_key: AddressKey
  /** The id of a process. Null: the last request has failed. */
  held_by: string | null
  /** When the turn ends at the latest; after a failure, until when nobody asks. By the clock of the database. */
  until: number
  /** For so many milliseconds nothing may be heard of its holder beyond the time for which that is alive. */
  silence: number
  /** Sealed: why the last request has failed. */
  failure: string | null
}

/** Messages that left with an Idempotency-Key. */
interface SentKeysTable {
  /** A keyed hash of the API key's id and the key. */
  id: string
  /** The id of the API key. */
  owner: string
  /** A keyed hash of the request; null while it is not known what came of the message. */
  fingerprint: string | null
  /** Sealed; JSON. Null with it. */
  answer: string | null
  ends_at: number
}

/** Messages that wait for a person. */
export interface HeldMessagesTable {
  id: string
  /** `login ID`, `api-key ID` or `owner`. */
  owner: string
  /** A HeldState. */
  state: string
  /** Sealed. JSON: HeldEnvelope. */
  content: string
  octets: number
  /** How many rows of `held_parts` it has as long as it may be sent. */
  parts: number
  created_at: number
  ends_at: number
  changed_at: number
  /** The process that has begun to send it. */
  sent_by: string | null
  decided_by: string | null
  /** Sealed. JSON: HeldOutcome. */
  outcome: string | null
}

/** The octets of these messages. They say by themselves whether they were changed: the row of the message has the mark. */
interface HeldPartsTable {
  message_id: string
  /** From 0. */
  place: number
  created_at: number
  /** Sealed; each octet as a character of it. */
  content: string
}

/** The access tokens of all processes. */
interface SharedTokensTable {
  mailbox_key: AddressKey
  grant_id: string
  /** Of the grant, when it came. */
  version: number
  /** Sealed, with its life. */
  token: string
  expires_at: number
}

/** What the databases say differently when tables are made. */
export interface SchemaWords {
  /** The type of milliseconds and counters. */
  integer: 'integer' | 'bigint'
  /** The type of a key that the database counts up by itself. */
  counting: string
  /** What follows the closing parenthesis of CREATE TABLE. */
  tableOptions: string
  /** Whether an index can hold a text of any length. */
  indexesLongTexts: boolean
  /** The function that tells at which character of a text another one begins, from 1. */
  placeIn: 'instr' | 'strpos'
  /** A query for the names of all columns, as `table.column`, and of all indexes. */
  namesOfSchema: string
  /** What is to be done once after migrations, in their transaction. */
  afterwards?(tables: Kysely<Tables>): Promise<void>
}

export const sqliteWords: SchemaWords = {
  integer: 'integer',
  counting: 'integer',
  tableOptions: 'strict',
  indexesLongTexts: true,
  placeIn: 'instr',
  namesOfSchema: `select found.name || '.' || columns.name as name
    from sqlite_schema found, pragma_table_info(found.name) columns where found.type = 'table'
    union all select name from sqlite_schema where type = 'index'`,
}

/** All columns of the newest schema, which a start looks for. */
export const tableColumns: { readonly [Table in keyof Tables]: string } = {
  secrets: 'name value',
  mailboxes:
    'address_key address provider_id signs_in_as created_at aliases terms mark sasl_user accepted_name',
  logins:
    'id user_name name senders networks verifier created_at expires_at revoked_at last_used_at rewrite_sender sealed_password personal mark user_name_key mending limits',
  login_mailboxes: 'login_id mailbox_key position mark',
  api_keys: 'id name scopes hash created_at expires_at revoked_at last_used_at mark networks limits',
  consent_links: 'id hash mailbox_key requested_by created_at expires_at used_at mark',
  pending_consents:
    'state_hash browser_hash mailbox_key consent_link_id code_verifier nonce created_at expires_at mark',
  login_sources: 'login_id source last_at',
  recipient_counts: 'mailbox_key hour recipients',
  grants:
    'id mailbox_key version state refresh_token refresh_token_ends_at flow signed_in_as subject scopes granted_at renewed_at lapsed_since lapse_reason provider_id mark given_to refused_at refused_to',
  sent_notices: 'notice_key channel first_at last_at stage',
  page_passwords: 'role verifier mark',
  page_sessions: 'id hash role means person provider source browser created_at last_used_at expires_at mark',
  journal:
    'id at kind event outcome mailbox_key mailbox_domain login source done_by milliseconds details place mark mailboxes recipients recipient_replies',
  send_hours: 'hour sent refused failed milliseconds',
  heard_offers: 'provider_id host size eight_bit_mime smtp_utf8 dsn enhanced_status_codes',
  journal_chain: 'id swept_place swept_mark last_place last_mark doubted_at mark',
  mailbox_outcomes: 'mailbox_key mailbox_domain at tried outcome login why sent_at failing_since failures',
  registrations: 'id content revision created_at changed_at mark',
  processes: 'id name seen alive_until',
  store_changes: 'revision what made_by at',
  chores: 'name held_by',
  guesses: 'revision made_by at what',
  passing: 'kind key value ends_at',
  budget_claims: 'account kind process amount wanted since',
  shared_pauses: 'about subject fault paused_until told_at told_by',
  refresh_turns: 'mailbox_key held_by until silence failure',
  shared_tokens: 'mailbox_key grant_id version token expires_at',
  sent_keys: 'id owner fingerprint answer ends_at',
  held_messages:
    'id owner state content octets parts created_at ends_at changed_at sent_by decided_by outcome mark',
  held_parts: 'message_id place created_at content',
}

/** And its indexes. */
export const indexNames =
  'budget_claims_process budget_claims_short consent_links_mailbox_key grants_renewed_at journal_domain journal_kind journal_login journal_mailbox journal_mailboxes journal_outcome journal_place journal_recipients journal_refused_recipients login_mailboxes_mailbox_key login_sources_last_at logins_user_name logins_user_name_key mailbox_outcomes_domain pending_consents_expires_at pending_consents_mailbox_key recipient_counts_hour sent_keys_ends_at sent_keys_owner shared_pauses_told_at shared_tokens_expires_at shared_tokens_grant_id'
