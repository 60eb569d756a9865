import type { Kysely } from 'kysely'
import { sql } from '../kysely.ts'
import type { SchemaWords } from '../schema-words.ts'
import type { Tables } from '../tables.ts'

/** What is mended of a login's mail; tables.ts says what the column holds. */
export async function addMending(tables: Kysely<Tables>, _words: SchemaWords): Promise<void> {
  await sql.raw('alter table logins add column mending text').execute(tables)
}
