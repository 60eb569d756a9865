import type { Kysely } from 'kysely'
import { sql } from '../kysely.ts'
import type { SchemaWords } from '../schema-words.ts'
import type { Tables } from '../tables.ts'

/** Grants without a refresh token, when a refresh token ends, and what was told to people; tables.ts says what the columns hold. */
export async function addWaysToGrants(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of statements(words)) await sql.raw(statement).execute(tables)
}

// The table of the grants is made anew: SQLite cannot take a `not null` away. Sealed values name the table and the id they stand at, and both stay.
const statements = ({ integer, tableOptions }: SchemaWords): string[] => [
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
