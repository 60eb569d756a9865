import type { Kysely } from 'kysely'
import { sql } from '../kysely.ts'
import type { SchemaWords } from '../schema-words.ts'
import type { Tables } from '../tables.ts'

/** What each provider's mail server offers; nobody's right depends on it, so its rows have no mark. */
export async function addHeardOffers(tables: Kysely<Tables>, words: SchemaWords): Promise<void> {
  await sql.raw(statement(words)).execute(tables)
}

const statement = ({ integer, tableOptions }: SchemaWords) => `create table heard_offers (
    provider_id text primary key not null,
    host text not null,
    size ${integer} check (size between 0 and ${Number.MAX_SAFE_INTEGER}),
    eight_bit_mime ${integer} not null check (eight_bit_mime in (0, 1)),
    smtp_utf8 ${integer} not null check (smtp_utf8 in (0, 1)),
    dsn ${integer} not null check (dsn in (0, 1)),
    enhanced_status_codes ${integer} not null check (enhanced_status_codes in (0, 1))
  ) ${tableOptions}`
