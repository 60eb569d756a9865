import { randomUUID } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { addressKey } from '../base/address.ts'
import type { Clock } from '../base/clock.ts'
import { Failure } from '../base/failure.ts'
import { useUpLink } from './consent-link-store.ts'
import type { Database } from './database.ts'
import { type GrantRow, grantOf, grantPlace, openGrant } from './grant-row.ts'
import type { ActiveGrant, GrantStore, LapsedGrant, ListedGrant, Mailbox, NewGrant } from './ports.ts'
import type { Sealer } from './sealer.ts'
import type { GrantsTable, Tables } from './tables.ts'

/** Milliseconds. */
const leastSpacing = 300_000

export function createGrantStore(database: Database, sealer: Sealer, clock: Clock): GrantStore {
  return {
    async ofMailbox(address) {
      const found = await database.read((tables) =>
        withMailbox(tables).where('grants.mailbox_key', '=', addressKey(address)).executeTakeFirst(),
      )
      return found ? openGrant(sealer, found) : { state: 'absent' }
    },

    async list() {
      return (await database.read((tables) => listed(tables).execute())).map(listedGrant)
    },

    async lapsedOrEnding(providerIds) {
      const found = await database.read((tables) =>
        listed(tables)
          .where((by) =>
            by.or([
              by('grants.state', '=', 'lapsed'),
              by('grants.refresh_token_ends_at', 'is not', null),
              ...(providerIds.length > 0 ? [by('mailboxes.provider_id', 'in', providerIds)] : []),
            ]),
          )
          .execute(),
      )
      return found.map(listedGrant)
    },

    async unusedSince(before, most) {
      const found = await database.read((tables) =>
        activeMailboxes(tables)
          .where('grants.refresh_token', 'is not', null)
          .where('grants.renewed_at', '<', before)
          .orderBy('grants.renewed_at')
          .orderBy('grants.id')
          .limit(most)
          .execute(),
      )
      return found.map(({ address }) => address)
    },

    async endingBy(now, most) {
      const found = await database.read((tables) =>
        activeMailboxes(tables)
          .where('grants.renewed_at', '<=', now - leastSpacing)
          .where('grants.refresh_token_ends_at', '>', now)
          .where(
            sql<boolean>`2 * (${now} - grants.renewed_at) > grants.refresh_token_ends_at - grants.renewed_at`,
          )
          .orderBy('grants.refresh_token_ends_at')
          .limit(most)
          .execute(),
      )
      return found.map(({ address }) => address)
    },

    async adopt(grant, consentLinkId, judgedFor) {
      // A new id each time: a renewal of the earlier grant that is still under way finds its version no more.
      const id = randomUUID()
      const { refreshToken } = grant
      const row = newRow(grant, id, refreshToken ? await sealer.seal(grantPlace(id), refreshToken) : null)
      const missing = () => new Failure('not-found', `There is no mailbox ${grant.mailbox}`)
      const kept = await database.change(
        async (tables) => {
          if (judgedFor && !(await isUnchanged(tables, judgedFor))) throw missing()
          if (consentLinkId !== undefined)
            await useUpLink(tables, consentLinkId, row.mailbox_key, clock.now())
          await tables.deleteFrom('grants').where('mailbox_key', '=', row.mailbox_key).execute()
          await tables.insertInto('grants').values(row).execute()
          return withMailbox(tables).where('grants.id', '=', id).executeTakeFirstOrThrow()
        },
        { missing },
      )
      return (await openGrant(sealer, kept)) as ActiveGrant
    },

    async renewed(id, version, { renewedAt, refreshToken, refreshTokenEndsAt }) {
      const sealed = refreshToken && { refresh_token: await sealer.seal(grantPlace(id), refreshToken) }
      // What was said of the earlier refresh token is not true of the new one.
      const says = refreshToken !== undefined || refreshTokenEndsAt !== undefined
      const row = await changeVersion(database, id, version, {
        ...sealed,
        ...(says && { refresh_token_ends_at: refreshTokenEndsAt ?? null }),
        state: 'active',
        renewed_at: renewedAt,
        lapsed_since: null,
        lapse_reason: null,
      })
      return row && ((await openGrant(sealer, row)) as ActiveGrant)
    },

    async lapse(id, version, since, reason) {
      const row = await changeVersion(database, id, version, {
        state: 'lapsed',
        lapsed_since: since,
        lapse_reason: reason,
      })
      return row && ((await openGrant(sealer, row)) as LapsedGrant)
    },
  }
}

/** Whether the mailbox still has the provider and the person that a consent was judged by. */
async function isUnchanged(
  tables: Kysely<Tables>,
  { address, providerId, signsInAs }: Mailbox,
): Promise<boolean> {
  const found = await tables
    .selectFrom('mailboxes')
    .select(['provider_id', 'signs_in_as'])
    .where('address_key', '=', addressKey(address))
    .executeTakeFirst()
  return found?.provider_id === providerId && found.signs_in_as === (signsInAs ?? null)
}

/** Lapses the mailbox's grant if it is active: the mailbox moves to another provider, whose token endpoint must never see it. */
export async function lapseMovedGrant(
  tables: Kysely<Tables>,
  mailboxKey: string,
  since: number,
  reason: string,
): Promise<void> {
  await tables
    .updateTable('grants')
    .set((by) => ({
      state: 'lapsed',
      lapsed_since: since,
      lapse_reason: reason,
      version: by('version', '+', 1),
    }))
    .where('mailbox_key', '=', mailboxKey)
    .where('state', '=', 'active')
    .execute()
}

/** Compare and set: the row as it is now, or undefined when `version` is no longer current. */
function changeVersion(
  database: Database,
  id: string,
  version: number,
  change: Partial<GrantsTable>,
): Promise<GrantRow | undefined> {
  return database.change(async (tables) => {
    const [changed] = await tables
      .updateTable('grants')
      .set({ ...change, version: version + 1 })
      .where('id', '=', id)
      .where('version', '=', version)
      .execute()
    if (changed?.numUpdatedRows !== 1n) return undefined
    return withMailbox(tables).where('grants.id', '=', id).executeTakeFirstOrThrow()
  })
}

function activeMailboxes(tables: Kysely<Tables>) {
  return tables
    .selectFrom('grants')
    .innerJoin('mailboxes', 'mailboxes.address_key', 'grants.mailbox_key')
    .select('mailboxes.address')
    .where('grants.state', '=', 'active')
}

function listed(tables: Kysely<Tables>) {
  return withMailbox(tables).select('mailboxes.provider_id').orderBy('grants.mailbox_key')
}

function listedGrant(row: GrantRow & { provider_id: string }): ListedGrant {
  return { ...grantOf(row), providerId: row.provider_id }
}

function withMailbox(tables: Kysely<Tables>) {
  return tables
    .selectFrom('grants')
    .innerJoin('mailboxes', 'mailboxes.address_key', 'grants.mailbox_key')
    .selectAll('grants')
    .select('mailboxes.address as mailbox')
}

function newRow(grant: NewGrant, id: string, sealedToken: string | null): GrantsTable {
  return {
    id,
    mailbox_key: addressKey(grant.mailbox),
    version: 1,
    state: 'active',
    refresh_token: sealedToken,
    refresh_token_ends_at: grant.refreshTokenEndsAt ?? null,
    flow: grant.flow,
    signed_in_as: grant.signedInAs ?? null,
    subject: grant.subject ?? null,
    scopes: JSON.stringify(grant.scopes),
    granted_at: grant.grantedAt,
    renewed_at: grant.renewedAt,
    lapsed_since: null,
    lapse_reason: null,
  }
}
