import type { Kysely } from 'kysely'
import { sql } from '../kysely.ts'
import type { SchemaWords } from '../schema-words.ts'
import type { Tables } from '../tables.ts'

/** By which name each mailbox signs in at its mail server; tables.ts says what the columns hold. */
export async function addNamesThatSignIn(tables: Kysely<Tables>, _words: SchemaWords): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(tables)
}

const statements = [
  'alter table mailboxes add column sasl_user text',
  "alter table mailboxes add column accepted_name text check (accepted_name in ('person', 'mailbox'))",
]
