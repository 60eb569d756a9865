import type { Kysely } from 'kysely'
import { userNameKey } from '../../base/text.ts'
import { sql } from '../kysely.ts'
import type { SchemaWords } from '../schema-words.ts'
import type { Tables } from '../tables.ts'

/**
 * What user names are looked up by. Names that differ in case only were two until now: both stay, each found by its exact spelling, and nobody is locked out; so the key
 * is not unique in the database, and `LoginStore.add` sees that no further ones come.
 */
export async function addUserNameKeys(tables: Kysely<Tables>, _words: SchemaWords): Promise<void> {
  await sql.raw("alter table logins add column user_name_key text not null default ''").execute(tables)
  await sql.raw('create index logins_user_name_key on logins (user_name_key)').execute(tables)
  const found = await tables.selectFrom('logins').select(['id', 'user_name']).execute()
  for (const { id, user_name } of found) {
    await tables
      .updateTable('logins')
      .set({ user_name_key: userNameKey(user_name) })
      .where('id', '=', id)
      .execute()
  }
}
