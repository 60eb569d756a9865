import type { Kysely } from 'kysely'
import { addressKey } from '../base/address.ts'
import { Failure } from '../base/failure.ts'
import { noteUse, revoke } from './credential-rows.ts'
import type { Database } from './database.ts'
import type { ApiKey, ApiKeyStore, Scope } from './ports.ts'
import { preparedRead } from './prepared-read.ts'
import { present } from './present.ts'
import type { ApiKeysTable, Tables } from './tables.ts'

export function createApiKeyStore(database: Database): ApiKeyStore {
  const rowOf = preparedRead(database, (tables, id) =>
    tables.selectFrom('api_keys').selectAll().where('id', '=', id),
  )

  return {
    async add(key) {
      const taken = () => new Failure('already-exists', `There is an API key ${key.id} already`)
      await database.change((tables) => tables.insertInto('api_keys').values(row(key)).execute(), { taken })
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
    used: (id, at) => database.change((tables) => noteUse(tables, 'api_keys', id, at)),
  }
}

/** Takes a mailbox out of the scopes of every API key; a key that is left with no scope is removed. */
export async function narrowScopes(tables: Kysely<Tables>, mailboxKey: string): Promise<void> {
  for (const found of await tables.selectFrom('api_keys').select(['id', 'scopes']).execute()) {
    const scopes = JSON.parse(found.scopes) as Scope[]
    const kept = scopes.filter((scope) => mailboxKeyOf(scope) !== mailboxKey)
    if (kept.length === scopes.length) continue
    if (kept.length === 0) await tables.deleteFrom('api_keys').where('id', '=', found.id).execute()
    else {
      const narrowed = { scopes: JSON.stringify(kept) }
      await tables.updateTable('api_keys').set(narrowed).where('id', '=', found.id).execute()
    }
  }
}

function mailboxKeyOf(scope: Scope): string | undefined {
  const colon = scope.indexOf(':')
  return colon === -1 ? undefined : addressKey(scope.slice(colon + 1))
}

function row(key: ApiKey): ApiKeysTable {
  return {
    id: key.id,
    name: key.name,
    scopes: JSON.stringify(key.scopes),
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
    hash: found.hash,
    createdAt: found.created_at,
    ...present({
      expiresAt: found.expires_at,
      revokedAt: found.revoked_at,
      lastUsedAt: found.last_used_at,
    }),
  }
}
