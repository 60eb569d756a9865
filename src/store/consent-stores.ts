import type { Kysely, Transaction } from 'kysely'
import { failure } from '../base/failure.ts'
import { type Address, type AddressKey, addressKey } from '../model/address.ts'
import type { ConsentLink, PendingConsent } from '../model/consent.ts'
import { type Database, nullsToAbsent } from './database.ts'
import { changeRow } from './marked-rows.ts'
import type { ConsentLinkStore, PendingConsentStore } from './ports.ts'
import type { Sealer } from './sealer.ts'
import type { ConsentLinksTable, PendingConsentsTable, Tables } from './tables.ts'

export function createConsentLinkStore(database: Database): ConsentLinkStore {
  return {
    async add(link) {
      const taken = () => failure('consent.link-id-taken')
      const missing = () => failure('mailbox.unknown', { mailbox: link.mailbox })
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
  mailboxKey: AddressKey,
  now: number,
): Promise<void> {
  const used = await changeRow(tables, 'consent_links', { id, mailbox_key: mailboxKey }, (link) =>
    link.used_at === null && link.expires_at > now ? { used_at: now } : undefined,
  )
  if (used) return
  throw failure('consent.link-used')
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

function linkOf(found: ConsentLinksTable & { mailbox: Address }): ConsentLink {
  return {
    id: found.id,
    hash: found.hash,
    mailbox: found.mailbox,
    requestedBy: found.requested_by,
    createdAt: found.created_at,
    expiresAt: found.expires_at,
    ...nullsToAbsent({ usedAt: found.used_at }),
  }
}

/** Consents under way by one link: far more than there are people who hold it. */
const mostOfTarget = 100

export function createPendingConsentStore(database: Database, sealer: Sealer): PendingConsentStore {
  return {
    async add(consent) {
      const row = await sealRow(sealer, consent)
      const taken = () => failure('consent.state-taken')
      const missing = () => failure('consent.mailbox-or-link-gone', { mailbox: consent.mailbox })
      await database.change(
        async (tables) => {
          await makeRoom(tables, row)
          await tables.insertInto('pending_consents').values(row).execute()
        },
        { taken, missing },
      )
    },

    async find(stateHash) {
      const found = await database.read((tables) =>
        tables
          .selectFrom('pending_consents')
          .innerJoin('mailboxes', 'mailboxes.address_key', 'pending_consents.mailbox_key')
          .select(['mailboxes.address as mailbox', 'pending_consents.browser_hash as browserHash'])
          .where('state_hash', '=', stateHash)
          .executeTakeFirst(),
      )
      return found
    },

    async take(stateHash, browserHash) {
      const taken = await database.change(async (tables) => {
        const ofBrowser = { state_hash: stateHash, browser_hash: browserHash }
        const chosen = tables.selectFrom('pending_consents').selectAll()
        const row = await chosen.where((by) => by.and(ofBrowser)).executeTakeFirst()
        await tables
          .deleteFrom('pending_consents')
          .where((by) => by.and(ofBrowser))
          .execute()
        if (!row) return undefined
        const mailbox = await tables
          .selectFrom('mailboxes')
          .select('address')
          .where('address_key', '=', row.mailbox_key)
          .executeTakeFirst()
        return mailbox && { row, mailbox: mailbox.address }
      })
      return taken && openRow(sealer, taken.row, taken.mailbox)
    },

    async sweep(now) {
      await database.change((tables) =>
        tables.deleteFrom('pending_consents').where('expires_at', '<', now).execute(),
      )
    },
  }
}

/**
 * The holder of a link may begin any number of consents, also from browsers that keep no cookie:
 * the superseded and the oldest ones are deleted.
 */
async function makeRoom(tables: Transaction<Tables>, row: PendingConsentsTable): Promise<void> {
  const { mailbox_key, consent_link_id, browser_hash } = row
  const ofTarget = tables
    .selectFrom('pending_consents')
    .select('state_hash')
    .where('mailbox_key', '=', mailbox_key)
    .where('consent_link_id', consent_link_id === null ? 'is' : '=', consent_link_id)
  const oldest = ofTarget
    .orderBy('created_at', 'desc')
    // SQLite takes no offset without a limit.
    .limit(Number.MAX_SAFE_INTEGER)
    .offset(mostOfTarget - 1)
  for (const superseded of [ofTarget.where('browser_hash', '=', browser_hash), oldest])
    await tables.deleteFrom('pending_consents').where('state_hash', 'in', superseded).execute()
}

async function sealRow(sealer: Sealer, consent: PendingConsent): Promise<PendingConsentsTable> {
  return {
    state_hash: consent.stateHash,
    browser_hash: consent.browserHash,
    mailbox_key: addressKey(consent.mailbox),
    consent_link_id: consent.consentLinkId ?? null,
    code_verifier: await sealer.seal(
      pendingSealContext('code_verifier', consent.stateHash),
      consent.codeVerifier,
    ),
    nonce: await sealer.seal(pendingSealContext('nonce', consent.stateHash), consent.nonce),
    created_at: consent.createdAt,
    expires_at: consent.expiresAt,
  }
}

async function openRow(sealer: Sealer, row: PendingConsentsTable, mailbox: Address): Promise<PendingConsent> {
  return {
    stateHash: row.state_hash,
    browserHash: row.browser_hash,
    mailbox,
    ...nullsToAbsent({ consentLinkId: row.consent_link_id }),
    codeVerifier: await sealer.open(pendingSealContext('code_verifier', row.state_hash), row.code_verifier),
    nonce: await sealer.open(pendingSealContext('nonce', row.state_hash), row.nonce),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }
}

function pendingSealContext(column: 'code_verifier' | 'nonce', stateHash: string) {
  return { table: 'pending_consents', column, row: stateHash }
}
