import type { Kysely } from 'kysely'
import { sql } from '../kysely.ts'
import type { SchemaWords } from '../schema-words.ts'
import type { Tables } from '../tables.ts'

/** Aliases of mailboxes, logins for CRAM-MD5 and without a password, and from where logins are used; tables.ts says what the columns hold. */
export async function addSignInTables(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of statements(words)) await sql.raw(statement).execute(tables)
}

const statements = ({ integer, tableOptions }: SchemaWords): string[] => [
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
