import type { ExpressionBuilder, Kysely, SelectQueryBuilder } from 'kysely'
import { createPacedForgetting } from '../base/clock.ts'
import { failure } from '../base/failure.ts'
import { userNameKey, withoutCase } from '../base/text.ts'
import { type Address, type AddressKey, addressKey, domainMailbox } from '../model/address.ts'
import { type ApiKey, type Scope, scopeAddress } from '../model/api-key.ts'
import {
  type Login,
  type LoginGroup,
  type LoginOrder,
  type LoginPart,
  type LoginQuery,
  loginGroups,
  type Mending,
} from '../model/login.ts'
import { type Database, escaped, isLike, nullsToAbsent, preparedRead } from './database.ts'
import {
  type LoginRow,
  limitsColumn,
  listedLogins,
  mendingColumn,
  openLogin,
  readLimits,
  readMending,
  rowOf,
} from './login-row.ts'
import { changeRow } from './marked-rows.ts'
import type { ApiKeyStore, LoginStore } from './ports.ts'
import type { Sealer } from './sealer.ts'
import type { ApiKeysTable, LoginsTable, Tables } from './tables.ts'

export function createLoginStore(database: Database, sealer: Sealer): LoginStore {
  const paced = createPacedForgetting(dayMilliseconds)
  return {
    async add(login) {
      const taken = () => failure('login.user-name-taken', { name: login.userName })
      const missing = () => failure('login.mailbox-gone')
      const row = await rowOf(sealer, login)
      const work = async (tables: Kysely<Tables>) => {
        if (await hasLogin(tables, row.user_name_key)) throw taken()
        await addLogin(tables, row, login.mailboxes)
      }
      await database.change(work, { taken, missing })
    },

    async findByUserName(userName) {
      const found = await database.read((tables) =>
        withMailboxes(tables)
          .where('logins.user_name_key', '=', userNameKey(userName))
          .where('logins.revoked_at', 'is', null)
          .execute(),
      )
      return await openLogin(sealer, found, userName)
    },

    async find(id) {
      const found = await database.read((tables) =>
        withMailboxes(tables).where('logins.id', '=', id).execute(),
      )
      return listedLogins(found)[0]
    },

    async list(mailbox) {
      if (mailbox === undefined)
        return listedLogins(await database.read((tables) => withMailboxes(tables).execute()))
      const key = addressKey(mailbox)
      const found = await database.read((tables) =>
        withMailboxes(tables).where('logins.id', 'in', loginsOf(tables, key)).execute(),
      )
      return listedLogins(found).filter((login) => isOf(login, key))
    },

    async anyActive(now) {
      const found = await database.read(async (tables) => {
        const active = await tables
          .selectFrom('logins')
          .select('id')
          .where((by) => isInGroup(by, 'active', {}, now))
          .orderBy('id')
          .limit(1)
          .executeTakeFirst()
        return active ? withMailboxes(tables).where('logins.id', '=', active.id).execute() : []
      })
      return listedLogins(found)[0]
    },

    part: (query, now) => readPart(database, query, now),

    revoke: (id, revokedAt) => database.change((tables) => revoke(tables, 'logins', id, revokedAt)),

    async allow(id, senders) {
      const found = await database.change((tables) => addSenders(tables, id, senders))
      return listedLogins(found)[0]
    },

    async mend(id, change) {
      const found = await database.change((tables) => changeMending(tables, id, change))
      return listedLogins(found)[0]
    },

    async limit(id, change) {
      const found = await database.change((tables) =>
        changeValid(tables, id, ({ limits }) => ({ limits: limitsColumn(change(readLimits(limits))) })),
      )
      return listedLogins(found)[0]
    },

    used: (id, at, source) =>
      database.change(async (tables) => {
        await noteUse(tables, 'logins', id, at)
        if (source !== undefined) await noteSource(tables, id, source, at, paced)
      }),

    sources: async (ids) =>
      ids?.length === 0 ? new Map() : database.read((tables) => readSources(tables, ids)),

    knows: (id, source, since) => database.read((tables) => knowsSource(tables, id, source, since)),
  }
}

function loginsOf(tables: Kysely<Tables>, key: AddressKey) {
  return tables.selectFrom('login_mailboxes').select('login_id').where('mailbox_key', '=', key)
}

/** PostgreSQL may have seen a right that is none; what is read of the login has been looked at. */
function isOf({ mailboxes }: Pick<Login, 'mailboxes'>, key: AddressKey | undefined): boolean {
  return key === undefined || mailboxes.some((one) => addressKey(one) === key)
}

type FilterBuilder = ExpressionBuilder<Tables, 'logins'>

/** Not all at once, but each of its questions is answered from an index or by one look at each row. */
async function readPart(database: Database, query: LoginQuery, now: number): Promise<LoginPart> {
  const { find = '', mailbox, group, order, from, most } = query
  const key = mailbox && addressKey(mailbox)
  const fitting = (tables: Kysely<Tables>) => {
    const all = tables.selectFrom('logins')
    const its = key === undefined ? all : all.where('logins.id', 'in', loginsOf(tables, key))
    return find === '' ? its : its.where((by) => by.or(waysToFind(tables, by, find)))
  }
  const counts = await database.read((tables) =>
    fitting(tables)
      .select((by) => [
        by.fn.countAll<number>().as('all'),
        ...loginGroups.map((one) =>
          by.fn
            .countAll<number>()
            .filterWhere(isInGroup(by, one, query, now))
            .as(one),
        ),
      ])
      .executeTakeFirstOrThrow(),
  )
  const ids = await database.read(async (tables) => {
    const chosen = fitting(tables).select('logins.id').offset(from).limit(most)
    const inGroup = group === undefined ? chosen : chosen.where((by) => isInGroup(by, group, query, now))
    const found = await orders[order](inGroup).orderBy('logins.id').execute()
    return found.map(({ id }) => id)
  })
  const shown =
    ids.length === 0
      ? []
      : await database.read((tables) => withMailboxes(tables).where('logins.id', 'in', ids).execute())
  const logins = new Map(
    listedLogins(shown).flatMap((login) => (isOf(login, key) ? [[login.id, login]] : [])),
  )
  return {
    counts,
    logins: ids.flatMap((id) => logins.get(id) ?? []),
    sources: ids.length === 0 ? new Map() : await database.read((tables) => readSources(tables, ids)),
  }
}

function waysToFind(tables: Kysely<Tables>, by: FilterBuilder, find: string) {
  const part = (text: string) => `%${escaped(text)}%`
  const ofMailbox = tables
    .selectFrom('login_mailboxes')
    .select('login_id')
    .where(isLike('mailbox_key', part(withoutCase(find))))
  const ofSource = tables
    .selectFrom('login_sources')
    .select('login_id')
    .where(isLike('source', part(find)))
  return [
    isLike('logins.user_name_key', part(userNameKey(find))),
    isLike('logins.name', part(find)),
    by('logins.id', '=', find),
    by('logins.id', 'in', ofMailbox),
    by('logins.id', 'in', ofSource),
  ]
}

function isInGroup(
  by: FilterBuilder,
  group: LoginGroup,
  { failing = [] }: Pick<LoginQuery, 'failing'>,
  now: number,
) {
  const isRevoked = by('logins.revoked_at', 'is not', null)
  const isLiving = by('logins.revoked_at', 'is', null)
  const isActive = by.and([
    isLiving,
    by.or([by('logins.expires_at', 'is', null), by('logins.expires_at', '>', now)]),
  ])
  switch (group) {
    case 'active':
      return isActive
    case 'never-used':
      return by.and([isActive, by('logins.last_used_at', 'is', null)])
    case 'failing': {
      // PostgreSQL knows no empty list, and no key is empty.
      const keys = failing.length > 0 ? failing.map(userNameKey) : ['']
      return by.and([isActive, by('logins.user_name_key', 'in', keys)])
    }
    case 'expired':
      return by.and([isLiving, by('logins.expires_at', '<=', now)])
    case 'revoked':
      return isRevoked
  }
}

type ChosenLogins = SelectQueryBuilder<Tables, 'logins', { id: string }>

const orders: Record<LoginOrder, (chosen: ChosenLogins) => ChosenLogins> = {
  added: (chosen) => chosen.orderBy('logins.created_at'),
  name: (chosen) => chosen.orderBy(({ fn }) => fn<string>('lower', ['logins.name'])),
  used: (chosen) => chosen.orderBy('logins.last_used_at', (as) => as.desc().nullsLast()),
}

/** In the transaction that adds: no two may differ in case only. */
async function hasLogin(tables: Kysely<Tables>, key: string): Promise<boolean> {
  const found = await tables
    .selectFrom('logins')
    .select('id')
    .where('user_name_key', '=', key)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return found !== undefined
}

async function addLogin(
  tables: Kysely<Tables>,
  row: LoginsTable,
  mailboxes: Login['mailboxes'],
): Promise<void> {
  await tables.insertInto('logins').values(row).execute()
  for (const [position, key] of [...new Set(mailboxes.map(addressKey))].entries()) {
    await tables
      .insertInto('login_mailboxes')
      .values({ login_id: row.id, mailbox_key: key, position })
      .execute()
  }
}

async function addSenders(
  tables: Kysely<Tables>,
  id: string,
  senders: readonly Address[],
): Promise<LoginRow[]> {
  return await changeValid(tables, id, (login) => {
    const all = [...(JSON.parse(login.senders) as Address[]), ...senders]
    const unique = [...new Map(all.map((sender) => [addressKey(sender), sender])).values()]
    return { senders: JSON.stringify(unique) }
  })
}

function changeMending(
  tables: Kysely<Tables>,
  id: string,
  change: (mending: Mending) => Mending,
): Promise<LoginRow[]> {
  return changeValid(tables, id, (login) => ({ mending: mendingColumn(change(readMending(login.mending))) }))
}

/**
 * Changes a login that is not revoked. Gives its rows as they are then; none when there is none.
 */
async function changeValid(
  tables: Kysely<Tables>,
  id: string,
  change: (login: LoginsTable) => Partial<LoginsTable>,
): Promise<LoginRow[]> {
  const changed = await changeRow(tables, 'logins', { id }, (login) =>
    login.revoked_at === null ? change(login) : undefined,
  )
  if (!changed) return []
  return await withMailboxes(tables).where('logins.id', '=', id).execute()
}

/** Every login once for each of its mailboxes. */
function withMailboxes(tables: Kysely<Tables>) {
  return tables
    .selectFrom('logins')
    .leftJoin('login_mailboxes', 'login_mailboxes.login_id', 'logins.id')
    .leftJoin('mailboxes', 'mailboxes.address_key', 'login_mailboxes.mailbox_key')
    .selectAll('logins')
    .select('mailboxes.address as mailbox')
    .orderBy('logins.created_at')
    .orderBy('logins.id')
    .orderBy('login_mailboxes.position')
}

const dayMilliseconds = 86_400_000
/** How long it is remembered that a login was used from somewhere. */
const memoryMilliseconds = 30 * dayMilliseconds

/**
 * Notes from where a login was used, once a day, and forgets what is older than 30 days: addresses
 * are personal data, and no table grows for ever.
 */
async function noteSource(
  tables: Kysely<Tables>,
  loginId: string,
  source: string,
  at: number,
  paced: ReturnType<typeof createPacedForgetting>,
): Promise<void> {
  if (await knowsSource(tables, loginId, source, at - dayMilliseconds + 1)) return
  // Of a login that was removed meanwhile nothing is noted.
  const login = await tables.selectFrom('logins').select('id').where('id', '=', loginId).executeTakeFirst()
  if (login === undefined) return
  await tables
    .insertInto('login_sources')
    .values({ login_id: loginId, source, last_at: at })
    .onConflict((on) => on.columns(['login_id', 'source']).doUpdateSet({ last_at: at }))
    .execute()
  const { oldest } = await tables
    .selectFrom('login_sources')
    .select(({ fn }) => fn.min('last_at').as('oldest'))
    .executeTakeFirstOrThrow()
  await tables
    .deleteFrom('login_sources')
    .where('last_at', '<', paced(at - memoryMilliseconds, Number(oldest)))
    .execute()
}

async function knowsSource(
  tables: Kysely<Tables>,
  loginId: string,
  source: string,
  since: number,
): Promise<boolean> {
  const found = await tables
    .selectFrom('login_sources')
    .select('login_id')
    .where('login_id', '=', loginId)
    .where('source', '=', source)
    .where('last_at', '>=', since)
    .executeTakeFirst()
  return found !== undefined
}

/** Of these logins or all, the latest first. */
async function readSources(
  tables: Kysely<Tables>,
  logins?: readonly string[],
): Promise<Map<string, string[]>> {
  const all = tables
    .selectFrom('login_sources')
    .select(['login_id', 'source'])
    .orderBy('last_at', 'desc')
    .orderBy('source')
  const found = await (logins ? all.where('login_id', 'in', logins) : all).execute()
  const sources = new Map<string, string[]>()
  for (const { login_id, source } of found) sources.set(login_id, [...(sources.get(login_id) ?? []), source])
  return sources
}

export function createApiKeyStore(database: Database): ApiKeyStore {
  const rowOf = preparedRead(database, (tables, id) =>
    tables.selectFrom('api_keys').selectAll().where('id', '=', id),
  )

  return {
    async add(key) {
      const taken = () => failure('api-key.id-taken', { key: key.id })
      await database.change(
        async (tables) => {
          // Checked inside the transaction: the mailbox may have been removed since the request was
          // read.
          const isCovered = await coverageOf(tables)
          if (!key.scopes.every(isCovered)) throw failure('api-key.mailbox-gone')
          await tables.insertInto('api_keys').values(row(key)).execute()
        },
        { taken },
      )
    },

    async find(id) {
      const found = await rowOf(id)
      return found && apiKeyOf(found)
    },

    async list() {
      const found = await database.read((tables) =>
        tables.selectFrom('api_keys').selectAll().orderBy('created_at').orderBy('id').execute(),
      )
      return found.map(apiKeyOf)
    },

    revoke: (id, revokedAt) => database.change((tables) => revoke(tables, 'api_keys', id, revokedAt)),

    async limit(id, change) {
      const changed = await database.change((tables) =>
        changeRow(tables, 'api_keys', { id }, (key) =>
          key.revoked_at === null ? { limits: limitsColumn(change(apiKeyOf(key))) } : undefined,
        ),
      )
      return changed && apiKeyOf(changed)
    },

    used: (id, at) => database.change((tables) => noteUse(tables, 'api_keys', id, at)),
  }
}

/**
 * Takes out of every API key the scopes that no mailbox covers any more, and those for `ended`,
 * whose entry begins or ends now. A key that is left with none is revoked, and shows what it was
 * for.
 */
export async function narrowScopes(tables: Kysely<Tables>, now: number, ended?: AddressKey): Promise<void> {
  const isCovered = await coverageOf(tables)
  const keys = tables.selectFrom('api_keys').select(['id', 'scopes']).where('revoked_at', 'is', null)
  for (const { id, scopes: text } of await keys.execute()) {
    const scopes = JSON.parse(text) as Scope[]
    const kept = scopes.filter((scope) => isCovered(scope) && (ended === undefined || keyOf(scope) !== ended))
    if (kept.length === scopes.length) continue
    const change = kept.length === 0 ? { revoked_at: now } : { scopes: JSON.stringify(kept) }
    await changeRow(tables, 'api_keys', { id }, () => change)
  }
}

/** Whether there is a mailbox, or that of the domain, for a scope that is about one. */
async function coverageOf(tables: Kysely<Tables>): Promise<(scope: Scope) => boolean> {
  const found = await tables.selectFrom('mailboxes').select('address_key').execute()
  const mailboxes = new Set(found.map(({ address_key }) => address_key))
  return (scope) => {
    const key = keyOf(scope)
    if (key === undefined || mailboxes.has(key)) return true
    const domain = domainMailbox(key)
    return domain !== undefined && mailboxes.has(domain)
  }
}

function keyOf(scope: Scope): AddressKey | undefined {
  const address = scopeAddress(scope)
  return address === undefined ? undefined : addressKey(address)
}

function row(key: ApiKey): ApiKeysTable {
  return {
    id: key.id,
    name: key.name,
    scopes: JSON.stringify(key.scopes),
    networks: key.networks?.length ? JSON.stringify(key.networks) : null,
    limits: limitsColumn(key.limits),
    hash: key.hash,
    created_at: key.createdAt,
    expires_at: key.expiresAt ?? null,
    revoked_at: key.revokedAt ?? null,
    last_used_at: key.lastUsedAt ?? null,
  }
}

function apiKeyOf(found: ApiKeysTable): ApiKey {
  return {
    id: found.id,
    name: found.name,
    scopes: JSON.parse(found.scopes) as Scope[],
    ...(found.networks !== null && { networks: JSON.parse(found.networks) as string[] }),
    ...(found.limits !== null && { limits: readLimits(found.limits) }),
    hash: found.hash,
    createdAt: found.created_at,
    ...nullsToAbsent({
      expiresAt: found.expires_at,
      revokedAt: found.revoked_at,
      lastUsedAt: found.last_used_at,
    }),
  }
}

type CredentialTable = 'logins' | 'api_keys'

/**
 * Marks a credential revoked; one that something else than postern has written goes altogether.
 * False when there is none, or it is revoked already.
 */
async function revoke(
  tables: Kysely<Tables>,
  table: CredentialTable,
  id: string,
  revokedAt: number,
): Promise<boolean> {
  const revoked = await changeRow(tables, table, { id }, ({ revoked_at }) =>
    revoked_at === null ? { revoked_at: revokedAt } : undefined,
  )
  if (revoked) return true
  const known = await tables.selectFrom(table).select('id').where('id', '=', id).execute()
  if (known.length > 0) return false
  const [gone] = await tables.deleteFrom(table).where('id', '=', id).execute()
  return gone?.numDeletedRows === 1n
}

/**
 * Notes that a credential was used. To the minute: an application that signs in a hundred times a
 * second would otherwise wait for the disk a hundred times, to learn nothing that people read.
 */
async function noteUse(
  tables: Kysely<Tables>,
  table: CredentialTable,
  id: string,
  at: number,
): Promise<void> {
  await tables
    .updateTable(table)
    .set({ last_used_at: at })
    .where('id', '=', id)
    .where((by) => by.or([by('last_used_at', 'is', null), by('last_used_at', '<=', at - 60_000)]))
    .execute()
}
