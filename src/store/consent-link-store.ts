import type { Kysely } from 'kysely'
import { addressKey } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import { changeRow } from './change-row.ts'
import type { Database } from './database.ts'
import type { ConsentLink, ConsentLinkStore } from './ports.ts'
import { present } from './present.ts'
import type { ConsentLinksTable, Tables } from './tables.ts'

export function createConsentLinkStore(database: Database): ConsentLinkStore {
  return {
    async add(link) {
      const taken = () => new Failure('already-exists', 'There is a consent link with this id already')
      const missing = () => new Failure('not-found', `There is no mailbox ${link.mailbox}`)
      await database.change((tables) => tables.insertInto('consent_links').values(row(link)).execute(), {
        taken,
        missing,
      })
    },

    async find(id) {
      const found = await database.read((tables) =>
        withMailbox(tables).where('consent_links.id', '=', id).executeTakeFirst(),
      )
      return found && linkOf(found)
    },

    async list(mailbox) {
      const found = await database.read((tables) => {
        const all = withMailbox(tables).orderBy('consent_links.created_at').orderBy('consent_links.id')
        return mailbox === undefined
          ? all.execute()
          : all.where('consent_links.mailbox_key', '=', addressKey(mailbox)).execute()
      })
      return found.map(linkOf)
    },

    remove: (id) =>
      database.change(async (tables) => {
        const found = await withMailbox(tables)
          .where('consent_links.id', '=', id)
          .where('consent_links.used_at', 'is', null)
          .executeTakeFirst()
        if (found) await tables.deleteFrom('consent_links').where('id', '=', id).execute()
        return found && linkOf(found)
      }),
  }
}

/**
 * Uses a link up, for a consent of this mailbox.
 * @throws Failure `not-found` when it is another mailbox's, used already, expired, or none
 */
export async function useUpLink(
  tables: Kysely<Tables>,
  id: string,
  mailboxKey: string,
  now: number,
): Promise<void> {
  const used = await changeRow(tables, 'consent_links', { id, mailbox_key: mailboxKey }, (link) =>
    link.used_at === null && link.expires_at > now ? { used_at: now } : undefined,
  )
  if (used) return
  throw new Failure('not-found', 'This consent link was used already, has expired, or never existed', {
    fix: 'Ask for a new link.',
  })
}

function withMailbox(tables: Kysely<Tables>) {
  return tables
    .selectFrom('consent_links')
    .innerJoin('mailboxes', 'mailboxes.address_key', 'consent_links.mailbox_key')
    .selectAll('consent_links')
    .select('mailboxes.address as mailbox')
}

function row(link: ConsentLink): ConsentLinksTable {
  return {
    id: link.id,
    hash: link.hash,
    mailbox_key: addressKey(link.mailbox),
    requested_by: link.requestedBy,
    created_at: link.createdAt,
    expires_at: link.expiresAt,
    used_at: link.usedAt ?? null,
  }
}

function linkOf(found: ConsentLinksTable & { mailbox: string }): ConsentLink {
  return {
    id: found.id,
    hash: found.hash,
    mailbox: found.mailbox,
    requestedBy: found.requested_by,
    createdAt: found.created_at,
    expiresAt: found.expires_at,
    ...present({ usedAt: found.used_at }),
  }
}
