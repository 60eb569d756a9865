import type { Kysely } from 'kysely'
import { userNameKey } from '../../base/text.ts'
import { sql } from '../kysely.ts'
import type { SchemaWords, Tables } from '../tables.ts'

/*
 * Schemas 9 and later. Never changed once released.
 */

/** By which name each mailbox signs in at its mail server; tables.ts says what the columns hold. */
export async function addNamesThatSignIn(tables: Kysely<Tables>, _words: SchemaWords): Promise<void> {
  for (const statement of namesThatSignIn) await sql.raw(statement).execute(tables)
}

const namesThatSignIn = [
  'alter table mailboxes add column sasl_user text',
  "alter table mailboxes add column accepted_name text check (accepted_name in ('person', 'mailbox'))",
]

/**
 * What user names are looked up by. Names that differ in case only were two until now: both stay,
 * each found by its exact spelling, and nobody is locked out; so the key is not unique in the
 * database, and `LoginStore.add` sees that no further ones come.
 */
export async function addUserNameKeys(tables: Kysely<Tables>, _words: SchemaWords): Promise<void> {
  await sql.raw("alter table logins add column user_name_key text not null default ''").execute(tables)
  await sql.raw('create index logins_user_name_key on logins (user_name_key)').execute(tables)
  const found = await tables.selectFrom('logins').select(['id', 'user_name']).execute()
  for (const { id, user_name } of found) {
    await tables
      .updateTable('logins')
      .set({ user_name_key: userNameKey(user_name) })
      .where('id', '=', id)
      .execute()
  }
}

/**
 * Which registration a grant was given to, and when and to which registration its provider last
 * refused it; tables.ts says what the columns hold.
 */
export async function noteRefusals(tables: Kysely<Tables>, { integer }: SchemaWords): Promise<void> {
  const statements = [
    'alter table grants add column given_to text',
    `alter table grants add column refused_at ${integer}`,
    'alter table grants add column refused_to text',
    // All that lapsed here says so in its reason. The others are tried again.
    `update grants set refused_at = lapsed_since where state = 'lapsed' and refresh_token is not null
      and lapse_reason not like 'The mailbox moved from the provider %'
      and lapse_reason not like 'Another person signs in for the mailbox: %'`,
  ]
  for (const statement of statements) await sql.raw(statement).execute(tables)
}

/**
 * What each provider's mail server offers; nobody's right depends on it, so its rows have no mark.
 */
export async function addHeardOffers(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  await sql.raw(heardOffers(words)).execute(tables)
}

const heardOffers = ({ integer, tableOptions }: SchemaWords) => `create table heard_offers (
    provider_id text primary key not null,
    host text not null,
    size ${integer} check (size between 0 and ${Number.MAX_SAFE_INTEGER}),
    eight_bit_mime ${integer} not null check (eight_bit_mime in (0, 1)),
    smtp_utf8 ${integer} not null check (smtp_utf8 in (0, 1)),
    dsn ${integer} not null check (dsn in (0, 1)),
    enhanced_status_codes ${integer} not null check (enhanced_status_codes in (0, 1))
  ) ${tableOptions}`

/** What is mended of a login's mail; tables.ts says what the column holds. */
export async function addMending(tables: Kysely<Tables>, _words: SchemaWords): Promise<void> {
  await sql.raw('alter table logins add column mending text').execute(tables)
}

/** App registrations that are made while postern runs; tables.ts says what the columns hold. */
export async function addRegistrations(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  await sql.raw(registrations(words)).execute(tables)
}

const registrations = ({ integer, tableOptions }: SchemaWords) => `create table registrations (
    id text primary key not null,
    content text not null,
    revision ${integer} not null check (revision between 1 and ${Number.MAX_SAFE_INTEGER}),
    created_at ${integer} not null,
    changed_at ${integer} not null,
    mark text
  ) ${tableOptions}`

/** The chain of the journal, which is begun once the columns are there; tables.ts says what they hold. */
export async function chainJournal(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of journalChain(words)) await sql.raw(statement).execute(tables)
}

/** Recipients of messages, and all mailboxes of an entry, in the journal; tables.ts says what the columns hold. */
export async function addRecipientsToJournal(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of journalRecipients(words)) await sql.raw(statement).execute(tables)
}

const journalRecipients = ({ indexesLongTexts }: SchemaWords) => [
  'alter table journal add column mailboxes text',
  'alter table journal add column recipients text',
  'alter table journal add column recipient_replies text',
  // Searched from end to end for a part of an address: only what has any is in there.
  `create index journal_mailboxes on journal (id${indexesLongTexts ? ', mailboxes' : ''}) where mailboxes is not null`,
  `create index journal_recipients on journal (id${indexesLongTexts ? ', recipients' : ''}) where recipients is not null`,
]

const journalChain = ({ integer, tableOptions }: SchemaWords): string[] => [
  `alter table journal add column place ${integer}`,
  'alter table journal add column mark text',
  'create unique index journal_place on journal (place)',
  `create table journal_chain (
    id ${integer} primary key not null check (id = 1),
    swept_place ${integer} not null,
    swept_mark text not null,
    last_place ${integer} not null,
    last_mark text not null,
    doubted_at ${integer},
    mark text not null
  ) ${tableOptions}`,
]

/** Messages that some recipients were refused of are found without reading all others. */
export async function findRefusedRecipients(tables: Kysely<Tables>, _words: SchemaWords): Promise<void> {
  const statement =
    'create index journal_refused_recipients on journal (id) where recipient_replies is not null'
  await sql.raw(statement).execute(tables)
}

/**
 * What came of the last message of each mailbox, in the place of when it last sent; nobody's right
 * depends on it, so its rows have no mark. tables.ts says what the columns hold.
 */
export async function keepOutcomes(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of mailboxOutcomes(words)) await sql.raw(statement).execute(tables)
}

const mailboxOutcomes = ({ integer, tableOptions, placeIn }: SchemaWords): string[] => [
  `create table mailbox_outcomes (
    mailbox_key text primary key not null,
    mailbox_domain text not null,
    at ${integer} not null,
    tried text not null check (tried in ('message', 'test', 'sign-in')),
    outcome text not null check (outcome in ('done', 'refused', 'failed')),
    login text,
    why text,
    sent_at ${integer},
    failing_since ${integer},
    failures ${integer} not null
  ) ${tableOptions}`,
  'create index mailbox_outcomes_domain on mailbox_outcomes (mailbox_domain)',
  // An address has one @.
  `insert into mailbox_outcomes
    select mailbox_key, '*' || substr(mailbox_key, ${placeIn}(mailbox_key, '@')), at, 'message', 'done', null, null, at, null, 0
    from last_sends`,
  'drop table last_sends',
]

/**
 * What stores lack that were made on 25 November 2026, while two migrations (5 and 6) were still
 * changed after they had landed; elsewhere nothing.
 */
export async function completeEarlyStores(tables: Kysely<Tables>, _words: SchemaWords): Promise<void> {
  const found = await tables.introspection.getTables()
  const has = (table: string, column: string) =>
    found.some(({ name, columns }) => name === table && columns.some((one) => one.name === column))
  for (const column of ['person', 'provider'])
    if (!has('page_sessions', column))
      await sql.raw(`alter table page_sessions add column ${column} text`).execute(tables)
  if (!has('journal', 'mailbox_domain'))
    await sql.raw('alter table journal add column mailbox_domain text').execute(tables)
  for (const statement of indexesOfJournal) await sql.raw(statement).execute(tables)
}

const indexesOfJournal = [
  'create index if not exists journal_kind on journal (kind, id)',
  'create index if not exists journal_outcome on journal (outcome, id)',
  'create index if not exists journal_domain on journal (mailbox_domain, id)',
]

/** Several processes on one database; tables.ts says what the columns hold. SQLite has one, and no rows here. */
export async function shareStore(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of sharedStore(words)) await sql.raw(statement).execute(tables)
}

const sharedStore = ({ integer, tableOptions, counting }: SchemaWords): string[] => [
  `create table processes (
    id text primary key not null,
    name text not null,
    seen ${integer} not null,
    alive_until ${integer} not null
  ) ${tableOptions}`,
  `create table store_changes (
    revision ${counting} primary key not null,
    what text not null,
    made_by text not null,
    at ${integer} not null
  ) ${tableOptions}`,
]

/** Work that is divided among processes, and what they pass on; tables.ts says what the columns hold. */
export async function divideWork(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of dividedWork(words)) await sql.raw(statement).execute(tables)
}

const dividedWork = ({ integer, tableOptions, counting }: SchemaWords): string[] => [
  `create table chores (
    name text primary key not null,
    held_by text not null
  ) ${tableOptions}`,
  `create table guesses (
    revision ${counting} primary key not null,
    made_by text not null,
    at ${integer} not null,
    what text not null
  ) ${tableOptions}`,
  `create table passing (
    kind text not null,
    key text not null,
    value text not null,
    ends_at ${integer} not null,
    primary key (kind, key)
  ) ${tableOptions}`,
]

/** What processes on one database have of the budgets of accounts, and which pauses they know of. SQLite has no rows here. */
export async function shareBudgets(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of sharedBudgets(words)) await sql.raw(statement).execute(tables)
}

const sharedBudgets = ({ integer, tableOptions }: SchemaWords): string[] => [
  `create table budget_claims (
    account text not null,
    kind text not null,
    process text not null,
    amount ${integer} not null,
    wanted ${integer} not null,
    since ${integer} not null,
    primary key (account, kind, process)
  ) ${tableOptions}`,
  'create index budget_claims_process on budget_claims (process)',
  'create index budget_claims_short on budget_claims (account) where wanted > amount',
  `create table shared_pauses (
    about text not null,
    subject text not null,
    fault text,
    paused_until ${integer} not null,
    told_at ${integer} not null,
    told_by text not null,
    primary key (about, subject)
  ) ${tableOptions}`,
  'create index shared_pauses_told_at on shared_pauses (told_at)',
]

/** One refresh at a time, whichever process makes it; tables.ts says what the columns hold. */
export async function shareTokens(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of sharedTokens(words)) await sql.raw(statement).execute(tables)
}

const sharedTokens = ({ integer, tableOptions }: SchemaWords): string[] => [
  `create table refresh_turns (
    mailbox_key text primary key not null,
    held_by text,
    until ${integer} not null,
    silence ${integer} not null,
    failure text
  ) ${tableOptions}`,
  `create table shared_tokens (
    mailbox_key text primary key not null,
    grant_id text not null references grants (id) on delete cascade,
    version ${integer} not null,
    token text not null,
    expires_at ${integer} not null
  ) ${tableOptions}`,
  'create index shared_tokens_expires_at on shared_tokens (expires_at)',
  'create index shared_tokens_grant_id on shared_tokens (grant_id)',
]

/** Messages that left with an Idempotency-Key; tables.ts says what the columns hold. */
export async function keepSentKeys(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of sentKeys(words)) await sql.raw(statement).execute(tables)
}

const sentKeys = ({ integer, tableOptions }: SchemaWords): string[] => [
  `create table sent_keys (
    id text primary key not null,
    owner text not null,
    fingerprint text,
    answer text,
    ends_at ${integer} not null
  ) ${tableOptions}`,
  'create index sent_keys_owner on sent_keys (owner)',
  'create index sent_keys_ends_at on sent_keys (ends_at)',
]

/** What a login or an API key may send, and from where a key is used; tables.ts says what the columns hold. */
export async function addSendingLimits(tables: Kysely<Tables>, _words: SchemaWords): Promise<void> {
  const statements = [
    'alter table logins add column limits text',
    'alter table api_keys add column networks text',
    'alter table api_keys add column limits text',
  ]
  for (const statement of statements) await sql.raw(statement).execute(tables)
}

/** Messages that wait for a person, in parts; tables.ts says what the columns hold. */
export async function holdMessages(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of heldMessages(words)) await sql.raw(statement).execute(tables)
}

const heldMessages = ({ integer, tableOptions }: SchemaWords): string[] => [
  `create table held_messages (
    id text primary key not null,
    owner text not null,
    state text not null,
    content text not null,
    octets ${integer} not null,
    parts ${integer} not null,
    created_at ${integer} not null,
    ends_at ${integer} not null,
    changed_at ${integer} not null,
    sent_by text,
    decided_by text,
    outcome text,
    mark text
  ) ${tableOptions}`,
  `create table held_parts (
    message_id text not null,
    place ${integer} not null,
    created_at ${integer} not null,
    content text not null,
    primary key (message_id, place)
  ) ${tableOptions}`,
]
