import type { Kysely } from 'kysely'
import { sql } from '../kysely.ts'
import type { SchemaWords, Tables } from '../tables.ts'

/** The tables of the first release; tables.ts says what the columns hold. */
export async function createFirstTables(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of firstTables(words)) await sql.raw(statement).execute(tables)
}

const firstTables = ({ integer, tableOptions }: SchemaWords): string[] => [
  `create table secrets (
    name text primary key not null,
    value text not null
  ) ${tableOptions}`,

  `create table mailboxes (
    address_key text primary key not null,
    address text not null,
    provider_id text not null,
    signs_in_as text,
    created_at ${integer} not null
  ) ${tableOptions}`,

  `create table grants (
    id text primary key not null,
    mailbox_key text not null unique references mailboxes (address_key) on delete cascade,
    version ${integer} not null,
    state text not null check (state in ('active', 'lapsed')),
    refresh_token text not null,
    flow text not null,
    signed_in_as text,
    subject text,
    scopes text not null,
    granted_at ${integer} not null,
    renewed_at ${integer} not null,
    lapsed_since ${integer},
    lapse_reason text,
    check ((state = 'lapsed') = (lapsed_since is not null and lapse_reason is not null))
  ) ${tableOptions}`,

  `create table logins (
    id text primary key not null,
    user_name text not null,
    name text not null,
    senders text not null,
    networks text not null,
    verifier text not null,
    created_at ${integer} not null,
    expires_at ${integer},
    revoked_at ${integer},
    last_used_at ${integer}
  ) ${tableOptions}`,
  // A revoked login stays for people to see; its user name is free again.
  'create unique index logins_user_name on logins (user_name) where revoked_at is null',

  `create table login_mailboxes (
    login_id text not null references logins (id) on delete cascade,
    mailbox_key text not null references mailboxes (address_key) on delete cascade,
    position ${integer} not null,
    primary key (login_id, mailbox_key)
  ) ${tableOptions}`,
  'create index login_mailboxes_mailbox_key on login_mailboxes (mailbox_key)',

  `create table api_keys (
    id text primary key not null,
    name text not null,
    scopes text not null,
    hash text not null,
    created_at ${integer} not null,
    expires_at ${integer},
    revoked_at ${integer},
    last_used_at ${integer}
  ) ${tableOptions}`,

  `create table consent_links (
    id text primary key not null,
    hash text not null,
    mailbox_key text not null references mailboxes (address_key) on delete cascade,
    requested_by text not null,
    created_at ${integer} not null,
    expires_at ${integer} not null,
    used_at ${integer}
  ) ${tableOptions}`,
  'create index consent_links_mailbox_key on consent_links (mailbox_key)',

  `create table pending_consents (
    state_hash text primary key not null,
    browser_hash text not null,
    mailbox_key text not null references mailboxes (address_key) on delete cascade,
    consent_link_id text references consent_links (id) on delete cascade,
    code_verifier text not null,
    nonce text not null,
    created_at ${integer} not null,
    expires_at ${integer} not null
  ) ${tableOptions}`,
  'create index pending_consents_mailbox_key on pending_consents (mailbox_key)',
  'create index pending_consents_expires_at on pending_consents (expires_at)',
]
