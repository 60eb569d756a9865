import type { Kysely } from 'kysely'
import { sql } from '../kysely.ts'
import type { SchemaWords } from '../schema-words.ts'
import type { Tables } from '../tables.ts'

/** Without a reference to the mailbox: its provider goes on counting when it is removed here. */
export async function addRecipientCounts(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  for (const statement of statements(words)) await sql.raw(statement).execute(tables)
}

const statements = ({ integer, tableOptions }: SchemaWords): string[] => [
  `create table recipient_counts (
    mailbox_key text not null,
    hour ${integer} not null,
    recipients ${integer} not null check (recipients >= 0),
    primary key (mailbox_key, hour)
  ) ${tableOptions}`,
  'create index recipient_counts_hour on recipient_counts (hour)',
]
