import type { Kysely } from 'kysely'
import { sql } from '../kysely.ts'
import type { SchemaWords } from '../schema-words.ts'
import type { Tables } from '../tables.ts'

/** Passwords of people who look at the pages, and the browsers that are signed in; tables.ts says what the columns hold. */
export async function addWebSignIns(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of statements(words)) await sql.raw(statement).execute(tables)
}

const statements = ({ integer, tableOptions }: SchemaWords): string[] => [
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
