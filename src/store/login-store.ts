import type { Kysely } from 'kysely'
import { addressKey } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import { noteUse, revoke } from './credential-rows.ts'
import type { Database } from './database.ts'
import type { Login, LoginStore, Verifier } from './ports.ts'
import { present } from './present.ts'
import type { LoginsTable, Tables } from './tables.ts'

export function createLoginStore(database: Database): LoginStore {
  return {
    async add(login) {
      const taken = () =>
        new Failure('already-exists', `The user name "${login.userName}" is taken`, {
          fix: 'Choose another user name, or revoke the login that has it.',
        })
      const missing = () => new Failure('not-found', 'A mailbox of this login does not exist')
      await database.change((tables) => addLogin(tables, login), { taken, missing })
    },

    async findByUserName(userName) {
      const found = await database.read((tables) =>
        withMailboxes(tables)
          .where('logins.user_name', '=', userName.normalize('NFC'))
          .where('logins.revoked_at', 'is', null)
          .execute(),
      )
      return loginsOf(found)[0]
    },

    async list(mailbox) {
      const found = await database.read((tables) => withMailboxes(tables).execute())
      const all = loginsOf(found)
      if (mailbox === undefined) return all
      const key = addressKey(mailbox)
      return all.filter((login) => login.mailboxes.some((one) => addressKey(one) === key))
    },

    revoke: (id, revokedAt) => database.change((tables) => revoke(tables, 'logins', id, revokedAt)),
    used: (id, at) => database.change((tables) => noteUse(tables, 'logins', id, at)),
  }
}

async function addLogin(tables: Kysely<Tables>, login: Login): Promise<void> {
  await tables.insertInto('logins').values(row(login)).execute()
  for (const [position, key] of [...new Set(login.mailboxes.map(addressKey))].entries()) {
    await tables
      .insertInto('login_mailboxes')
      .values({ login_id: login.id, mailbox_key: key, position })
      .execute()
  }
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

function loginsOf(found: (LoginsTable & { mailbox: string | null })[]): Login[] {
  const logins = new Map<string, { columns: LoginsTable; mailboxes: string[] }>()
  for (const columns of found) {
    const login = logins.get(columns.id) ?? { columns, mailboxes: [] }
    if (columns.mailbox !== null) login.mailboxes.push(columns.mailbox)
    logins.set(columns.id, login)
  }
  return [...logins.values()].map(({ columns, mailboxes }) => loginOf(columns, mailboxes))
}

function row(login: Login): LoginsTable {
  return {
    id: login.id,
    user_name: login.userName.normalize('NFC'),
    name: login.name,
    senders: JSON.stringify(login.senders),
    networks: JSON.stringify(login.networks),
    verifier: JSON.stringify(login.verifier),
    created_at: login.createdAt,
    expires_at: login.expiresAt ?? null,
    revoked_at: login.revokedAt ?? null,
    last_used_at: login.lastUsedAt ?? null,
  }
}

function loginOf(columns: LoginsTable, mailboxes: string[]): Login {
  return {
    id: columns.id,
    userName: columns.user_name,
    name: columns.name,
    mailboxes,
    senders: JSON.parse(columns.senders) as string[],
    networks: JSON.parse(columns.networks) as string[],
    verifier: JSON.parse(columns.verifier) as Verifier,
    createdAt: columns.created_at,
    ...present({
      expiresAt: columns.expires_at,
      revokedAt: columns.revoked_at,
      lastUsedAt: columns.last_used_at,
    }),
  }
}
