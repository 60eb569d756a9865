import { createHash } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { PageSession } from '../model/page-access.ts'
import { type Database, nullsToAbsent } from './database.ts'
import { readPageVerifier } from './login-row.ts'
import type { PageAccessStore } from './ports.ts'
import type { PageSessionsTable, Tables } from './tables.ts'

/** A use is noted to the minute. */
const noteMilliseconds = 60_000

export function createPageAccessStore(database: Database): PageAccessStore {
  return {
    async password(role) {
      const found = await database.read((tables) =>
        tables.selectFrom('page_passwords').select('verifier').where('role', '=', role).executeTakeFirst(),
      )
      return found && readPageVerifier(found.verifier)
    },

    setPassword: (role, verifier, keepSession) =>
      database.change(async (tables) => {
        if (keepSession !== undefined && !(await isThere(tables, keepSession))) return false
        const text = JSON.stringify(verifier)
        await tables.deleteFrom('page_passwords').where('role', '=', role).execute()
        await tables.insertInto('page_passwords').values({ role, verifier: text }).execute()
        // Many a new password is set because of an intruder, whose session may have begun in any
        // way, and who may have let others in.
        const others = tables.deleteFrom('page_sessions').where('id', '!=', keepSession ?? '')
        await (role === 'administrator' ? others : others.where('role', '=', role)).execute()
        return true
      }),

    generation: () => database.read(generationOf),

    begin: (session, generation) =>
      database.change(async (tables) => {
        if ((await generationOf(tables)) !== generation) return false
        await tables.deleteFrom('page_sessions').where('expires_at', '<=', session.createdAt).execute()
        await tables.insertInto('page_sessions').values(row(session)).execute()
        return true
      }),

    async session(hash) {
      const found = await database.read((tables) =>
        tables.selectFrom('page_sessions').selectAll().where('hash', '=', hash).executeTakeFirst(),
      )
      return found && sessionOf(found)
    },

    used: (id, at) =>
      database.change(async (tables) => {
        await tables
          .updateTable('page_sessions')
          .set({ last_used_at: at })
          .where('id', '=', id)
          .where('last_used_at', '<=', at - noteMilliseconds)
          .execute()
      }),

    async sessions() {
      const found = await database.read((tables) =>
        tables
          .selectFrom('page_sessions')
          .selectAll()
          .orderBy('last_used_at', 'desc')
          .orderBy('id')
          .execute(),
      )
      return found.map(sessionOf)
    },

    end: (id) =>
      database.change(async (tables) => {
        const [ended] = await tables.deleteFrom('page_sessions').where('id', '=', id).execute()
        return ended?.numDeletedRows === 1n
      }),
  }
}

/** Each verifier has a salt of its own, so that the same password set again is another one. */
async function generationOf(tables: Kysely<Tables>): Promise<string> {
  const all = await tables.selectFrom('page_passwords').select(['role', 'verifier']).orderBy('role').execute()
  return createHash('sha256').update(JSON.stringify(all)).digest('base64url')
}

async function isThere(tables: Kysely<Tables>, id: string): Promise<boolean> {
  const found = await tables.selectFrom('page_sessions').select('id').where('id', '=', id).executeTakeFirst()
  return found !== undefined
}

function row({
  createdAt,
  lastUsedAt,
  expiresAt,
  person,
  provider,
  ...rest
}: PageSession): PageSessionsTable {
  return {
    ...rest,
    person: person ?? null,
    provider: provider ?? null,
    created_at: createdAt,
    last_used_at: lastUsedAt,
    expires_at: expiresAt,
  }
}

function sessionOf({
  created_at,
  last_used_at,
  expires_at,
  role,
  means,
  person,
  provider,
  ...rest
}: PageSessionsTable): PageSession {
  return {
    ...rest,
    role: role as PageSession['role'],
    means: means as PageSession['means'],
    ...nullsToAbsent({ person, provider }),
    createdAt: created_at,
    lastUsedAt: last_used_at,
    expiresAt: expires_at,
  }
}
