import type { Kysely } from 'kysely'
import { sql } from '../kysely.ts'
import type { SchemaWords } from '../schema-words.ts'
import type { Tables } from '../tables.ts'

/** Which registration a grant was given to, and when and to which registration its provider last refused it; tables.ts says what the columns hold. */
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
