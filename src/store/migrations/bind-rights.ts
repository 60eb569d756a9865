import type { Kysely } from 'kysely'
import { narrowScopes } from '../api-key-store.ts'
import { sql } from '../kysely.ts'
import type { SchemaWords } from '../schema-words.ts'
import type { Tables } from '../tables.ts'

/** The terms of a mailbox, the provider of a grant, and logins for personal mailboxes of a domain; tables.ts says what the columns hold. */
export async function bindRights(tables: Kysely<Tables>, words: SchemaWords, now: number): Promise<void> {
  for (const statement of statements(words)) await sql.raw(statement).execute(tables)
  await nameProvidersOfMoved(tables)
  // Those that have outlived their mailbox until today.
  await narrowScopes(tables, now)
}

const statements = ({ integer }: SchemaWords): string[] => [
  "alter table mailboxes add column terms text not null default ''",
  "alter table grants add column provider_id text not null default ''",
  `update grants set provider_id =
    (select mailboxes.provider_id from mailboxes where mailboxes.address_key = grants.mailbox_key)`,
  `alter table logins add column personal ${integer} not null default 0 check (personal in (0, 1))`,
]

/** A grant whose mailbox has moved is of the provider that it lapsed at, which only the reason tells. */
async function nameProvidersOfMoved(tables: Kysely<Tables>): Promise<void> {
  const lapsed = tables.selectFrom('grants').select(['id', 'lapse_reason']).where('state', '=', 'lapsed')
  for (const { id, lapse_reason } of await lapsed.execute()) {
    const [, provider_id] =
      /^The mailbox moved from the provider (\S+) to \S+$/.exec(lapse_reason ?? '') ?? []
    if (provider_id !== undefined)
      await tables.updateTable('grants').set({ provider_id }).where('id', '=', id).execute()
  }
}
