import type { Kysely } from 'kysely'
import { narrowScopes } from '../credential-stores.ts'
import { sql } from '../kysely.ts'
import { markColumn } from '../row-marks.ts'
import type { SchemaWords, Tables } from '../tables.ts'

/*
 * Schemas 2 to 8: up to the mark that each row which gives a right has. Never changed once
 * released.
 */

/**
 * Aliases of mailboxes, logins for CRAM-MD5 and without a password, and from where logins are used;
 * tables.ts says what the columns hold.
 */
export async function addSignInTables(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of signInTables(words)) await sql.raw(statement).execute(tables)
}

const signInTables = ({ integer, tableOptions }: SchemaWords): string[] => [
  "alter table mailboxes add column aliases text not null default '[]'",
  `alter table logins add column rewrite_sender ${integer} not null default 0 check (rewrite_sender in (0, 1))`,
  'alter table logins add column sealed_password text',

  `create table login_sources (
    login_id text not null references logins (id) on delete cascade,
    source text not null,
    last_at ${integer} not null,
    primary key (login_id, source)
  ) ${tableOptions}`,
  'create index login_sources_last_at on login_sources (last_at)',
]

/** Without a reference to the mailbox: its provider goes on counting when it is removed here. */
export async function addRecipientCounts(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of recipientCounts(words)) await sql.raw(statement).execute(tables)
}

const recipientCounts = ({ integer, tableOptions }: SchemaWords): string[] => [
  `create table recipient_counts (
    mailbox_key text not null,
    hour ${integer} not null,
    recipients ${integer} not null check (recipients >= 0),
    primary key (mailbox_key, hour)
  ) ${tableOptions}`,
  'create index recipient_counts_hour on recipient_counts (hour)',
]

/**
 * Grants without a refresh token, when a refresh token ends, and what was told to people; tables.ts
 * says what the columns hold.
 */
export async function addWaysToGrants(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of waysToGrants(words)) await sql.raw(statement).execute(tables)
}

// The table of the grants is made anew: SQLite cannot take a `not null` away. Sealed values name
// the table and the id they stand at, and both stay.
const waysToGrants = ({ integer, tableOptions }: SchemaWords): string[] => [
  'alter table grants rename to grants_before',
  `create table grants (
    id text primary key not null,
    mailbox_key text not null unique references mailboxes (address_key) on delete cascade,
    version ${integer} not null,
    state text not null check (state in ('active', 'lapsed')),
    refresh_token text,
    refresh_token_ends_at ${integer},
    flow text not null,
    signed_in_as text,
    subject text,
    scopes text not null,
    granted_at ${integer} not null,
    renewed_at ${integer} not null,
    lapsed_since ${integer},
    lapse_reason text,
    check ((state = 'lapsed') = (lapsed_since is not null and lapse_reason is not null)),
    check ((refresh_token is null) = (flow in ('client-credentials', 'service-account')))
  ) ${tableOptions}`,
  `insert into grants
    select id, mailbox_key, version, state, refresh_token, null, flow, signed_in_as, subject, scopes,
      granted_at, renewed_at, lapsed_since, lapse_reason from grants_before`,
  'drop table grants_before',
  'create index grants_renewed_at on grants (renewed_at)',

  `create table sent_notices (
    notice_key text not null,
    channel text not null,
    first_at ${integer} not null,
    last_at ${integer} not null,
    stage text not null,
    primary key (notice_key, channel)
  ) ${tableOptions}`,
]

/**
 * Passwords of people who look at the pages, and the browsers that are signed in; tables.ts says
 * what the columns hold.
 */
export async function addWebSignIns(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of webSignIns(words)) await sql.raw(statement).execute(tables)
}

const webSignIns = ({ integer, tableOptions }: SchemaWords): string[] => [
  `create table page_passwords (
    role text primary key not null,
    verifier text not null
  ) ${tableOptions}`,
  `create table page_sessions (
    id text primary key not null,
    hash text not null unique,
    role text not null,
    means text not null,
    person text,
    provider text,
    source text not null,
    browser text not null,
    created_at ${integer} not null,
    last_used_at ${integer} not null,
    expires_at ${integer} not null
  ) ${tableOptions}`,
]

/**
 * What happened, what of it was sent in each hour, and when a mailbox last sent; tables.ts says
 * what the columns hold.
 */
export async function addJournal(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of journalTables(words)) await sql.raw(statement).execute(tables)
}

const journalTables = ({ integer, tableOptions }: SchemaWords): string[] => [
  `create table journal (
    id text primary key not null,
    at ${integer} not null,
    kind text not null,
    event text not null,
    outcome text not null,
    mailbox_key text,
    mailbox_domain text,
    login text,
    source text,
    done_by text,
    milliseconds ${integer},
    details text not null
  ) ${tableOptions}`,
  'create index journal_mailbox on journal (mailbox_key, id)',
  'create index journal_kind on journal (kind, id)',
  'create index journal_outcome on journal (outcome, id)',
  'create index journal_domain on journal (mailbox_domain, id)',
  'create index journal_login on journal (login, id)',
  `create table send_hours (
    hour ${integer} primary key not null,
    sent ${integer} not null,
    refused ${integer} not null,
    failed ${integer} not null,
    milliseconds ${integer} not null
  ) ${tableOptions}`,
  `create table last_sends (
    mailbox_key text primary key not null,
    at ${integer} not null
  ) ${tableOptions}`,
]

/**
 * The terms of a mailbox, the provider of a grant, and logins for personal mailboxes of a domain;
 * tables.ts says what the columns hold.
 */
export async function bindRights(tables: Kysely<Tables>, words: SchemaWords, now: number): Promise<void> {
  for (const statement of boundRights(words)) await sql.raw(statement).execute(tables)
  await nameProvidersOfMoved(tables)
  // Those that have outlived their mailbox until today.
  await narrowScopes(tables, now)
}

const boundRights = ({ integer }: SchemaWords): string[] => [
  "alter table mailboxes add column terms text not null default ''",
  "alter table grants add column provider_id text not null default ''",
  `update grants set provider_id =
    (select mailboxes.provider_id from mailboxes where mailboxes.address_key = grants.mailbox_key)`,
  `alter table logins add column personal ${integer} not null default 0 check (personal in (0, 1))`,
]

/**
 * A grant whose mailbox has moved is of the provider that it lapsed at, which only the reason
 * tells.
 */
async function nameProvidersOfMoved(tables: Kysely<Tables>): Promise<void> {
  const lapsed = tables.selectFrom('grants').select(['id', 'lapse_reason']).where('state', '=', 'lapsed')
  for (const { id, lapse_reason } of await lapsed.execute()) {
    const [, provider_id] =
      /^The mailbox moved from the provider (\S+) to \S+$/.exec(lapse_reason ?? '') ?? []
    if (provider_id !== undefined)
      await tables.updateTable('grants').set({ provider_id }).where('id', '=', id).execute()
  }
}

/** A place for the mark of each row that gives a right; `markMigrated` fills it. */
export async function addMarks(tables: Kysely<Tables>, _words: SchemaWords): Promise<void> {
  for (const table of markedFromHere)
    await sql.raw(`alter table ${table} add column ${markColumn} text`).execute(tables)
}

/** Those that come later are made with it. */
const markedFromHere = [
  'mailboxes',
  'grants',
  'logins',
  'login_mailboxes',
  'api_keys',
  'consent_links',
  'pending_consents',
  'page_passwords',
  'page_sessions',
]
