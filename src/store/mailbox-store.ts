import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Clock } from '../base/clock.ts'
import { failure, type Sentence } from '../base/failure.ts'
import { text } from '../failures/texts.ts'
import { type Address, type AddressKey, addressKey, domainMailbox, sameAddress } from '../model/address.ts'
import type { AcceptedName, Mailbox, StoredMailbox } from '../model/mailbox.ts'
import { narrowScopes } from './credential-stores.ts'
import { type Database, inPages, nullsToAbsent, preparedRead } from './database.ts'
import {
  grantBeside,
  lapseGrant,
  putGrant,
  removeGrantWithoutPerson,
  type SealedGrant,
  sealGrant,
  withGrants,
} from './grant-store.ts'
import { changeRow } from './marked-rows.ts'
import type { MailboxStore } from './ports.ts'
import type { Sealer } from './sealer.ts'
import type { MailboxesTable, Tables } from './tables.ts'

/** So little of each row is read that more of them hold nobody up. */
const addressesAtOnce = 1000

export function createMailboxStore(database: Database, sealer: Sealer, clock: Clock): MailboxStore {
  const rowOf = preparedRead(database, (tables, key: AddressKey) =>
    tables.selectFrom('mailboxes').selectAll().where('address_key', '=', key),
  )

  return {
    async add(mailbox, grant) {
      const sealed = grant && (await sealGrant(sealer, grant))
      const taken = () => failure('mailbox.exists', { mailbox: mailbox.address })
      await database.change((tables) => addMailbox(tables, row(mailbox), clock.now(), sealed), { taken })
    },

    async put(mailbox, grant) {
      const sealed = grant && (await sealGrant(sealer, grant))
      await database.change((tables) => putMailbox(tables, mailbox, clock.now(), sealed))
    },

    async noteAccepted(address, name) {
      const key = { address_key: addressKey(address) }
      await database.change((tables) => changeRow(tables, 'mailboxes', key, () => ({ accepted_name: name })))
    },

    async find(address) {
      const found = await rowOf(addressKey(address))
      return found && mailboxOf(found)
    },

    async covering(address) {
      const key = addressKey(address)
      const own = await rowOf(key)
      if (own) return mailboxOf(own)
      const domain = domainMailbox(key)
      const found = domain && (await rowOf(domain))
      return found && { ...mailboxOf(found), address, key, coveredBy: found.address }
    },

    async list() {
      const found = await inPages(
        (behind: AddressKey, most) =>
          database.read((tables) =>
            tables
              .selectFrom('mailboxes')
              .selectAll()
              .where('address_key', '>', behind)
              .orderBy('address_key')
              .limit(most)
              .execute(),
          ),
        ({ address_key }) => address_key,
      )
      return found.map(mailboxOf)
    },

    async listWithGrants(keys) {
      if (keys?.length === 0) return []
      const found = await inPages(
        (behind: AddressKey, most) =>
          database.read((tables) => {
            const all = withGrants(tables)
              .where('mailboxes.address_key', '>', behind)
              .orderBy('mailboxes.address_key')
              .limit(most)
            return (keys ? all.where('mailboxes.address_key', 'in', keys) : all).execute()
          }),
        ({ address_key }) => address_key,
      )
      return found.map((row) => {
        const grant = grantBeside(row)
        return { ...mailboxOf(row), ...(grant && { grant }) }
      })
    },

    async addresses() {
      const found = await inPages(
        (behind: AddressKey, most) =>
          database.read((tables) =>
            tables
              .selectFrom('mailboxes')
              .select(['address_key', 'address'])
              .where('address_key', '>', behind)
              .orderBy('address_key')
              .limit(most)
              .execute(),
          ),
        ({ address_key }) => address_key,
        addressesAtOnce,
      )
      return found.map(({ address }) => address)
    },

    async providers() {
      const found = await database.read((tables) =>
        tables.selectFrom('mailboxes').select('provider_id').distinct().execute(),
      )
      return found.map(({ provider_id }) => provider_id)
    },

    remove: (address) => database.change((tables) => removeMailbox(tables, address, clock.now())),
  }
}

async function addMailbox(
  tables: Kysely<Tables>,
  values: MailboxesTable,
  now: number,
  grant: SealedGrant | undefined,
): Promise<void> {
  await tables.insertInto('mailboxes').values(values).execute()
  if (grant) await putGrant(tables, grant)
  // What a key had of this address until now it had of the domain's mailbox.
  await narrowScopes(tables, now, values.address_key)
}

async function putMailbox(
  tables: Kysely<Tables>,
  mailbox: Mailbox,
  now: number,
  grant: SealedGrant | undefined,
): Promise<void> {
  const values = row(mailbox)
  const { address_key, provider_id, signs_in_as, sasl_user, aliases, terms } = values
  const before = await tables
    .selectFrom('mailboxes')
    .selectAll()
    .where('address_key', '=', address_key)
    .executeTakeFirst()
  if (!before) {
    // One that something else than postern has written goes with all that hung on it.
    await tables.deleteFrom('mailboxes').where('address_key', '=', address_key).execute()
    return addMailbox(tables, values, now, grant)
  }
  const changed = await changeTerms(tables, before, values, now, grant)
  await changeRow(tables, 'mailboxes', { address_key }, () => ({
    provider_id,
    signs_in_as,
    sasl_user,
    ...(hasOtherNames(before, values) && { accepted_name: null }),
    ...(mailbox.aliases !== undefined && { aliases }),
    ...(changed && { terms }),
  }))
  if (grant) await putGrant(tables, grant)
}

/** Ends what was there for another provider, person or flow. True when one of them is another. */
async function changeTerms(
  tables: Kysely<Tables>,
  before: MailboxesTable,
  after: MailboxesTable,
  now: number,
  grant: SealedGrant | undefined,
): Promise<boolean> {
  const { address_key: key } = before
  const reason = reasonToLapse(before, after)
  // A replacement that is not app-only asks for the consent of a person.
  const lostApp = await removeGrantWithoutPerson(tables, key)
  const becomesApp = grant !== undefined && grant.refresh_token === null
  if (reason !== undefined) await lapseGrant(tables, key, now, reason)
  if (reason === undefined && lostApp === becomesApp) return false
  await tables.deleteFrom('pending_consents').where('mailbox_key', '=', key).execute()
  await tables
    .deleteFrom('consent_links')
    .where('mailbox_key', '=', key)
    .where('used_at', 'is', null)
    .execute()
  return true
}

/** What the mail server accepted of the earlier names does not hold for the new ones. */
function hasOtherNames(before: MailboxesTable, after: MailboxesTable): boolean {
  return namedBy.some((column) => before[column] !== after[column])
}

const namedBy = ['provider_id', 'signs_in_as', 'sasl_user'] as const

function reasonToLapse(before: MailboxesTable, after: MailboxesTable): Sentence | undefined {
  if (before.provider_id !== after.provider_id)
    return text('lapse.moved', { before: before.provider_id, after: after.provider_id })
  const [earlier, later] = [before, after].map(({ signs_in_as, address }) => signs_in_as ?? address)
  if (sameAddress(earlier ?? '', later ?? '')) return undefined
  return text('lapse.other-person', { before: earlier ?? '', after: later ?? '' })
}

async function removeMailbox(tables: Kysely<Tables>, address: Address, now: number): Promise<boolean> {
  const key = addressKey(address)
  const itsLogins = await tables
    .selectFrom('login_mailboxes')
    .select('login_id')
    .where('mailbox_key', '=', key)
    .execute()
  // Grant, consent links, pending consents and the logins' right to it go with it, by their foreign
  // keys.
  const [removed] = await tables.deleteFrom('mailboxes').where('address_key', '=', key).execute()
  for (const { login_id } of itsLogins) await removeLoginWithoutMailbox(tables, login_id)
  await narrowScopes(tables, now, key)
  await tables.deleteFrom('mailbox_outcomes').where('mailbox_key', '=', key).execute()
  return removed?.numDeletedRows === 1n
}

async function removeLoginWithoutMailbox(tables: Kysely<Tables>, id: string): Promise<void> {
  const left = await tables
    .selectFrom('login_mailboxes')
    .select('login_id')
    .where('login_id', '=', id)
    .executeTakeFirst()
  if (left === undefined) await tables.deleteFrom('logins').where('id', '=', id).execute()
}

function row(mailbox: Mailbox): MailboxesTable {
  return {
    address_key: addressKey(mailbox.address),
    address: mailbox.address,
    provider_id: mailbox.providerId,
    signs_in_as: mailbox.signsInAs ?? null,
    sasl_user: mailbox.saslUser ?? null,
    accepted_name: null,
    aliases: JSON.stringify(mailbox.aliases ?? []),
    terms: randomUUID(),
    created_at: mailbox.createdAt,
  }
}

function mailboxOf(found: MailboxesTable): StoredMailbox {
  const aliases = JSON.parse(found.aliases) as Address[]
  return {
    address: found.address,
    key: found.address_key,
    providerId: found.provider_id,
    ...nullsToAbsent({
      signsInAs: found.signs_in_as,
      saslUser: found.sasl_user,
      acceptedName: found.accepted_name as AcceptedName | null,
      aliases: aliases.length > 0 ? aliases : null,
    }),
    createdAt: found.created_at,
    terms: found.terms,
  }
}
