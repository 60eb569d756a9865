import type { Kysely } from 'kysely'
import { type Address, addressKey, domainMailbox } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import { narrowScopes } from './api-key-store.ts'
import type { Database } from './database.ts'
import { lapseMovedGrant } from './grant-store.ts'
import type { Mailbox, MailboxStore } from './ports.ts'
import { preparedRead } from './prepared-read.ts'
import { present } from './present.ts'
import type { MailboxesTable, Tables } from './tables.ts'

export function createMailboxStore(database: Database, clock: Clock): MailboxStore {
  const rowOf = preparedRead(database, (tables, key) =>
    tables.selectFrom('mailboxes').selectAll().where('address_key', '=', key),
  )

  return {
    async add(mailbox) {
      const taken = () => new Failure('already-exists', `The mailbox ${mailbox.address} exists already`)
      await database.change((tables) => tables.insertInto('mailboxes').values(row(mailbox)).execute(), {
        taken,
      })
    },

    put: (mailbox) => database.change((tables) => putMailbox(tables, mailbox, clock.now())),

    async find(address) {
      const found = await rowOf(addressKey(address))
      return found && mailboxOf(found)
    },

    async covering(address) {
      const own = await rowOf(addressKey(address))
      if (own) return mailboxOf(own)
      const domain = domainMailbox(address)
      const found = domain === undefined ? undefined : await rowOf(addressKey(domain))
      return found && { ...mailboxOf(found), address, coveredBy: found.address }
    },

    async list() {
      const found = await database.read((tables) =>
        tables.selectFrom('mailboxes').selectAll().orderBy('address_key').execute(),
      )
      return found.map(mailboxOf)
    },

    remove: (address) => database.change((tables) => removeMailbox(tables, address)),
  }
}

async function putMailbox(tables: Kysely<Tables>, mailbox: Mailbox, now: number): Promise<void> {
  const values = row(mailbox)
  const { address_key, provider_id, signs_in_as, aliases } = values
  const before = await tables
    .selectFrom('mailboxes')
    .select('provider_id')
    .where('address_key', '=', address_key)
    .executeTakeFirst()
  if (before && before.provider_id !== provider_id) {
    const reason = `The mailbox moved from the provider ${before.provider_id} to ${provider_id}`
    await lapseMovedGrant(tables, address_key, now, reason)
  }
  await tables
    .insertInto('mailboxes')
    .values(values)
    .onConflict((on) =>
      on
        .column('address_key')
        .doUpdateSet({ provider_id, signs_in_as, ...(mailbox.aliases !== undefined && { aliases }) }),
    )
    .execute()
}

async function removeMailbox(tables: Kysely<Tables>, address: Address): Promise<boolean> {
  const key = addressKey(address)
  const itsLogins = await tables
    .selectFrom('login_mailboxes')
    .select('login_id')
    .where('mailbox_key', '=', key)
    .execute()
  // Grant, consent links, pending consents and the logins' right to it go with it, by their foreign keys.
  const [removed] = await tables.deleteFrom('mailboxes').where('address_key', '=', key).execute()
  for (const { login_id } of itsLogins) await removeLoginWithoutMailbox(tables, login_id)
  await narrowScopes(tables, key)
  await tables.deleteFrom('last_sends').where('mailbox_key', '=', key).execute()
  return removed?.numDeletedRows === 1n
}

async function removeLoginWithoutMailbox(tables: Kysely<Tables>, id: string): Promise<void> {
  const left = tables.selectFrom('login_mailboxes').select('login_id').where('login_id', '=', id)
  await tables
    .deleteFrom('logins')
    .where('id', '=', id)
    .where((by) => by.not(by.exists(left)))
    .execute()
}

function row(mailbox: Mailbox): MailboxesTable {
  return {
    address_key: addressKey(mailbox.address),
    address: mailbox.address,
    provider_id: mailbox.providerId,
    signs_in_as: mailbox.signsInAs ?? null,
    aliases: JSON.stringify(mailbox.aliases ?? []),
    created_at: mailbox.createdAt,
  }
}

function mailboxOf(found: MailboxesTable): Mailbox {
  const aliases = JSON.parse(found.aliases) as string[]
  return {
    address: found.address,
    providerId: found.provider_id,
    ...present({ signsInAs: found.signs_in_as, aliases: aliases.length > 0 ? aliases : null }),
    createdAt: found.created_at,
  }
}
