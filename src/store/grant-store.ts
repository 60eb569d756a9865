import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Clock } from '../base/clock.ts'
import { byId, failure, type Sentence, type SentenceById } from '../base/failure.ts'
import { textById } from '../failures/texts.ts'
import { type Address, type AddressKey, addressKey, domainMailbox } from '../model/address.ts'
import type {
  ActiveGrant,
  Flow,
  GivenTo,
  LapsedGrant,
  ListedGrant,
  NewGrant,
  Standing,
} from '../model/grant.ts'
import type { Mailbox } from '../model/mailbox.ts'
import { useUpLink } from './consent-stores.ts'
import { type Database, inPages, nullsToAbsent, preparedRead } from './database.ts'
import { sql } from './kysely.ts'
import { changeRow } from './marked-rows.ts'
import type { GrantStore, IssuedToken } from './ports.ts'
import type { SealContext, Sealer } from './sealer.ts'
import type { GrantsTable, Tables } from './tables.ts'

/** Milliseconds. */
const leastSpacing = 300_000

/** What is written beside a renewal, in its transaction. */
export interface BesideRenewal {
  /** Before the transaction: sealing takes time. */
  prepare(issued: IssuedToken, version: number): Promise<(tables: Kysely<Tables>) => Promise<void>>
}

/** @param beside where several processes use the database */
export function createGrantStore(
  database: Database,
  sealer: Sealer,
  clock: Clock,
  beside?: BesideRenewal,
): GrantStore {
  const standingOf = preparedRead(database, (tables, key: AddressKey) =>
    tables
      .selectFrom('mailboxes')
      .leftJoin('grants', 'grants.mailbox_key', 'mailboxes.address_key')
      .select(['mailboxes.address', 'mailboxes.provider_id'])
      .select(['grants.id', 'grants.provider_id as granted_at_provider', 'grants.flow', 'grants.state'])
      .where('mailboxes.address_key', '=', key),
  )

  return {
    async ofMailbox(address) {
      const found = await database.read((tables) =>
        withMailbox(tables).where('grants.mailbox_key', '=', addressKey(address)).executeTakeFirst(),
      )
      return found ? openGrant(sealer, found) : { state: 'absent' }
    },

    async standing(address) {
      const key = addressKey(address)
      const own = await standingOf(key)
      if (own) return standingIn(own)
      const domain = domainMailbox(key)
      const found = domain && (await standingOf(domain))
      return found && { ...standingIn(found), coveredBy: found.address }
    },

    async list() {
      const found = await inPages(
        (behind: AddressKey, most) =>
          database.read((tables) =>
            listed(tables).where('grants.mailbox_key', '>', behind).limit(most).execute(),
          ),
        ({ mailbox_key }) => mailbox_key,
      )
      return found.map(grantOf)
    },

    async lapsedOrEnding(providerIds) {
      const found = await database.read((tables) =>
        listed(tables)
          .where((by) =>
            by.or([
              by('grants.state', '=', 'lapsed'),
              by('grants.refresh_token_ends_at', 'is not', null),
              ...(providerIds.length > 0 ? [by('grants.provider_id', 'in', providerIds)] : []),
            ]),
          )
          .execute(),
      )
      return found.map(grantOf)
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

    async refused(most) {
      const found = await database.read((tables) =>
        withMailbox(tables)
          .where('grants.state', '=', 'lapsed')
          .where('grants.refused_at', 'is not', null)
          .orderBy('grants.refused_at')
          .orderBy('grants.id')
          .limit(most)
          .execute(),
      )
      return found.flatMap((row) => {
        const refused = refusedOf(row)
        return refused ? [{ mailbox: row.mailbox, providerId: row.provider_id, refused }] : []
      })
    },

    async adopt(grant, consentLinkId, judgedFor) {
      const sealed = await sealGrant(sealer, grant)
      const missing = () => failure('mailbox.unknown', { mailbox: grant.mailbox })
      const kept = await database.change(
        async (tables) => {
          if (judgedFor && !(await isUnchanged(tables, judgedFor))) throw missing()
          if (consentLinkId !== undefined)
            await useUpLink(tables, consentLinkId, sealed.mailbox_key, clock.now())
          if (!(await putGrant(tables, sealed))) throw missing()
          return withMailbox(tables).where('grants.id', '=', sealed.id).executeTakeFirstOrThrow()
        },
        { missing },
      )
      return (await openGrant(sealer, kept)) as ActiveGrant
    },

    async renewed(id, version, { renewedAt, refreshToken, refreshTokenEndsAt, givenTo }, issued) {
      const share = issued && (await beside?.prepare(issued, version + 1))
      const sealed = refreshToken && { refresh_token: await sealer.seal(grantSealContext(id), refreshToken) }
      // The end of the earlier refresh token is not that of the new one.
      const says = refreshToken !== undefined || refreshTokenEndsAt !== undefined
      const toLast = { change: database.changeAtLast }
      const change = () => ({
        ...sealed,
        ...(says && { refresh_token_ends_at: refreshTokenEndsAt ?? null }),
        state: 'active' as const,
        renewed_at: renewedAt,
        ...(givenTo && { given_to: JSON.stringify(givenTo) }),
        ...unlapsed,
      })
      const row = await changeVersion(toLast, id, version, change, share)
      return row && ((await openGrant(sealer, row)) as ActiveGrant)
    },

    async lapse(id, version, at, reason, to) {
      const change = ({ lapsed_since }: GrantsTable) => ({
        state: 'lapsed' as const,
        lapsed_since: lapsed_since ?? at,
        lapse_reason: keptReason(reason),
        refused_at: at,
        refused_to: to ? JSON.stringify(to) : null,
      })
      const row = await changeVersion(database, id, version, change, (tables) => forgetTokens(tables, id))
      return row && ((await openGrant(sealer, row)) as LapsedGrant)
    },
  }
}

interface StandingRow {
  address: string
  provider_id: string
  id: string | null
  granted_at_provider: string | null
  flow: string | null
  state: 'active' | 'lapsed' | null
}

function standingIn(row: StandingRow): Standing {
  const { provider_id: providerId, id, granted_at_provider: grantedBy, flow, state } = row
  if (id === null || grantedBy === null || flow === null || state === null) return { providerId }
  return { providerId, grant: { id, providerId: grantedBy, flow: flow as Flow, state } }
}

/** Whether it is still the same entry, and under the terms that a consent was judged by. */
async function isUnchanged(tables: Kysely<Tables>, { address, terms }: Mailbox): Promise<boolean> {
  const found = await tables
    .selectFrom('mailboxes')
    .select('terms')
    .where('address_key', '=', addressKey(address))
    .executeTakeFirst()
  return found !== undefined && found.terms === terms
}

/**
 * A grant that waits for its place in the table: sealing takes time, and a transaction has none.
 */
export type SealedGrant = Omit<GrantsTable, 'provider_id'>

/**
 * Under a new id each time: a renewal of the earlier grant that is still under way finds its
 * version no more.
 */
export async function sealGrant(sealer: Sealer, grant: NewGrant): Promise<SealedGrant> {
  const id = randomUUID()
  const { refreshToken } = grant
  return newRow(grant, id, refreshToken ? await sealer.seal(grantSealContext(id), refreshToken) : null)
}

/**
 * Makes it the mailbox's grant, in place of any earlier one. False when there is no such mailbox.
 */
export async function putGrant(tables: Kysely<Tables>, sealed: SealedGrant): Promise<boolean> {
  const { mailbox_key } = sealed
  const mailbox = await tables
    .selectFrom('mailboxes')
    .select('provider_id')
    .where('address_key', '=', mailbox_key)
    .executeTakeFirst()
  if (!mailbox) return false
  await tables.deleteFrom('grants').where('mailbox_key', '=', mailbox_key).execute()
  await tables
    .insertInto('grants')
    .values({ ...sealed, provider_id: mailbox.provider_id })
    .execute()
  return true
}

/**
 * Lapses the mailbox's grant: a refresh token is for the provider that gave it, and for the person
 * who consented. It is never tried again, even where its provider had refused it before.
 */
export async function lapseGrant(
  tables: Kysely<Tables>,
  mailboxKey: AddressKey,
  since: number,
  reason: Sentence,
): Promise<void> {
  const lapsed = await changeRow(
    tables,
    'grants',
    { mailbox_key: mailboxKey },
    ({ state, version, lapsed_since, refused_at }) =>
      state === 'lapsed' && refused_at === null
        ? undefined
        : {
            state: 'lapsed' as const,
            lapsed_since: lapsed_since ?? since,
            lapse_reason: keptReason(reason),
            refused_at: null,
            refused_to: null,
            version: version + 1,
          },
  )
  if (lapsed) await forgetTokens(tables, lapsed.id)
}

/** A grant that was removed has taken them with it. */
async function forgetTokens(tables: Kysely<Tables>, grantId: string): Promise<void> {
  await tables.deleteFrom('shared_tokens').where('grant_id', '=', grantId).execute()
}

/** Removes a grant without a person: it has nothing that could lapse. True when there was one. */
export async function removeGrantWithoutPerson(
  tables: Kysely<Tables>,
  mailboxKey: AddressKey,
): Promise<boolean> {
  const [removed] = await tables
    .deleteFrom('grants')
    .where('mailbox_key', '=', mailboxKey)
    .where('refresh_token', 'is', null)
    .execute()
  return removed?.numDeletedRows === 1n
}

/** Compare and set: the row as it is now, or undefined when `version` is no longer current. */
function changeVersion(
  database: Pick<Database, 'change'>,
  id: string,
  version: number,
  change: (row: GrantsTable) => Partial<GrantsTable>,
  then: (tables: Kysely<Tables>) => Promise<void> = async () => {},
): Promise<GrantRow | undefined> {
  return database.change(async (tables) => {
    const whole = (row: GrantsTable) => ({ ...change(row), version: version + 1 })
    if (!(await changeRow(tables, 'grants', { id, version }, whole))) return undefined
    await then(tables)
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
  return withMailbox(tables).orderBy('grants.mailbox_key')
}

function withMailbox(tables: Kysely<Tables>) {
  return tables
    .selectFrom('grants')
    .innerJoin('mailboxes', 'mailboxes.address_key', 'grants.mailbox_key')
    .selectAll('grants')
    .select('mailboxes.address as mailbox')
}

/** Mailboxes, each with the columns of its grant that are not sealed. */
export function withGrants(tables: Kysely<Tables>) {
  return tables
    .selectFrom('mailboxes')
    .leftJoin('grants', 'grants.mailbox_key', 'mailboxes.address_key')
    .selectAll('mailboxes')
    .select([
      'grants.id',
      'grants.mailbox_key',
      'grants.provider_id as granted_at_provider',
      'grants.version',
    ])
    .select([
      'grants.state',
      'grants.refresh_token_ends_at',
      'grants.flow',
      'grants.signed_in_as',
      'grants.subject',
    ])
    .select(['grants.scopes', 'grants.granted_at', 'grants.renewed_at', 'grants.given_to'])
    .select(['grants.lapsed_since', 'grants.lapse_reason', 'grants.refused_at', 'grants.refused_to'])
}

/** The grant in a row of `withGrants`, if there is one. */
export function grantBeside(row: GrantBeside): ListedGrant | undefined {
  if (row.id === null) return undefined
  const { address: mailbox, granted_at_provider: provider_id, ...columns } = row
  return grantOf({ ...columns, mailbox, provider_id } as Omit<GrantRow, 'refresh_token'>)
}

type GrantBeside = {
  [Column in Exclude<keyof GrantsTable, 'provider_id' | 'refresh_token'>]: GrantsTable[Column] | null
} & {
  address: Address
  granted_at_provider: string | null
}

function newRow(grant: NewGrant, id: string, sealedToken: string | null): SealedGrant {
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
    given_to: grant.givenTo ? JSON.stringify(grant.givenTo) : null,
    ...unlapsed,
  }
}

const unlapsed = { lapsed_since: null, lapse_reason: null, refused_at: null, refused_to: null }

/** A row of the grants with the address of its mailbox. */
type GrantRow = GrantsTable & { mailbox: Address }

function grantSealContext(id: string): SealContext {
  return { table: 'grants', column: 'refresh_token', row: id }
}

/** @throws Failure `store-unavailable` when its refresh token does not open */
async function openGrant(sealer: Sealer, row: GrantRow): Promise<ActiveGrant | LapsedGrant> {
  const sealed = row.refresh_token
  const refreshToken = sealed === null ? null : await sealer.open(grantSealContext(row.id), sealed)
  return { ...grantOf(row), ...nullsToAbsent({ refreshToken }) }
}

/** Everything of it that is not sealed. */
function grantOf(row: Omit<GrantRow, 'refresh_token'>): ClosedGrant {
  const consent = {
    id: row.id,
    mailbox: row.mailbox,
    providerId: row.provider_id,
    version: row.version,
    flow: row.flow as Flow,
    ...nullsToAbsent({
      refreshTokenEndsAt: row.refresh_token_ends_at,
      signedInAs: row.signed_in_as,
      subject: row.subject,
    }),
    scopes: JSON.parse(row.scopes) as string[],
    ...(row.given_to !== null && { givenTo: JSON.parse(row.given_to) as GivenTo }),
    grantedAt: row.granted_at,
    renewedAt: row.renewed_at,
  }
  if (row.state === 'active') return { ...consent, state: 'active' }
  const refused = refusedOf(row)
  return {
    ...consent,
    state: 'lapsed',
    since: row.lapsed_since ?? 0,
    ...readReason(row.lapse_reason ?? ''),
    ...(refused && { refused }),
  }
}

/** Of a lapsed grant. */
function refusedOf({
  refused_at: at,
  refused_to: to,
}: Pick<GrantsTable, 'refused_at' | 'refused_to'>): LapsedGrant['refused'] {
  if (at === null) return undefined
  return { at, ...(to !== null && { to: JSON.parse(to) as GivenTo }) }
}

type ClosedGrant = Omit<ActiveGrant, 'refreshToken'> | Omit<LapsedGrant, 'refreshToken'>

/** Our own words by their id, as JSON; those of a provider as they are, and those of earlier versions. */
function keptReason(reason: string | Sentence): string {
  return typeof reason === 'string' ? reason : JSON.stringify(byId(reason))
}

function readReason(kept: string): Pick<LapsedGrant, 'reason' | 'reasonText'> {
  if (!kept.startsWith('{')) return { reason: kept }
  try {
    const reasonText: SentenceById = JSON.parse(kept)
    const found = textById(reasonText)
    return found ? { reason: found.message, reasonText } : { reason: kept }
  } catch {
    // The words of somebody else, which begin so.
    return { reason: kept }
  }
}
