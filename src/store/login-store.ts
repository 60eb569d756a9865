import type { Kysely } from 'kysely'
import { Failure } from '../base/failure.ts'
import { userNameKey } from '../base/text.ts'
import { type Address, addressKey } from '../model/address.ts'
import type { Login, Mending } from '../model/login.ts'
import { noteUse, revoke } from './credential-rows.ts'
import type { Database } from './database.ts'
import { type LoginRow, listedLogins, mendingColumn, openLogin, readMending, rowOf } from './login-row.ts'
import { changeRow } from './marked-rows.ts'
import type { LoginStore } from './ports.ts'
import type { Sealer } from './sealer.ts'
import type { LoginsTable, Tables } from './tables.ts'

export function createLoginStore(database: Database, sealer: Sealer): LoginStore {
  return {
    async add(login) {
      const taken = () =>
        new Failure('already-exists', `The user name "${login.userName}" is taken`, {
          fix: 'Choose another user name, or revoke the login that has it.',
        })
      const missing = () => new Failure('not-found', 'A mailbox of this login does not exist')
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

    async list(mailbox) {
      const found = await database.read((tables) => withMailboxes(tables).execute())
      const all = listedLogins(found)
      if (mailbox === undefined) return all
      const key = addressKey(mailbox)
      return all.filter((login) => login.mailboxes.some((one) => addressKey(one) === key))
    },

    revoke: (id, revokedAt) => database.change((tables) => revoke(tables, 'logins', id, revokedAt)),

    async allow(id, senders) {
      const found = await database.change((tables) => addSenders(tables, id, senders))
      return listedLogins(found)[0]
    },

    async mend(id, change) {
      const found = await database.change((tables) => changeMending(tables, id, change))
      return listedLogins(found)[0]
    },

    used: (id, at, source) =>
      database.change(async (tables) => {
        await noteUse(tables, 'logins', id, at)
        if (source !== undefined) await noteSource(tables, id, source, at)
      }),

    sources: () => database.read(readSources),

    knows: (id, source, since) => database.read((tables) => knowsSource(tables, id, source, since)),
  }
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
  await tables
    .deleteFrom('login_sources')
    .where('last_at', '<', at - memoryMilliseconds)
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

/** Of every login, the latest first. */
async function readSources(tables: Kysely<Tables>): Promise<Map<string, string[]>> {
  const found = await tables
    .selectFrom('login_sources')
    .select(['login_id', 'source'])
    .orderBy('last_at', 'desc')
    .orderBy('source')
    .execute()
  const sources = new Map<string, string[]>()
  for (const { login_id, source } of found) sources.set(login_id, [...(sources.get(login_id) ?? []), source])
  return sources
}
