import type { Kysely } from 'kysely'
import { sql } from '../kysely.ts'
import type { SchemaWords } from '../schema-words.ts'
import type { Tables } from '../tables.ts'

/** What happened, what of it was sent in each hour, and when a mailbox last sent; tables.ts says what the columns hold. */
export async function addJournal(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of statements(words)) await sql.raw(statement).execute(tables)
}

const statements = ({ integer, tableOptions }: SchemaWords): string[] => [
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
